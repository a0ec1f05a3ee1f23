"""The files of signatures are well formed, no pattern is slow, and each example is matched and wins its category."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable
from importlib.resources import files

import pytest

from airflow_provider_harness.adapters.diagnosis.anchors import anchors
from airflow_provider_harness.adapters.diagnosis.matching import find
from airflow_provider_harness.adapters.diagnosis.rules import by_text
from airflow_provider_harness.adapters.diagnosis.signature_files import read, signatures
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.signatures.error_codes import Field

TEXTS = [s for s in signatures() if s.field in (Field.MESSAGE, Field.NOUN)]


def test_each_example_is_matched_and_wins_its_category() -> None:
    wrong = []
    for signature in TEXTS:
        matched = {match.signature.id for match in find(signature.example).matches}
        if signature.id not in matched or by_text(signature.example).category is not signature.category:
            wrong.append((signature.category, signature.key[:60], signature.example[:80]))
    assert wrong == []


def test_every_category_has_signatures() -> None:
    assert {s.category for s in signatures()} == set(Category)


def test_each_has_a_source_and_texts_have_an_example() -> None:
    assert all(s.source for s in signatures()) and all(s.example for s in TEXTS)


def test_patterns_are_in_lower_case_without_open_ended_repetition() -> None:
    for signature in signatures():
        for pattern in (signature.key, signature.also, signature.unless):
            re.compile(pattern)
            plain = re.sub(r"\\[A-Z]|\(\?P<", "", pattern)
            assert plain == plain.lower(), pattern
            assert ".*" not in pattern and ".+" not in pattern, pattern


def test_whatever_a_pattern_matches_holds_one_of_its_anchors() -> None:
    for signature in TEXTS:
        found = re.search(signature.key, signature.example.lower(), re.MULTILINE)
        words = anchors(signature.key)
        assert found is None or not words or any(word in found.group() for word in words), signature.key


def test_to_read_them_takes_little_longer_than_to_parse_their_toml() -> None:
    """28 ms of 50 are the parser's on two quiet processors; what is made of it may take as long again, and a half."""
    folder = files("airflow_provider_harness.adapters.diagnosis") / "signatures"
    texts = [item.read_text("utf-8") for item in folder.iterdir() if item.name.endswith(".toml")]
    read_in, parsed_in = [], []
    for _ in range(3):
        signatures.cache_clear()
        read_in.append(_seconds(signatures))
        parsed_in.append(_seconds(lambda: [tomllib.loads(text) for text in texts]))
    assert min(read_in) < 2.5 * min(parsed_in)


def _seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[timeout]]\nmatch='a'\nstrength=7\nsource='x'\n[[timeout]]\nmatch='a'\nstrength=6\nsource='x'\n", "again"),
        ("[[timeout]]\nmatch='a'\nstrength=10\nsource='x'\n", "strength"),
        ("[[timeouts]]\nmatch='a'\nstrength=7\nsource='x'\n", "does not exist"),
        ("[[timeout]]\nmatch='a'\nstrength=7\n", "has match"),
        ("[[timeout]]\nmatch='a'\nstrength=7\nsource='x'\nslot='line'\n", "does not exist"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        list(read({"a.toml": text}))
