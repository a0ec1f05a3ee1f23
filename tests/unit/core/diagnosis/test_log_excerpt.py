"""What is kept of a long log, with true line numbers and within the budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.diagnosis.log_excerpt import HEAD, as_text, excerpt, search
from tests.yardstick import at_most


def log_of(lines: int, errors: dict[int, str]) -> bytes:
    return "\n".join(errors.get(n, f"line {n} is quiet") for n in range(1, lines + 1)).encode()


def test_head_tail_and_the_error_between() -> None:
    log = log_of(5000, {2500: "ValueError: boom"})
    kept = {line.number: line.text for line in excerpt(log)}
    assert kept[2500] == "ValueError: boom"
    assert {1, HEAD, 2496, 2505, 5000} <= set(kept)
    assert 1000 not in kept
    assert all(log.decode().split("\n")[n - 1] == text for n, text in kept.items())


def test_the_last_error_outlives_many_first_ones() -> None:
    errors = {n: f"ConnectionError {n}" for n in range(100, 4000)} | {4400: "FATAL: the real one"}
    kept = excerpt(log_of(5000, errors), budget=6000)
    assert any("the real one" in line.text for line in kept)
    assert any("ConnectionError 100" in line.text for line in kept)


def test_gaps_are_said() -> None:
    text = as_text(excerpt(log_of(500, {}), budget=3000))
    assert "left out]" in text and text.startswith("line 1 ")


def test_search_finds_the_line_and_redacts() -> None:
    log = log_of(900, {700: "needle password"})
    (found,) = search(log, "needle", 5, clean=lambda t: t.replace("password", "***"))
    assert (found.number, found.text) == (700, "needle ***")
    assert search(log, "absent", 5) == ()
    assert len(search(log, "quiet", 7)) == 7


@given(st.binary(max_size=2000), st.integers(0, 800))
def test_any_bytes_within_the_budget(log: bytes, budget: int) -> None:
    kept = excerpt(log, budget)
    assert sum(len(line.text) + 1 for line in kept) <= max(budget, 0)
    assert [line.number for line in kept] == sorted({line.number for line in kept})
    assert all(1 <= line.number <= log.count(b"\n") + 1 for line in kept)


def test_redacted_before_cut() -> None:
    line = b"x" * 590 + b" SECRETSECRET"
    (kept,) = excerpt(line, clean=lambda t: t.replace("SECRETSECRET", "***"))
    assert kept.text.endswith("***")


def test_length_costs_little() -> None:
    log = b"2026-11-20 10:00:00 INFO wrote a batch, everything is fine here\n" * 400_000
    with at_most(20):
        excerpt(log)
        excerpt(b"ERROR x " * 3_000_000)
