"""What of a model's answer holds: citations of anything that was shown, closed questions, and times to wait."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.model.answer import (
    SUBMIT_SCHEMA,
    TRAITS,
    Accepted,
    Rejected,
    Shown,
    accept,
)
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import PLAYBOOK, Category, first_remedy, remedies
from airflow_provider_harness.core.diagnosis.evidence import Source
from airflow_provider_harness.core.signatures.error_codes import Trait

LOG = ["task started", "retrying after 429 Too Many Requests", "Retry-After: 300", "429 Too Many Requests", "ended"]
PLACES = {
    "log": [Shown(Source.LOG, number, line) for number, line in enumerate(LOG, 1)],
    "dossier": [Shown(Source.EXCEPTION, 0, "urllib3.exceptions.MaxRetryError: too many 429 error responses")],
    "r1": [Shown(Source.LOG, 5002, "quota of the project is used up"), Shown(Source.LOG, 5003, "bye")],
}


def answer(*cited: tuple[str, int, str], category: str = "rate_limited", wait: int = 0, **more: Any) -> Accepted:
    given = dict.fromkeys(TRAITS, "unknown") | {
        "citations": [{"source": source, "line": line, "text": text} for source, line, text in cited],
        "checked": ["log"], "not_checked": [], "reasoning": "It says so.", "retry_after_seconds": wait,
        "category": category, "cause": "The other side limits us.", "certainty": "likely", "alternatives": [],
    }  # fmt: skip
    return accept(given | more, PLACES)


@pytest.mark.parametrize(
    ("cited", "source", "line"),
    [
        (("log", 4, "429 Too Many Requests"), Source.LOG, 4),
        (("log", 5, "429 Too Many Requests"), Source.LOG, 4),  # beside it: the nearest
        (("log", 1, "429 Too Many"), Source.LOG, 2),
        (("r1", 5002, "quota of the project"), Source.LOG, 5002),  # the whole log, by the result's id
        (("dossier", 0, "MaxRetryError"), Source.EXCEPTION, 0),  # where no log is, the exception says it
        (("r9", 1, "MaxRetryError"), Source.EXCEPTION, 0),  # a source that is none
        (("log", 4, "quota of the project"), Source.LOG, 5002),  # in another source
    ],
)
def test_a_citation_is_found_where_it_is(cited: tuple[str, int, str], source: Source, line: int) -> None:
    [found] = answer(cited).diagnosis.citations
    assert (found.source, found.line) == (source, line)


def test_a_bad_citation_is_left_out_and_the_others_stay() -> None:
    accepted = answer(("log", 4, "429 Too Many Requests"), ("log", 4, "never printed"), ("log", 3, "Too Many Requests"))
    assert [one.line for one in accepted.diagnosis.citations] == [4, 2]
    assert accepted.counts == {"citation_moved": 1, "citation_dropped": 1}


@pytest.mark.parametrize(
    ("cited", "told"),
    [
        ((("log", 1, "too MANY requests were made"),), "Line 2 of log reads: retrying after 429"),
        ((("log", 1, "xyzzy"),), "Sources: log, dossier, r1."),
        ((), "at least one line"),
        ((("log", 5, "e"), ("log", 5, "end")), "Sources: log, dossier, r1."),  # a letter is in every line
    ],
)
def test_where_none_is_left_the_answer_is_refused_and_told_why(cited: tuple[Any, ...], told: str) -> None:
    with pytest.raises(Rejected) as refused:
        answer(*cited)
    assert refused.value.kind == "false_citation" and told in str(refused.value)


def test_evidence_and_reasoning_come_before_the_category() -> None:
    names = list(SUBMIT_SCHEMA["properties"])
    assert (
        names.index("citations") < names.index("reasoning") < names.index("same_run_succeeds") < names.index("category")
    )
    assert SUBMIT_SCHEMA["required"] == names


SEEN = {"busy"}
"""Traits that only a catalog tells, whatever a model says."""


def test_every_trait_of_the_table_can_be_told() -> None:
    told = {trait for _, answers in TRAITS.values() for trait in answers.values() if trait is not None}
    asked = {trait for rows in PLAYBOOK.values() for needed, _ in rows for trait in needed}
    assert asked - SEEN <= {str(trait) for trait in told} and told <= set(Trait)


@pytest.mark.parametrize(
    ("category", "told", "remedy"),
    [
        ("rate_limited", {"load": "own_size"}, ActionKind.SUGGEST_CONCURRENCY_CHANGE),
        ("timeout", {"load": "own_size", "same_run_succeeds": "never"}, ActionKind.SUGGEST_CONCURRENCY_CHANGE),
        ("timeout", {"same_run_succeeds": "never"}, ActionKind.ESCALATE_TO_HUMAN),
        ("transient_network", {"same_run_succeeds": "never"}, ActionKind.ESCALATE_TO_HUMAN),
        ("bad_input_encoding_or_format", {"extent": "whole_delivery"}, ActionKind.ESCALATE_TO_HUMAN),
        ("data_quality_violation", {"extent": "single_rows"}, ActionKind.QUARANTINE_AND_CONTINUE),
        ("schema_drift", {"structure": "additive"}, ActionKind.SUGGEST_SCHEMA_CHANGE),
        ("late_or_missing_source", {"delivery": "gap"}, ActionKind.BACKFILL_RANGE),
    ],
)
def test_the_table_chooses_by_the_closed_answers(category: str, told: dict[str, str], remedy: ActionKind) -> None:
    found = answer(("log", 4, "429 Too Many Requests"), category=category, **told).diagnosis
    assert first_remedy(found).action is remedy


def test_what_is_no_trait_of_the_category_is_left_out() -> None:
    found = answer(("log", 4, "429 Too Many Requests"), process="asked_to_stop", extent="single_rows").diagnosis
    assert found.traits == frozenset()


@pytest.mark.parametrize("category", list(Category))
def test_who_says_never_is_not_followed_to_a_retry(category: Category) -> None:
    found = answer(("log", 4, "429 Too Many Requests"), category=category.value, same_run_succeeds="never").diagnosis
    retried = remedies(category, found.traits)[0].action in (ActionKind.RETRY_TASK, ActionKind.WAIT_FOR_SOURCE)
    assert found.wish is (ActionKind.ESCALATE_TO_HUMAN if retried else None)


@pytest.mark.parametrize(("seconds", "waits"), [(300, 300.0), (900, None), (0, None), (-5, None), (999_999, None)])
def test_a_wait_counts_where_a_cited_line_says_the_number(seconds: int, waits: float | None) -> None:
    assert answer(("log", 3, "Retry-After: 300"), wait=seconds).diagnosis.retry_after == waits
    assert answer(("log", 1, "task started"), wait=seconds).diagnosis.retry_after is None
