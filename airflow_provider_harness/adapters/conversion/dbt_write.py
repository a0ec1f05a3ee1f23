"""A contract as a dbt schema file: columns, types, and the tests of dbt, dbt_utils and dbt_expectations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow_provider_harness.adapters.conversion.dbt_tests import negated
from airflow_provider_harness.adapters.conversion.draft import Lost, Made, yaml_of
from airflow_provider_harness.adapters.conversion.kept import unsaid
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator, Unit
from airflow_provider_harness.core.contracts.contract import Contract

NO_ROW = Expectation()
_COUNTS = re.compile(r"\s*SELECT count\(\*\) FROM \$\{table\} WHERE (.*?)\s*", re.IGNORECASE | re.DOTALL)
_MORE = re.compile(r"\b(?:GROUP|ORDER|HAVING|LIMIT|OFFSET|UNION|WINDOW)\b|;|\$\{", re.IGNORECASE)

Tests = list[tuple[str, dict[str, Any]]]
"""Name of a test -> its arguments."""


def to_dbt(contracts: Sequence[Contract]) -> Made:
    """The schema file of some tables, and what dbt has no place for."""
    lost: list[Lost] = []
    models = [_model(contract, lost) for contract in contracts]
    return Made(text=yaml_of({"version": 2, "models": models}), lost=lost)


def _model(contract: Contract, lost: list[Lost]) -> dict[str, Any]:
    schema, _, name = contract.table.rpartition(".")
    model: dict[str, Any] = {"name": name, "config": {"schema": schema or "public"}}
    if contract.description:
        model["description"] = contract.description
    if contract.owner.team:
        model["meta"] = {"owner": contract.owner.team}
    if contract.key:
        model["constraints"] = [{"type": "primary_key", "columns": list(contract.key)}]
    columns = {column.name: _column(column.name, contract) for column in contract.columns}
    of_table: list[Any] = []
    implied = set(contract.key)
    for check in contract.checks:
        if check.kind is CheckKind.NOT_NULL and check.columns[0] in implied:
            continue
        if check.kind is CheckKind.UNIQUE and check.columns == contract.key:
            continue
        made = _written(check)
        if made is None:
            lost.append(Lost(f"{contract.table}: {check.id}", f"dbt has no common test for {check.kind}"))
            continue
        holder = columns[check.columns[0]].setdefault("data_tests", []) if _of_column(check) else of_table
        holder += [_entry(name, arguments, check) for name, arguments in made]
    if of_table:
        model["data_tests"] = of_table
    lost += unsaid(contract, has=("description", "owner"))
    return {**model, "columns": list(columns.values())}


def _column(name: str, contract: Contract) -> dict[str, Any]:
    column = contract.column(name)
    said = {"description": column.description} if column.description else {}
    return {"name": name, "data_type": column.physical_type, **said}


def _of_column(check: Check) -> bool:
    return len(check.columns) == 1 and check.kind is not CheckKind.CUSTOM_SQL


def _entry(name: str, arguments: Mapping[str, Any], check: Check) -> Any:
    """A test as a schema file writes it."""
    body: dict[str, Any] = {"arguments": dict(arguments)} if arguments else {}
    if check.severity is CheckSeverity.WARN:
        body["config"] = {"severity": "warn"}
    if not check.id.startswith(f"{check.kind}:") and check.kind is not CheckKind.ROW_COUNT:
        body["name"] = check.id
    return {name: body} if body else name


def _written(check: Check) -> Tests | None:
    """The tests that a check is; None where dbt has none."""
    if check.path or check.kind not in _TESTS:
        return None
    return _TESTS[check.kind](check)


def _plain(name: str) -> Callable[[Check], Tests | None]:
    return lambda check: [(name, {})] if check.expect == NO_ROW else None


def _unique(check: Check) -> Tests | None:
    if check.expect != NO_ROW:
        return None
    if len(check.columns) == 1:
        return [("unique", {})]
    return [("dbt_utils.unique_combination_of_columns", {"combination_of_columns": list(check.columns)})]


def _share(check: Check) -> Tests | None:
    most = check.expect
    if most.unit is not Unit.PERCENT or most.operator is not Operator.LESS_OR_EQUAL:
        return None
    return [("dbt_utils.not_null_proportion", {"at_least": round(1 - float(most.values[0]) / 100, 8)})]


def _values(check: Check) -> Tests | None:
    if check.expect != NO_ROW:
        return None
    texts = all(isinstance(one, str) for one in check.values)
    quote = {} if texts else {"quote": False}
    return [("accepted_values", {"values": list(check.values), **quote})]


def _range(check: Check) -> Tests | None:
    if check.expect != NO_ROW or check.step is not None:
        return None
    low, high = (("min_value", check.low, check.low_open), ("max_value", check.high, check.high_open))
    sides = [side for side in (low, high) if side[1] is not None]
    if len(sides) == 2 and low[2] == high[2]:
        return [("dbt_utils.accepted_range", {low[0]: _number(low[1]), high[0]: _number(high[1]), **_open(low[2])})]
    return [("dbt_utils.accepted_range", {name: _number(bound), **_open(is_open)}) for name, bound, is_open in sides]


def _number(value: Any) -> Any:
    """A bound as YAML has it; a date or an exact number as text that SQL reads."""
    return value if isinstance(value, int | float | str) else str(value)


def _open(is_open: bool) -> dict[str, bool]:
    return {"inclusive": False} if is_open else {}


def _length(check: Check) -> Tests | None:
    if check.expect != NO_ROW:
        return None
    bounds = {"min_value": check.low, "max_value": check.high}
    given = {name: value for name, value in bounds.items() if value is not None}
    return [("dbt_expectations.expect_column_value_lengths_to_be_between", given)]


def _pattern(check: Check) -> Tests | None:
    if check.expect != NO_ROW:
        return None
    return [("dbt_expectations.expect_column_values_to_match_regex", {"regex": check.pattern})]


def _refers(check: Check) -> Tests | None:
    if check.expect != NO_ROW or check.reference is None or len(check.columns) != 1:
        return None
    name = check.reference.table.rpartition(".")[2]
    return [("relationships", {"to": f"ref('{name}')", "field": check.reference.columns[0]})]


def _rows(check: Check) -> Tests | None:
    ends = _ends(check.expect)
    return [("dbt_expectations.expect_table_row_count_to_be_between", ends)] if ends else None


def _ends(expect: Expectation) -> dict[str, int] | None:
    """Whole numbers between which a count must be."""
    if expect.unit is not Unit.ROWS or not all(isinstance(one, int) for one in expect.values):
        return None
    first, last = int(expect.values[0]), int(expect.values[-1])
    found: dict[Operator, dict[str, int]] = {
        Operator.BE: {"min_value": first, "max_value": first},
        Operator.GREATER: {"min_value": first + 1},
        Operator.GREATER_OR_EQUAL: {"min_value": first},
        Operator.LESS: {"max_value": first - 1},
        Operator.LESS_OR_EQUAL: {"max_value": first},
        Operator.BETWEEN: {"min_value": first, "max_value": last},
    }
    return found.get(expect.operator)


def _sql(check: Check) -> Tests | None:
    """A query that counts the rows of a condition: dbt counts those of which an expression is not true."""
    found = _COUNTS.fullmatch(check.sql)
    if found is None or check.expect != NO_ROW or _MORE.search(found[1]):
        return None
    return [("dbt_utils.expression_is_true", {"expression": negated(found[1]) or f"NOT ({found[1]})"})]


_TESTS: Mapping[CheckKind, Callable[[Check], Tests | None]] = {
    CheckKind.NOT_NULL: _plain("not_null"),
    CheckKind.NULL_RATE: _share,
    CheckKind.UNIQUE: _unique,
    CheckKind.ACCEPTED_VALUES: _values,
    CheckKind.RANGE: _range,
    CheckKind.LENGTH: _length,
    CheckKind.REGEX: _pattern,
    CheckKind.REFERENTIAL: _refers,
    CheckKind.ROW_COUNT: _rows,
    CheckKind.CUSTOM_SQL: _sql,
}
"""Kind of check -> the tests that it is."""
