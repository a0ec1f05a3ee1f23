"""A process that dies at any moment leaves nothing that a second run does not put right."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.adapters.postgres.catalog import CLIENT_CHECK_SECONDS
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.kill.movers import SLICE, TABLES
from tests.kill.trial import Trial, Wrong
from tests.ports.rows_case import Case, drop, make

ROOT = Path(__file__).resolve().parents[2]
KILLS = 25

CHILD = """
import pickle, sys
import adbc_driver_postgresql.dbapi, duckdb, psycopg, pyarrow.parquet
from airflow.sdk import ObjectStoragePath
case = pickle.load(open(sys.argv[1], "rb"))
print("ready", flush=True)
sys.stdin.readline()
print(case.move(), flush=True)
"""


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    yield make(postgres, name, tmp_path / "staging")
    drop(postgres, name)


def begin(case: Case, folder: Path) -> subprocess.Popen[str]:
    """A process that moves the first slice as soon as it was told to; all its imports are done."""
    path = folder / "case.pickle"
    path.write_bytes(pickle.dumps(case))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def tell(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def finish(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait(10)
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        pipe.close()


def test_killed_at_random_moments_the_next_run_publishes_the_source(postgres: PostgresServer, tmp_path: Path) -> None:
    """100 kills of extract and load, and of transfers, in turn; ``python -m tests.kill`` makes 500."""
    with Trial(postgres, tmp_path) as trial:
        trial.kill_until(KILLS)
        for way in TABLES:
            trial.run(way)
        trial.check_seen()
    assert trial.kills >= KILLS
    assert len(trial.states) > KILLS / 4, "the source changed all the while"
    assert all(len(seen) >= 2 for seen in trial.seen.values()), "the reader looked, and saw each table change"


def test_what_a_reader_may_never_see_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    with Trial(postgres, tmp_path) as trial:
        trial.ask("wh", "DELETE FROM public.copied WHERE id > 150")
        end = time.monotonic() + 10
        while len(trial.seen["public.copied"]) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        with pytest.raises(Wrong, match=r"public\.copied was seen in 1 state"):
            trial.check_seen()
        staged = tmp_path / "staging" / "kill" / "extract" / SLICE
        (staged / "part-00000.parquet").write_bytes(b"PAR1 half")
        with pytest.raises(Wrong, match=r"part-00000.parquet is not complete"):
            trial.look_at_files()


def test_killed_while_it_waits_for_a_lock_it_keeps_nobody_waiting(case: Case, tmp_path: Path) -> None:
    case.move()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    child = begin(case, tmp_path)
    with psycopg.connect(case.warehouse) as holder:
        holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        tell(child)
        assert soon(case, waiting, 1, 10)
        finish(child)
        assert soon(case, waiting, 0, 5 * CLIENT_CHECK_SECONDS), "the dead task's statement still waits"
    assert case.move().rows == 303


def soon(case: Case, count: str, wanted: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if case.at_warehouse(count) == [(wanted,)]:
            return True
        time.sleep(0.1)
    return False
