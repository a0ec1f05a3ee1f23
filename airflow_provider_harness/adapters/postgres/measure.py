"""The engine ``sql`` on PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.postgres.catalog import catalog
from airflow_provider_harness.adapters.postgres.constraint_proofs import proofs
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql import measure as sql_measure
from airflow_provider_harness.adapters.sql.authored.reading import answers
from airflow_provider_harness.adapters.sql.views import in_postgres
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements

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
