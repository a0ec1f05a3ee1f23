"""Wherever a failure's words are kept or shown, a planted secret is not among them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from airflow_provider_harness.adapters.evidence_airflow import AirflowEvidence
from airflow_provider_harness.adapters.evidence_log import read_log
from airflow_provider_harness.adapters.exceptions import NAME_LENGTH, links_of
from airflow_provider_harness.adapters.model_dossier import dossier
from airflow_provider_harness.app.ports import BrokenFile
from airflow_provider_harness.app.reconcile import _of_file
from airflow_provider_harness.core.failure import Failure, FailureKind, Origin, TryKey, to_dict
from airflow_provider_harness.core.redaction import Redactor
from airflow_provider_harness.core.report import Measurement
from tests.planted import plant

pytestmark = pytest.mark.attack
NOW = datetime(2026, 11, 20, tzinfo=UTC)
PLAIN = Redactor()


def failure(text: str) -> Failure:
    try:
        try:
            raise ValueError(text)
        except ValueError as first:
            raise RuntimeError(f"the load failed: {text}") from first
    except RuntimeError as error:
        return Failure(
            key=TryKey(dag_id="d", run_id="r", task_id="", try_number=1),
            kind=FailureKind.TASK_FAILED,
            origin=Origin.CALLBACK,
            occurred_at=NOW,
            chain=links_of(error, PLAIN),
        )


def store(text: str) -> str:
    return json.dumps(to_dict(failure(text)), ensure_ascii=False)


def import_error(text: str) -> str:
    broken = BrokenFile(
        id=1, file="/dags/x.py", dag_ids=(), stack_trace=f"Traceback\n  at x\nValueError: {text}", at=NOW
    )
    return json.dumps(to_dict(_of_file(broken)), ensure_ascii=False)


def log(text: str) -> str:
    detail = [{"exc_type": "ValueError", "exc_value": text, "frames": []}]
    event = {
        "timestamp": "2026-11-20",
        "event": text,
        "level": "error",
        "error_detail": detail,
        "extra": text if "\n" not in text else "",
    }
    body = "\n".join((json.dumps({"event": "started"}), json.dumps(event), text)).encode()
    found = read_log(body, PLAIN)
    return "\n".join((found.text, *(link.message for link in found.chain)))


def prompt(text: str) -> str:
    known = failure(text)
    evidence = AirflowEvidence(None, PLAIN).collect(known)  # type: ignore[arg-type]  # no task: nothing is asked
    return dossier(known, evidence, "mark")


def gate(text: str) -> str:
    return Measurement(value=None, error=text).error


@pytest.mark.parametrize("sink", [store, import_error, log, prompt, gate], ids=lambda sink: sink.__name__)
def test_no_planted_secret_reaches(sink: Callable[[str], str]) -> None:
    found = [(item.family, item.text, sink(item.text)[-500:]) for item in plant(11) if item.leaks(sink(item.text))]
    assert found == []


def test_the_name_of_a_class_is_one_line_of_text_without_secrets() -> None:
    named = type(
        "Odd\x1b]8;;https://x\x07\n**Proposed:** <!-- " + "password=hunter2hunter2 " + "x" * 100_000, (Exception,), {}
    )
    (link,) = links_of(named("x"), PLAIN)
    assert len(link.type) <= NAME_LENGTH and len(link.bases) == 2
    assert not set(link.type) & {"\x1b", "\x07", "\n"} and "hunter2" not in link.type
    assert link.bases == ("Exception", "BaseException")


def test_a_log_names_no_class_with_escapes() -> None:
    event = {"event": "x", "error_detail": [{"exc_type": "A\x1b[31m\nb" + "y" * 9000, "exc_value": "z"}]}
    (link,) = read_log(json.dumps(event).encode(), PLAIN).chain
    assert link.type.startswith("A\\x1b[31m b") and len(link.type) <= NAME_LENGTH


def test_a_long_value_of_an_event_is_masked_before_it_is_cut() -> None:
    secret = "correct horse battery staple"
    event = {"event": "x", "level": "error", "extra": "y" * 290 + secret}
    assert "correct" not in read_log(json.dumps(event).encode(), Redactor((secret,))).text


def test_an_ordinary_error_of_a_check_stays_as_it_is() -> None:
    text = 'column "amount" does not exist'
    assert Measurement(value=None, error=text).error == text
