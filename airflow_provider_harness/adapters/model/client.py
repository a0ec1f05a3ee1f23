"""The Anthropic SDK's client, from the ``anthropic`` connection of Airflow's own provider."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError, MissingExtra


def anthropic_client(conn_id: str) -> Any:
    """A ready client: API key or gateway, Bedrock, Vertex, AWS or Foundry, as the connection says; it makes no retries of its own.

    :raises MissingExtra: the provider, the SDK, or what the SDK needs for the connection's platform is not installed.
    :raises ConfigurationError: the connection lacks what its platform needs.
    """
    try:
        from airflow.providers.anthropic.exceptions import AnthropicError
        from airflow.providers.anthropic.hooks.anthropic import AnthropicHook
    except ImportError as error:
        raise MissingExtra("Diagnosis by a model", "anthropic") from error
    try:
        return AnthropicHook(conn_id).get_conn().with_options(max_retries=0)
    except (AnthropicError, ValueError) as error:
        fix = "See the anthropic provider's page on its connection: platform, aws_region, project_id, region."
        raise ConfigurationError(f"connection {conn_id}", f"gives no client of a model: {error}", fix=fix) from error
