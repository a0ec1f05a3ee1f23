"""What a table holds, in numbers, and in values only of the columns that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import catalog, no_such
from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.app.ports.promotion import ColumnProfile, Profile
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract, Treatment
from airflow_provider_harness.core.redaction.redactor import Redactor

if TYPE_CHECKING:
    import psycopg

SAMPLES, LONGEST_SAMPLE = 8, 60
EMPTY = ("", "-", "n/a", "na", "none", "null", "nil", "unknown")
"""What sources write, in whatever case, where they know no value."""
TEXTS = ("text", "character varying", "character")

#: Type -> what every value of a text column looks like that has it. A number with a leading zero is a code, and no number.
FORMS: Mapping[str, str] = {
    "bigint": r"^[+-]?(0|[1-9][0-9]{0,17})$",
    "numeric": r"^[+-]?(0|[1-9][0-9]{0,27})(\.[0-9]{1,18})?$",
    "date": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    "timestamp with time zone": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)$",
    "timestamp without time zone": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$",
    "boolean": r"^(true|false)$",
}


def value(name: str) -> str:
    """A column's value as text without the spaces around it; NULL where the source says in words that it knows none."""
    bare = f"btrim({name}::text)"
    return f"CASE WHEN lower({bare}) NOT IN ({', '.join(map(literal, EMPTY))}) THEN {bare} END"


def is_text(kind: str) -> bool:
    """Whether a type of the catalog holds texts."""
    return kind.partition("(")[0].strip() in TEXTS


def profiled(connection: psycopg.Connection[Any], contract: Contract, redactor: Redactor) -> Profile:
    """A table as it stands; columns that the contract does not know are left out, as those that it drops are.

    :param redactor: masks what looks like a secret in a sample.
    """
    there = catalog(connection, contract.table)
    if there is None:
        raise no_such(contract.table)
    found = [one for one in there.columns if one.name in contract.names]
    asked = ", ".join(part for one in found for part in _counts(one.name, one.type))
    [row] = connection.execute(f"SELECT count(*), {asked} FROM {ident(contract.table)}".encode()).fetchall()
    rows, *counts = row
    profiles = []
    for place, one in enumerate(found):
        empty, distinct, padded, *matching = counts[place * _EACH : (place + 1) * _EACH]
        fits = tuple(kind for kind, count in zip(FORMS, matching, strict=True) if count and count == rows - empty)
        profiles.append(
            ColumnProfile(
                name=one.name,
                type=one.type,
                empty=empty,
                distinct=distinct,
                padded=padded,
                fits=fits if is_text(one.type) else (),
                samples=_samples(connection, contract, one.name, redactor),
            )
        )
    return Profile(table=contract.table, rows=rows, columns=tuple(profiles))


_EACH = 3 + len(FORMS)


def _counts(name: str, kind: str) -> list[str]:
    said, raw = value(column(name)), column(name)
    forms = (f"count(*) FILTER (WHERE {said} ~ {literal(form)})" if is_text(kind) else "0" for form in FORMS.values())
    padded = f"count(*) FILTER (WHERE {raw} <> btrim({raw}))" if is_text(kind) else "0"
    return [f"count(*) FILTER (WHERE {said} IS NULL)", f"count(DISTINCT {said})", padded, *forms]


def _samples(connection: psycopg.Connection[Any], contract: Contract, name: str, redactor: Redactor) -> tuple[str, ...]:
    """Frequent values, cut in the database; none of a column that is not public, or that the contract treats."""
    known = contract.column(name)
    if known.classification != PUBLIC or known.treatment is not Treatment.KEEP:
        return ()
    cut = f"left({column(name)}::text, {LONGEST_SAMPLE})"
    asked = f"SELECT {cut}, count(*) FROM {ident(contract.table)} WHERE {column(name)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {SAMPLES}"
    return tuple(
        redactor.redact(str(text), LONGEST_SAMPLE) for text, _ in connection.execute(asked.encode()).fetchall()
    )
