"""What happened before: a failure that comes again and again goes to a person, and acts that do not heal are stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    ActStarted,
    Closed,
    Diagnosed,
    Event,
    EventKind,
    Judged,
    Opened,
    Outcome,
    Returned,
)

#: Outcomes that say that an act did not help.
FAILED = frozenset({Outcome.NOT_HEALED, Outcome.MADE_WORSE, Outcome.UNKNOWN})
#: The time over which acts that did not help are counted.
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """An incident of the last days, as far as it matters to the next one.

    :param task: ``dag/task`` of its first failure.
    :param category: of its newest diagnosis; empty where there was none.
    :param acted: an act was started, and Airflow does not say that it was not done.
    :param shadow: its verdicts were given while the harness did not act, so nothing was tried against it.
    :param returned: a person gave it back to the healer.
    :param outcome: None while it is open.
    """

    id: str
    task: str
    opened_at: datetime
    category: str = ""
    acted: bool = False
    shadow: bool = False
    returned: bool = False
    outcome: Outcome | None = None

    @property
    def dag_id(self) -> str:
        return self.task.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d %H:%M} {self.id}: {self.outcome or 'open'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """Where the harness stops by itself.

    :param recurrences: the same failure so many times within ``window`` goes to a person, 2 or more.
    :param breaker: after so many acts of a day that did not heal, on one Dag or on one cause, no further one is made,
        1 or more.
    """

    recurrences: int = 3
    window: timedelta = timedelta(days=7)
    breaker: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why nothing more is tried.

    :param pause: it would help to pause the Dag.
    """

    why: str
    pause: bool = False


def task_of(failure: str) -> str:
    """``dag/task`` of a failure's key, whatever its run, index and try."""
    dag_id, _, rest = failure.partition("/")
    task = rest.rpartition("/")[2].rpartition("#")[0]
    return f"{dag_id}/{task.partition('[')[0]}"


def _diagnosed(known: IncidentSummary, body: Diagnosed) -> IncidentSummary:
    return replace(known, category=body.category)


def _judged(known: IncidentSummary, body: Judged) -> IncidentSummary:
    return replace(known, shadow=body.acting is False)


def _acted(known: IncidentSummary, _body: ActStarted) -> IncidentSummary:
    return replace(known, acted=True)


def _act_ended(known: IncidentSummary, body: ActEnded) -> IncidentSummary:
    return replace(known, acted=False) if body.undone else known


def _returned(known: IncidentSummary, _body: Returned) -> IncidentSummary:
    return replace(known, returned=True)


def _closed(known: IncidentSummary, body: Closed) -> IncidentSummary:
    return replace(known, outcome=body.outcome)


_FOLD: Mapping[EventKind, Callable[[IncidentSummary, Any], IncidentSummary]] = {
    EventKind.DIAGNOSED: _diagnosed,
    EventKind.JUDGED: _judged,
    EventKind.ACT_STARTED: _acted,
    EventKind.ACT_ENDED: _act_ended,
    EventKind.RETURNED: _returned,
    EventKind.CLOSED: _closed,
}
#: The events that tell what matters of an incident to the next one.
PAST = (EventKind.OPENED, *_FOLD)


def past_of(events: Iterable[Event]) -> tuple[IncidentSummary, ...]:
    """The incidents that these events, in order, tell of."""
    found: dict[str, IncidentSummary] = {}
    for event in events:
        name, body = event.incident_id, event.body
        if isinstance(body, Opened):
            found[name] = IncidentSummary(id=name, task=task_of(body.failure), opened_at=event.at)
        elif name in found and event.kind in _FOLD:
            found[name] = _FOLD[event.kind](found[name], body)
    return tuple(found.values())


#: What the reason of a brake says, and nothing else does.
_SAYS = ("of its kind in", "did not heal within a day")


def is_brake(why: str) -> bool:
    """Whether a proposal went to a person by what happened before."""
    return any(words in why for words in _SAYS)


def brake(mine: IncidentSummary, past: Sequence[IncidentSummary], brakes: BreakerLimits, now: datetime) -> Stop | None:
    """Whether this incident is for a person by what happened before, whatever its remedy.

    What was only looked at in shadow is no history of one that acts. Who gives an incident back has seen its history, so that
    does not send it to a person again; acts that did not help still stop it.
    """
    others = [item for item in past if item.id != mine.id and (mine.shadow or not item.shadow)]
    same = [
        item
        for item in others
        if (item.task, item.category) == (mine.task, mine.category) and item.opened_at > now - brakes.window
    ]
    if len(same) + 1 >= brakes.recurrences and not mine.returned:
        history = "; ".join(str(item) for item in same[-5:])
        days = brakes.window / DAY
        return Stop(why=f"It is number {len(same) + 1} of its kind in {days:g} days: {history}.")
    useless = [item for item in others if item.acted and item.outcome in FAILED and item.opened_at > now - DAY]
    on_dag = [item for item in useless if item.dag_id == mine.dag_id]
    if len(on_dag) >= brakes.breaker:
        why = f"{len(on_dag)} acts on {mine.dag_id} did not heal within a day: {'; '.join(map(str, on_dag[-5:]))}."
        return Stop(why=why, pause=True)
    alike = [item for item in useless if item.category == mine.category]
    if len(alike) >= brakes.breaker:
        why = f"{len(alike)} acts against {mine.category} did not heal within a day: {'; '.join(map(str, alike[-5:]))}."
        return Stop(why=why)
    return None
