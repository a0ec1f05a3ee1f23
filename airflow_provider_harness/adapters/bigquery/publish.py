"""How a staged slice is published in BigQuery: as one partition by one job, or as one transaction in one job.

Both are atomic on the real service: readers see the old slice, then the new one. The partition is replaced where the
slice is exactly one, such as a day of a date column, or a UTC day of a timestamp column; no other slice of the table
is in its way. Everything else, such as a New York day, is a transaction of DELETE and INSERT, of which BigQuery lets
one at a time change a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.bigquery.types import kept_as
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored import subquery
from airflow_provider_harness.adapters.sql.checks import column, ident, in_slice, literal, query_bounds, spoken
from airflow_provider_harness.adapters.sql.whole import to_be
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.slices.slices import Bound, Slice, bounds

if TYPE_CHECKING:
    from google.cloud.bigquery import Table

CHANGED = "harness: rows differ from what the gate saw"
"""What the transaction says when it finds other rows than the gate has judged."""

DECORATORS = {"DAY": (timedelta(days=1), "%Y%m%d"), "HOUR": (timedelta(hours=1), "%Y%m%d%H")}
"""How long a partition is, and how its decorator is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What is about to be published.

    :param table: the staging table.
    :param target: the published table.
    :param quarantine: where its malformed rows go.
    :param json_as_text: columns of type JSON wait as text, as they came in files.
    """

    contract: Contract
    piece: Slice
    table: str
    target: str
    quarantine: str
    json_as_text: bool

    def values(self) -> str:
        """The columns, as they are in the published table."""
        return ", ".join(self._value(one.name, one.physical_type) for one in self.contract.columns)

    def names(self) -> str:
        """The columns' names."""
        return ", ".join(column(name) for name in self.contract.names)

    def malformed(self) -> str:
        """Which of the rows may be set aside."""
        return sql_checks.malformed(self.contract.checks, self.contract, rows_of(self))

    def place(self) -> str:
        """Which rows of the published table the slice replaces."""
        return "TRUE" if self.contract.load.mode is LoadMode.FULL else in_slice(self.contract, self.piece)

    def _value(self, name: str, kind: str) -> str:
        parsed = self.json_as_text and kept_as(kind) == "JSON"
        return f"PARSE_JSON({column(name)}) AS {column(name)}" if parsed else column(name)


def rows_of(staged: Staged) -> sql_checks.Rows:
    """The staged rows, and the table as it will be."""
    query = f"SELECT {staged.values()} FROM {ident(staged.table)}"
    whole, end = to_be(staged.contract, staged.piece, query), staged.piece.end
    mine, words = ident(staged.table), "bigquery"
    return sql_checks.Rows(relation=mine, piece=staged.piece, at=end, whole=whole, staged=query, dialect=words)


def bound(sql: str, piece: Slice, contract: Contract | None = None) -> str:
    """A query with the slice's bounds in place of ``%(slice_start)s`` and ``%(slice_end)s``."""
    start, end = query_bounds(piece, contract)
    return subquery.filled(sql, {"slice_start": _moment(start), "slice_end": _moment(end)})


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        return f"DATETIME '{moment.isoformat(sep=' ')}'"
    return f"TIMESTAMP '{moment.astimezone(UTC).isoformat(sep=' ')}'"


def decorator(contract: Contract, piece: Slice, table: Table) -> str:
    """The partition that is this slice and nothing else, as ``20130309``; empty where a transaction is needed.

    A query's result has no REQUIRED columns, so it cannot become a partition of a table that has some; and rows that
    were set aside earlier can only be forgotten in the same transaction.
    """
    partitioning = table.time_partitioning
    if contract.load.mode is not LoadMode.INCREMENTAL or contract.quarantine.possible:
        return ""
    if partitioning is None or partitioning.field != contract.load.slice_column:
        return ""
    if any(field.mode == "REQUIRED" for field in table.schema) or {f.name for f in table.schema} != {*contract.names}:
        return ""
    length, form = DECORATORS.get(partitioning.type_, (None, ""))
    low, high = (_in_utc(bound) for bound in bounds(contract, piece))
    if low is None or high is None or length is None:
        return ""
    whole = high - low == length and (low - datetime(1970, 1, 1, tzinfo=UTC)) % length == timedelta()
    return low.strftime(form) if whole else ""


def _in_utc(bound: Bound) -> datetime | None:
    """Where partitions begin: at midnight UTC, or on the hour; those of a date, or of a column without a zone, at its own
    midnight. None for an integer, of which no partition is a slice."""
    if isinstance(bound, int):
        return None
    if isinstance(bound, datetime):
        return bound.astimezone(UTC) if bound.tzinfo else bound.replace(tzinfo=UTC)
    return datetime.combine(bound, time(), tzinfo=UTC)


def partition_query(staged: Staged) -> str:
    """The query whose result becomes the partition."""
    return spoken(f"SELECT {staged.values()} FROM {ident(staged.table)}", "bigquery")


def count_query(staged: Staged) -> str:
    """How many rows of the slice are published now."""
    return spoken(_counted(staged), "bigquery")


def _counted(staged: Staged) -> str:
    return f"SELECT count(*) FROM {ident(staged.target)} WHERE {staged.place()}"


def late_query(staged: Staged, *, set_aside: bool = False) -> str:
    """How many of the rows are new: those whose key is not published; without a key, by how many the slice grows."""
    keep = f" WHERE NOT ({staged.malformed()})" if set_aside else ""
    new = f"SELECT {staged.values()} FROM {ident(staged.table)}{keep}"
    if not staged.contract.merge_key:
        return spoken(f"SELECT greatest((SELECT count(*) FROM ({new}) AS s) - ({_counted(staged)}), 0)", "bigquery")
    there = f"SELECT 1 FROM {ident(staged.target)} AS t WHERE {staged.place()} AND {_same(staged)}"
    return spoken(f"SELECT count(*) FROM ({new}) AS s WHERE NOT EXISTS ({there})", "bigquery")


def transaction(staged: Staged, *, promised: int, beside: int = 0, set_aside: bool, run: str) -> str:
    """One script: replace the slice and its set-aside rows; gives rows replaced, new, and kept, and counts by check.

    :param promised: rows that the gate let pass.
    :param beside: how many rows the gate let pass that do not go with rows outside the slice.
    """
    merges = staged.contract.load.mode is LoadMode.MERGE
    there = f"({count_query(staged)})"
    steps = [
        "DECLARE replaced, late, kept, written INT64 DEFAULT 0",
        "BEGIN TRANSACTION",
        *_looked_up(staged, beside, set_aside=set_aside),
        *([] if merges else [f"SET late = ({late_query(staged, set_aside=set_aside)})"]),
        *([f"SET replaced = {there}"] if merges else [_clearing(staged), "SET replaced = @@row_count"]),
        *(spoken(text, "bigquery") for text in _aside(staged, set_aside=set_aside, run=run)),
        *_writing(staged, set_aside=set_aside),
        f"IF written <> {promised} THEN RAISE USING MESSAGE = '{CHANGED}'; END IF",
        f"SET kept = {there if merges else 'written'}",
        "COMMIT TRANSACTION",
        f"SELECT replaced, late, kept, {_counts(staged) if set_aside else '[]'}",
    ]
    return ";\n".join(steps) + ";"


def _looked_up(staged: Staged, beside: int, *, set_aside: bool) -> Sequence[str]:
    """What looks again, beside what others have published since the gate, at what the slice's rows alone do not decide."""
    checks = sql_beyond.blocking(staged.contract)
    if not checks:
        return ()
    numbers = sql_beyond.before(staged.contract, checks, rows_of(staged), staged.malformed() if set_aside else "")
    found = spoken(sql_beyond.total(numbers, checks), "bigquery")
    return (f"IF ({found}) > {beside} THEN RAISE USING MESSAGE = '{CHANGED}'; END IF",)


def _clearing(staged: Staged) -> str:
    return spoken(f"DELETE FROM {ident(staged.target)} WHERE {staged.place()}", "bigquery")


def _writing(staged: Staged, *, set_aside: bool) -> Sequence[str]:
    """What writes the rows and counts them in ``written``."""
    keep = f" WHERE NOT ({staged.malformed()})" if set_aside else ""
    target, new = ident(staged.target), f"SELECT {staged.values()} FROM {ident(staged.table)}{keep}"
    counted = "SET written = written + @@row_count"
    if staged.contract.load.mode is not LoadMode.MERGE:
        return spoken(f"INSERT INTO {target} ({staged.names()}) {new}", "bigquery"), counted
    same = _same(staged)
    changes = ", ".join(f"{column(name)} = s.{column(name)}" for name in staged.contract.names)
    update = f"UPDATE {target} AS t SET {changes} FROM ({new}) AS s WHERE {same}"
    others = f"SELECT s.* FROM ({new}) AS s WHERE NOT EXISTS (SELECT 1 FROM {target} AS t WHERE {same})"
    insert = f"INSERT INTO {target} ({staged.names()}) {others}"
    return spoken(update, "bigquery"), counted, spoken(insert, "bigquery"), "SET late = @@row_count", counted


def _same(staged: Staged) -> str:
    return " AND ".join(f"t.{column(name)} = s.{column(name)}" for name in staged.contract.merge_key)


def _aside(staged: Staged, *, set_aside: bool, run: str) -> Sequence[str]:
    if not staged.contract.quarantine.possible:
        return ()
    mine = f"slice IN ({', '.join(map(literal, staged.piece.ids))}) AND released_at IS NULL"
    forget = f"DELETE FROM {ident(staged.quarantine)} WHERE {mine}"
    if not set_aside:
        return (forget,)
    first, reasons = _blame(staged)
    values = f"TO_JSON(t), {literal(staged.piece.id)}, {literal(run)}, {first}, {reasons}, CURRENT_TIMESTAMP"
    names = '"row", slice, run, "check", reason, quarantined_at'
    keep = (
        f"INSERT INTO {ident(staged.quarantine)} ({names}) "
        f"SELECT {values} FROM {ident(staged.table)} AS t WHERE {staged.malformed()}"
    )
    return forget, keep


def _counts(staged: Staged) -> str:
    first, _ = _blame(staged)
    groups = f'SELECT {first} AS "check" FROM {ident(staged.table)} AS t WHERE {staged.malformed()}'
    inner = spoken(groups, "bigquery")
    return f"ARRAY(SELECT AS STRUCT g.`check` AS name, COUNT(*) AS n FROM ({inner}) AS g GROUP BY g.`check`)"


def _blame(staged: Staged) -> tuple[str, str]:
    return sql_checks.blame(staged.contract.checks, staged.contract, rows_of(staged))
