"""When the model is asked: where the rules do not know, are unsure, disagree with the facts, or did not help."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.diagnosis.fallback import LadderDiagnoser
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure
from airflow_provider_harness.core.diagnosis.witness import Reader, Witnessed
from airflow_provider_harness.core.errors import HarnessUnavailable
from tests.unit.app.fakes import diagnosis, failure

LOCKED = "psycopg.errors.DeadlockDetected: deadlock detected"


class Model:
    """Says what it is given, and keeps what it was asked."""

    def __init__(self, says: Diagnosis | None) -> None:
        self.says, self.asked = says, list[Evidence]()

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        self.asked.append(evidence)
        if self.says is None:
            raise HarnessUnavailable("The model", "it is away")
        return self.says


def climb(model: Model, log: str, facts: dict[str, Any] | None = None, **more: Any) -> Diagnosis:
    ladder = LadderDiagnoser(RuleDiagnoser(), lambda: model, lambda _: None)
    seen = Witnessed(failure=failure(**more), reader=Reader.LOG)
    return ladder.diagnose(seen.failure, Evidence(log=log, facts=facts or {}, witnessed=seen))


@pytest.mark.parametrize(
    ("log", "facts", "chain", "asked"),
    [
        (LOCKED, {}, (), False),
        (LOCKED, {"tries_by_harness": 0}, (ErrorLink(type="E", sqlstate="40P01"),), False),
        ("the widget refused to frobnicate", {}, (), True),  # the rules do not know
        ("io.temporal.failure.TimeoutFailure", {}, (), True),  # they are unsure
        (LOCKED, {}, (ErrorLink(type="E", sqlstate="42501"),), True),  # text and facts disagree
        (LOCKED, {}, (ErrorLink(type="E", http_status=404),), True),
        (LOCKED, {"tries_by_harness": 1}, (), True),  # their remedy has already failed
    ],
)
def test_when_it_is_asked(log: str, facts: dict[str, Any], chain: tuple[ErrorLink, ...], asked: bool) -> None:
    model = Model(diagnosis(category=Category.CODE_BUG, basis=Basis.MODEL))
    said = climb(model, log, facts, chain=chain)
    assert (len(model.asked), said.category is Category.CODE_BUG) == ((1, True) if asked else (0, False))


def test_it_is_told_what_disagrees() -> None:
    model = Model(diagnosis())
    said = climb(model, LOCKED, chain=(ErrorLink(type="E", sqlstate="42501"),))
    assert said.against == ("The text says lock_contention; SQLSTATE 42501 rules that out.",)
    [first, *_] = model.asked[0].observations
    assert "SQLSTATE 42501 rules that out" in first.text and not first.trusted


def test_where_it_agrees_the_facts_keep_their_weight() -> None:
    model = Model(diagnosis(category=Category.PERMISSION_DENIED, basis=Basis.MODEL, certainty=Certainty.LIKELY))
    said = climb(model, LOCKED, chain=(ErrorLink(type="E", sqlstate="42501"),))
    assert (said.basis, said.certainty) == (Basis.FACT, Certainty.SURE) and "A model says the same" in said.why


def test_where_it_is_away_the_rules_answer_stands() -> None:
    said = climb(Model(None), LOCKED, chain=(ErrorLink(type="E", sqlstate="42501"),))
    assert (said.category, said.basis) == (Category.PERMISSION_DENIED, Basis.FACT)


def test_the_runbook_is_not_asked_about_what_facts_rule_out() -> None:
    def entries() -> list[Any]:
        pytest.fail("the runbook was asked")

    floor = RunbookDiagnoser(RuleDiagnoser(), entries, lambda _: None)
    said = floor.diagnose(failure(chain=(ErrorLink(type="E", http_status=404),)), Evidence(log=LOCKED))
    assert said.certainty is Certainty.UNSURE and said.against
