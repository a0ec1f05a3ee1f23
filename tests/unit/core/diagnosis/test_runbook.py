"""What a reviewed entry may add to a diagnosis, and what it never can."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Proposal, Risk
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.runbook import (
    LONGEST_PHRASE,
    MOST_ENTRIES,
    PREVENTION,
    TODO,
    Entry,
    problems,
    recall,
)
from airflow_provider_harness.core.policy.policy import Usage, VerdictKind

ENTRY = Entry(
    id="01K9ZJ4Q6T3M8V5W7X2Y0N1P4R",
    category=Category.RATE_LIMITED,
    phrase="Widget refused to frobnicate",
    symptoms=("one",),
    root_cause="The widget service limits us.",
    resolution="Waited.",
    prevention="A pool.",
    reviewed_by="ann",
)
LOG = Evidence(log="start\nERROR the widget REFUSED to frobnicate now\nend")


def test_the_phrase_of_a_reviewed_entry_names_its_category_with_the_weight_of_text() -> None:
    found = recall([ENTRY], LOG)
    assert found is not None
    assert (found.category, found.basis, found.certainty) == (Category.RATE_LIMITED, Basis.TEXT, Certainty.LIKELY)
    assert (found.citations[0].line, found.citations[0].text) == (2, "ERROR the widget REFUSED to frobnicate now")
    assert "reviewed by ann" in found.why
    said = Observation(source=Source.EXCEPTION, text="Error: widget refused to frobnicate")
    assert recall([ENTRY], Evidence(observations=(said,))) is not None


@pytest.mark.parametrize(
    ("entry", "evidence"),
    [
        (replace(ENTRY, reviewed_by=""), LOG),
        (replace(ENTRY, phrase=""), LOG),
        (replace(ENTRY, phrase="something else entirely"), LOG),
        (replace(ENTRY, phrase="widget.*frobnicate"), LOG),
        (ENTRY, Evidence(observations=(Observation(source=Source.RUN, text=ENTRY.phrase),))),
    ],
)
def test_what_was_not_reviewed_or_does_not_stand_there_names_nothing(entry: Entry, evidence: Evidence) -> None:
    assert recall([entry], evidence) is None


def test_no_more_entries_than_a_runbook_has_are_read() -> None:
    others = [replace(ENTRY, phrase=f"never said {number:08}") for number in range(MOST_ENTRIES)]
    assert recall([*others, ENTRY], LOG) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"phrase": "too short"}, "phrase: has 12 to 200"),
        ({"phrase": "x" * (LONGEST_PHRASE + 1)}, "phrase: has 12 to 200"),
        ({"phrase": "first line\nsecond line"}, "phrase: stands in one line"),
        ({"category": Category.UNKNOWN}, "unknown is none"),
        ({"root_cause": " "}, "root_cause: is not written"),
        ({"prevention": TODO}, "prevention: is not written"),
        ({"resolution": "x" * 3000}, "resolution: has at most"),
    ],
)
def test_a_draft_is_not_accepted_before_it_is_written(change: dict[str, str], said: str) -> None:
    assert problems(ENTRY) == problems(replace(ENTRY, phrase="", category=Category.UNKNOWN)) == []
    assert any(said in problem for problem in problems(replace(ENTRY, **change)))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind for kind, spec in ACTIONS.items() if spec.risk is Risk.WIDE])
@pytest.mark.parametrize("category", Category)
def test_no_entry_reaches_a_wide_act_without_a_person(kind: ActionKind, category: Category) -> None:
    found = recall([replace(ENTRY, category=category)], LOG)
    assert found is not None
    facts = {
        "category": found.category.value,
        "basis": found.basis.value,
        "certainty": found.certainty.value,
        "needs_person": False,
        "tries_by_harness": 0,
        "slices": 1,
        "slices_beyond_alone": 0,
        "dag_paused": False,
    }
    proposal = Proposal(kind=kind, arguments=dict.fromkeys(ACTIONS[kind].required, "x"))
    assert load_policy("").judge(proposal, facts, Usage()).kind is not VerdictKind.APPROVE


def test_every_category_says_what_would_have_caught_it() -> None:
    assert set(PREVENTION) == set(Category)
    assert all(text for category, text in PREVENTION.items() if category is not Category.UNKNOWN)
