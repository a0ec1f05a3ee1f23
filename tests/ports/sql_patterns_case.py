"""Small tables written into the query itself, and the three engines that patterns are for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import psycopg

from airflow_provider_harness.patterns import Engine, Pattern
from airflow_provider_harness.testing.bigquery import BigQueryServer

Row = tuple[Any, ...]
_TYPES = {
    "int": {Engine.POSTGRES: "bigint", Engine.DUCKDB: "BIGINT", Engine.BIGQUERY: "INT64"},
    "text": {Engine.POSTGRES: "text", Engine.DUCKDB: "VARCHAR", Engine.BIGQUERY: "STRING"},
    "bool": {Engine.POSTGRES: "boolean", Engine.DUCKDB: "BOOLEAN", Engine.BIGQUERY: "BOOL"},
    "time": {Engine.POSTGRES: "timestamptz", Engine.DUCKDB: "TIMESTAMPTZ", Engine.BIGQUERY: "TIMESTAMP"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of a table that is nowhere but in a query.

    :param columns: name -> ``int``, ``text``, ``bool`` or ``time``.
    """

    columns: Mapping[str, str]
    rows: Sequence[Row]

    def sql(self, engine: Engine) -> str:
        """A query that gives the rows; the first one says the types."""
        first, *others = self.rows or [(None,) * len(self.columns)]
        quote = "`" if engine is Engine.BIGQUERY else '"'
        typed = ", ".join(
            f"CAST({_value(value, engine)} AS {_TYPES[kind][engine]}) AS {quote}{name}{quote}"
            for value, (name, kind) in zip(first, self.columns.items(), strict=True)
        )
        shown = [f"SELECT {typed}", *(f"SELECT {', '.join(_value(value, engine) for value in row)}" for row in others)]
        return " UNION ALL ".join(shown) if self.rows else f"SELECT * FROM ({shown[0]}) AS z WHERE FALSE"


def _value(value: Any, engine: Engine) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"{_TYPES['time'][engine]} '{value.isoformat()}'"
    return repr(value).upper() if isinstance(value, bool | int) else "'{}'".format(value.replace("'", "''"))


def at(text: str) -> datetime:
    """A moment of January 2026 in UTC, by its day and time: ``3 09:30``."""
    day, _, time = text.partition(" ")
    hour, _, minute = (time or "00:00").partition(":")
    return datetime(2026, 1, int(day), int(hour), int(minute), tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One documented case: what a pattern makes of small tables.

    :param rows: the answer, in any order.
    :param bounds: of the slice.
    """

    id: str
    pattern: Pattern
    tables: Mapping[str, Table]
    rows: Sequence[Row]
    bounds: tuple[datetime, datetime] = field(default=(at("1"), at("2")))


def query(case: Known, engine: Engine) -> str:
    """The pattern's query with its tables in it."""
    quote = "`" if engine is Engine.BIGQUERY else '"'
    given = ", ".join(f"{quote}{name}{quote} AS ({table.sql(engine)})" for name, table in case.tables.items())
    return f"WITH {given} SELECT * FROM ({case.pattern.sql(engine)}) AS q"


class Three:
    """PostgreSQL, DuckDB and the stand-in for BigQuery, in sessions of another zone than UTC."""

    def __init__(self, dsn: str, bigquery: BigQueryServer | None = None) -> None:
        self.postgres = psycopg.connect(dsn, autocommit=True)
        self.duck = duckdb.connect(":memory:", config={"threads": 1})
        self.client = bigquery.client() if bigquery else None
        for execute in (self.postgres.execute, self.duck.execute):
            execute("SET TIME ZONE 'America/New_York'")

    def postgres_rows(self, case: Known) -> list[Row]:
        return ordered(self.postgres.execute(query(case, Engine.POSTGRES).encode(), _bounds(case)).fetchall())

    def duckdb_rows(self, case: Known) -> list[Row]:
        sql = query(case, Engine.DUCKDB)
        given = {name: value for name, value in _bounds(case).items() if f"${name}" in sql}
        found = self.duck.sql(sql, params=given).to_arrow_table()
        return ordered(list(zip(*(part.to_pylist() for part in found.columns), strict=True)))

    def bigquery_rows(self, cases: Sequence[Known]) -> dict[str, list[Row]]:
        """Several cases in one query, as the client waits for each; case -> its rows."""
        assert self.client is not None
        parts = []
        for case in cases:
            bounds = {name: _value(moment, Engine.BIGQUERY) for name, moment in _bounds(case).items()}
            rows = query(case, Engine.BIGQUERY) % bounds
            parts.append(f"SELECT '{case.id}' AS id, TO_JSON_STRING(q) AS found FROM ({rows}) AS q")
        found: dict[str, list[Row]] = {case.id: [] for case in cases}
        for name, text in self.client.query_and_wait(" UNION ALL ".join(parts)):
            found[name].append(tuple(map(_read, json.loads(text).values())))
        return {name: ordered(rows) for name, rows in found.items()}

    def close(self) -> None:
        self.postgres.close()
        self.duck.close()
        if self.client:
            self.client.close()


def _bounds(case: Known) -> dict[str, datetime]:
    return dict(zip(("slice_start", "slice_end"), case.bounds, strict=True))


def _read(value: Any) -> Any:
    """A value of JSON; a text that is a moment is one."""
    is_moment = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d ", value)
    return datetime.fromisoformat(value) if is_moment else value


def ordered(rows: Sequence[Row]) -> list[Row]:
    """Rows in one order, with moments in UTC."""
    moved = [tuple(v.astimezone(UTC) if isinstance(v, datetime) else v for v in row) for row in rows]
    return sorted(moved, key=lambda row: [(value is not None, str(value)) for value in row])
