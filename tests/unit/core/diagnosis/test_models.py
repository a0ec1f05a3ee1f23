"""The table of models: ids, prices and what a request may hold."""

from __future__ import annotations

import re
from datetime import date

import pytest

from airflow_provider_harness.core.diagnosis.models import AS_OF, MODELS, SOURCES, UNKNOWN, Price, Tokens, model_of


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-opus-5", "claude-opus-5"),
        ("claude-opus-5-5", "claude-opus-5-5"),
        ("claude-fable-5-2", "claude-fable-5-2"),
    ],
)
def test_an_id_is_matched_whole(model: str, name: str) -> None:
    assert model_of(model) is MODELS[name]


@pytest.mark.parametrize(
    "model",
    [
        "something-new",
        "claude-opus-6",
        "claude-opus-5-6",
        "my-claude-opus-5",
        "claude-opus-5-turbo",
        "claude-3-5-haiku",
        "",
    ],
)
def test_what_is_not_in_the_table_is_unknown_and_has_no_price(model: str) -> None:
    assert model_of(model) is UNKNOWN and UNKNOWN.price is None and not UNKNOWN.forced


@pytest.mark.parametrize("model", ["eu.anthropic.claude-haiku-4-5-20251001-v1:0", "anthropic.claude-haiku-4-5"])
def test_a_clouds_id_costs_what_its_dearest_endpoint_does_and_is_not_forced(model: str) -> None:
    found = model_of(model)
    assert found.price is not None and found.price.input == pytest.approx(1.1) and not found.forced


@pytest.mark.parametrize("name", ["opus-5-5", "sonnet-5-5", "fable-5-1", "fable-5-2", "mythos-5-1", "mythos-5-2"])
def test_models_that_refuse_a_forced_call(name: str) -> None:
    assert not MODELS[f"claude-{name}"].forced


def test_haiku_costs_a_hundredth_of_what_it_was_taken_for() -> None:
    price = model_of("claude-haiku-5-5").price
    assert price is not None
    assert price.of(Tokens(input=100_000, output=1_000)) == pytest.approx(0.0105)
    assert price.of(Tokens(input=100_001)) == pytest.approx(5 * 0.0100001)


def test_the_cache_has_its_own_prices() -> None:
    price = model_of("claude-sonnet-4-6").price
    assert price is not None
    tokens = Tokens(input=1_000_000, cache_written=1_000_000, cache_read=1_000_000, output=1_000_000)
    assert price.of(tokens) == pytest.approx(3.0 + 3.75 + 0.3 + 15.0) and tokens.total == 4_000_000
    read = Tokens(cache_read=1_000_000)
    for name, dollars in (("opus-5-5", 0.2), ("sonnet-5-5", 0.1), ("fable-5-1", 0.25), ("fable-5-2", 0.2)):
        found = model_of(f"claude-{name}").price
        assert found is not None and found.of(read) == pytest.approx(dollars)


def test_the_table_is_whole() -> None:
    assert date.fromisoformat(AS_OF) and all(place.startswith("https://") for place in SOURCES)
    for name, model in MODELS.items():
        assert model_of(name) is model and re.fullmatch(r"claude-[a-z]+-\d(-\d)?", name)
        assert isinstance(model.price, Price) and 0 < model.price.input < model.price.output
        assert 512 <= model.cache_minimum <= 4096
