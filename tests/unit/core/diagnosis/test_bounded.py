"""A log of any length is read in little memory, and says what of it was not read."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.core.diagnosis.bounded import LONGEST_LOG, bounded
from airflow_provider_harness.core.redaction.redactor import Redactor

CHUNK = b'{"event": "copied a row of the table to its file"}\n' * 20_000  # a megabyte


def peak(megabytes: int) -> tuple[int, bytes]:
    """Bytes of memory at most, and what was kept, of a log of so many chunks with an error in its middle."""

    def arriving() -> Iterator[bytes]:
        for number in range(megabytes):
            yield b"ERROR the cause of all\n" if number == megabytes // 2 else CHUNK
        yield b"Task failed with exception\n"

    tracemalloc.start()
    try:
        kept = bounded(arriving())
        return tracemalloc.get_traced_memory()[1], kept
    finally:
        tracemalloc.stop()


@pytest.mark.attack
def test_a_log_five_times_as_long_takes_no_more_memory() -> None:
    (few, _), (much, kept) = peak(40), peak(200)
    assert much < 1.1 * few and len(kept) <= LONGEST_LOG + 1000
    shown = read_log(kept, Redactor()).text
    assert re.match(r"\[1\d\d,\d{3},\d{3} bytes in [\d,]+ lines of this log were not read", shown)
    assert "ERROR the cause of all" in shown and shown.endswith("Task failed with exception")


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_a_short_log_is_kept_whole_however_it_arrives(chunks: list[bytes]) -> None:
    assert bounded(chunks, 5_000) == b"".join(chunks)


@given(st.lists(st.text("ab \n", min_size=1, max_size=400).map(str.encode), max_size=60), st.integers(200, 3000))
def test_what_is_left_out_is_counted(chunks: list[bytes], limit: int) -> None:
    whole, kept = b"".join(chunks), bounded(chunks, limit)
    told = re.match(rb"\[([\d,]+) bytes in ([\d,]+) lines of this log", kept)
    rest = re.sub(rb"\[[\d,]+ bytes in [\d,]+ lines [^\]]*\]\n", b"", kept)
    size, lines = (int(told[n].replace(b",", b"")) for n in (1, 2)) if told else (0, 0)
    assert len(rest) + size == len(whole) and rest.count(b"\n") + lines == whole.count(b"\n")
    assert len(rest) <= limit + 2 * max(1, limit // 16)


@pytest.mark.attack
@pytest.mark.parametrize("before", range(0, 4_000, 97))
def test_no_half_of_a_secret_stands_after_a_gap(before: int) -> None:
    line = b"x" * before + b" password=" + b"y" * 3000 + b" and more\n"
    kept = bounded([b"first\n", *[b"quiet\n" * 700] * 4, line, *[b"quiet\n" * 700] * 4], 16_000)
    assert b"y" * 20 not in Redactor().redact(kept.decode()).encode()
