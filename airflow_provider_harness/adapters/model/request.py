"""What one request to a model holds, by what the table of models says that it admits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_harness.core.diagnosis.models import Model, Thinking, Tokens

#: Bytes of a request that hold a token at most: texts have three or four, so that what is reserved is not too little.
BYTES_PER_TOKEN = 2
#: Tokens that a model may think beside its answer; they count within ``max_tokens``.
THOUGHT = 6_000
#: Of a model that thinks by a budget; it is below ``THOUGHT``.
BUDGET = 2_048
#: How hard a model tries that can be told; a higher one thinks past ``THOUGHT``.
EFFORT = "medium"
LAST_TURN = "This is the last turn. Nothing can be read any more: answer with submit_diagnosis now."

_EPHEMERAL = {"type": "ephemeral"}
#: What switches thinking on, with what is thought told in short where it is told at all.
_THINKS: Mapping[Thinking, Mapping[str, Any]] = {
    Thinking.ALWAYS: {"type": "adaptive", "display": "summarized"},
    Thinking.DEFAULT: {"type": "adaptive", "display": "summarized"},
    Thinking.ASKED: {"type": "adaptive", "display": "summarized"},
    Thinking.BUDGET: {"type": "enabled", "budget_tokens": BUDGET},
}


def request_of(
    model: str,
    known: Model,
    *,
    system: str,
    tools: Sequence[Mapping[str, Any]],
    messages: Sequence[Mapping[str, Any]],
    answer_tokens: int,
    force: str = "",
) -> dict[str, Any]:
    """A request of the Messages API.

    What does not change is cached up to the prompt, and all that was said up to the newest message: a further turn reads both.

    :param force: the tool that must be called, where the model admits that; it then does not think in this turn.
    """
    forced = bool(force) and known.forced and known.thinking in (Thinking.ALWAYS, Thinking.DEFAULT)
    given: dict[str, Any] = {
        "model": model,
        "max_tokens": answer_tokens + THOUGHT,
        "system": [{"type": "text", "text": system, "cache_control": _EPHEMERAL}],
        "tools": list(tools),
        "tool_choice": {"type": "tool", "name": force} if forced else {"type": "auto"},
        "messages": marked(messages),
    }
    if known.thinking in _THINKS and not forced:
        given["thinking"] = dict(_THINKS[known.thinking])
    if known.effort:
        given["output_config"] = {"effort": EFFORT}
    return given


def marked(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages with a breakpoint of the cache behind the newest; what was sent before stays as it was."""
    *before, newest = messages
    *blocks, last = newest["content"]
    return [*map(dict, before), {**newest, "content": [*blocks, {**last, "cache_control": _EPHEMERAL}]}]


def most(known: Model, request: Mapping[str, Any]) -> float:
    """The most that a request can cost, in US dollars; 0 where its price is unknown, and the limit of tokens bounds it."""
    if known.price is None:
        return 0.0
    size = math.ceil(len(json.dumps(request).encode()) / BYTES_PER_TOKEN)
    cached = size >= known.cache_minimum
    tokens = Tokens(cache_written=size if cached else 0, input=0 if cached else size, output=request["max_tokens"])
    return known.price.of(tokens)
