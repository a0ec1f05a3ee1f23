"""A process that dies at any moment leaves nothing that a second run does not put right, in any warehouse."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.ports.rows_case import Case

ROOT = Path(__file__).resolve().parents[3]
KILLS = 6
LONGEST_SECONDS = {"public": 0.25}
"""A whole move takes about this long; a kill comes at a random moment within it."""

CHILD = """
import pickle, sys
import adbc_driver_postgresql.dbapi, duckdb, psycopg, pyarrow.parquet, google.cloud.bigquery
from airflow.sdk import ObjectStoragePath
case = pickle.load(open(sys.argv[1], "rb"))
print("ready", flush=True)
sys.stdin.readline()
print(case.move(), flush=True)
"""


def begin(case: Case, folder: Path) -> subprocess.Popen[str]:
    """A process that moves the first slice as soon as it was told to; all its imports are done."""
    path = folder / "case.pickle"
    path.write_bytes(pickle.dumps(case))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def kill_after(child: subprocess.Popen[str], seconds: float) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    time.sleep(seconds)
    child.kill()
    child.wait(10)
    child.stdin.close()
    child.stdout.close()


@pytest.mark.slow  # test_rows_killed does so with a reader beside it
def test_killed_at_random_moments_the_next_run_publishes_the_source(case: Case, tmp_path: Path) -> None:
    case.at_source("UPDATE public.orders SET amount = 5000 WHERE id = 3")
    moments, longest = random.Random(20130101), LONGEST_SECONDS.get(case.target.home, 1.2)
    for _ in range(KILLS):
        kill_after(begin(case, tmp_path), moments.uniform(0, longest))
        if case.target.exists("orders"):
            assert len(case.published()) in (0, 302), "readers never see half a slice"
    assert case.move().rows == 302
    assert case.published() == [row for row in case.rows() if row[0] != 3]
    assert case.target.set_aside() == [("3", "range:amount")]
    assert case.target.leftovers() == [], "the same files go through the same staging table"
