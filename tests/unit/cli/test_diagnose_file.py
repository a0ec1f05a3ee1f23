"""The command reads every line before it answers the first, and names what is wrong."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from airflow_provider_harness.cli.diagnose import diagnose_file
from airflow_provider_harness.core.errors import ConfigurationError

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
