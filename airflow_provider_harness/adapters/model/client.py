"""The Anthropic SDK's client, from the ``anthropic`` connection of Airflow's own provider, and what its answers are worth."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.core.errors import MissingExtra


def anthropic_client(conn_id: str) -> Any:
    """A ready client: API key, Bedrock or Vertex, as the connection says; it makes no retries of its own.

    :raises MissingExtra: the provider or the SDK is not installed.
    """
    try:
        from airflow.providers.anthropic.hooks.anthropic import AnthropicHook
    except ImportError as error:
        raise MissingExtra("Diagnosis by a model", "anthropic") from error
    return AnthropicHook(conn_id).get_conn().with_options(max_retries=0)


def malformed(answer: Any) -> str:
    """What makes an answer unusable, or nothing: a server can send anything, and the SDK looks at no type."""
    content, usage = getattr(answer, "content", None), getattr(answer, "usage", None)
    if not isinstance(content, list):
        return "no content"
    numbers = [getattr(usage, name, None) for name in ("input_tokens", "output_tokens")]
    cached = [getattr(usage, name, None) or 0 for name in ("cache_creation_input_tokens", "cache_read_input_tokens")]
    if any(not isinstance(number, int) or number < 0 for number in (*numbers, *cached)):
        return "no usage"
    for block in content:
        call = getattr(block, "type", "") == "tool_use"
        texts = {"tool_use": ("id", "name"), "text": ("text",)}.get(getattr(block, "type", ""), ("type",))
        if not all(isinstance(getattr(block, name, None), str) for name in texts) or (
            call and not isinstance(block.input, dict)
        ):
            return "a block of a wrong form"
    return ""


def pause_of(retry_after: str) -> float:
    """Seconds that the server asks for, or one."""
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        return 1.0
