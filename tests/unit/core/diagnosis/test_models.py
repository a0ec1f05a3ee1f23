"""Prices of models."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.diagnosis.models import DEAREST, PRICES, Tokens, price_of


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("claude-sonnet-4-5", "claude-sonnet-4"),
        ("claude-opus-4-5-20251101", "claude-opus-4-5"),
        ("claude-opus-4-1", "claude-opus-4"),
        ("eu.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
    ],
)
def test_the_longest_known_words_name_the_price(model: str, words: str) -> None:
    assert price_of(model) is PRICES[words]


def test_an_unknown_model_costs_as_the_dearest() -> None:
    assert price_of("something-new") is DEAREST
    assert DEAREST.output == max(price.output for price in PRICES.values())


def test_the_cache_has_its_own_prices() -> None:
    price = PRICES["claude-sonnet-4"]
    tokens = Tokens(input=1_000_000, cache_written=1_000_000, cache_read=1_000_000, output=1_000_000)
    assert price.of(tokens) == pytest.approx(3.0 + 3.75 + 0.3 + 15.0) and tokens.total == 4_000_000
