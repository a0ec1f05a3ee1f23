"""The tables are well formed, and no pattern is slow or says more than one thing."""

from __future__ import annotations

import re

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.signatures.error_codes import CODES, Field
from airflow_provider_harness.core.signatures.texts import SIGNATURES, TEXTS


def test_a_key_stands_for_one_category() -> None:
    seen = {}
    for signature in CODES:
        assert seen.setdefault(signature.id, signature) is signature, signature.id


def test_every_category_has_signatures() -> None:
    assert {s.category for s in SIGNATURES} == set(Category)


def test_texts_are_lower_case_patterns_without_open_ended_repetition() -> None:
    for signature in TEXTS:
        assert 1 <= signature.strength <= 9
        for pattern in (signature.key, signature.also, signature.unless):
            re.compile(pattern)
            plain = re.sub(r"\\[A-Z]|\(\?P<", "", pattern)
            assert plain == plain.lower(), pattern
            assert ".*" not in pattern and ".+" not in pattern, pattern


def test_no_text_is_written_twice_in_a_category() -> None:
    keys = [(s.category, s.key) for s in TEXTS]
    assert [k for k in keys if keys.count(k) > 1] == []


def test_sqlstates_have_their_form() -> None:
    for signature in CODES:
        if signature.field is Field.SQLSTATE:
            assert re.fullmatch(r"[0-9A-Z]{2}(?:[0-9A-Z]{3})?", signature.key)
