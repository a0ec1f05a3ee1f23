"""The engine ``sql`` on DuckDB: a table, a view, or a file that DuckDB reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.duckdb import inside as duck_inside
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql import measure as sql_measure
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements

if TYPE_CHECKING:
    import duckdb


STATEMENT_SECONDS = 1800
"""The longest that one statement of a gate runs, as in PostgreSQL."""


@contextmanager
def limited(connection: duckdb.DuckDBPyConnection, what: str, fix: str) -> Iterator[None]:
    """Interrupt what runs too long, one statement or several; DuckDB has no limit of its own.

    :param what: runs, and :param fix: what to do about it, in words.
    :raises TimeoutError: it was.
    """
    import duckdb

    over = threading.Event()
    watch = threading.Thread(target=_end, args=(connection, over), name="harness-limit", daemon=True)
    watch.start()
    try:
        yield
    except duckdb.InterruptException as error:
        raise TimeoutError(f"{what} ran for more than {STATEMENT_SECONDS} s; {fix}") from error
    finally:
        over.set()
        watch.join()


def _end(connection: duckdb.DuckDBPyConnection, over: threading.Event) -> None:
    """Between two statements an interrupt ends none, so it is repeated."""
    ended = over.wait(STATEMENT_SECONDS)
    while not ended:
        connection.interrupt()
        ended = over.wait(0.1)


class Duck:
    """Statements on DuckDB.

    Rows come as Arrow: DuckDB's own conversion of moments needs a package that is not there.
    """

    dialect = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        self._connection = connection
        self.refusals: tuple[type[Exception], ...] = (
            duckdb.ProgrammingError,
            duckdb.DataError,
            duckdb.NotSupportedError,
            duckdb.InternalError,
            duckdb.InvalidInputException,
            duckdb.PermissionException,  # a query that wants a file of its own
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        with limited(self._connection, "a check of files", "make its query smaller"):
            found = self._connection.sql(sql).to_arrow_table()
        return list(zip(*(part.to_pylist() for part in found.columns), strict=True))

    def plan(self, sql: str) -> object:
        """Whatever DuckDB says of a statement without running it."""
        return self.rows(f"EXPLAIN {sql}")

    def exists(self, table: str) -> bool:
        """Whether there is such a relation."""
        home, _, name = table.rpartition(".")
        where = f"table_name = {sql_checks.literal(name)}" + (
            f" AND table_schema = {sql_checks.literal(home)}" if home else ""
        )
        return bool(self.rows(f"SELECT 1 FROM information_schema.tables WHERE {where}"))


def measure(connection: duckdb.DuckDBPyConnection, contract: Contract, rows: sql_checks.Rows) -> Measurements:
    """All checks of a gate, in two statements at most."""
    duck_inside.teach(connection, contract)
    return sql_measure.measure(Duck(connection), contract, rows)
