"""The runbook: a YAML list of reviewed entries, beside the policy and like it under the administrator's care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.runbook import MOST_ENTRIES, Entry, problems
from airflow_provider_harness.core.errors import ConfigurationError

_NAMES = tuple(field.name for field in fields(Entry))


def load_runbook(path: str) -> tuple[Entry, ...]:
    """Every entry of the file; none where the path is empty, or nothing was accepted into it yet.

    :raises ConfigurationError: it cannot be read, or an entry says what no entry can say or was not reviewed.
    """
    if not path or not Path(path).exists():
        return ()
    entries = tuple(_entry(item, f"{path}[{index}]") for index, item in enumerate(_list(path)))
    for entry in entries:
        if found := problems(entry):
            raise ConfigurationError(f"{path}: {entry.id}", " ".join(found))
        if not entry.reviewed_by:
            raise ConfigurationError(f"{path}: {entry.id}", "was not reviewed.", fix="See `runbook accept`.")
    if len(entries) > MOST_ENTRIES:
        raise ConfigurationError(path, f"has {len(entries)} entries; a runbook has at most {MOST_ENTRIES}.")
    return entries


@cache
def known_issues() -> tuple[Entry, ...]:
    """What is known of products, as it comes with the package."""
    return load_runbook(str(files("airflow_provider_harness.adapters.yaml_files") / "known_issues.yaml"))


def load_draft(path: str) -> Entry:
    """The one entry of a draft file."""
    found = _list(path)
    if len(found) != 1:
        raise ConfigurationError(path, f"has {len(found)} entries; a draft has one.")
    return _entry(found[0], path)


def written(entry: Entry) -> str:
    """An entry as YAML, as ``runbook draft`` prints it."""
    import yaml

    body = asdict(entry) | {"category": entry.category.value, "symptoms": list(entry.symptoms)}
    for name in ("reviewed_by", "source"):
        if not body[name]:
            del body[name]
    return yaml.safe_dump([body], sort_keys=False, allow_unicode=True, width=110)


def add(path: str, entry: Entry, reviewed_by: str) -> None:
    """Put a reviewed entry at the end of the runbook; one of the same incident is replaced."""
    there = [item for item in load_runbook(path) if item.id != entry.id]
    text = "".join(map(written, [*there, replace(entry, reviewed_by=reviewed_by)]))
    part = Path(path).with_name(f".{Path(path).name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _list(path: str) -> list[Any]:
    fix = "Correct the file."
    try:
        body = parse(Path(path).read_bytes(), path, fix)
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error}", fix="Correct [harness] runbook_file.") from error
    if not isinstance(body, list):
        raise ConfigurationError(path, "is a list of entries.", fix="See `airflow harness runbook draft`.")
    return body


def _entry(item: Any, place: str) -> Entry:
    if not isinstance(item, Mapping) or not set(_NAMES) - {"reviewed_by", "source"} <= set(item) <= set(_NAMES):
        raise ConfigurationError(place, "is a mapping with these names.", valid=_NAMES)
    for name in _NAMES:
        texts = item.get(name, "") if name == "symptoms" else [item.get(name, "")]
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ConfigurationError(f"{place}: {name}", "is a text (symptoms: a list of texts).")
    if item["category"] not in tuple(Category):
        raise ConfigurationError(f"{place}: category", f"{item['category']!r} is not known.", valid=tuple(Category))
    return Entry(**{**item, "category": Category(item["category"]), "symptoms": tuple(item["symptoms"])})
