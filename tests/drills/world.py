"""One drill's part of PostgreSQL: a schema with a source, what is published, and a table that nobody may touch."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo.forwarder import Forwarder

if TYPE_CHECKING:
    import psycopg

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
    :param dags: where the Dag's file is.
    :ivar api: a call of Airflow's API as its administrator; set once Airflow runs.
    :ivar pid: the process of the task that runs, likewise.
    """

    def __init__(self, drill: Drill, postgres: PostgresServer, folder: Path, dags: Path, name: str = "") -> None:
        self.drill, self.postgres, self.folder, self.dags = drill, postgres, folder, dags
        self.name = name or drill.name
        self.forwarder: Forwarder | None = None
        self.door: Door | None = None
        self.stop = ExitStack()
        self.api: Callable[..., Any] = lambda *_: None
        self.pid: Callable[[], int | None] = lambda: None
        self.before: dict[str, str] = {}

    # -- the tables

    def text(self, sql: str) -> str:
        door = str(self.door.port) if self.door else ""
        return sql.replace("<name>", self.name).replace("<folder>", str(self.folder)).replace("<door>", door)

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Run statements as the database's owner; the rows of the last one."""
        with self.postgres.connect(DATABASE) as connection:
            return rows(connection, self.text(text))

    def build(self) -> None:
        """Make the world whole, as it is on a good day, and remember what nobody may change."""
        self.sql(BUILD)
        self.furnish()

    def furnish(self) -> None:
        """What is the drill's own."""
        if self.drill.build:
            self.sql(self.drill.build)
        self.sql(KEEP_TRUTH)
        self.before = {name: self.fingerprint(query) for name, query in BYSTANDERS.items()}

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

    def hold(self, statement: str, role: str = "") -> None:
        """Run a statement in a transaction that stays open until ``release``.

        :param role: whose session it is; empty = the database's owner's.
        """
        import psycopg

        login = {"user": self.text(role), "password": "drill"} if role else {}
        connection = psycopg.connect(self.postgres.url(DATABASE), **login)
        self.stop.callback(connection.close)
        connection.execute(self.text(statement).encode())
        self.held = connection

    def hold_later(self, statement: str) -> None:
        """The same transaction waits for something more, in a thread."""
        held = self.held
        Thread(target=lambda: held.execute(self.text(statement).encode()), daemon=True).start()

    def release(self) -> None:
        """End what ``hold`` holds."""
        self.stop.close()

    # -- the ways to the source

    def open(self) -> None:
        """The forwarder in front of the source, and an HTTP service where the Dag asks one."""
        self.forwarder = Forwarder(self.postgres.port, self.postgres.host)
        self.forwarder.__enter__()
        if "<door>" in self.drill.dag:
            self.door = Door()

    def connections(self) -> dict[str, str]:
        """Connection id -> its JSON: the source behind a forwarder of its own, and the warehouse."""
        assert self.forwarder is not None
        ports = {"source": self.forwarder.port, "warehouse": self.postgres.port}
        return {
            f"{self.name}_{what}": json.dumps(
                {
                    "conn_type": "postgres",
                    "host": "127.0.0.1",
                    "port": port,
                    "login": f"drill_{self.name}",
                    "password": "drill",
                    "schema": DATABASE,
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
        if self.door is not None:
            self.door.close()
            self.door = None

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

    def deploy(self, dag: str) -> None:
        """Put another version of the Dag's file in place, as a deployment does."""
        path = self.dags / f"drill_{self.name}.py"
        path.write_text(self.text(dag).replace("<retries>", "0"))

    def answer(self, status: int, body: str = "{}", **headers: str) -> None:
        """What the HTTP service answers from now on."""
        if self.door is not None:
            self.door.status, self.door.body, self.door.headers = status, body, headers

    def wait(self, found: Callable[[], Any], seconds: float = 180) -> Any:
        """Look twice a second until something is there, and give it back; None when the time is over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := found():
                return value
            time.sleep(0.5)
        return None

    def pause(self, seconds: float) -> None:
        """Time goes by."""
        time.sleep(seconds)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to the drill's running task."""
        if pid := self.wait(self.pid):
            os.kill(pid, number)


def rows(connection: psycopg.Connection[tuple[Any, ...]], statements: str) -> list[tuple[Any, ...]]:
    """What the last of some statements gives."""
    cursor = connection.execute(statements.encode())
    while cursor.nextset():
        pass
    return cursor.fetchall() if cursor.description else []


class Door:
    """An HTTP service of the source, in a thread: it answers every request with what it was told last."""

    def __init__(self) -> None:
        self.status, self.body = 200, "{}"
        self.headers: dict[str, str] = {}
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(door.status)
                for name, value in door.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(door.body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing: Airflow's log says it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


#: What nobody may change: an unrelated table, and the day that was published before.
BYSTANDERS = {
    "ledger": "SELECT * FROM <name>.ledger",
    "the day before": f"SELECT {COLUMNS} FROM <name>.orders WHERE placed_at < timestamptz '2026-01-02 00:00+00'",
}
