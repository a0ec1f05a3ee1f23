"""Reading ahead: the same items, the same errors, and no thread that outlives its use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.arrow.read_ahead import DEPTH, ahead


def nothing() -> None:
    """Nothing to cancel."""


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "harness-read-ahead"]


@given(st.lists(st.integers()))
def test_the_same_items_in_the_same_order(items: list[int]) -> None:
    with ahead(items, nothing) as taken:
        assert list(taken) == items
    assert readers() == []


def test_an_error_comes_where_its_item_would_have() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the source")

    seen = []
    with pytest.raises(ValueError, match="the source"), ahead(broken(), nothing) as taken:
        for item in taken:
            seen.append(item)
    assert seen == [1]
    assert readers() == []


def test_no_more_is_read_than_may_wait() -> None:
    read: list[int] = []

    def counted() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    with ahead(counted(), nothing) as taken:
        assert next(taken) == 0
        time.sleep(0.3)
        assert len(read) <= DEPTH + 2
        list(taken)
    assert len(read) == 100


def test_who_stops_early_cancels_the_read_and_waits_for_its_end() -> None:
    release, cancelled = threading.Event(), threading.Event()

    def slow() -> Iterator[int]:
        yield 1
        release.wait(10)
        yield 2

    def cancel() -> None:
        cancelled.set()
        release.set()

    with pytest.raises(KeyError), ahead(slow(), cancel) as taken:
        next(taken)
        raise KeyError
    assert cancelled.is_set()
    assert readers() == []
