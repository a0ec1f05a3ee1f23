"""The engine ``sql`` on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.report import Measurements

from . import sql_checks, sql_measure
from .pg_catalog import catalog
from .pg_proofs import proofs
from .pg_reading import answers
from .sql_views import in_postgres

if TYPE_CHECKING:
    import psycopg


class _Postgres:
    dialect = "postgres"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        import psycopg

        self._connection = connection
        self.refusals: tuple[type[Exception], ...] = (
            psycopg.ProgrammingError,
            psycopg.DataError,
            psycopg.NotSupportedError,
            psycopg.errors.ProgramLimitExceeded,
            psycopg.errors.StatementTooComplex,
            psycopg.errors.ReadOnlySqlTransaction,
            psycopg.errors.ActiveSqlTransaction,  # a query that wants to turn reading only off
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return answers(self._connection, sql)

    def plan(self, sql: str) -> object:
        return self.rows(f"EXPLAIN {sql}")

    def exists(self, table: str) -> bool:
        return catalog(self._connection, table) is not None


def measure(
    connection: psycopg.Connection[Any], contract: Contract, rows: sql_checks.Rows, *, prove: bool = True
) -> Measurements:
    """All checks of a gate, in two statements at most.

    :param prove: let validated constraints of ``rows.table`` stand for the checks that they imply.
    """
    known = proofs(connection, contract, rows.table) if prove and rows.table else {}
    return sql_measure.measure(_Postgres(connection), contract, rows, known, in_postgres(connection, contract))
