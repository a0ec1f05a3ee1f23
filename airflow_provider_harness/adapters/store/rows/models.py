"""What happened to models, in the harness store: a journal that only grows, and a registry of versions that is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import readable, transaction
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.learning.models import ModelEvent, ModelEventKind, ModelVersion

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_TRIES = 5
"""How often an event is numbered anew, where another task was faster."""


class SqlModelJournal:
    """Implements ``app.ports.models.ModelJournal``; works with a role that may only insert into and read its table.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def keep(self, event: ModelEvent) -> None:
        self.keep_if(event, lambda _: "")

    def keep_if(self, event: ModelEvent, against: Callable[[Sequence[ModelEvent]], str]) -> None:
        """Keep an event, unless what happened before speaks against it: nothing comes in between.

        :param against: why not, in words; empty if it may be kept.
        """
        from sqlalchemy.exc import IntegrityError

        for _ in range(_TRIES):
            try:
                with transaction(self._engine) as connection:
                    before = _events(connection, event.model)
                    if why := against(before):
                        raise HarnessUnavailable(f"model {event.model}", why)
                    connection.execute(t.model_events.insert().values(seq=len(before) + 1, **_row(event)))
                    return
            except IntegrityError:
                continue  # another task was faster
        raise HarnessUnavailable(f"model {event.model}", f"other tasks were faster {_TRIES} times.")

    @readable
    def events(self, model: str) -> Sequence[ModelEvent]:
        with transaction(self._engine) as connection:
            return _events(connection, model)


class SqlModels:
    """Implements ``app.ports.models.ModelRegistry`` for those who have no registry of models.

    :param task: ``dag/run/task`` on whose behalf something is kept.
    :param now: the clock.
    """

    def __init__(self, journal: SqlModelJournal, task: str, now: Callable[[], datetime]) -> None:
        self._journal, self._task, self._now = journal, task, now

    def register(self, version: ModelVersion) -> None:
        """Keep what was measured of a version; a repeat adds nothing, and other numbers of it stand beside the old ones."""
        version = replace(version, metrics={name: _kept(value) for name, value in version.metrics.items()})
        body = {
            "version": version.version,
            "metrics": version.metrics,
            "holdout_hash": version.holdout_hash,
            "uri": version.uri,
        }
        if self.version(version.model, version.version) != version:
            self._journal.keep(self._event(version.model, ModelEventKind.REGISTERED, body))

    def version(self, model: str, version: str) -> ModelVersion | None:
        found = None
        for event in self._journal.events(model):
            if event.kind is ModelEventKind.REGISTERED and event.version == version:
                found = event
        return _version(found) if found else None

    def current(self, model: str) -> str | None:
        return _pointed(self._journal.events(model))

    def point(self, model: str, version: str, *, expected: str | None) -> None:
        def against(before: Sequence[ModelEvent]) -> str:
            there = _pointed(before)
            return f"version {there} is in use, and was {expected} before: another task was faster." * (
                there != expected
            )

        if self.current(model) != version:
            self._journal.keep_if(self._event(model, ModelEventKind.POINTED, {"version": version}), against)

    def _event(self, model: str, kind: ModelEventKind, body: Mapping[str, Any]) -> ModelEvent:
        return ModelEvent(model=model, kind=kind, at=self._now(), task=self._task, body=body)


def _kept(value: Any) -> Any:
    """A metric as JSON has it; what is no finite number is its text, which no threshold takes for one."""
    return value if isinstance(value, int | float) and isfinite(value) else repr(value)


def _pointed(events: Sequence[ModelEvent]) -> str | None:
    return next((one.version for one in reversed(events) if one.kind is ModelEventKind.POINTED), None)


def _version(event: ModelEvent) -> ModelVersion:
    body = event.body
    return ModelVersion(
        model=event.model,
        version=event.version,
        metrics=dict(body["metrics"]),
        holdout_hash=str(body["holdout_hash"]),
        uri=str(body["uri"]),
    )


def _row(event: ModelEvent) -> dict[str, Any]:
    return {
        "model": event.model,
        "kind": event.kind.value,
        "at": text_of(event.at),
        "task": event.task,
        "body": json.dumps(dict(event.body)),
    }


def _events(connection: Connection, model: str) -> list[ModelEvent]:
    from sqlalchemy import select

    e = t.model_events
    rows = connection.execute(select(e).where(e.c.model == model).order_by(e.c.seq)).mappings()
    return [read_event(row) for row in rows]


def read_event(row: Mapping[Any, Any]) -> ModelEvent:
    """A row as it is read.

    :raises ValueError: it is none that the harness writes.
    """
    return ModelEvent(
        model=row["model"],
        kind=ModelEventKind(row["kind"]),
        at=datetime.fromisoformat(row["at"]),
        task=row["task"],
        body=json.loads(row["body"]),
    )
