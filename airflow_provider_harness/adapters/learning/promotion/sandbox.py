"""A schema of PostgreSQL in which proposals are built, by a role that is proved to do no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.promotion.compared import compared
from airflow_provider_harness.adapters.learning.promotion.guard import checked
from airflow_provider_harness.adapters.learning.promotion.profiled import profiled
from airflow_provider_harness.adapters.learning.promotion.proof import prove
from airflow_provider_harness.adapters.lineage import sql as lineage_sql
from airflow_provider_harness.adapters.postgres.catalog import Cancellable, catalog
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.sql.checks import ident, literal, parts
from airflow_provider_harness.app.ports.promotion import Profile, ProposalRefused
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.readiness import Live
from airflow_provider_harness.core.contracts.report import judge
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.errors import DatabaseRefused, DatabaseUnavailable, SliceBusy
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset
from airflow_provider_harness.core.redaction.redactor import Redactor

if TYPE_CHECKING:
    import psycopg

LOCK_SECONDS = 30
ABOUT_NAMES = "42"
"""Class of SQLSTATEs that are about a statement's words and names; every other message may repeat a value of a row."""
ITS_OWN = ("57014", "53", "54")
"""SQLSTATEs of a statement that takes too long or too much: another try of the task would not help."""
WIDER, ROOM = 10, 64 << 20
"""A built table has so many times the bytes of the one that is promoted at most, and so many more."""
LEAST_SECONDS = 1.0
"""A statement gets this long at least, also where the budget is nearly used up."""


@dataclass(kw_only=True)
class PostgresSandbox(Cancellable):
    """Implements ``app.ports.promotion.Sandbox``.

    :param dsn: libpq connection string of the sandbox's role.
    :param contract: of the table that is promoted.
    :param schema: the sandbox.
    :param prefix: how the tables of this task are called in it.
    :param left: seconds that are left for a statement.
    :param place: a table's name -> its dataset.
    :param name: the connection in words, for errors.
    """

    dsn: str
    contract: Contract
    schema: str
    prefix: str
    left: Callable[[], float]
    place: Callable[[str], Dataset]
    name: str = ""
    redactor: Redactor = field(default_factory=Redactor)

    def __post_init__(self) -> None:
        super().__init__()

    @cached_property
    def reads(self) -> frozenset[str]:
        """Every table that the role may read: the one that is promoted, and those to which its checks refer."""
        found = {self.contract.table}
        for check in self.contract.checks:
            found |= {check.reference.table} if check.reference else set()
            found |= (
                set(lineage_sql.tables(check.sql.replace("${table}", ident(self.contract.table))))
                if check.sql
                else set()
            )
        return frozenset(found)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """See ``app.ports.promotion.Sandbox``."""
        with self._connect() as reading:
            prove(reading, self.schema, self.contract.table, self.reads, self.contract.dropped)
        with self._connect(writes=True) as holding:
            locked = holding.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [self._own]).fetchall()
            if locked != [(True,)]:
                raise SliceBusy(f"Another run of this task is at work in {self._own}*. Airflow may retry.")
            self._drop(holding, but="")
            yield

    @property
    def _own(self) -> str:
        return f"{self.schema}.{self.prefix}"

    def profile(self) -> Profile:
        """See ``app.ports.promotion.Sandbox``."""
        with self._connect() as connection:
            return profiled(connection, self.contract, self.redactor)

    def live(self, contract: Contract, table: str) -> Live:
        """See ``app.ports.promotion.Sandbox``."""
        with self._connect() as connection:
            there = catalog(connection, table)
        if there is None:
            return Live(drift=None, report=None)
        here = contract.at(table)
        warehouse = PostgresWarehouse(self.dsn, prove=False, name=self.name)
        report = judge(here, warehouse.measure_published(here, None), where=table)
        return Live(drift=compare(here, there, Side.TARGET), report=report)

    def build(self, sql: str, number: int) -> tuple[str, str]:
        """See ``app.ports.promotion.Sandbox``."""
        source = parts(self.contract.table)
        printed = checked(sql, frozenset({source}))
        table = f"{self._own}{number}"
        try:
            with self._connect(writes=True) as connection, connection.transaction():
                [(rows, most)] = connection.execute(
                    f"SELECT count(*), pg_total_relation_size(%s) * {WIDER} + {ROOM} FROM {ident(self.contract.table)}".encode(),
                    [ident(self.contract.table)],
                ).fetchall()
                # One row more than there are: enough to see that rows were added, and no more than that is ever written.
                proposed = f"SELECT * FROM ({printed}) AS proposed LIMIT {rows + 1}"
                size = f"SELECT coalesce(sum(pg_column_size(sized)), 0) FROM ({proposed}) AS sized"
                [(bytes_of,)] = connection.execute(size.encode(), prepare=True).fetchall()  # so it is one statement
                if bytes_of > most:
                    raise ProposalRefused(f"sql: its rows have {bytes_of:,} bytes; {most:,} at most for this table.")
                connection.execute(f"CREATE TABLE {ident(table)} AS {proposed}".encode(), prepare=True)
        except (DatabaseRefused, DatabaseUnavailable) as error:
            raise self._refused("sql: the database refuses it", error) from error
        return printed, table

    def difference(self, contract: Contract, table: str) -> Any:
        """See ``app.ports.promotion.Sandbox``."""
        try:
            with self._connect() as connection:
                return compared(connection, self.contract, contract, table)
        except (DatabaseRefused, DatabaseUnavailable) as error:
            raise self._refused("the rows cannot be compared", error) from error

    def _refused(self, what: str, error: DatabaseRefused | DatabaseUnavailable) -> Exception:
        """What is said of a proposal that the database does not run: words about its names, and of what a row holds the code alone.
        What has nothing to do with the proposal stays what it was."""
        if isinstance(error, DatabaseUnavailable) and not error.code.startswith(ITS_OWN):
            return error
        words = error.reason if isinstance(error, DatabaseRefused) and error.code.startswith(ABOUT_NAMES) else ""
        return ProposalRefused(f"{what}: {self.redactor.redact(words, 1_000) or 'a value or a limit'} ({error.code}).")

    def edges(self, sql: str) -> tuple[ColumnEdge, ...]:
        """See ``app.ports.promotion.Sandbox``."""
        with self._connect() as connection:
            there = catalog(connection, self.contract.table)
        return lineage_sql.edges(sql, {self.contract.table: there}, self.place)

    def keep(self, table: str) -> None:
        """See ``app.ports.promotion.Sandbox``."""
        with self._connect(writes=True) as connection:
            self._drop(connection, but=table)

    def _drop(self, connection: psycopg.Connection[Any], but: str) -> None:
        """Drop what this task built before: the tables whose names begin as its own do, and end with a number."""
        asked = (
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relkind = 'r' AND c.relname ~ ('^' || %s || '[0-9]+$')"
        )
        for (name,) in connection.execute(asked, [self.schema, self.prefix]).fetchall():
            if f"{self.schema}.{name}" != but:
                connection.execute(f"DROP TABLE {ident(f'{self.schema}.{name}')}".encode())

    @contextmanager
    def _connect(self, *, writes: bool = False) -> Iterator[psycopg.Connection[Any]]:
        """A session that finds no name by itself, and whose statements end with the budget."""
        milliseconds = int(max(LEAST_SECONDS, self.left()) * 1000)
        with session(self.dsn, self.name, writes=writes) as connection, self._cancels(connection):
            for setting, value in {
                "search_path": "pg_catalog",
                "TimeZone": "UTC",
                "DateStyle": "ISO",
                "statement_timeout": f"{milliseconds}",
                "lock_timeout": f"{LOCK_SECONDS}s",
            }.items():
                connection.execute(f"SET {setting} = {literal(value)}".encode())
            yield connection
