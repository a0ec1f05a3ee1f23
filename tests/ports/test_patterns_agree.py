"""A pattern means the same in PostgreSQL, in RE2 and in Python, whatever text it meets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.core.contracts.pattern import PatternError, compiled
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.unit.core.contracts.test_pattern import MEANS

CHARS = [*"abkAZ019_ -\t\n\r\v", *"éÉß漢😀\u017f\u212a\u0663\uff14\u00a0\u0301", *".\\$]"]
TEXTS = st.lists(st.text(st.sampled_from(CHARS), max_size=6), min_size=1, max_size=8)
SIMPLE = [".", "a", "b", "k", "é", "ß", "_", r"\.", r"\\", r"\$", r"\n", r"\x41", "\n", "😀", "-", " "]
CLASSES = [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"\p{L}", r"\P{L}", r"\p{Lu}", r"\p{Nd}", r"\pZ"]
MEMBERS = [
    "a-z",
    "A-Z",
    "0-9",
    "é",
    "À-ÿ",
    r"\]",
    "_",
    r"\-",
    r"\n",
    "[:alpha:]",
    "[:^alpha:]",
    "[:punct:]",
    *CLASSES[:6],
]
EDGES = ["^", "$", r"\A", r"\Z", r"\b", r"\B"]
SETS = st.builds(
    lambda turned, parts: f"[{'^' if turned else ''}{''.join(parts)}]",
    st.booleans(),
    st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3),
)
ATOMS = st.one_of(st.sampled_from(SIMPLE), st.sampled_from(CLASSES), SETS)
TIMES = st.sampled_from(["", "", "", "*", "+", "?", "*?", "{2}", "{1,}", "{0,3}", "{1,2}?", "{0,300}"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds(
        lambda head, parts, times: f"({head}{'|'.join(parts)}){times}",
        st.sampled_from(["", "?:", "?P<n>", "?i:"]),
        st.lists(inner, min_size=1, max_size=3),
        TIMES,
    )
    return st.lists(st.one_of(groups, inner, st.sampled_from(EDGES)), min_size=1, max_size=3).map("".join)


REGULAR = st.recursive(st.builds(lambda atom, times: atom + times, ATOMS, TIMES), _grown, max_leaves=6)
BEYOND = st.builds(
    lambda head, inner, tail: head.format(inner) + tail,
    st.sampled_from(["^(?!{})", "(?={})", "(?<!a){}", "(?<=[ab]){}", r"({})\1"]),
    st.builds(lambda atom, more: atom + more, ATOMS, ATOMS),
    st.sampled_from(["", "a*$", ".*$", "b"]),
)


class Readers:
    """Who reads patterns: engine -> whether each text matches."""

    def __init__(self, dsn: str) -> None:
        self.postgres = psycopg.connect(dsn, autocommit=True)
        self.duck = duckdb.connect(":memory:", config={"threads": 1})

    def matches(self, pattern: str, texts: list[str]) -> dict[str, list[bool]]:
        found = compiled(pattern)
        read = re.compile(found.python)
        told = {"python": [read.search(text) is not None for text in texts]}
        told["postgres"] = [
            self.postgres.execute("SELECT %s ~ %s", (text, found.postgres)).fetchone() == (True,) for text in texts
        ]
        if not found.needs:
            asked = "SELECT regexp_matches(?, ?, 's')"
            told["re2"] = [self.duck.execute(asked, [text, found.re2]).fetchone() == (True,) for text in texts]
        return told


@pytest.fixture(scope="module")
def readers(postgres: PostgresServer) -> Iterator[Readers]:
    postgres.ensure_database("patterns")
    made = Readers(postgres.url("patterns"))
    yield made
    made.postgres.close()
    made.duck.close()
    postgres.drop_database("patterns")


@pytest.mark.parametrize(("pattern", "texts", "others"), MEANS, ids=[pattern for pattern, _, _ in MEANS])
def test_every_engine_reads_the_examples_alike(
    readers: Readers, pattern: str, texts: list[str], others: list[str]
) -> None:
    expected = [True] * len(texts) + [False] * len(others)
    for engine, found in readers.matches(pattern, [*texts, *others]).items():
        assert found == expected, engine


RELAXED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
}


@settings(max_examples=150, **RELAXED)
@given(pattern=st.one_of(REGULAR, REGULAR, BEYOND), texts=TEXTS)
def test_every_engine_reads_any_pattern_alike(readers: Readers, pattern: str, texts: list[str]) -> None:
    try:
        found = readers.matches(pattern, texts)
    except PatternError:
        assume(False)
    expected = found.pop("python")
    for engine, told in found.items():
        assert told == expected, (engine, pattern, texts)
