"""The proposal that needs no model: what the profile shows, and nothing that only people know."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import read
from airflow_provider_harness.adapters.learning.promotion.profiled import EMPTY, is_text
from airflow_provider_harness.adapters.postgres.contract_draft import logical, written
from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.app.ports.promotion import Brief, ColumnProfile, Draft, Tried
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, Treatment

BOUND_TO_TEXT = frozenset({CheckKind.LENGTH, CheckKind.REGEX, CheckKind.ACCEPTED_VALUES})
"""Kinds of check that say what a text looks like: a column that has one stays a text."""
WITHOUT_EQUALITY = ("json", "xml", "point", "polygon")
"""Types of which two values cannot be compared, so that a row that is there twice cannot be found."""


class RulesDrafter:
    """Implements ``app.ports.promotion.Drafter``: spaces and words for nothing go, texts get their types, identical rows are one."""

    name = "rules"

    def draft(self, brief: Brief, tried: Sequence[Tried]) -> Draft:
        """See ``app.ports.promotion.Drafter``."""
        types = {one.name: kind for one in brief.profile.columns if (kind := _type(one, brief.contract))}
        key = brief.contract.key or _key(brief)
        return Draft(sql=_sql(brief, types), contract=_contract(brief, types, key))


def _next(version: str) -> str:
    """The next major version, written as this one is; of a version without a number, that with one behind it.

    >>> [_next(one) for one in ("1.4.2", "v2", "2026-01-01", "draft")]
    ['2.0.0', 'v3.0.0', '2027.0.0', 'draft.1']
    """
    found = re.match(r"(\D*)(\d{1,9})", version)
    return f"{found[1]}{int(found[2]) + 1}.0.0" if found else f"{version}.1"


def _type(one: ColumnProfile, contract: Contract) -> str:
    """The type that a text column has in truth; empty where it stays what it is."""
    bound = any(one.name in check.columns and check.kind in BOUND_TO_TEXT for check in contract.checks)
    kept = contract.column(one.name).treatment is Treatment.KEEP
    return one.fits[0] if one.fits and kept and not bound else ""


def _key(brief: Brief) -> tuple[str, ...]:
    """A column that tells all rows apart and is called so; none where none does."""
    rows, names = brief.profile.rows, ("id", f"{brief.contract.name}_id", f"{brief.contract.name.rstrip('s')}_id")
    found = [one.name for one in brief.profile.columns if rows and one.distinct == rows and not one.empty]
    return next(((name,) for name in names if name in found), ())


def _sql(brief: Brief, types: Mapping[str, str]) -> str:
    chosen = ",\n  ".join(
        f"{_value(one, types.get(one.name, ''))} AS {column(one.name)}" for one in brief.profile.columns
    )
    comparable = not any(one.type.startswith(WITHOUT_EQUALITY) for one in brief.profile.columns)
    return f"SELECT{' DISTINCT' if comparable else ''}\n  {chosen}\nFROM {ident(brief.contract.table)}"


def _value(one: ColumnProfile, kind: str) -> str:
    if not is_text(one.type):
        return column(one.name)
    bare = f"TRIM({column(one.name)})"
    said = f"CASE WHEN LOWER({bare}) NOT IN ({', '.join(map(literal, EMPTY))}) THEN {bare} END"
    return f"CAST({said} AS {kind})" if kind else said


def _contract(brief: Brief, types: Mapping[str, str], key: Sequence[str]) -> str:
    body: dict[str, Any] = copy.deepcopy(dict(read(brief.document).data))
    [table] = body["schema"]
    table["physicalName"] = brief.target
    body["version"] = _next(str(brief.contract.version))
    body["status"] = "draft"
    kept = [one for one in body.get("customProperties", ()) if one["property"] != "harness.readiness"]
    body["customProperties"] = [*kept, {"property": "harness.readiness", "value": brief.level}]
    if not any(check.kind is CheckKind.ROW_COUNT for check in brief.contract.checks):
        table.setdefault("quality", []).append({"metric": "rowCount", "mustBeGreaterThan": 0})
    for one in table["properties"]:
        name = one.get("physicalName", one["name"])
        if name in types:
            one |= {"physicalType": types[name], "logicalType": logical(types[name])}
        if name in key and not brief.contract.key:
            one |= {"primaryKey": True, "primaryKeyPosition": list(key).index(name) + 1, "required": True}
    return written(body)
