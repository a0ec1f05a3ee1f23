"""When a version of a model may be used, and where to go back to: decided from its metrics, the contract and what happened before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.contracts.contract import MetricTerm, Model
from airflow_provider_harness.core.contracts.exact import written


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A version of a model as its registry knows it.

    :param metrics: name -> value, of the holdout.
    :param holdout_hash: fingerprint of the data that the metrics are of; empty where the registry has none.
    :param uri: where the model itself lies; empty where the registry does not say.
    """

    model: str
    version: str
    metrics: Mapping[str, float]
    holdout_hash: str = ""
    uri: str = ""


class ModelAct(StrEnum):
    """What is done with the version in use."""

    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


class ModelEventKind(StrEnum):
    """What is kept of a model, in order; nothing is changed or taken away."""

    REGISTERED = "registered"  # body: version, metrics, holdout_hash, uri
    POINTED = "pointed"  # body: version; only where the harness's own registry is used
    REFUSED = "refused"  # body: act, version, why
    BEGAN = "began"  # body: act, before, version, why; written before the act
    ENDED = "ended"  # body: act, before, version, why; written after it was seen to hold


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEvent:
    """One thing that happened to a model.

    :param task: ``dag/run/task`` that did it, with its map index.
    :param body: see ``ModelEventKind``; JSON values only.
    """

    model: str
    kind: ModelEventKind
    at: datetime
    task: str
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """The version that it is about."""
        return str(self.body["version"])

    @property
    def act(self) -> ModelAct:
        """What was to be done."""
        return ModelAct(self.body["act"])


def refusals(terms: Model, candidate: ModelVersion, current: ModelVersion | None) -> tuple[str, ...]:
    """Why a version may not be used, one sentence each; empty if it may.

    :param current: the version in use; None where there is none.
    """
    return (*short(terms, candidate), *_worse(terms, candidate, current))


def short(terms: Model, version: ModelVersion) -> tuple[str, ...]:
    """Why a version's own metrics do not meet the terms."""
    if version.holdout_hash != terms.holdout_hash:
        known = version.holdout_hash or "nobody says which"
        return (
            f"its metrics are of another holdout ({known}), and the contract wants {terms.holdout} ({terms.holdout_hash}).",
        )
    return tuple(why for term in terms.metrics if (why := _below(term, version.metrics.get(term.name))))


def _below(term: MetricTerm, value: Any) -> str:
    if value is None:
        return f"metric {term.name} is missing."
    if not _is_number(value):
        return f"metric {term.name} is {value!r}, which is not a number."
    if term.minimum is not None and written(value) < written(term.minimum):
        return f"metric {term.name} is {value:g}; at least {term.minimum:g} is wanted."
    if term.maximum is not None and written(value) > written(term.maximum):
        return f"metric {term.name} is {value:g}; at most {term.maximum:g} is wanted."
    return ""


def _worse(terms: Model, candidate: ModelVersion, current: ModelVersion | None) -> Iterator[str]:
    """Where a version is worse than the one in use, by more than the tolerance; what cannot be compared is no better."""
    if current is None or candidate.holdout_hash != terms.holdout_hash:
        return
    in_use = f"version {current.version}, which is in use"
    if current.holdout_hash != terms.holdout_hash:
        yield f"{in_use}, was measured on another holdout, so the two cannot be compared: measure it on this one."
        return
    for term in terms.metrics:
        mine, its = candidate.metrics.get(term.name), current.metrics.get(term.name)
        if not _is_number(mine):
            continue  # said already
        if not _is_number(its):
            yield f"metric {term.name} of {in_use}, is not a number, so the two cannot be compared."
            continue
        lost = (written(its) - written(mine)) * (1 if term.minimum is not None else -1)
        if lost > written(term.tolerance):
            yield f"metric {term.name} is {mine:g}, worse than {its:g} of {in_use}, by more than {term.tolerance:g}."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def in_use(events: Iterable[ModelEvent]) -> tuple[str, ...]:
    """The versions that were in use and were not rolled back, the one in use last."""
    versions: list[str] = []
    for event in events:
        if event.kind is not ModelEventKind.ENDED:
            continue
        if event.act is ModelAct.ROLL_BACK and event.version in versions:
            del versions[versions.index(event.version) + 1 :]
        else:
            versions = [one for one in versions if one != event.version] + [event.version]
    return tuple(versions)


def rolled_back(events: Iterable[ModelEvent], version: str) -> ModelEvent | None:
    """The rollback that took a version out of use; None where none did. It may not come back: the same numbers would let it in."""
    found = None
    for event in events:
        if event.kind is ModelEventKind.ENDED and event.act is ModelAct.ROLL_BACK and event.body["before"] == version:
            found = event
    return found


def pending(events: Sequence[ModelEvent]) -> ModelEvent | None:
    """The act that began and of which nobody knows how it ended; None where there is none."""
    acts = [event for event in events if event.kind in (ModelEventKind.BEGAN, ModelEventKind.ENDED)]
    return acts[-1] if acts and acts[-1].kind is ModelEventKind.BEGAN else None


def due(terms: Model, gates: Mapping[str, str]) -> tuple[str, ...]:
    """Which measured conditions of the rollback plan hold, one sentence each.

    :param gates: id of a check -> why it did not pass in the newest gate; empty where it passed.
    """
    return tuple(gates[one.check] for one in terms.rollback.conditions if one.check and gates.get(one.check))
