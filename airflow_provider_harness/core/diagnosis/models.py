"""What a call of a model costs, by its provider's published prices. A model that is not listed costs as the dearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Where the prices stand, and when they were read there. Raise both with every change of ``PRICES``.
SOURCE = "https://platform.claude.com/docs/en/about-claude/pricing"
AS_OF = "2026-11-21"

#: What writing a token to the prompt cache (5 minutes) and reading one from it cost, in prices of an input token.
CACHE_WRITE, CACHE_READ = 1.25, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What one call used.

    :param input: neither written to the cache nor read from it.
    """

    input: int = 0
    cache_written: int = 0
    cache_read: int = 0
    output: int = 0

    @property
    def total(self) -> int:
        return self.input + self.cache_written + self.cache_read + self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float

    def of(self, tokens: Tokens) -> float:
        """What these tokens cost, in US dollars."""
        read = tokens.input + CACHE_WRITE * tokens.cache_written + CACHE_READ * tokens.cache_read
        return (read * self.input + tokens.output * self.output) / 1_000_000


#: What a model's id holds -> its price; Bedrock's and Vertex's ids hold the same words. The longest that fits counts.
PRICES: Mapping[str, Price] = {
    "claude-fable-5": Price(input=10.0, output=50.0),
    "claude-mythos-5": Price(input=10.0, output=50.0),
    "claude-opus-5": Price(input=5.0, output=25.0),
    "claude-opus-4": Price(input=15.0, output=75.0),
    "claude-opus-4-5": Price(input=5.0, output=25.0),
    "claude-opus-4-6": Price(input=5.0, output=25.0),
    "claude-opus-4-7": Price(input=5.0, output=25.0),
    "claude-opus-4-8": Price(input=5.0, output=25.0),
    "claude-sonnet-4": Price(input=3.0, output=15.0),
    "claude-haiku-4-5": Price(input=1.0, output=5.0),
    "claude-3-5-haiku": Price(input=0.8, output=4.0),
}
DEAREST = max(PRICES.values(), key=lambda price: (price.output, price.input))


def price_of(model: str) -> Price:
    """The price of a model, and the dearest one where the model is not known: a limit must hold in either case."""
    known = [words for words in PRICES if words in model]
    return PRICES[max(known, key=len)] if known else DEAREST
