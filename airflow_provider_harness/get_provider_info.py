"""What Airflow discovers of this provider."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.config import OPTIONS


def get_provider_info() -> dict[str, Any]:
    """Provider info as Airflow's ``provider_info.schema.json`` describes it."""
    return {
        "package-name": "airflow-provider-harness",
        "name": "Harness",
        "description": "Data contracts, validation gates and lineage; failures diagnosed, healed under policy, verified.",
        "cli": ["airflow_provider_harness.cli.definition.get_harness_cli_commands"],
        "config": {
            "harness": {
                "description": "The pipeline harness.",
                "options": {
                    name: {
                        "description": option.description,
                        "version_added": "0.1.0",
                        "type": option.type,
                        "example": option.example,
                        "default": option.default,
                    }
                    for name, option in OPTIONS.items()
                },
            }
        },
    }
