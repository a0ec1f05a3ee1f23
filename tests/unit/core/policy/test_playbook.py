"""Every category has a remedy, and what is unsure or needs a person never acts alone."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.diagnosis.signature_files import signatures
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import (
    PERSON_NEEDED,
    PLAYBOOK,
    SAFE_ACTIONS,
    UNKNOWN,
    Basis,
    Category,
    Certainty,
    Diagnosis,
    Remedy,
    first_remedy,
    remedies,
    safe_action,
)
from airflow_provider_harness.core.signatures.error_codes import Trait
from airflow_provider_harness.core.signatures.texts import TRAIT_WORDS


def said(
    category: Category, *traits: str, certainty: Certainty = Certainty.SURE, wait: float | None = None
) -> Diagnosis:
    return Diagnosis(
        category=category, cause="", basis=Basis.TEXT, certainty=certainty, traits=frozenset(traits), retry_after=wait
    )


@pytest.mark.parametrize("category", list(Category))
def test_every_category_has_remedies_that_end_with_a_person(category: Category) -> None:
    assert PLAYBOOK[category][-1][0] == frozenset()
    for _, found in PLAYBOOK[category]:
        assert found[-1].action is ActionKind.ESCALATE_TO_HUMAN


def test_traits_of_the_tables_are_known_words() -> None:
    used = {t for rows in PLAYBOOK.values() for traits, _ in rows for t in traits}
    assert used <= set(Trait)
    told = {t for s in signatures() for t in s.traits} | {t for t, _, _ in TRAIT_WORDS}
    assert used <= told | {Trait.BUSY}, "that one is a catalog's word"


@pytest.mark.parametrize(
    ("diagnosis", "word"),
    [
        (said(Category.TRANSIENT_NETWORK), "retry_after_delay"),
        (said(Category.TRANSIENT_NETWORK, certainty=Certainty.UNSURE), "escalate_to_human"),
        (said(Category.WORKER_LOST), "escalate_to_human"),
        (said(Category.WORKER_LOST, "sigterm"), "retry_after_delay"),
        (said(Category.WORKER_LOST, "sigterm", "killed_unknown"), "escalate_to_human"),
        (said(Category.SCHEMA_DRIFT, "additive"), "apply_additive_schema_change_with_approval"),
        (said(Category.SCHEMA_DRIFT, "additive", "breaking"), "escalate_to_human"),
        (said(Category.LATE_OR_MISSING_SOURCE), "escalate_to_human"),  # nothing says that it comes by itself
        (said(Category.LATE_OR_MISSING_SOURCE, "expected"), "wait_for_source"),
        (said(Category.BAD_INPUT_ENCODING_OR_FORMAT), "escalate_to_human"),  # no row is named: it may be all of them
        (said(Category.BAD_INPUT_ENCODING_OR_FORMAT, "row_level"), "quarantine_and_continue"),
        (said(Category.BAD_INPUT_ENCODING_OR_FORMAT, "row_level", "breaking"), "escalate_to_human"),
        (said(Category.LOCK_CONTENTION, "permanent"), "escalate_to_human"),
        (said(Category.RATE_LIMITED, "permanent", "concurrency"), "escalate_to_human"),
        (said(Category.LATE_OR_MISSING_SOURCE, "missing_slices"), "backfill_range_with_approval"),
        (said(Category.UPSTREAM_FAILED), "rerun_upstream"),
        (said(Category.RATE_LIMITED, wait=7200), "escalate_to_human"),
        (UNKNOWN, "escalate_to_human"),
    ],
)
def test_what_is_proposed(diagnosis: Diagnosis, word: str) -> None:
    assert safe_action(first_remedy(diagnosis)) == word
    assert word in SAFE_ACTIONS


def test_a_wait_that_was_asked_for_is_honoured() -> None:
    assert first_remedy(said(Category.RATE_LIMITED, wait=900)).delay == 900
    assert first_remedy(said(Category.RATE_LIMITED, wait=1)).delay == remedies(Category.RATE_LIMITED)[0].delay


def test_every_action_has_a_word_and_back() -> None:
    assert safe_action(Remedy(action=ActionKind.RETRY_TASK)) == "retry_now"
    assert safe_action(Remedy(action=ActionKind.PAUSE_DAG)) == "escalate_to_human"
    for word, kind in SAFE_ACTIONS.items():
        if kind is not ActionKind.RETRY_TASK:
            assert safe_action(Remedy(action=kind)) == word
    assert set(SAFE_ACTIONS) >= PERSON_NEEDED
