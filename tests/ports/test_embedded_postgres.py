"""The embedded PostgreSQL is real, its own, kept between starts, and never left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing import postgres as postgres_module
from airflow_provider_harness.testing.postgres import EmbeddedPostgres, PostgresServer
from airflow_provider_harness.testing.process import ServerFailed
from tests.ports.test_server_process import gone

HOLDER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # started in the background, it would be ignored
from pathlib import Path
from airflow_provider_harness.testing.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(postgres.data.joinpath("postmaster.pid").read_text().split()[0], flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a longer path than a Unix socket may have."""
    return tmp_path_factory.mktemp("x" * 60) / ("y" * 60) / "postgres"


@pytest.fixture
def holder(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that runs the server, and the server's process id."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        yield process, int(process.stdout.readline())
        process.kill()


def test_keeps_its_data_and_listens_on_loopback_only(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        postgres.server.ensure_database("kept")
        postgres.server.ensure_database("kept")
        with postgres.server.connect("kept") as connection:
            connection.execute("create table if not exists t as select 1 as n")
            shown = connection.execute(
                "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
            ).fetchone()
        assert shown == ("127.0.0.1", "")
        first = postgres.server
    with EmbeddedPostgres(home) as postgres:
        assert postgres.server.password == first.password
        with postgres.server.connect("kept") as connection:
            assert connection.execute("select n from t").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        first.connect()


def test_the_password_is_asked_for(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        who = postgres.server
        wrong = PostgresServer(host=who.host, port=who.port, user=who.user, password="wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            wrong.connect()


def test_the_server_is_never_root(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        pid = (postgres.data / "postmaster.pid").read_text().split()[0]
        inside = Path(f"/proc/{pid}/status").read_text()
    uid = int(next(line for line in inside.splitlines() if line.startswith("Uid:")).split()[1])
    assert uid == (os.geteuid() or 65534)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ends_with_its_holder(home: Path, holder: tuple[subprocess.Popen[str], int], number: signal.Signals) -> None:
    process, pid = holder
    process.send_signal(number)
    process.wait(20)
    assert gone([pid])
    assert not (home / "data" / "postmaster.pid").exists()


def test_starts_after_a_crash_of_everything(home: Path, holder: tuple[subprocess.Popen[str], int]) -> None:
    """The lock file of the crashed server names a process id that some other process may have by now."""
    _, pid = holder
    os.kill(pid, signal.SIGKILL)
    assert gone([pid])
    lock = home / "data" / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(pid), str(os.getpid()), 1))
    with EmbeddedPostgres(home) as postgres, postgres.server.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_folder_in_use_is_said_to_be(
    home: Path, holder: tuple[subprocess.Popen[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_harness.testing.postgres.FORMER_SECONDS", 0.2)
    with pytest.raises(ServerFailed, match=f"process {holder[1]} already serves"):
        EmbeddedPostgres(home).start()


def test_an_interrupted_making_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "data.half").mkdir()
    (tmp_path / "data.half" / "rest").write_text("of an initdb that was killed")
    with EmbeddedPostgres(tmp_path) as postgres:
        assert postgres.server.port


def test_another_server_on_the_port_is_found_out(tmp_path: Path, postgres: PostgresServer) -> None:
    other = EmbeddedPostgres(tmp_path)
    with pytest.raises(ServerFailed, match="answered by another server"):
        other._answers(postgres)


def test_an_address_round_trips() -> None:
    server = PostgresServer(host="h", port=1, user="a:b", password="p@/w")
    assert PostgresServer.from_url(server.url("d")) == server
    assert server.url("d", driver="psycopg2").startswith("postgresql+psycopg2://a%3Ab:p%40%2Fw@h:1/d")


@pytest.mark.parametrize("url", ["mysql://u@h", "postgresql://h", "postgresql:///d", ""])
def test_an_unusable_address_says_how_to_write_one(url: str) -> None:
    with pytest.raises(ConfigurationError, match="postgresql://user:password@host:port"):
        PostgresServer.from_url(url)


def test_works_where_only_its_owner_may_enter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a clone under /root: neither the programs nor the data can be reached by other users."""
    closed, package = tmp_path / "closed", postgres_module.binaries().parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / "pginstall18", closed / package.name / "pginstall18", symlinks=True)
    shutil.copytree(libraries, closed / libraries.name)
    closed.chmod(0o700)
    monkeypatch.setattr(postgres_module, "binaries", lambda: closed / package.name / "pginstall18" / "bin")
    with EmbeddedPostgres(closed / "postgres") as postgres, postgres.server.connect() as connection:
        assert connection.execute("select 1").fetchone() == (1,)
