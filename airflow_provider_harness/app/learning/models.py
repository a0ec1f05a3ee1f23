"""A version of a model comes into use on metrics, thresholds and a holdout, and goes out of use by the contract's plan.

The verdict is kept before the act and the outcome after it, so that a crash between them is seen, and a repeat is a no-op.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.ports.models import ModelJournal, ModelRegistry
from airflow_provider_harness.core.contracts.contract import Model, RollbackProof
from airflow_provider_harness.core.errors import ModelUnproved, PromotionRefused
from airflow_provider_harness.core.learning.models import (
    ModelAct,
    ModelEvent,
    ModelEventKind,
    in_use,
    pending,
    refusals,
    rolled_back,
    short,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an act left.

    :param before: the version that was in use; None where none was.
    :param already: nothing was left to do.
    :param steps: what people do beside, as the plan has it.
    """

    model: str
    version: str
    before: str | None
    already: bool = False
    steps: tuple[str, ...] = ()


class Models:
    """The terms of one model, its registry and its journal.

    :param task: ``dag/run/task`` on whose behalf something is done.
    :param now: the clock.
    """

    def __init__(
        self, terms: Model, registry: ModelRegistry, journal: ModelJournal, task: str, now: Callable[[], datetime]
    ) -> None:
        self._terms, self._registry, self._journal = terms, registry, journal
        self._task, self._now = task, now

    def promote(self, version: str) -> Changed:
        """Put a version into use where the contract lets it.

        :raises PromotionRefused: it does not; the version in use stays.
        """
        events = self._events()
        current = self._registry.current(self._terms.name)
        if current == version:
            self._settle(events, version)
            return Changed(model=self._terms.name, version=version, before=current, already=True)
        whys = tuple(self._against(version, current, events))
        if whys:
            self._keep(ModelEventKind.REFUSED, act=ModelAct.PROMOTE, version=version, why=list(whys))
            raise PromotionRefused(self._terms.name, version, whys, current)
        self._put(ModelAct.PROMOTE, version, current, "its metrics meet the contract's terms")
        return Changed(model=self._terms.name, version=version, before=current)

    def roll_back(self, why: str, to: str = "") -> Changed:
        """Put the version before, or another one that was in use, back into use, and show that it holds.

        :param why: the reason, for the journal.
        :param to: a version; empty = the one that was in use before this one.
        :raises PromotionRefused: nobody knows a version to go back to.
        :raises ModelUnproved: it was done, and what the plan wants as a proof does not hold.
        """
        events = self._events()
        current = self._registry.current(self._terms.name)
        mine = [
            one for one in events if one.task == self._task and one.kind in (ModelEventKind.BEGAN, ModelEventKind.ENDED)
        ]
        last = mine[-1] if mine else None
        if last is not None and last.act is ModelAct.ROLL_BACK and last.version == current:
            self._settle(events, last.version)
            self._prove(last.version)
            return self._left(last.version, last.body["before"], already=True)
        target = to or self._previous(events, current)
        whys = tuple(self._no_way_back(target, current))
        if whys:
            self._keep(ModelEventKind.REFUSED, act=ModelAct.ROLL_BACK, version=target, why=list(whys))
            raise PromotionRefused(self._terms.name, target or "before", whys, current)
        self._put(ModelAct.ROLL_BACK, target, current, why)
        self._prove(target)
        return self._left(target, current)

    def _against(self, version: str, current: str | None, events: Sequence[ModelEvent]) -> Iterator[str]:
        found = self._registry.version(self._terms.name, version)
        out = rolled_back(events, version)
        if out is not None:
            yield f"it was rolled back on {out.at:%Y-%m-%d} ({out.body['why']}); register a new version."
        if found is None:
            yield f"the registry has no version {version} of {self._terms.name}."
            return
        last = current or next(reversed(in_use(events)), None)  # an alias that somebody took away hides no version
        now = self._registry.version(self._terms.name, last) if last else None
        if last and now is None:
            yield f"version {last} is in use, and the registry has no metrics of it."
        yield from refusals(self._terms, found, now)

    def _previous(self, events: Sequence[ModelEvent], current: str | None) -> str:
        versions = in_use(events)
        return versions[-2] if len(versions) > 1 and versions[-1] == current else ""

    def _no_way_back(self, target: str, current: str | None) -> Iterator[str]:
        if not target:
            yield "nobody knows which version was in use before it; name one."
        elif target == current:
            yield "it is the version in use."
        elif self._registry.version(self._terms.name, target) is None:
            yield f"the registry has no version {target} of {self._terms.name}."

    def _put(self, act: ModelAct, version: str, current: str | None, why: str) -> None:
        told = {"act": act, "before": current, "version": version, "why": why}
        self._keep(ModelEventKind.BEGAN, **told)
        self._registry.point(self._terms.name, version, expected=current)
        if (there := self._registry.current(self._terms.name)) != version:
            raise ModelUnproved(self._terms.name, version, (f"the registry says that version {there} is in use.",))
        self._keep(ModelEventKind.ENDED, **told)

    def _settle(self, events: Sequence[ModelEvent], version: str) -> None:
        """Keep the outcome of an act whose task ended before it could."""
        begun = pending(events)
        if begun is not None and begun.version == version:
            self._keep(ModelEventKind.ENDED, **begun.body)

    def _prove(self, version: str) -> None:
        """Whether what the plan wants as a proof holds, read back from the registry."""
        whys: list[str] = []
        proofs = self._terms.rollback.validated_by
        if RollbackProof.CURRENT in proofs and (there := self._registry.current(self._terms.name)) != version:
            whys.append(f"the registry says that version {there} is in use.")
        if RollbackProof.METRICS in proofs:
            found = self._registry.version(self._terms.name, version)
            whys += short(self._terms, found) if found else (f"the registry has no version {version} any more.",)
        if whys:
            raise ModelUnproved(self._terms.name, version, tuple(whys))

    def _left(self, version: str, before: str | None, *, already: bool = False) -> Changed:
        steps = self._terms.rollback.steps
        return Changed(model=self._terms.name, version=version, before=before, already=already, steps=steps)

    def _events(self) -> Sequence[ModelEvent]:
        return self._journal.events(self._terms.name)

    def _keep(self, kind: ModelEventKind, **body: Any) -> None:
        event = ModelEvent(model=self._terms.name, kind=kind, at=self._now(), task=self._task, body=body)
        self._journal.keep(event)
