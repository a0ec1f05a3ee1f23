"""Files of settings are read as contracts are: whatever would be misread is refused, with its line."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: 1\nb: 2\na: 3", r"f\.yaml: a: .*line 3: is given twice\. Keep one\."),
        (b"a: 1\nb: 010", r"f\.yaml: b: .*line 2: 010 is read as another number"),
        (b"b: 010\na: 1\na: 2", r"line 1: b 010 is read .* line 3: a is given twice\. Correct it\."),
        (b"17: x", r"f\.yaml: 17: .*a key that is not text\. Quote it\."),
        (b"a: [", r"is not YAML: .*\. Correct it\."),
        (b"a: !!timestamp x", "a tag does not go with its value"),
        (b"a: !!bool x", "a tag does not go with its value"),
        (b"? [a]\n: b", "is not YAML: found unhashable key"),
        (b"a: &a [*a]", "the alias .a contains itself"),
        (b"a: " + b"[" * 100 + b"]" * 100, "nested more than 60 deep"),
        (b"\xff", "cannot be read"),
    ],
)
def test_what_would_be_misread_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse(text, "f.yaml", "Correct it.")


def test_what_is_clear_is_read() -> None:
    assert parse(b"", "f.yaml", "") is None
    assert parse(b"\xef\xbb\xbfa: 1.5\nb: [x]", "f.yaml", "") == {"a": 1.5, "b": ["x"]}
