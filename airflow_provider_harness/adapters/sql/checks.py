"""Checks as SQL: all of a gate's in one statement, and the rows that explain a failure.

The text is PostgreSQL's; ``spoken`` turns a statement into that of another dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import isfinite
from typing import Any

from airflow_provider_harness.adapters.sql import inside as sql_inside
from airflow_provider_harness.adapters.sql.authored.guard import one_select
from airflow_provider_harness.adapters.sql.values import (
    NUMBERS,
    Family,
    accepted,
    family,
    kind_of,
    missing_words,
    number_of,
    sides,
    subject,
)
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contracts.contract import PUBLIC, Contract, LoadMode
from airflow_provider_harness.core.contracts.pattern import compiled
from airflow_provider_harness.core.contracts.schema import canonical, is_type
from airflow_provider_harness.core.slices.slices import Slice, bounds

SAMPLE_ROWS = 100
"""Rows that explain a failed check; at most."""
MASK = "***"
"""What stands for a value of a column that is not classified as public."""
UNDER_TEST, WHOLE, TYPED = "harness_rows", "harness_whole", "harness_typed"
"""The relations that checks read: the rows under test, the table as it will be, and the rows under test with the contract's
types. No table of a user's has these names."""
JUDGED = (UNDER_TEST, WHOLE, TYPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows under test.

    :param relation: a quoted relation name, or a query in parentheses.
    :param where: a condition, empty for all rows.
    :param piece: the slice that the rows must belong to, if any.
    :param table: ``schema.table`` whose constraints hold for these rows; empty where there is none.
    :param at: moment as of which freshness is judged when there is no slice; None means now.
    :param dialect: of the engine that reads them, see ``spoken``; what looks inside a column is said in its words.
    :param whole: all rows of the contract's table as they will be once these are published, as a relation or a query in
        parentheses with a name; empty: no others than the rows under test.
    :param staged: the query by which ``whole`` and an author's rule take the staged rows, with the contract's types, to which
        a condition may be added; empty where no row is about to be set aside.
    :param kept: ids of the checks that the published table's own constraints keep, whatever is staged.
    """

    relation: str
    where: str = ""
    piece: Slice | None = None
    table: str = ""
    at: datetime | None = None
    whole: str = ""
    dialect: str = "postgres"
    staged: str = ""
    kept: frozenset[str] = frozenset()

    def prefix(self, *texts: str) -> str:
        """``WITH harness_rows AS (...)``: what the checks read.

        :param texts: of what follows; where none of them reads the table as it will be, nobody looks it up.
        """
        condition = f" WHERE {self.where}" if self.where else ""
        parts = [f"{UNDER_TEST} AS NOT MATERIALIZED (SELECT * FROM {self.relation}{condition})"]
        if any(WHOLE in text for text in texts):
            parts.append(f"{WHOLE} AS NOT MATERIALIZED (SELECT * FROM {self.whole or UNDER_TEST})")
        if any(TYPED in text for text in texts):
            parts.append(f"{TYPED} AS NOT MATERIALIZED ({self.staged}{condition})")
        return f"WITH {', '.join(parts)}"


def parts(name: str) -> tuple[str, str]:
    """Schema and table of ``schema.table``, cut at the first dot: a table's own name may have more; the first is empty
    where there is no dot."""
    home, dot, table = name.partition(".")
    return (home, table) if dot else ("", home)


def ident(name: str) -> str:
    """A name as a quoted identifier; ``schema.table`` becomes two."""
    return ".".join(column(part) for part in name.split(".", 1))


def column(name: str) -> str:
    """A column's name as a quoted identifier, dots and all."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A value as an SQL literal that PostgreSQL and DuckDB read alike."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and not isfinite(value):
        return f"CAST('{value}' AS double precision)"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime):
        kind = "TIMESTAMP WITH TIME ZONE" if value.tzinfo else "TIMESTAMP"
        return f"{kind} '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"


def in_slice(contract: Contract, piece: Slice) -> str:
    """The condition that a row belongs to the slice; null for a row without a slice column."""
    low, high = bounds(contract, piece)
    name = column(contract.load.slice_column)
    return f"{name} >= {literal(low)} AND {name} < {literal(high)}"


def of_slice(names: str, relation: str, contract: Contract, piece: Slice) -> str:
    """A query for the slice's rows; for all rows where the contract loads the whole table."""
    where = "" if contract.load.mode is LoadMode.FULL else f" WHERE {in_slice(contract, piece)}"
    return f"SELECT {names} FROM {relation}{where}"


def query_bounds(piece: Slice, contract: Contract | None) -> tuple[datetime, datetime]:
    """What stands for ``%(slice_start)s`` and ``%(slice_end)s`` in a query: the slice's bounds as moments; of a slice column
    without a zone, as local times."""
    if contract is None or not contract.load.slice_column:
        return piece.start, piece.end
    low, high = bounds(contract, piece)
    if isinstance(low, datetime) and isinstance(high, datetime):
        return low, high
    return piece.start, piece.end


def in_zone(contract: Contract) -> str:
    """What makes a PostgreSQL session read and write local times in the contract's zone, whatever its own is."""
    return f"SELECT set_config('TimeZone', {literal(contract.load.time_zone)}, false)"


def failing(check: Check, contract: Contract, rows: Rows) -> str:
    """A condition that is true for the rows that fail a check, and false (never null) for all others."""
    if check.looks_inside:
        return f"({sql_inside.failing(check, contract, rows.dialect)}) IS TRUE"
    return f"({_FAILING[check.kind](check, contract, rows)}) IS TRUE"


def _not_null(check: Check, contract: Contract, rows: Rows) -> str:
    name, kind = column(check.columns[0]), kind_of(contract, check.columns[0])
    found = missing_words(check, contract)
    seen = subject(name, kind) if family(kind) in _SEEN_AS_TEXT else name
    words = f" OR {seen} IN ({', '.join(found)})" if found else ""
    return f"{name} IS NULL{words}"


_SEEN_AS_TEXT = (Family.PADDED, Family.UUID, Family.JSON, Family.OTHER)
"""Families whose values are compared as text with what the contract writes."""


def _accepted(check: Check, contract: Contract, rows: Rows) -> str:
    name, kind = column(check.columns[0]), kind_of(contract, check.columns[0])
    values = accepted(check, contract)
    seen = subject(name, kind) if family(kind) in _SEEN_AS_TEXT and kind else name
    return f"{seen} NOT IN ({', '.join(values)})" if values else f"{name} IS NOT NULL"


def _range(check: Check, contract: Contract, rows: Rows) -> str:
    name, kind = column(check.columns[0]), kind_of(contract, check.columns[0])
    low, high = sides(check, contract)
    under, over = "<=" if check.low_open else "<", ">=" if check.high_open else ">"
    tests = [f"{name} {under} {low}"] if low else []
    tests += [f"{name} {over} {high}"] if high else []
    if not high and family(kind) in (Family.BINARY, Family.DECIMAL):  # NaN is over every number, as PostgreSQL has it
        tests.append(f"{name} = CAST('nan' AS {'numeric' if family(kind) is Family.DECIMAL else kind})")
    return " OR ".join(tests)


def _multiple(check: Check, contract: Contract, rows: Rows) -> str:
    name, kind = column(check.columns[0]), kind_of(contract, check.columns[0])
    return f"mod({name}, {number_of(check.step, kind)}) <> 0"


def _length(check: Check, contract: Contract, rows: Rows) -> str:
    name = f"char_length({subject(column(check.columns[0]), kind_of(contract, check.columns[0]))})"
    tests = [f"{name} < {literal(check.low)}"] if check.low is not None else []
    tests += [f"{name} > {literal(check.high)}"] if check.high is not None else []
    return " OR ".join(tests)


def _regex(check: Check, contract: Contract, rows: Rows) -> str:
    seen = subject(column(check.columns[0]), kind_of(contract, check.columns[0]))
    return f"NOT ({seen} ~ {literal(compiled(check.pattern).postgres)})"


def _type(check: Check, contract: Contract, rows: Rows) -> str:
    return f"pg_typeof({column(check.columns[0])}) <> pg_typeof(CAST(NULL AS {check.type}))"


def _referential(check: Check, contract: Contract, rows: Rows) -> str:
    assert check.reference is not None
    own = [column(name) for name in check.columns]
    theirs = [column(name) for name in check.reference.columns]
    other = ident(check.reference.table)
    if check.reference.table == contract.table:
        other = f"{rows.whole or UNDER_TEST}"
    known = f"SELECT {', '.join(theirs)} FROM {other}"
    known += " WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in theirs)
    present = " AND ".join(f"{name} IS NOT NULL" for name in own)
    return f"{present} AND ({', '.join(own)}) NOT IN ({known})"


def _outside(check: Check, contract: Contract, rows: Rows) -> str:
    return "FALSE" if rows.piece is None else f"({in_slice(contract, rows.piece)}) IS NOT TRUE"


_FAILING: Mapping[CheckKind, Callable[[Check, Contract, Rows], str]] = {
    CheckKind.NOT_NULL: _not_null,
    CheckKind.NULL_RATE: _not_null,
    CheckKind.LENGTH: _length,
    CheckKind.REGEX: _regex,
    CheckKind.TYPE: _type,
    CheckKind.ACCEPTED_VALUES: _accepted,
    CheckKind.RANGE: _range,
    CheckKind.MULTIPLE: _multiple,
    CheckKind.REFERENTIAL: _referential,
    CheckKind.IN_SLICE: _outside,
}


def excess(columns: Sequence[str], relation: str) -> str:
    """A query for the number of rows beyond the first of each key; rows with a null in the key are left out."""
    names = ", ".join(column(name) for name in columns)
    present = " AND ".join(f"{column(name)} IS NOT NULL" for name in columns)
    groups = f"SELECT count(*) AS n FROM {relation} WHERE {present} GROUP BY {names} HAVING count(*) > 1"
    return f"SELECT CAST(coalesce(sum(n - 1), 0) AS bigint) FROM ({groups}) AS g"


def differing(check: Check, contract: Contract, piece: Slice | None) -> str:
    """A query for the number of keys whose row counts or sums differ between the rows under test and the other table."""
    assert check.reference is not None
    other, sums = check.reference, range(len(check.measures))
    theirs_where = ""
    if other.slice_column and piece is not None:
        low, high = bounds(contract, piece)
        name = column(other.slice_column)
        theirs_where = f" WHERE {name} >= {literal(low)} AND {name} < {literal(high)}"

    def side(keys: Sequence[str], measures: Sequence[str], number: int, source: str) -> str:
        outputs = [f"{column(name)} AS k{n}" for n, name in enumerate(keys)] + [f"{number} AS side"]
        outputs += [f"{column(name)} AS m{n}" for n, name in enumerate(measures)]
        return f"SELECT {', '.join(outputs)} FROM {source}"

    def total(n: int, number: int) -> str:
        return f"coalesce(sum(CASE WHEN side = {number} THEN m{n} END), 0)"

    both = side(check.columns, check.measures, 1, UNDER_TEST) + " UNION ALL "
    both += side(other.columns, other.measures, -1, ident(other.table)) + theirs_where
    most = number_of(check.tolerance, "numeric")
    unlike = ["sum(side) <> 0"] + [f"abs({total(n, 1)} - {total(n, -1)}) > {most}" for n in sums]
    keys = ", ".join(f"k{n}" for n in range(len(check.columns)))
    return f"SELECT count(*) FROM (SELECT {keys} FROM ({both}) AS u GROUP BY {keys} HAVING {' OR '.join(unlike)}) AS d"


_AGGREGATES: Mapping[CheckKind, str] = {
    CheckKind.MEAN: "avg({0})",
    CheckKind.MINIMUM: "min({0})",
    CheckKind.MAXIMUM: "max({0})",
    CheckKind.SUM: "sum({0})",
    CheckKind.STDDEV: "stddev_samp({0})",
    CheckKind.QUANTILE: "percentile_disc({1}) WITHIN GROUP (ORDER BY {0})",
    CheckKind.DISTINCT_COUNT: "(SELECT count(*) FROM (SELECT 1 FROM harness_rows WHERE {0} IS NOT NULL GROUP BY {0}) AS g)",
}
"""Distinct values by a query of their own: with ``count(DISTINCT ...)`` in it, PostgreSQL sorts all rows of the whole statement,
and reads them by one process."""


def metric(check: Check, contract: Contract, rows: Rows) -> str | None:
    """The expression that measures a check over the rows under test; None if it is measured elsewhere.

    :raises SqlRefused: the check's own query is not one that may be run.
    """
    kind = check.spec.metric
    if check.kind is CheckKind.ANOMALY:
        return _watched(check, contract, rows)
    if check.kind in _AGGREGATES:
        name, own = column(check.columns[0]), kind_of(contract, check.columns[0])
        widened = own == "real" and check.kind in (CheckKind.MEAN, CheckKind.SUM)
        return _AGGREGATES[check.kind].format(_wide(name) if widened else name, literal(check.quantile))
    if kind is Metric.FAILING_ROWS:
        return f"count(*) FILTER (WHERE {failing(check, contract, rows)})"
    if kind is Metric.EXCESS_ROWS:
        return f"({excess(check.columns, UNDER_TEST)})"
    if kind in (Metric.ROWS, Metric.CHANGE_PERCENT):
        return "count(*)"
    if kind is Metric.DIFFERING_KEYS:
        return f"({differing(check, contract, rows.piece)})"
    if kind is Metric.AGE_SECONDS and check.columns:
        return f"extract(epoch FROM max({column(check.columns[0])}))"
    if kind is Metric.DRIFT:
        from airflow_provider_harness.adapters.sql.drift import statistic

        return f"({statistic(check, contract, rows.piece)})"
    if kind is Metric.SCALAR:
        return f"({_rule(check, contract, rows)})"
    return None


def _rule(check: Check, contract: Contract, rows: Rows) -> str:
    from airflow_provider_harness.adapters.sql.authored import elsewhere

    found = one_select(check.sql.replace("${table}", TYPED if rows.staged else UNDER_TEST))
    return found if rows.dialect == "postgres" else elsewhere.put(found, contract, rows.dialect)


def _wide(name: str) -> str:
    """A column of single precision as double: PostgreSQL adds up in the column's own."""
    return f"CAST({name} AS double precision)"


def outputs(check: Check, contract: Contract, rows: Rows) -> tuple[str, ...]:
    """The expressions that measure a check: a mean is a sum and a count, so that it is exact; none if it is measured
    elsewhere."""
    own = kind_of(contract, check.columns[0]) if check.columns else ""
    if check.kind is CheckKind.MEAN and family(own) in NUMBERS:
        name = column(check.columns[0])
        return f"sum({_wide(name) if own == 'real' else name})", f"count({name})"
    found = metric(check, contract, rows)
    return (found,) if found else ()


def _watched(check: Check, contract: Contract, rows: Rows) -> str | None:
    """What an anomaly check watches; the share of nulls is one of the slice, so that busy days are no news."""
    assert check.baseline is not None
    subject = replace(check, kind=check.baseline.of, baseline=None)
    found = metric(subject, contract, rows)
    if subject.kind is CheckKind.NULL_RATE:
        return f"CAST({found} AS double precision) / nullif(count(*), 0)"
    return found


def spoken(sql: str, dialect: str) -> str:
    """A statement of this module as another dialect has it.

    :param dialect: sqlglot's name: ``postgres``, ``duckdb`` or ``bigquery``.
    """
    if dialect == "postgres":
        return sql
    from airflow_provider_harness.adapters.sql.dialects import translate

    return translate(sql, dialect)


def malformed(checks: Sequence[Check], contract: Contract, rows: Rows) -> str:
    """A condition that is true for the rows that may be set aside, and false for all others."""
    parts = [failing(check, contract, rows) for check in checks if check.quarantines]
    return " OR ".join(parts) or "FALSE"


def gate(contract: Contract, rows: Rows, checks: Sequence[Check], *more: str) -> str:
    """One statement: number of rows, then the parts of each check in order.

    :param more: further expressions over the rows under test.
    """
    asked = ["count(*)", *(part for check in checks for part in outputs(check, contract, rows)), *more]
    wanted = ", ".join(f"{out} AS m{n}" for n, out in enumerate(asked))
    return f"{rows.prefix(wanted)} SELECT {wanted} FROM {UNDER_TEST}"


def aside(contract: Contract, rows: Rows, checks: Sequence[Check]) -> str:
    """A query for the number of malformed rows: a row may fail several checks, so their numbers do not add up to it."""
    return f"{rows.prefix()} SELECT count(*) FROM {UNDER_TEST} WHERE {malformed(checks, contract, rows)}"


def shown(contract: Contract, check: Check) -> tuple[str, ...]:
    """The columns that explain a failure; none where the contract does not classify all of them, or where none is public:
    a row of nothing but masks tells nothing."""
    wanted = check.columns if check.kind is CheckKind.UNIQUE else tuple(dict.fromkeys((*contract.key, *check.columns)))
    known, kinds = contract.classified(), {col.name: col.physical_type for col in contract.columns}
    named = all(
        is_type(canonical(kinds.get(name, ""))) for name in wanted if name in kinds
    )  # samples cast to some types
    told = named and all(name in known for name in wanted) and any(known[name] == PUBLIC for name in wanted)
    return wanted if check.spec.samples and told else ()


def _told(contract: Contract, name: str) -> str:
    """A column as a sample shows it; whether a masked value is null is told."""
    if contract.classified().get(name) == PUBLIC:
        return column(name)
    return f"CASE WHEN {column(name)} IS NOT NULL THEN {literal(MASK)} END"


def samples(contract: Contract, rows: Rows, checks: Sequence[Check]) -> tuple[str, tuple[str, ...]] | None:
    """One query for rows that fail checks: the check's place, then the columns that it returns; None if none is shown."""
    told = [(place, check) for place, check in enumerate(checks) if shown(contract, check)]
    if not told:
        return None
    names = tuple(dict.fromkeys(name for _, check in told for name in shown(contract, check)))
    parts = [f"({_sample(contract, rows, check, place, names)})" for place, check in told]
    return f"{rows.prefix()} {' UNION ALL '.join(parts)}", names


def _sample(contract: Contract, rows: Rows, check: Check, place: int, names: tuple[str, ...]) -> str:
    if check.kind is not CheckKind.UNIQUE:
        outputs = ", ".join(_told(contract, name) for name in names)
        condition = failing(check, contract, rows)
        return f"SELECT {place} AS place, {outputs} FROM {UNDER_TEST} WHERE {condition} LIMIT {SAMPLE_ROWS}"
    keys = ", ".join(column(name) for name in check.columns)
    present = " AND ".join(f"{column(name)} IS NOT NULL" for name in check.columns)
    known = contract.classified()
    outputs = ", ".join(
        _told(contract, name)
        if name in check.columns
        else f"CAST(NULL AS {contract.column(name).physical_type if known.get(name) == PUBLIC else 'text'})"
        for name in names
    )
    groups = f"FROM {UNDER_TEST} WHERE {present} GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys}"
    return f"SELECT {place} AS place, {outputs} {groups} LIMIT {SAMPLE_ROWS}"


def blame(checks: Sequence[Check], contract: Contract, rows: Rows) -> tuple[str, str]:
    """Two expressions over a malformed row: id of the first check that it fails, and all reasons in words."""
    guilty = [check for check in checks if check.quarantines]
    cases = [(failing(check, contract, rows), check) for check in guilty]
    first = "CASE " + " ".join(f"WHEN {test} THEN {literal(check.id)}" for test, check in cases) + " END"
    reasons = ", ".join(f"CASE WHEN {test} THEN {literal(check.reason())} END" for test, check in cases)
    return first, f"concat_ws('; ', {reasons})"
