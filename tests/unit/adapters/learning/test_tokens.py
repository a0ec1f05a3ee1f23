"""Tokens by a model's own file, and about."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.learning.fine_tuning.tokens import counter_of
from airflow_provider_harness.core.errors import ConfigurationError


@pytest.fixture(params=["cl100k_base", "o200k_base"])
def ranks(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A vocabulary of all bytes and two pairs."""
    tokens = [*(bytes([n]) for n in range(256)), b"th", b"the"]
    path = tmp_path / f"{request.param}.tiktoken"
    path.write_bytes(b"\n".join(base64.b64encode(token) + b" %d" % n for n, token in enumerate(tokens)))
    return path


def test_tiktoken_counts_by_its_file_and_asks_nobody(ranks: Path) -> None:
    counter = counter_of("task t", f"tiktoken:{ranks}")
    assert (counter.approximates, counter.name) == (False, f"tiktoken {ranks.name}")
    assert [counter.count(text) for text in ("the", "the the", "<|endoftext|>", "")] == [1, 3, 13, 0]


def test_tokenizers_count_by_their_file(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({"the": 0, "[UNK]": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    counter = counter_of("task t", f"tokenizers:{tmp_path}/tokenizer.json")
    assert counter.count("the crew of the flight") == 5 and not counter.approximates


def test_an_approximate_count_says_that_it_is_one() -> None:
    counter = counter_of("task t", "approximate")
    assert counter.approximates and [counter.count(text) for text in ("", "a", "abcde", "航班")] == [0, 1, 2, 2]


@pytest.mark.parametrize("word", ["", "words", "tiktoken:", "tiktoken:/nowhere", "tokenizers:/nowhere"])
def test_a_counter_that_is_none_is_refused_with_what_there_is(word: str) -> None:
    with pytest.raises(ConfigurationError, match="approximate"):
        counter_of("task t", word)


def test_a_file_that_is_no_vocabulary_is_named(tmp_path: Path) -> None:
    for name in ("gpt9.tiktoken", "cl100k_base.tiktoken"):
        (tmp_path / name).write_text("no ranks here")
        with pytest.raises(ConfigurationError, match=r"an encoding that is not known|cannot read"):
            counter_of("task t", f"tiktoken:{tmp_path}/{name}")
