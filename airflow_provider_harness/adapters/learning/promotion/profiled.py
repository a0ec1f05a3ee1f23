"""What a table holds, in numbers, and in values only of the columns that may be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import catalog, no_such
from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.app.ports.promotion import ColumnProfile, Profile
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract, Treatment
from airflow_provider_harness.core.redaction.redactor import Redactor

if TYPE_CHECKING:
    import psycopg

SAMPLES, LONGEST_SAMPLE = 8, 60
FEW = 10_000
"""Rows that are looked at first."""
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

CALENDAR = frozenset({"date", "timestamp with time zone", "timestamp without time zone"})
"""Types of which not everything that looks like one is one."""
VALID_FROM = 160_000
"""PostgreSQL's version from which it tells whether a text is a value of a type."""


def value(name: str) -> str:
    """A column's value as text without the spaces around it; NULL where the source says in words that it knows none."""
    bare = f"btrim({name}::text)"
    return f"CASE WHEN lower({bare}) NOT IN ({', '.join(map(literal, EMPTY))}) THEN {bare} END"


def said(table: str, names: Iterable[str]) -> str:
    """A table with such values in place of its own, each worked out once: ``OFFSET 0`` keeps PostgreSQL from doing it in every place
    that names it."""
    return f"(SELECT {', '.join(f'{value(column(name))} AS {column(name)}' for name in names)} FROM {table} OFFSET 0)"


def distinct(name: str) -> str:
    """How many values a column of ``said`` has; bytes are compared, which is quicker than words of a language."""
    return f'count(DISTINCT {column(name)} COLLATE "C")'


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
    found = {one.name: one.type for one in there.columns if one.name in contract.names}
    values = said(ident(contract.table), found)
    counts = ", ".join(f"count(*) FILTER (WHERE {column(name)} IS NULL), {distinct(name)}" for name in found)
    [(rows, *numbers)] = connection.execute(f"SELECT count(*), {counts} FROM {values} AS said".encode()).fetchall()
    texts = [name for name, kind in found.items() if is_text(kind)]
    padded, fits = _padded(connection, contract.table, texts), _fits(connection, values, texts)
    columns = (
        ColumnProfile(
            name=name,
            type=kind,
            empty=empty,
            distinct=differing,
            padded=padded.get(name, 0),
            fits=tuple(fits.get(name, ())),
            samples=_samples(connection, contract, name, redactor),
        )
        for (name, kind), empty, differing in zip(found.items(), numbers[::2], numbers[1::2], strict=True)
    )
    return Profile(table=contract.table, rows=rows, columns=tuple(columns))


def _fits(connection: psycopg.Connection[Any], values: str, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Text column -> the types that all of its values have; what some rows exclude is not looked for in all."""
    asked = {name: tuple(FORMS) for name in names}
    tells = connection.info.server_version >= VALID_FROM
    for part in (f"(SELECT * FROM {values} AS whole LIMIT {FEW})", values):
        pairs = [(name, kind) for name, kinds in asked.items() for kind in kinds]
        if not pairs:
            break
        each = ", ".join(f"bool_and({_has_form(column(name), kind, tells=tells)})" for name, kind in pairs)
        [row] = connection.execute(f"SELECT {each} FROM {part} AS said".encode()).fetchall()
        held = {pair for pair, holds in zip(pairs, row, strict=True) if holds}
        asked = {name: tuple(kind for kind in kinds if (name, kind) in held) for name, kinds in asked.items()}
    return asked


def _has_form(name: str, kind: str, *, tells: bool) -> str:
    """Whether a value looks like one of a type, and, where the server tells, is one: 30 February is none."""
    form = f"{name} ~ {literal(FORMS[kind])}"
    return f"{form} AND pg_input_is_valid({name}, {literal(kind)})" if tells and kind in CALENDAR else form


def _padded(connection: psycopg.Connection[Any], table: str, names: Sequence[str]) -> Mapping[str, int]:
    """Text column -> values with spaces around them."""
    if not names:
        return {}
    counts = ", ".join(f"count(*) FILTER (WHERE {one} <> btrim({one}))" for one in map(column, names))
    [row] = connection.execute(f"SELECT {counts} FROM {ident(table)}".encode()).fetchall()
    return dict(zip(names, row, strict=True))


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
