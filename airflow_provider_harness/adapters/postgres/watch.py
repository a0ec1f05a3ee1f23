"""A watched table in PostgreSQL: asked by statements of ours alone, in transactions that only read, if the plan reads few enough rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql import watch as sql
from airflow_provider_harness.adapters.sql.authored.reading import answers
from airflow_provider_harness.adapters.sql.checks import in_zone
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import DatabaseRefused, QueryTooCostly
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.watch.profile import Profile

if TYPE_CHECKING:
    import psycopg

_SIZES = """
SELECT n.nspname, c.relname, c.reltuples FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = ANY(%s)
"""
_WHOLE = ("Seq Scan", "Sample Scan")
"""Nodes of a plan that read their whole relation, however few rows they give."""


class PostgresWatch:
    """Implements ``app.ports.watch.WatchedTable``.

    :param dsn: libpq connection string.
    :param name: the connection in words, for errors.
    """

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn, self._name = dsn, name

    def profile(self, contract: Contract, piece: Slice) -> Profile:
        """See ``app.ports.watch.WatchedTable``."""
        with session(self._dsn, self._name) as connection:
            _there(connection, contract, self._name)
            connection.execute(in_zone(contract).encode())
            rows = _asked(connection, contract, sql.profile(contract, piece))
            keyed = sql.rule(contract).key
            repeated = _asked(connection, contract, sql.duplicates(contract, piece))[0][0] if keyed else None
        return sql.read_profile(contract, rows, None if repeated is None else int(repeated))

    def counts(self, contract: Contract, pieces: Sequence[Slice], now: datetime) -> tuple[Sequence[int], int]:
        """See ``app.ports.watch.WatchedTable``."""
        with session(self._dsn, self._name) as connection:
            connection.execute(in_zone(contract).encode())
            found = dict(_asked(connection, contract, sql.counts(contract, pieces, now)))
        return [int(found[place]) for place in range(len(pieces))], int(found[sql.TOTAL])


def _there(connection: psycopg.Connection[Any], contract: Contract, name: str) -> None:
    found = catalog(connection, contract.table)
    if found is None:
        raise DatabaseRefused(name, f"{contract.table} is not there", fix="Make the table again, or end its watch.")
    rule = sql.rule(contract)
    lost = [one for one in (rule.column, *rule.columns, *rule.key) if found.get(one) is None]
    if lost:
        fix = "Give the table the column again, or correct harness.watch in the contract."
        raise DatabaseRefused(name, f"{contract.table} has no column {', '.join(dict.fromkeys(lost))}", fix=fix)


def _asked(connection: psycopg.Connection[Any], contract: Contract, statement: str) -> list[tuple[Any, ...]]:
    """The answer to a statement whose plan reads no more rows than the contract allows.

    :raises QueryTooCostly: it reads more.
    """
    most, read = sql.rule(contract).max_rows, planned(connection, statement)
    if read > most:
        raise QueryTooCostly(
            contract.table,
            read,
            most,
            "rows to read, by PostgreSQL's plan",
            f"An index on {sql.rule(contract).column} (BRIN is small), or a partition a slice, lets the watch read what is new "
            "alone; harness.watch's maxRows is the limit.",
        )
    return answers(connection, statement)


def planned(connection: psycopg.Connection[Any], statement: str) -> int:
    """The rows that a statement reads from tables, by PostgreSQL's plan; a relation that is scanned counts as a whole."""
    told = answers(connection, f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}")[0][0]
    plan = json.loads(told) if isinstance(told, str) else told
    scans = [(node, workers) for node, workers in _nodes(plan[0]["Plan"]) if "Relation Name" in node]
    named = sorted({f"{node['Schema']}.{node['Relation Name']}" for node, _ in scans})
    sizes = {f"{home}.{table}": max(int(rows), 0) for home, table, rows in connection.execute(_SIZES, (named,))}
    return sum(_read(node, workers, sizes) for node, workers in scans)


def _read(node: Mapping[str, Any], workers: int, sizes: Mapping[str, int]) -> int:
    """The plan tells the rows that each process reads, so this is too many rather than too few."""
    given = int(node["Plan Rows"]) * (workers + 1)
    whole = sizes.get(f"{node['Schema']}.{node['Relation Name']}", 0) if node["Node Type"] in _WHOLE else 0
    return max(given, whole)


def _nodes(node: Mapping[str, Any], workers: int = 0) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Every node of a plan, and how many processes work at it beside the first."""
    yield node, workers
    for below in node.get("Plans", ()):
        yield from _nodes(below, max(workers, int(node.get("Workers Planned", 0))))
