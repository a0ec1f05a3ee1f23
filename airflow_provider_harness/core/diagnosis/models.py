"""The models that are known: what a request to one may hold, and what it costs, by its provider's documentation.

A model that is not in the table is asked in the way that every model admits, and its price is unknown: then the limit of
tokens bounds it, and the limits of money do not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

#: Where prices and capabilities stand, and when they were read there. Raise ``AS_OF`` with every change of ``MODELS``.
SOURCE = "https://platform.claude.com/docs/en/about-claude/pricing"
SOURCES = (
    SOURCE,
    "https://platform.claude.com/docs/en/models/overview",
    "https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting",
    "https://platform.claude.com/docs/en/build-with-claude/prompt-caching",
)
AS_OF = "2026-11-30"

#: What writing a token to the prompt cache for 5 minutes costs, in prices of an input token.
CACHE_WRITE = 1.25
#: The most that a cloud's regional endpoint adds to the provider's own price.
PARTNER = 1.1


class Thinking(StrEnum):
    """How a model thinks; what it thinks counts as output and within ``max_tokens``."""

    ALWAYS = "always"  # it cannot be switched off, and nothing need be sent
    DEFAULT = "default"  # on where nothing is sent
    ASKED = "asked"  # {"type": "adaptive"} switches it on
    BUDGET = "budget"  # {"type": "enabled", "budget_tokens": n} switches it on
    UNKNOWN = "unknown"  # nobody here knows: nothing is sent, and there is room for it


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
    def prompt(self) -> int:
        """All that was sent."""
        return self.input + self.cache_written + self.cache_read

    @property
    def total(self) -> int:
        return self.prompt + self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens.

    :param cache_read: what reading a token from the cache costs, in prices of an input token.
    :param long_from: prompts of more tokens cost ``long`` times as much, output included; 0 = none do.
    """

    input: float
    output: float
    cache_read: float = 0.1
    long_from: int = 0
    long: float = 1.0

    def of(self, tokens: Tokens) -> float:
        """What these tokens cost, in US dollars."""
        read = tokens.input + CACHE_WRITE * tokens.cache_written + self.cache_read * tokens.cache_read
        times = self.long if self.long_from and tokens.prompt > self.long_from else 1.0
        return times * (read * self.input + tokens.output * self.output) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What is known of a model.

    :param price: None where nobody here knows it.
    :param forced: whether it may be made to call one tool; where it may not, such a request is an error (400).
    :param effort: whether it takes ``output_config.effort``.
    :param cache_minimum: tokens of a prompt below which nothing is cached.
    """

    price: Price | None
    forced: bool
    thinking: Thinking
    effort: bool
    cache_minimum: int


def _model(
    dollars: tuple[float, float],
    thinking: Thinking,
    cache_minimum: int,
    *,
    forced: bool = True,
    effort: bool = True,
    cache_read: float = 0.1,
    long: tuple[int, float] = (0, 1.0),
) -> Model:
    price = Price(input=dollars[0], output=dollars[1], cache_read=cache_read, long_from=long[0], long=long[1])
    return Model(price=price, forced=forced, thinking=thinking, effort=effort, cache_minimum=cache_minimum)


_FABLE_5 = _model((10.0, 50.0), Thinking.ALWAYS, 512)
_FABLE_5_1 = _model((10.0, 50.0), Thinking.ALWAYS, 512, forced=False, cache_read=0.025)
_FABLE_5_2 = _model((8.0, 40.0), Thinking.ALWAYS, 512, forced=False, cache_read=0.025)
_OPUS_4 = (5.0, 25.0)
_SONNET_4 = (3.0, 15.0)

#: Id on the provider's own API, without a date -> the model. The minimum of the cache of 5.2 is that of 5.1.
MODELS: Mapping[str, Model] = {
    "claude-fable-5-2": _FABLE_5_2,
    "claude-mythos-5-2": _FABLE_5_2,
    "claude-fable-5-1": _FABLE_5_1,
    "claude-mythos-5-1": _FABLE_5_1,
    "claude-fable-5": _FABLE_5,
    "claude-mythos-5": _FABLE_5,
    "claude-opus-5-5": _model((4.0, 20.0), Thinking.ALWAYS, 512, forced=False, cache_read=0.05),
    "claude-opus-5": _model(_OPUS_4, Thinking.DEFAULT, 512),
    "claude-opus-4-8": _model(_OPUS_4, Thinking.ASKED, 1024),
    "claude-opus-4-7": _model(_OPUS_4, Thinking.ASKED, 2048),
    "claude-opus-4-6": _model(_OPUS_4, Thinking.ASKED, 4096),
    "claude-opus-4-5": _model(_OPUS_4, Thinking.BUDGET, 4096),
    "claude-sonnet-5-5": _model((2.0, 10.0), Thinking.DEFAULT, 512, forced=False, cache_read=0.05),
    "claude-sonnet-5": _model((2.0, 10.0), Thinking.DEFAULT, 1024),
    "claude-sonnet-4-6": _model(_SONNET_4, Thinking.ASKED, 1024),
    "claude-sonnet-4-5": _model(_SONNET_4, Thinking.BUDGET, 1024, effort=False),
    "claude-haiku-5-5": _model((0.1, 0.5), Thinking.DEFAULT, 512, long=(100_000, 5.0)),
    "claude-haiku-4-5": _model((1.0, 5.0), Thinking.BUDGET, 4096, effort=False),
}
#: What every model admits, and the cache of the most demanding one.
UNKNOWN = Model(price=None, forced=False, thinking=Thinking.UNKNOWN, effort=False, cache_minimum=4096)

#: An id as the provider and the clouds write it: a region and "anthropic." before it, a date and a version behind it.
_ID = re.compile(
    r"(?P<cloud>(?:[a-z]{2,6}\.)?anthropic\.)?(?P<name>claude-[a-z]+(?:-\d{1,2}){1,2})(?:[-@]20\d{6})?(?:-v\d+(?::\d+)?)?"
)


def model_of(model: str) -> Model:
    """What is known of a model by its whole id; ``UNKNOWN`` where the table has no such id.

    A cloud's id is not forced to call a tool, since clouds differ in what they admit, and costs what its dearest endpoint does.
    """
    found = _ID.fullmatch(model)
    known = MODELS.get(found["name"]) if found else None
    if found is None or known is None:
        return UNKNOWN
    if not found["cloud"] or known.price is None:
        return known
    dearer = replace(known.price, input=known.price.input * PARTNER, output=known.price.output * PARTNER)
    return replace(known, price=dearer, forced=False)
