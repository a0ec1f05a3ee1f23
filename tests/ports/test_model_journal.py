"""The journal of a conversation: kept with the calls in the store, without secrets, and gone on from after an interruption."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import anthropic
import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine

from airflow_provider_harness.adapters.model.diagnoser import ModelDiagnoser
from airflow_provider_harness.adapters.model.log_tools import Reading
from airflow_provider_harness.adapters.model.wire import AnthropicWire
from airflow_provider_harness.adapters.store.budget import SqlModelBudget
from airflow_provider_harness.app.ports.diagnosis import ReadTool
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Category, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents.events import Event, ModelAnswered
from airflow_provider_harness.core.policy.policy import Verdict, VerdictKind
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.ports.test_model_wire import GOOD, LOG, Script, use
from tests.ports.test_store_money import Clock, diagnosed, engine, purse

__all__ = ["engine"]
SECRET = "hunter2-of-the-warehouse"
THOUGHT = {"type": "thinking", "thinking": "Look further.", "signature": "c2lnbmVk" * 20}
LOOK = use("look", {"what": "disk"})
SUBMIT = use("submit_diagnosis", GOOD, "t2")
MODEL = "claude-opus-5-5"


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class Tools:
    """One tool that is killed when it is first used, and reads when it is used again."""

    def __init__(self, deaths: int) -> None:
        self.deaths, self.used = deaths, 0

    def __call__(self, _failure: Failure | None, _evidence: Evidence) -> Sequence[ReadTool]:
        return (Reading(name="look", description="Looks.", look=self._look, properties={"what": {"type": "string"}}),)

    def _look(self, _: Any) -> str:
        self.used += 1
        if self.used <= self.deaths:
            raise Killed
        return f"the disk is well, password={SECRET}"


@pytest.fixture
def client(httpserver: HTTPServer) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="k", base_url=httpserver.url_for(""), max_retries=0) as made:
        yield made


def ask(
    client: anthropic.Anthropic, store: SqlModelBudget, failure: Failure, tools: Tools, log: str = LOG, **more: Any
) -> Diagnosis:
    given: dict[str, Any] = {"model": MODEL, "redactor": Redactor(secrets=(SECRET,))} | more
    wire, record = AnthropicWire(client), lambda record: append(store, failure, record.event())
    asked = ModelDiagnoser(wire=wire, purse=store, tools=tools, record=record, **given)
    return asked.diagnose(failure, Evidence(log=log))


def append(store: SqlModelBudget, failure: Failure, body: Any) -> None:
    incident = store.incident_of(failure.identity)
    assert incident is not None
    store.append(Event(incident_id=incident, at=Clock.at, body=body))


def failed(store: SqlModelBudget) -> tuple[Failure, str]:
    _, incident = diagnosed(store, "run1")
    [failure] = store.failures(incident)
    return failure, incident


def journal(store: SqlModelBudget, incident: str) -> list[ModelAnswered]:
    return [event.body for event in store.events(incident) if isinstance(event.body, ModelAnswered)]


def test_an_interrupted_healer_does_not_pay_twice(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    script = Script(httpserver).message(THOUGHT, LOOK).message(SUBMIT)
    store, tools = purse(engine, Clock()), Tools(deaths=1)
    failure, incident = failed(store)
    with pytest.raises(Killed):
        ask(client, store, failure, tools)
    again = purse(engine, Clock())
    assert ask(client, again, failure, tools).category is Category.CODE_BUG
    assert len(script.asked) == 2  # what the first one paid is not asked again
    first, second = script.asked[0]["messages"], script.asked[1]["messages"]
    assert second[1]["content"] == [THOUGHT, LOOK]
    assert second[0]["content"][0]["text"] == first[0]["content"][0]["text"]
    assert len(journal(again, incident)) == 2 and again.spent(incident, Clock.at)[0] < 0.02


def test_an_answer_that_was_paid_is_used_although_its_healer_died(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    script = Script(httpserver).message(LOOK).message(SUBMIT)
    store = purse(engine, Clock())
    failure, _ = failed(store)

    def dies(_: Any) -> None:
        raise Killed

    asked = ModelDiagnoser(wire=AnthropicWire(client), model=MODEL, purse=store, tools=Tools(0), record=dies)
    with pytest.raises(Killed):
        asked.diagnose(failure, Evidence(log=LOG))
    assert ask(client, purse(engine, Clock()), failure, Tools(0)).category is Category.CODE_BUG
    assert len(script.asked) == 2


def test_what_came_to_an_end_begins_anew(httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine) -> None:
    script = Script(httpserver).message(SUBMIT)
    store = purse(engine, Clock())
    failure, _ = failed(store)
    for asked in (1, 2):
        assert ask(client, store, failure, Tools(0)).category is Category.CODE_BUG and len(script.asked) == asked


def test_another_model_does_not_go_on_from_it(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    script = Script(httpserver).message(THOUGHT, LOOK).message(SUBMIT)
    store = purse(engine, Clock())
    failure, _ = failed(store)
    with pytest.raises(Killed):
        ask(client, store, failure, Tools(deaths=1))
    ask(client, store, failure, Tools(0), model="claude-haiku-5-5")
    assert len(script.asked[1]["messages"]) == 1  # thoughts are bound to the model that had them


def test_the_whole_conversation_is_kept_without_secrets(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    script = Script(httpserver).message(THOUGHT, LOOK).message(SUBMIT)
    store = purse(engine, Clock())
    failure, incident = failed(store)
    ask(client, store, failure, Tools(0), log=f"{LOG}\npassword: {SECRET}")
    calls = journal(store, incident)
    kept = [message for call in calls for message in call.messages or ()]
    assert [message["role"] for message in kept] == ["user", "assistant", "user", "assistant"]
    assert SECRET not in json.dumps(kept) and "the disk is well, password=***" in json.dumps(kept)
    assert kept[1]["content"][0]["signature"] == THOUGHT["signature"] and kept[3]["content"] == [SUBMIT]
    sent = json.loads(json.dumps(script.asked[1]["messages"]).replace(', "cache_control": {"type": "ephemeral"}', ""))
    assert [call.exact for call in calls] == [True, True] and kept[
        :3
    ] == sent  # what is masked was masked before it was sent


def test_a_proposal_made_before_an_interruption_binds_after_it(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    wish = {"action": "escalate_to_human", "category": "code_bug", "reason": "I doubt it."}
    Script(httpserver).message(use("propose_action", wish, "t0")).message(LOOK).message(SUBMIT)
    store, verdict = purse(engine, Clock()), Verdict(kind=VerdictKind.APPROVE, rule="r", reason="", policy_version=1)
    failure, _ = failed(store)
    with pytest.raises(Killed):
        ask(client, store, failure, Tools(deaths=1), judge=lambda *_: verdict)
    again = ask(client, purse(engine, Clock()), failure, Tools(0), judge=lambda *_: verdict)
    assert again.wish is ActionKind.ESCALATE_TO_HUMAN


def test_an_answer_without_a_word_is_no_part_of_the_conversation(
    httpserver: HTTPServer, client: anthropic.Anthropic, engine: Engine
) -> None:
    script = Script(httpserver).message(stop="end_turn").message(THOUGHT, LOOK).message(SUBMIT)
    store, tools = purse(engine, Clock()), Tools(deaths=1)
    failure, incident = failed(store)
    with pytest.raises(Killed):
        ask(client, store, failure, tools)
    assert ask(client, purse(engine, Clock()), failure, tools).category is Category.CODE_BUG
    kept = [message for call in journal(store, incident) for message in call.messages or ()]
    assert [message["role"] for message in kept] == ["user", "assistant", "user", "assistant"]
    assert len(script.asked) == 3 and script.asked[2]["messages"][1]["content"] == [THOUGHT, LOOK]
