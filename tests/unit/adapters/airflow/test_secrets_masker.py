"""What Airflow would mask is masked before our patterns: by its own masker, in whatever way a secret came to it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator

import pytest
from airflow.sdk import Connection
from airflow.sdk._shared.secrets_masker import _secrets_masker, reset_secrets_masker
from airflow.sdk.log import mask_secret

from airflow_provider_harness.adapters.airflow.secrets_masker import masked, secrets_of
from airflow_provider_harness.adapters.evidence.log import read_log
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.wiring import healing as wiring

PLAIN = "correct horse battery"
"""A secret that no pattern knows."""


@pytest.fixture(autouse=True)
def masker() -> Iterator[None]:
    masker = _secrets_masker()
    before = masker.sensitive_variables_fields
    masker.sensitive_variables_fields = ["api_key", "password", "secret"]
    yield
    masker.sensitive_variables_fields = before
    reset_secrets_masker()


def test_what_mask_secret_was_told_of() -> None:
    assert masked(f"a {PLAIN} b") == f"a {PLAIN} b"
    mask_secret(PLAIN)
    assert masked(f"a {PLAIN} b") == "a *** b"
    assert Redactor(outer=masked).redact(f"password=xyz9 {PLAIN}\x07") == "password=*** ***\\x07"


def test_before_a_text_is_cut() -> None:
    mask_secret(PLAIN)
    assert Redactor(outer=masked).redact(f"{'x' * 10}{PLAIN}", 15) == f"{'x' * 10}***"


def test_a_log_and_what_is_searched_in_it() -> None:
    mask_secret({"warehouse_password": PLAIN})
    line = json.dumps({"event": f"trying {PLAIN} as 'me'"})
    redactor = Redactor(outer=masked)
    log = read_log(line.encode(), redactor)
    assert log.text == "trying *** as 'me'"
    assert [hit.text for hit in log.search("trying", redactor)] == ["trying *** as 'me'"]


def test_the_secret_parts_of_a_connection() -> None:
    extra = json.dumps({"api_key": PLAIN, "region": "eu-west-1", "nested": {"api_key": "z"}})
    found = Connection(conn_id="c", conn_type="http", password="pass word one", extra=extra)
    assert list(secrets_of(found)) == ["pass word one", PLAIN]


def test_the_harness_redacts_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "connection", lambda _: None)
    mask_secret(PLAIN)
    assert wiring.redactor().redact(PLAIN) == "***"


def test_what_the_core_was_told_of_too() -> None:
    core = importlib.import_module("airflow._shared.secrets_masker")
    core.mask_secret(PLAIN)
    try:
        assert masked(PLAIN) == "***"
    finally:
        core.reset_secrets_masker()
