"""What is converted: contracts, and YAML or JSON files of others, with one sentence where a file is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airflow_provider_harness.adapters.contracts.file import regular
from airflow_provider_harness.adapters.contracts.findings import read
from airflow_provider_harness.adapters.contracts.odcs import load_contracts, load_file
from airflow_provider_harness.adapters.contracts.scope import physical_name
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError


def contracts_of(path: str) -> tuple[Contract, ...]:
    """The contracts of a file, each described by its table where the file as a whole has no purpose."""
    told = {physical_name(one): str(one.get("description") or "") for one in load_file(path).modern["schema"]}
    tables = {name if "." in name else f"public.{name}": text for name, text in told.items()}
    found = load_contracts(path)
    return tuple(replace(one, description=one.description or tables.get(one.table, "")) for one in found)


def mapping(path: str) -> dict[str, Any]:
    """The mapping that a file holds.

    :raises ConfigurationError: there is no such file, or it holds no mapping.
    """
    try:
        text = regular(path)
    except FileNotFoundError:
        raise ConfigurationError(path, "is missing.", fix="Give the path of a file.") from None
    except (OSError, ValueError) as error:
        raise ConfigurationError(path, f"cannot be read: {error}.") from error
    found = read(text)
    if found.findings:
        first = found.findings[0]
        raise ConfigurationError(f"{path}:{first.line(found.lines)}", first.problem)
    data: dict[str, Any] = found.data
    return data


def entries(value: Any, place: str) -> list[dict[str, Any]]:
    """A list of mappings.

    :raises ConfigurationError: it is something else.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise ConfigurationError(place, "is not a list of mappings.", fix="Begin each entry with a dash and a key.")
    return value


def text_of(value: Any, place: str) -> str:
    """A name.

    :raises ConfigurationError: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(place, "is not a name.", fix="Give it a text.")
    return value.strip()
