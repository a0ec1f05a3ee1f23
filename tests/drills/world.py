"""One drill's part of PostgreSQL: a schema with a source, what is published, and a table that nobody may touch."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo.forwarder import Forwarder

if TYPE_CHECKING:
    from tests.drills.drill import Drill

#: Databases of the drills: dropped and made anew.
DATABASE, STORE, METADATA = "harness_drills", "harness_drills_store", "harness_drills_airflow"

BUILD = """
CREATE SCHEMA <name>;
CREATE TABLE <name>.orders_in (id bigint, placed_at timestamptz, customer text, amount numeric(10,2), status text);
INSERT INTO <name>.orders_in
    SELECT d * 1000 + i, timestamptz '2025-12-31 00:30+00' + d * interval '1 day' + i * interval '20 minutes', 'customer ' || i,
           round(10 + i * 1.25, 2), CASE WHEN i % 5 = 0 THEN 'returned' ELSE 'paid' END
    FROM generate_series(1, 3) AS d, generate_series(1, 60) AS i;
CREATE TABLE <name>.orders (id bigint NOT NULL, placed_at timestamptz NOT NULL, customer text, amount numeric(10,2) NOT NULL, status text);
INSERT INTO <name>.orders SELECT * FROM <name>.orders_in WHERE placed_at < timestamptz '2026-01-02 00:00+00';
CREATE TABLE <name>.ledger AS SELECT i AS id, md5(i::text) AS entry FROM generate_series(1, 25) AS i;
CREATE ROLE drill_<name> LOGIN PASSWORD 'drill';
GRANT USAGE, CREATE ON SCHEMA <name> TO drill_<name>;
ALTER TABLE <name>.orders OWNER TO drill_<name>;
GRANT SELECT ON <name>.orders_in TO drill_<name>;
GRANT SELECT, INSERT, UPDATE, DELETE ON <name>.ledger TO drill_<name>;
"""
#: All rows of a day lie between 00:50 and 20:30 UTC.
DAY = "placed_at >= timestamptz '2026-01-02 00:00+00' AND placed_at < timestamptz '2026-01-03 00:00+00'"
COLUMNS = "id, placed_at, customer, amount, status"
PUBLISH = f"DELETE FROM <name>.orders WHERE {DAY}; INSERT INTO <name>.orders SELECT {COLUMNS} FROM <name>.orders_in WHERE {DAY};"
TRUTH = f"SELECT {COLUMNS} FROM <name>.orders_truth"
#: What must be published at the end: both days, as the source was before it was broken.
KEEP_TRUTH = (
    f"CREATE TABLE <name>.orders_truth AS SELECT {COLUMNS} FROM <name>.orders_in "
    "WHERE placed_at < timestamptz '2026-01-03 00:00+00';"
)


class World:
    """What a drill works with. Statements name the schema ``<name>``.

    :param folder: that the Dag's own code can see, for flags.
    """

    def __init__(self, drill: Drill, postgres: PostgresServer, folder: Path, database: str = DATABASE) -> None:
        self.drill, self.postgres, self.folder, self.database = drill, postgres, folder, database
        self.name = drill.name
        self.forwarder: Forwarder | None = None
        self.stop = ExitStack()
        self.pid: Callable[[], int | None] = lambda: None
        self.before: dict[str, str] = {}

    # -- the tables

    def text(self, sql: str) -> str:
        return sql.replace("<name>", self.name).replace("<folder>", str(self.folder))

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Run statements as the database's owner; the rows of the last one."""
        with self.postgres.connect(self.database) as connection:
            cursor = connection.execute(self.text(text).encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def build(self) -> None:
        """Make the world whole, as it is on a good day, and remember what nobody may change."""
        self.sql(
            f"DROP SCHEMA IF EXISTS <name> CASCADE; DROP OWNED BY drill_{self.name}" if self._role() else "SELECT 1"
        )
        self.sql(f"DROP ROLE IF EXISTS drill_{self.name}")
        self.sql(BUILD)
        if self.drill.build:
            self.sql(self.drill.build)
        self.sql(KEEP_TRUTH)
        self.before = {name: self.fingerprint(query) for name, query in BYSTANDERS.items()}

    def _role(self) -> bool:
        return bool(self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = 'drill_{self.name}'"))

    def fingerprint(self, query: str) -> str:
        """One text that stands for all rows of a query."""
        [(found,)] = self.sql(
            f"SELECT coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') FROM ({query}) AS r"
        )
        return str(found)

    def published(self) -> str:
        return self.fingerprint(f"SELECT {COLUMNS} FROM <name>.orders")

    def changed(self) -> list[str]:
        """What nobody may change, and is changed."""
        return [name for name, query in BYSTANDERS.items() if self.fingerprint(query) != self.before[name]]

    def publish(self) -> None:
        """What a good run of the Dag does, for the test of the grader."""
        self.sql(self.drill.publish or PUBLISH)

    @contextmanager
    def session(self) -> Iterator[Any]:
        """A transaction of somebody else, rolled back at the end."""
        import psycopg

        with psycopg.connect(self.postgres.url(self.database)) as connection:
            yield connection
            connection.rollback()

    def hold(self, statement: str) -> None:
        """Keep a transaction open until ``release``."""
        connection = self.stop.enter_context(self.session())
        connection.execute(self.text(statement).encode())

    def release(self) -> None:
        """End what ``hold`` holds."""
        self.stop.close()

    # -- the way to the source

    def connections(self) -> dict[str, str]:
        """Connection id -> its JSON: the source behind a forwarder of its own, and the warehouse."""
        self.forwarder = Forwarder(self.postgres.port, self.postgres.host)
        self.forwarder.__enter__()
        ports = {"source": self.forwarder.port, "warehouse": self.postgres.port}
        return {
            f"{self.name}_{what}": json.dumps(
                {
                    "conn_type": "postgres",
                    "host": "127.0.0.1",
                    "port": port,
                    "login": f"drill_{self.name}",
                    "password": "drill",
                    "schema": self.database,
                    "extra": dict(self.drill.connection.get(what, {})),
                }
            )
            for what, port in ports.items()
        }

    def close(self) -> None:
        """Let everything go."""
        self.stop.close()
        if self.forwarder is not None:
            self.forwarder.__exit__()
            self.forwarder = None

    def refuse(self) -> None:
        if self.forwarder is not None:
            self.forwarder.refuse()

    def accept(self) -> None:
        if self.forwarder is not None:
            self.forwarder.accept()

    # -- flags that the Dag's own code reads

    def flag(self, name: str) -> None:
        (self.folder / f"{self.name}.{name}").touch()

    def unflag(self, name: str) -> None:
        (self.folder / f"{self.name}.{name}").unlink(missing_ok=True)

    def kill(self, seconds: float = 120) -> None:
        """End the drill's running task with -9."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if pid := self.pid():
                os.kill(pid, 9)
                return
            time.sleep(0.5)


#: What nobody may change: an unrelated table, and the day that was published before.
BYSTANDERS = {
    "ledger": "SELECT * FROM <name>.ledger",
    "the day before": f"SELECT {COLUMNS} FROM <name>.orders WHERE placed_at < timestamptz '2026-01-02 00:00+00'",
}
