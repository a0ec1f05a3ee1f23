"""When the model is asked, and what of its answer holds beside the rules'."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.diagnosis.fallback import ModelFallback
from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis, first_remedy
from airflow_provider_harness.core.diagnosis.evidence import Citation, Evidence, Source
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


def climb(model: Model, log: str, facts: dict[str, Any] | None = None, always: bool = False, **more: Any) -> Diagnosis:
    ladder = ModelFallback(RuleDiagnoser(), lambda: model, lambda _: None, always=always)
    seen = Witnessed(failure=failure(**more), reader=Reader.LOG)
    return ladder.diagnose(seen.failure, Evidence(log=log, facts=facts or {}, witnessed=seen))


@pytest.mark.parametrize(
    ("log", "facts", "chain", "asked"),
    [
        (LOCKED, {}, (), True),  # words alone would lead to a retry
        ("ModuleNotFoundError: No module named 'pandas'", {}, (), True),  # a person is paged
        (LOCKED, {"tries_by_harness": 0}, (ErrorLink(type="E", sqlstate="40P01"),), False),
        ("the widget refused to frobnicate", {}, (), True),  # the rules do not know
        ("io.temporal.failure.TimeoutFailure", {}, (), True),  # they are unsure
        (LOCKED, {}, (ErrorLink(type="E", sqlstate="42501"),), True),  # text and facts disagree
        (LOCKED, {}, (ErrorLink(type="E", http_status=404),), True),
        (LOCKED, {"tries_by_harness": 1}, (), True),  # their remedy has already failed
    ],
)
def test_when_it_is_asked(log: str, facts: dict[str, Any], chain: tuple[ErrorLink, ...], asked: bool) -> None:
    model = Model(says(Category.CODE_BUG, "KeyError: 'a'"))
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


def says(category: Category, *cited: str, **more: Any) -> Diagnosis:
    citations = tuple(Citation(source=Source.LOG, line=n, text=text) for n, text in enumerate(cited, 1))
    given: dict[str, Any] = {"basis": Basis.MODEL, "certainty": Certainty.LIKELY, "citations": citations} | more
    return diagnosis(category=category, **given)


FACT = ErrorLink(type="E", sqlstate="40P01")
MISSING = "ModuleNotFoundError: No module named 'pandas'"


def test_of_every_failure_where_that_is_asked() -> None:
    model = Model(says(Category.LOCK_CONTENTION, LOCKED))
    said = climb(model, LOCKED, always=True, chain=(FACT,))
    assert len(model.asked) == 1 and (said.basis, said.category) == (Basis.FACT, Category.LOCK_CONTENTION)


def test_a_line_that_says_nothing_of_the_category_makes_the_answer_unsure() -> None:
    said = climb(Model(says(Category.LOCK_CONTENTION, "task started")), "the widget refused")
    assert (said.category, said.certainty) == (Category.LOCK_CONTENTION, Certainty.UNSURE)
    assert first_remedy(said).action is ActionKind.ESCALATE_TO_HUMAN and "No rule finds lock_contention" in said.why


def test_a_line_that_says_it_bears_the_answer_out() -> None:
    said = climb(Model(says(Category.LOCK_CONTENTION, "task started", LOCKED)), "io.temporal.failure.TimeoutFailure")
    assert (said.category, said.certainty) == (Category.LOCK_CONTENTION, Certainty.LIKELY)


@pytest.mark.attack
def test_it_adds_no_act_to_sure_rules() -> None:
    """Whoever writes a line into a log that a rule knows, and moves a model to cite it, gets no retry of what a person must see."""
    said = climb(Model(says(Category.LOCK_CONTENTION, LOCKED)), MISSING)
    assert said.category is Category.DEPENDENCY_OR_VERSION and Category.LOCK_CONTENTION in said.alternatives
    assert first_remedy(said).action is ActionKind.ESCALATE_TO_HUMAN and "A model says lock_contention" in said.why


def test_it_may_take_an_act_away() -> None:
    said = climb(Model(says(Category.DEPENDENCY_OR_VERSION, MISSING)), f"{LOCKED}\nstarted")
    assert said.category is Category.DEPENDENCY_OR_VERSION


def test_an_answer_that_no_line_bears_out_replaces_no_sure_rule_and_takes_its_act_away() -> None:
    calm = climb(Model(says(Category.CONFIG_ERROR, "task started")), MISSING)
    assert (calm.category, calm.certainty) == (Category.DEPENDENCY_OR_VERSION, Certainty.SURE)
    doubted = climb(Model(says(Category.CONFIG_ERROR, "task started")), LOCKED)
    assert (doubted.category, doubted.certainty) == (Category.LOCK_CONTENTION, Certainty.UNSURE)
    assert (
        first_remedy(doubted).action is ActionKind.ESCALATE_TO_HUMAN and Category.CONFIG_ERROR in doubted.alternatives
    )


def test_a_fact_that_nothing_shook_stays() -> None:
    said = climb(Model(says(Category.CODE_BUG, "KeyError: 'a'")), LOCKED, always=True, chain=(FACT,))
    assert (said.category, said.basis) == (Category.LOCK_CONTENTION, Basis.FACT)


def test_who_knows_nothing_takes_nothing_from_the_rules() -> None:
    said = climb(Model(says(Category.UNKNOWN, basis=Basis.NONE)), LOCKED)
    assert said.category is Category.LOCK_CONTENTION


def test_its_closed_answers_choose_a_narrower_remedy() -> None:
    slow = "429 Too Many Requests"
    agreed = climb(Model(says(Category.RATE_LIMITED, slow, traits=frozenset({"load"}))), slow)
    assert first_remedy(agreed).action is ActionKind.SUGGEST_CONCURRENCY_CHANGE
    wished = climb(Model(says(Category.LOCK_CONTENTION, LOCKED, wish=ActionKind.ESCALATE_TO_HUMAN)), LOCKED)
    assert wished.wish is ActionKind.ESCALATE_TO_HUMAN
