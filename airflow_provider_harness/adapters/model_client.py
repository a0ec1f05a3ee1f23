"""The Anthropic SDK's client, from the ``anthropic`` connection of Airflow's own provider."""

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
