"""What a text resembles: words of failures only, clear or nothing, the same answer every time, bounded."""

from __future__ import annotations

import re
from dataclasses import replace
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.log_excerpt import BUDGET
from airflow_provider_harness.core.signatures.resemblance import Table, learnt, nearest, resembled, words_of

TABLE = Table(
    weights={
        "disk": {Category.RESOURCE_EXHAUSTED_DISK: 600},
        "disk_full": {Category.RESOURCE_EXHAUSTED_DISK: 900},
        "slow": {Category.TIMEOUT: 600},
        "hm": {Category.UNKNOWN: 900},
        "failed": {Category.UNKNOWN: 900},
    },
    bias=dict.fromkeys(Category, 0),
    labelled=dict.fromkeys(Category, 7),
    threshold=0.3,
    margin=0.1,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Disk FULL.", {"disk", "full", "disk_full"}),
        ("app.errors.DiskFullError: x", {"disk", "full", "error", "disk_full", "full_error"}),
        ("ReadTimeoutHTTP", {"read", "timeout", "http", "read_timeout", "timeout_http"}),
        ("on pg.acme.internal:5432 as a@b.example", set()),
        ("/srv/jobs/load.py C:\\x job_17 8f2c-aa 2026-11-20", set()),
        ("one\ntwo", {"one", "two"}),
        ("is toBeRead", {"read"}),
        ("early" + "\n" * BUDGET + "end", {"end"}),
    ],
)
def test_words_are_words_of_failures(text: str, words: set[str]) -> None:
    assert words_of(text) == words


def test_a_clear_resemblance_is_named_with_the_words_that_weighed_most() -> None:
    found = resembled("the disk full, and slow", TABLE)
    assert found is not None and found.category is Category.RESOURCE_EXHAUSTED_DISK
    assert found.words == ("disk full", "disk")
    assert 0.3 <= found.score <= 1 and found.margin <= found.score


@pytest.mark.parametrize("text", ["", "nothing that is known", "disk and slow", "failed"])
def test_nothing_is_named_where_none_is_clear(text: str) -> None:
    assert resembled(text, TABLE) is None


def test_one_word_is_less_of_a_resemblance_than_two() -> None:
    one, two = nearest("disk", TABLE), nearest("disk full", TABLE)
    assert one.score < 0.6 < two.score


def test_both_bounds_count() -> None:
    found = nearest("disk", TABLE)
    assert resembled("disk", replace(TABLE, threshold=found.score, margin=found.margin)) == found
    assert resembled("disk", replace(TABLE, threshold=found.score + 0.01)) is None
    assert resembled("disk", replace(TABLE, margin=found.margin + 0.01)) is None


def test_the_packaged_table_is_small_and_holds_words_only() -> None:
    table = learnt()
    assert sum(map(len, table.weights.values())) <= 3100 and len(table.weights) > 500
    assert all(re.fullmatch(r"[a-z]{3,}(_[a-z]{3,})?", word) for word in table.weights)
    assert set(table.bias) == set(table.labelled) == set(Category)
    assert 0 < table.margin <= table.threshold < 1


@given(st.text(max_size=300))
def test_any_text_has_one_answer(text: str) -> None:
    first = nearest(text, learnt())
    assert nearest(text, learnt()) == first and 0 <= first.margin <= first.score <= 1


@pytest.mark.parametrize("piece", ["A", "a" * 79 + " ", "aB", ".", "connection refused ", "Aa.", "\n"])
def test_a_long_text_costs_little(piece: str) -> None:
    learnt()
    began = process_time()
    nearest(piece * (40 * BUDGET // len(piece)), learnt())
    assert process_time() - began < 0.5
