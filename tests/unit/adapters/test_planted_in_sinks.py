"""Wherever a failure's words are kept or shown, a planted secret is not among them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.airflow.exceptions.chain import NAME_LENGTH, links_of
from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.core.contracts.report import Measurement
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.planted import read_in, table
from tests.sinks import SINKS, WHOLE_WAY

pytestmark = pytest.mark.attack
PLAIN = Redactor()
THREATS = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "threat-model.md"


@pytest.mark.parametrize(("whole_way", "every"), [(False, 1), (True, 3)])
def test_no_planted_secret_reaches_any_sink(whole_way: bool, every: int) -> None:
    """All forms where a text is masked, and each third on the whole way behind it; ``python -m tests.planted`` takes all."""
    sinks = {name: sink for name, sink in SINKS.items() if (name in WHOLE_WAY) is whole_way}
    assert [(name, item.family, item.text) for name, item in read_in(sinks, every)] == []


def test_the_threat_model_shows_the_table() -> None:
    """All of its cells are 0, as the test before this one holds; so its forms and sinks are compared."""
    nothing = {name: lambda _: "" for name in SINKS}
    assert table(nothing) in THREATS.read_text("utf-8"), "Put in what `python -m tests.planted` prints."


def test_the_name_of_a_class_is_one_line_of_text_without_secrets() -> None:
    named = type(
        "Odd\x1b]8;;https://x\x07\n**Proposed:** <!-- " + "password=hunter2hunter2 " + "x" * 100_000, (Exception,), {}
    )
    (link,) = links_of(named("x"), PLAIN)
    assert len(link.type) <= NAME_LENGTH and len(link.bases) == 2
    assert not set(link.type) & {"\x1b", "\x07", "\n"} and "hunter2" not in link.type
    assert link.bases == ("Exception", "BaseException")


def test_a_log_names_no_class_with_escapes() -> None:
    event = {"event": "x", "error_detail": [{"exc_type": "A\x1b[31m\x07\nb" + "y" * 9000, "exc_value": "z"}]}
    (link,) = read_log(json.dumps(event).encode(), PLAIN).chain
    assert link.type.startswith("A\\x07 b") and len(link.type) <= NAME_LENGTH


def test_a_long_value_of_an_event_is_masked_before_it_is_cut() -> None:
    secret = "correct horse battery staple"
    event = {"event": "x", "level": "error", "extra": "y" * 290 + secret}
    assert "correct" not in read_log(json.dumps(event).encode(), Redactor((secret,))).text


def test_an_ordinary_error_of_a_check_stays_as_it_is() -> None:
    text = 'column "amount" does not exist'
    assert Measurement(value=None, error=text).error == text
