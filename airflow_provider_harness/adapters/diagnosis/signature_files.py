"""Signatures of texts, read from the files beside this one: by family of causes, each with its strength, an example and its source."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.signatures.error_codes import Field, Signature, Trait
from airflow_provider_harness.core.signatures.texts import SHORT

#: What a file may say of a signature, and what it must.
KEYS = frozenset({"match", "strength", "slot", "also", "unless", "traits", "example", "source"})
NEEDED = frozenset({"match", "strength", "source"})
#: slot -> what a pattern is compared with; where a file names none, the message.
SLOTS: Mapping[str, Field] = {
    "message": Field.MESSAGE,
    "noun": Field.NOUN,
    "raised_in": Field.RAISED_IN,
    "quoted": Field.QUOTED,
}


@cache
def signatures() -> tuple[Signature, ...]:
    """All of them.

    :raises ConfigurationError: a file says something that no signature can be, or says one twice.
    """
    folder = files("airflow_provider_harness.adapters.diagnosis") / "signatures"
    texts = {item.name: item.read_text("utf-8") for item in folder.iterdir() if item.name.endswith(".toml")}
    return tuple(read(texts))


def read(texts: Mapping[str, str]) -> Iterator[Signature]:
    """The signatures of files: name -> its text."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for name in sorted(texts):
        for category, rows in tomllib.loads(texts[name]).items():
            for number, row in enumerate(rows, 1):
                place = f"{name}: {category}[{number}]"
                signature = _signature(row, category, place)
                key = (category, signature.key, signature.also, signature.unless)
                if key in seen:
                    raise ConfigurationError(place, f"is {seen[key]} again.", fix="Leave one of them out.")
                seen[key] = place
                yield signature


def _signature(row: Mapping[str, Any], category: str, place: str) -> Signature:
    if not NEEDED <= set(row) <= KEYS:
        raise ConfigurationError(place, f"has {', '.join(sorted(row))}.", valid=tuple(sorted(KEYS)))
    slot, traits = row.get("slot", "message"), row.get("traits", [])
    if category not in set(Category) or slot not in SLOTS or not set(traits) <= set(Trait):
        raise ConfigurationError(place, "names a category, a slot or a trait that does not exist.", valid=tuple(SLOTS))
    if not (isinstance(row["strength"], int) and 1 <= row["strength"] <= 9):
        raise ConfigurationError(place, f"has the strength {row['strength']}.", fix="Use 1 to 9.")
    return Signature(
        field=SLOTS[slot],
        key=_long(row["match"]),
        category=Category(category),
        strength=row["strength"],
        also=_long(row.get("also", "")),
        unless=_long(row.get("unless", "")),
        traits=frozenset(Trait(trait) for trait in traits),
        example=row.get("example", ""),
        source=row["source"],
    )


def _long(pattern: str) -> str:
    """A pattern with its abbreviations written out."""
    if "<" in pattern:
        for short, whole in SHORT.items():
            pattern = pattern.replace(short, whole)
    return pattern
