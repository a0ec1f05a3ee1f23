"""Maintenance windows: a YAML list of ``from``, ``until``, and optionally ``dags`` and ``reason``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.maintenance import Maintenance, Window

_FIX = (
    "Correct [harness] maintenance_file: a list of {from: 2026-12-24T18:00:00Z, until: ..., dags: [id], reason: text}."
)


def load_maintenance(path: str) -> Maintenance:
    """The windows of a file; none where no file is named.

    :raises ConfigurationError: it cannot be read, or a window has no start or end.
    """
    if not path:
        return Maintenance()
    try:
        body = parse(Path(path).read_bytes(), path, _FIX)
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error}", fix=_FIX) from error
    if not isinstance(body, list):
        raise ConfigurationError(path, "is a list of windows.", fix=_FIX)
    return Maintenance(windows=tuple(_window(item, f"{path}: window {n}") for n, item in enumerate(body, 1)))


def _window(item: Any, place: str) -> Window:
    try:
        if strangers := set(item) - {"from", "until", "dags", "reason"}:
            raise ValueError(f"{', '.join(sorted(map(str, strangers)))} is not known")
        start, end = (_time(item[name]) for name in ("from", "until"))
        if start >= end:
            raise ValueError("it ends before it starts")
        dags = item.get("dags", [])
        if not isinstance(dags, list):
            raise ValueError("dags is a list of ids")
        return Window(start=start, end=end, dags=frozenset(map(str, dags)), reason=str(item.get("reason", "")))
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(place, f"cannot be used: {error}.", fix=_FIX) from error


def _time(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
