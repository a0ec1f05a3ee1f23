"""What follows from a definition of features: which definition a version stands for, what serving may show, where columns come from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.learning.features import EVENT_AT, KNOWN_AT, FeatureTable, TrainingSet
from airflow_provider_harness.core.contracts.report import CheckResult, Measurement, judge_one
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Transformation

SKEW = "features:online_as_offline"
"""Id of the check that the online table has of each entity the row that is newest offline."""
_APART = ("version", "online", "model", "label")
"""Fields that mean nothing for the rows."""
MODULUS = 2**48
"""Numbers of definitions and of rows are kept modulo this one, which every engine and the store hold exactly."""


DEFINITION = "definition:v"
"""How the ids begin under which gates keep a number of the definition that a version stands for."""


def definition(version: int) -> str:
    """The id of a version."""
    return f"{DEFINITION}{version}"


def fingerprint(*definitions: FeatureTable | TrainingSet) -> int:
    """A number of what is defined: fields that say nothing have no part in it, so that a later field changes no number."""
    told = [{name: value for name, value in asdict(one).items() if value and name not in _APART} for one in definitions]
    return int(sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(), 16) % MODULUS


def as_defined(version: int, number: int, before: Sequence[float]) -> CheckResult:
    """That a version means what it meant when it was published.

    :param before: the numbers that gates kept of this version, where they let something be published.
    """
    check = Check(id=definition(version), kind=CheckKind.CUSTOM_SQL)
    passed = all(int(one) == number for one in before)
    return replace(
        judge_one(check, Measurement(value=number), 0),
        passed=passed,
        expected=f"version {version} as it was published",
        actual="the same" if passed else f"another definition of version {version}",
        look_at="" if passed else "Raise the version, so that nobody takes two meanings for one.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Online:
    """What serving gives for one entity.

    :param values: feature -> value; None where nothing is known, or what is known is too old or holds no more.
    """

    values: Mapping[str, Any]
    event_at: datetime | None = None
    known_at: datetime | None = None


def served(known: FeatureTable, row: Mapping[str, Any] | None, at: datetime) -> Online:
    """The newest row of an entity as a request of a moment may see it: by the rules of training sets."""
    nothing = Online(values=dict.fromkeys(known.features))
    if row is None or any(row[name] > at for name in known.times):
        return nothing
    if known.max_age and row[known.event_time] < at - timedelta(seconds=known.max_age):
        return nothing
    if known.valid_to and row[known.valid_to] is not None and row[known.valid_to] <= at:
        return nothing
    values = {name: row[name] for name in known.features}
    return Online(values=values, event_at=row[known.event_time], known_at=row[known.times[-1]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a training set takes of one feature table, for its lineage.

    :param entity: column of its entity -> column of the requests, as pairs.
    :param take: feature -> column of the training set, as pairs.
    """

    dataset: Dataset
    features: FeatureTable
    entity: tuple[tuple[str, str], ...]
    take: tuple[tuple[str, str], ...]


def edges(made: TrainingSet, own: Sequence[str], requests: Dataset, taken: Sequence[Taken]) -> tuple[ColumnEdge, ...]:
    """The edges into a training set's columns.

    :param own: its columns that are no features.
    """
    return tuple(
        dict.fromkeys((*_of_requests(made, own, requests, taken), *(e for one in taken for e in _of_features(one))))
    )


def _of_requests(
    made: TrainingSet, own: Sequence[str], requests: Dataset, taken: Sequence[Taken]
) -> Iterator[ColumnEdge]:
    for name in own:
        yield _edge(requests, name, name, Transformation.IDENTITY)
    yield _edge(requests, made.time, "", Transformation.FILTER)
    for name in (made.time, *(theirs for one in taken for _, theirs in one.entity)):
        yield _edge(requests, name, "", Transformation.JOIN)


def _of_features(one: Taken) -> Iterator[ColumnEdge]:
    known = one.features
    for name, out in one.take:
        yield _edge(one.dataset, name, out, Transformation.IDENTITY)
    yield _edge(one.dataset, known.times[-1], KNOWN_AT, Transformation.TRANSFORMATION)
    yield _edge(one.dataset, known.event_time, EVENT_AT, Transformation.TRANSFORMATION)
    for name in (*known.entity, *known.times, *filter(None, [known.valid_to])):
        yield _edge(one.dataset, name, "", Transformation.JOIN)


def _edge(source: Dataset, name: str, target: str, how: Transformation) -> ColumnEdge:
    return ColumnEdge(source=source, source_column=name, target_column=target, how=how)
