"""Kills movements at random moments and looks at everything that a reader could have seen."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.kill.movers import CONTRACT, SLICE, TABLES
from tests.ports.rows_case import CONTRACT as TERMS
from tests.ports.rows_case import CUSTOMERS, ORDERS

ROOT = Path(__file__).resolve().parents[2]
READER_SECONDS = 0.002
DURING = "placed_at >= '2013-03-09 05:00Z' AND placed_at < '2013-03-10 05:00Z'"
GOOD = "amount BETWEEN 0 AND 1000"
"""The gate sets every other row aside."""
CHANGES = (
    "UPDATE public.orders SET amount = (amount + 1) % 1000 WHERE id BETWEEN 10 AND 290",
    "INSERT INTO public.orders SELECT max(id) + 1, '2013-03-09 12:00Z', 7, 'open', 'c1', '{}' FROM public.orders",
    "DELETE FROM public.orders WHERE id = (SELECT max(id) FROM public.orders WHERE id >= 900)",
    "UPDATE public.orders SET amount = 5000 - amount WHERE id = 3",
)
"""What happens at the source between two runs: changed, late, vanished and malformed rows."""


class Wrong(AssertionError):
    """A reader saw what it never may, or rows are not those of the source."""


def digest(table: str) -> str:
    """A query for one text that stands for all good rows of the slice in a table."""
    return f"SELECT md5(coalesce(string_agg(o::text, '|' ORDER BY id), '')) FROM {table} AS o WHERE {DURING} AND {GOOD}"


class Trial:
    """One source, one warehouse, and movers between them; use as a context manager.

    :param server: where both databases are made, and dropped at the end.
    :param seed: of all random moments and changes.
    :ivar kills: movers that were killed while they worked.
    :ivar states: every state of the slice's good rows that the source ever had.
    :ivar seen: table -> the states in which readers saw it.
    """

    def __init__(self, server: PostgresServer, folder: Path, seed: int = 20130101) -> None:
        self.server, self.folder = server, folder
        self.kills = self.runs = 0
        self.states: list[str] = []
        self.seen: dict[str, set[str]] = {table: set() for table in TABLES.values()}
        self._moments = random.Random(seed)
        self._databases = {"src": f"kill_{os.getpid()}_{seed}_s", "wh": f"kill_{os.getpid()}_{seed}_w"}

    def __enter__(self) -> Trial:
        for database in self._databases.values():
            self.server.ensure_database(database)
        (self.folder / CONTRACT).write_text(TERMS)
        engine = open_engine(f"sqlite:///{self.folder}/harness.db")
        upgrade(engine)
        engine.dispose()
        self.ask("src", ORDERS)
        self.ask("wh", CUSTOMERS)
        self.states.append(self._at_source())
        self._movers = self._start()
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read)
        for way in TABLES:
            self.run(way)  # from now on there is always something to see
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._reader.join(30)
        self._movers.terminate()
        self._movers.communicate(timeout=30)
        for database in self._databases.values():
            self.server.drop_database(database)

    def ask(self, where: str, sql: str) -> list[tuple[object, ...]]:
        """Run SQL in the source (``src``) or the warehouse (``wh``)."""
        with psycopg.connect(self.server.url(self._databases[where]), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def kill_until(self, kills: int) -> None:
        """Kill movers, each way in turn, until so many of them died at work."""
        ways = list(TABLES)
        longest = {way: self.run(way) for way in ways}
        while self.kills < kills:
            way = ways[self.runs % len(ways)]
            if self._moments.random() < 0.5:
                self.ask("src", self._moments.choice(CHANGES))
                self.states.append(self._at_source())
            self._kill(way, self._moments.uniform(0, longest[way]))
            self.look_at_files()

    def run(self, way: str) -> float:
        """Move the slice without a kill, compare it with the source, and say how many seconds it took."""
        began = time.monotonic()
        if self._move(way) != 0:
            raise Wrong(f"{way}: a run after {self.kills} kills failed: {self._said()}")
        took = time.monotonic() - began
        table = TABLES[way]
        if self._published(table) != self._at_source():
            raise Wrong(f"{table} differs from the source after {self.kills} kills")
        bad = self.ask("src", f"SELECT id::text FROM public.orders WHERE {DURING} AND NOT ({GOOD}) ORDER BY 1")
        aside = self.ask("wh", f"SELECT \"row\"->>'id' FROM {table}__quarantine ORDER BY 1")
        left = self.ask("wh", f"SELECT relname FROM pg_class WHERE relname LIKE '{table[7:]}!_!_stg!_%' ESCAPE '!'")
        if aside != bad or left:
            raise Wrong(f"{table}: set aside {aside} instead of {bad}; staging tables left: {left}")
        return took

    def look_at_files(self) -> None:
        """Every staged file under its final name is complete; a manifest vouches for all of its files."""
        folder = self.folder / "staging" / "kill" / "extract" / SLICE
        for path in folder.glob("part-*.parquet"):
            try:
                pq.read_table(path)
            except pa.ArrowInvalid as error:
                raise Wrong(f"{path.name} is not complete: {error}") from error
        manifest = folder / "_manifest.json"
        for name, told in json.loads(manifest.read_text())["files"].items() if manifest.exists() else ():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != told["sha256"]:
                raise Wrong(f"{name} is not what the manifest says")

    def check_seen(self) -> None:
        """Readers saw the slice as the source once had it, and nothing else."""
        for table, seen in self.seen.items():
            strange = seen - {*self.states}
            if strange:
                raise Wrong(f"{table} was seen in {len(strange)} state(s) that the source never had")

    def _start(self) -> subprocess.Popen[str]:
        connections = {
            f"AIRFLOW_CONN_{n.upper()}": self.server.airflow_connection(d) for n, d in self._databases.items()
        }
        home = {
            "AIRFLOW_HOME": str(self.folder),
            "AIRFLOW__HARNESS__STAGING_PATH": f"file://{self.folder}/staging",
            "PYTHONPATH": str(ROOT),
            "PATH": os.environ["PATH"],
        }
        self._log = (self.folder / "movers.log").open("w")
        movers = subprocess.Popen(
            [sys.executable, "-m", "tests.kill.movers", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env=connections | home,
        )
        self._log.close()
        return movers

    def _kill(self, way: str, after: float) -> None:
        ended = self._move(way, str(after))
        if ended not in (0, -signal.SIGKILL):
            raise Wrong(f"{way}: a run after {self.kills} kills failed by itself: {self._said()}")
        self.kills += ended != 0

    def _move(self, way: str, seconds: str = "never") -> int:
        """Start one mover, and say how it ended."""
        self.runs += 1
        assert self._movers.stdin is not None
        assert self._movers.stdout is not None
        self._movers.stdin.write(f"{way} {self.runs} {seconds}\n")
        self._movers.stdin.flush()
        return int(self._movers.stdout.readline() or 1)

    def _said(self) -> str:
        return (self.folder / "movers.log").read_text()[-3000:]

    def _at_source(self) -> str:
        return str(self.ask("src", digest("public.orders"))[0][0])

    def _published(self, table: str) -> str:
        return str(self.ask("wh", digest(table))[0][0])

    def _read(self) -> None:
        """Look at both tables again and again, as somebody's dashboard does."""
        with psycopg.connect(self.server.url(self._databases["wh"]), autocommit=True) as connection:
            while not self._over.wait(READER_SECONDS):
                for table, seen in self.seen.items():
                    seen.update(str(value) for (value,) in connection.execute(digest(table).encode()))
