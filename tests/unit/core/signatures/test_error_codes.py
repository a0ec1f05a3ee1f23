"""The tables of codes are well formed."""

from __future__ import annotations

import re

from airflow_provider_harness.core.signatures.error_codes import CODES, Field


def test_a_key_stands_for_one_category() -> None:
    seen = {}
    for signature in CODES:
        assert seen.setdefault(signature.id, signature) is signature, signature.id


def test_sqlstates_have_their_form() -> None:
    for signature in CODES:
        if signature.field is Field.SQLSTATE:
            assert re.fullmatch(r"[0-9A-Z]{2}(?:[0-9A-Z]{3})?", signature.key)
