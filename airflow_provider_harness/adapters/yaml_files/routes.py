"""Who is paged for whom: a YAML mapping of the names that contracts and Dags give to connections of on-call services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.errors import ConfigurationError

_FIX = "Correct [harness] routes_file: a mapping of team, person, channel or Dag owner to the id of a connection."


def load_routes(path: str) -> Mapping[str, str]:
    """Name -> id of a connection (pagerduty_events); empty where no file is named.

    :raises ConfigurationError: it cannot be read, or is not a mapping of texts.
    """
    if not path:
        return {}
    try:
        body = parse(Path(path).read_bytes(), path, _FIX)
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error}", fix=_FIX) from error
    if not isinstance(body, dict) or not all(isinstance(text, str) and text for pair in body.items() for text in pair):
        raise ConfigurationError(path, "is a mapping of names to ids of connections, each a text.", fix=_FIX)
    return body
