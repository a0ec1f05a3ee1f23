"""The registry of features: which versions were published, and which training sets and models took which one.

It is read from the contracts that gates judged by and from what these gates published, so nobody registers anything. Any task may
write such a row, so a row that is none is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from posixpath import dirname, join, normpath
from typing import Any, TypeVar

from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.learning.features import FeatureTable, FeatureUse, TrainingSet
from airflow_provider_harness.core.learning.features import definition, fingerprint

LEARNING = "learning"
"""Key of a kept contract below which its definitions stand."""
Defined = TypeVar("Defined", FeatureTable, TrainingSet, FeatureUse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A version of a contract as a gate judged by it.

    :param seen_at: when a gate did first, as ISO 8601.
    :param file: of the contract.
    """

    table: str
    version: str
    seen_at: str
    file: str
    features: FeatureTable | None = None
    training_set: TrainingSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """A training set that takes features of a version.

    :param model: that learns from it; empty where nobody says it.
    :param seen_at: when a gate of it judged by this definition first.
    """

    table: str
    version: int
    model: str
    features: tuple[str, ...]
    seen_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One version of the features of a table."""

    table: str
    definition: FeatureTable
    contract_version: str
    seen_at: str
    takers: tuple[Taker, ...]


def kept(contract: Contract) -> dict[str, Any]:
    """The definitions of a contract as JSON values; empty where it has none."""
    found = {"features": contract.features, "training_set": contract.training_set}
    return {name: asdict(one) for name, one in found.items() if one is not None}


def read(table: str, version: str, seen_at: str, text: str) -> Kept | None:
    """What was kept of a contract; None where there is no definition in it that can be read."""
    try:
        body = json.loads(text)
        told = body[LEARNING]
        features = _built(FeatureTable, told["features"]) if told.get("features") else None
        made = _training_set(told["training_set"]) if told.get("training_set") else None
        file = str(body["file"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Kept(table=table, version=version, seen_at=seen_at, file=file, features=features, training_set=made)


def _training_set(told: Mapping[str, Any]) -> TrainingSet:
    uses = tuple(_built(FeatureUse, one) for one in told["uses"])
    return _built(TrainingSet, {**told, "uses": uses})


def _built(kind: type[Defined], told: Mapping[str, Any]) -> Defined:
    """A definition of JSON values, of which a later version of this package may have written more."""
    known = {one.name: told[one.name] for one in fields(kind) if one.name in told}
    return kind(**{name: _tuples(value) for name, value in known.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def registered(judged: Sequence[Kept], published: Collection[tuple[str, str, float]]) -> list[Registered]:
    """Every version of every feature table that was published with what took it, by table and version.

    :param judged: what gates judged by, oldest first; of the same version the newest one holds.
    :param published: table, id and number of definitions by which something was published.
    """
    rows = [row for row in judged if _published(row, published)]
    newest = {(one.table, one.features.version): one for one in rows if one.features is not None}
    first: dict[tuple[str, int], str] = {}
    for one in rows:
        if one.features is not None:
            first.setdefault((one.table, one.features.version), one.seen_at)
    return [
        Registered(
            table=one.table,
            definition=one.features,
            contract_version=one.version,
            seen_at=first[name],
            takers=tuple(_takers(rows, one, one.features.version)),
        )
        for name, one in sorted(newest.items())
        if one.features is not None
    ]


def _published(row: Kept, published: Collection[tuple[str, str, float]]) -> bool:
    defined = row.features or row.training_set
    return defined is not None and (row.table, definition(defined.version), fingerprint(defined)) in published


def _takers(rows: Sequence[Kept], of: Kept, version: int) -> Iterator[Taker]:
    seen: set[tuple[str, int]] = set()
    for one in rows:
        made = one.training_set
        for use in made.uses if made is not None else ():
            same = normpath(join(dirname(one.file), use.contract)) == normpath(of.file) and use.version == version
            if made is not None and same and (one.table, made.version) not in seen:
                seen.add((one.table, made.version))
                names = tuple(name for name, _ in use.take)
                yield Taker(
                    table=one.table, version=made.version, model=made.model, features=names, seen_at=one.seen_at
                )
