"""The command reads every line before it answers the first, and names what is wrong."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.cli.diagnose import LONGEST_CASE, LONGEST_EXCERPT, diagnose_file, diagnose_log
from airflow_provider_harness.core.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[3]

CASE = {"id": "a", "system": "postgres", "log_excerpt": "ERROR: deadlock detected"}


def test_an_answer_has_the_words_of_the_corpus() -> None:
    output = io.StringIO()
    assert diagnose_file(io.StringIO(json.dumps(CASE) + "\n\n"), output) == 0
    (answer,) = map(json.loads, output.getvalue().splitlines())
    assert list(answer) == ["id", "category", "safe_action", "escalate", "confidence", "citations", "reason"]
    assert (answer["id"], answer["category"], answer["safe_action"]) == ("a", "lock_contention", "retry_after_delay")
    assert answer["citations"] == [{"line": 1, "text": "ERROR: deadlock detected"}]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{broken", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ('{"id": "b", "system": "x"}', "line 2: missing or not a text: log_excerpt"),
        ('{"id": 7, "system": null, "log_excerpt": "x"}', "line 2: missing or not a text: id, system"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(line: str, told: str) -> None:
    output = io.StringIO()
    with pytest.raises(ConfigurationError, match=told):
        diagnose_file(io.StringIO(f"{json.dumps(CASE)}\n{line}\n"), output)
    assert output.getvalue() == ""


def test_secrets_are_not_repeated() -> None:
    output = io.StringIO()
    log = "connection refused: postgresql://u:pw-secret-1@db/x"
    diagnose_file(io.StringIO(json.dumps(CASE | {"log_excerpt": log})), output)
    assert "pw-secret-1" not in output.getvalue()


def test_airflow_is_not_imported() -> None:
    code = "import sys, airflow_provider_harness.cli.diagnose as d; print([m for m in sys.modules if m == 'airflow' or m.startswith(('airflow.', 'anthropic', 'sqlalchemy'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_long_excerpt_is_read_at_its_ends() -> None:
    log = "INFO fine\n" * LONGEST_EXCERPT + "ERROR: deadlock detected\n"
    output = io.StringIO()
    diagnose_file(io.StringIO(json.dumps(CASE | {"log_excerpt": log}) + "\n"), output)
    assert json.loads(output.getvalue())["category"] == "lock_contention"


@pytest.mark.attack
def test_a_line_without_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigurationError, match=r"line 2: longer than .* airflow harness diagnose FILE"):
        diagnose_file(io.StringIO(f"{json.dumps(CASE)}\n" + "x" * (LONGEST_CASE + 1)), io.StringIO())


@pytest.mark.attack
def test_a_log_of_any_size_is_read_in_bounded_memory_and_time(tmp_path: Path) -> None:
    """100 MB, in a process of its own, as the command reads it."""
    log = tmp_path / "task.log"
    with log.open("wb") as file:
        for _ in range(100):
            file.write(b"[2026-11-30] INFO - row 12345 was read and written all right, and so on\n" * 14_000)
        file.write(b"psycopg.errors.DeadlockDetected: deadlock detected\n")
    assert log.stat().st_size > 100e6
    code = (
        "import json, sys, time; from pathlib import Path; from airflow_provider_harness.cli.diagnose import diagnose_log;"
        "from tests.yardstick import measured;"
        "began = time.process_time(); found = diagnose_log(sys.argv[1]); took = time.process_time() - began;"
        "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0];"
        "print(json.dumps([found['category'], took / measured(), int(peak) / 1024]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(log)], cwd=ROOT, capture_output=True, text=True, check=True)
    category, times, megabytes = json.loads(done.stdout)
    assert category == "lock_contention"
    assert times < 10  # a second of the machine on which the limit was set
    assert megabytes < 150


@pytest.mark.attack
@pytest.mark.parametrize(
    ("made", "told"),
    [
        (os.mkfifo, "is not a regular file"),
        (os.mkdir, "is not a regular file"),
        (lambda path: None, "No such file"),
        (lambda path: Path(path).write_bytes(b"\x1f\x8b\x08\0\0"), "is binary"),
        (lambda path: Path(path).symlink_to("/dev/zero"), "is not a regular file"),
    ],
    ids=["a pipe", "a folder", "nothing", "binary", "a device"],
)
def test_what_is_no_text_file_is_one_clear_sentence(tmp_path: Path, made: Any, told: str) -> None:
    made(tmp_path / "x")
    with pytest.raises(ConfigurationError, match=told):
        diagnose_log(str(tmp_path / "x"))
