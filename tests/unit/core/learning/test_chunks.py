"""Passages: bounds, places, headings; personal data in texts; the fusion of rankings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semchunk.semchunk import chunk

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.chunks import (
    Chunking,
    Document,
    chunks,
    markdown_blocks,
    plain_blocks,
)
from airflow_provider_harness.core.learning.documents import MASKED, personal_spans, without_personal_data
from airflow_provider_harness.core.learning.retrieval import fused

WORDS = st.text(st.sampled_from("ab \n#`=-x."), max_size=400)


def split(text: str, size: int) -> list[tuple[int, int]]:
    return chunk(text, size, len, memoize=False, offsets=True)[1]


def cut(text: str, size: int = 100, overlap: int = 20, markdown: bool = True) -> list[tuple[tuple[str, ...], str]]:
    blocks = markdown_blocks(text) if markdown else plain_blocks(text)
    document = Document(id="d", place="d", text=text, blocks=blocks)
    found = chunks(document, Chunking(size=size, overlap=overlap), split)
    assert [one.ordinal for one in found] == list(range(len(found)))
    for one in found:
        assert text[one.start : one.end] == one.text
        assert 0 < len(one.text) <= size
    return [(one.headings, one.text) for one in found]


@given(WORDS, st.booleans())
def test_passages_keep_their_bounds_and_their_places_and_lose_no_word(text: str, markdown: bool) -> None:
    blocks = markdown_blocks(text) if markdown else plain_blocks(text)
    places = [place for block in blocks for place in range(block.start, block.end)]
    assert len(places) == len(set(places)), "blocks do not overlap"
    document = Document(id="d", place="d", text=text, blocks=blocks)
    found = chunks(document, Chunking(size=100, overlap=30), split)
    held = {place for one in found for place in range(one.start, one.end)}
    assert all(len(one.text) <= 100 and text[one.start : one.end] == one.text for one in found)
    assert all(place in held for place in places if not text[place].isspace())


def test_a_section_is_a_passage_below_its_headings() -> None:
    text = "intro\n\n# One\n\nfirst\n\nsecond\n\n## Two\n\n```py\n# no heading\n\nx = 1\n```\n\nThree\n=====\n\nlast\n"
    assert cut(text) == [
        ((), "intro"),
        (("One",), "# One\n\nfirst\n\nsecond"),
        (("One", "Two"), "## Two\n\n```py\n# no heading\n\nx = 1\n```"),
        (("Three",), "Three\n=====\n\nlast"),
    ]


def test_a_heading_without_a_body_is_no_passage_of_its_own() -> None:
    assert cut("# One\n\n## Two\n\nbody\n") == [(("One", "Two"), "## Two\n\nbody")]
    assert cut("# Only\n") == [(("Only",), "# Only")]


def test_a_long_paragraph_is_split_and_repeats_whole_words() -> None:
    found = [text for _, text in cut("word " * 60, markdown=False)]
    assert len(found) == 4
    assert all(set(text.split()) == {"word"} for text in found)
    second = found[1]
    assert second.startswith("word word word "), "20 characters of the passage before"
    assert "".join(text for _, text in cut("x" * 250, overlap=0)) == "x" * 250


@pytest.mark.parametrize(("size", "overlap"), [(99, 0), (100, 50), (100, -1)])
def test_bounds_that_cannot_be_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(
        ConfigurationError, match="Give a chunk_size of 100 or more, and an overlap of less than half of it"
    ):
        Chunking(size=size, overlap=overlap)


def test_personal_data_is_masked_and_every_other_character_stays_in_its_place() -> None:
    text = "Write to ann@example.org or call +49 30 1234567; IBAN DE89370400440532013000, from 8.8.8.8. Version 1.2.3 of 2026."
    masked, count = without_personal_data(text)
    assert (count, len(masked)) == (4, len(text))
    assert masked.replace(MASKED, "") == "Write to  or call ; IBAN , from . Version 1.2.3 of 2026."
    hashed, _ = without_personal_data(text, lambda piece: f"{len(piece):064x}")
    assert len(hashed) == len(text)
    assert "ann@" not in hashed
    assert personal_spans("nothing 12345 here") == []


def test_rankings_are_fused_by_their_ranks() -> None:
    assert list(fused([["a", "b", "c"], ["c", "a"]])) == ["a", "c", "b"]
    assert fused([[], []]) == {}
    assert fused([["a"], ["a"]])["a"] == pytest.approx(2 / 61)
