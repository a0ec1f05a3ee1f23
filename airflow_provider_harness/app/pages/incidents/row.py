"""An incident as one row of a list: what is broken and for whom, why, where it stands, and what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from airflow_provider_harness.app.oncall import question as asked
from airflow_provider_harness.app.oncall.deadlines import VERIFYING, pace
from airflow_provider_harness.app.oncall.instructions import answer, instructions_for
from airflow_provider_harness.app.oncall.page import dedup_key, minute
from airflow_provider_harness.app.oncall.subject import zones_of
from airflow_provider_harness.app.pages.incidents.place import About, Place
from airflow_provider_harness.app.reports.postmortem import stands
from airflow_provider_harness.core.incidents.events import (
    Asked,
    Diagnosed,
    EvidenceSeen,
    Paged,
    Proposed,
    Resolved,
    Taken,
)
from airflow_provider_harness.core.incidents.incident import Incident, State, Status


class Stand(StrEnum):
    """Where an incident stands, in the order in which a person needs to see it."""

    ASKED = "asked"
    PERSON = "person"
    TAKEN = "taken"
    WAITING = "waiting"
    HEALING = "healing"
    RESOLVED = "resolved"
    OVER = "over"


#: Those of which something is left to do.
OPEN = (Stand.ASKED, Stand.PERSON, Stand.TAKEN, Stand.WAITING, Stand.HEALING)
_STANDS: Mapping[Status, Stand] = {
    Status.ASKED: Stand.ASKED,
    Status.PERSON: Stand.PERSON,
    Status.TAKEN: Stand.TAKEN,
    Status.WAITING: Stand.WAITING,
    Status.WORKING: Stand.HEALING,
    Status.RESOLVED: Stand.RESOLVED,
    Status.OVER: Stand.OVER,
}
#: The same, in a person's words.
STATUS: Mapping[Stand, Status] = {stand: status for status, stand in _STANDS.items()}
#: Severities, the worst first.
SEVERITIES = ("critical", "high", "medium", "low", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What must happen next, and by when.

    :param late_at: from when it is not in time any more.
    :param late: that is now.
    """

    what: str
    until: datetime
    late_at: datetime
    late: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise about time that breaks if the incident lasts."""

    table: str
    slice: str
    words: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One incident of a list.

    :param name: the beginning of its id by which a person can name it.
    :param stands: where it stands, in words.
    :param failures: how many tries failed of the cause, in so many ``dags``.
    :param acts: canonical acts that were started, in order.
    """

    id: str
    name: str
    title: str
    state: Stand
    stands: str
    open: bool
    outcome: str
    severity: str
    paged: bool
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    owners: tuple[str, ...]
    teams: tuple[str, ...]
    tables: tuple[str, ...]
    slices: tuple[str, ...]
    for_whom: str
    category: str
    cause: str
    failures: int
    dags: int
    opened_at: datetime | None
    touched_at: datetime | None
    closed_at: datetime | None
    resolved_at: datetime | None
    resolved_by: str
    resolved_why: str
    taken_by: str
    due: Due | None
    promise: Promised | None
    next_step: str
    acts: tuple[str, ...]
    dedup_key: str


#: Characters of a cause that a row shows.
CAUSE_LENGTH = 300
#: Characters of an id by which a list names an incident; its time to the millisecond, and a little more.
NAME_LENGTH = 12


def leading(incident: Incident) -> str:
    """The failure that the incident is looked at by: the diagnosed one, before that the first."""
    first = incident.failures[0] if incident.failures else ""
    diagnosed = incident.last.get(Diagnosed)
    return (diagnosed.failure if diagnosed else None) or first


def rank(state: Stand, severity: str) -> int:
    """The place of an incident in a list: problems first, the worst of them first."""
    return 10 * tuple(Stand).index(state) + SEVERITIES.index(severity)


def row_of(incident: Incident, about: About) -> Row:
    """The row of an incident as the store keeps it; ``as_of`` says what the clock says of it."""
    place, last = Place.of(leading(incident)), incident.last
    diagnosed, seen, resolved = last.get(Diagnosed), last.get(EvidenceSeen), last.get(Resolved)
    category = diagnosed.category if diagnosed else ""
    what = f"{place.dag_id}/{place.task_id or place.run_id}"
    return Row(
        id=incident.id,
        name=incident.id[:NAME_LENGTH],
        title=f"{what}: {category or 'not diagnosed yet'}",
        state=_STANDS[incident.status],
        stands=stands(incident),
        open=incident.is_open,
        outcome=incident.outcome.value if incident.outcome else "",
        severity=incident.severity,
        paged=incident.paged,
        dag_id=place.dag_id,
        run_id=place.run_id,
        task_id=place.task_id,
        map_index=place.map_index,
        try_number=place.try_number,
        owners=about.owners,
        teams=tuple(seen.teams or ()) if seen else (),
        tables=about.tables,
        slices=about.slices,
        for_whom=(seen.for_whom or "") if seen else "",
        category=category,
        cause=" ".join(diagnosed.cause.split())[:CAUSE_LENGTH] if diagnosed else "",
        failures=max(about.failures, len(incident.failures)),
        dags=len(about.dags),
        opened_at=incident.opened_at,
        touched_at=incident.touched_at,
        closed_at=incident.closed_at,
        resolved_at=incident.resolved_at,
        resolved_by=resolved.by if resolved else "",
        resolved_why=resolved.why if resolved else "",
        taken_by=last[Taken].by if incident.state is State.TAKEN else "",
        due=_due(incident),
        promise=None,
        next_step=next_step(incident),
        acts=incident.acts,
        dedup_key=dedup_key(incident),
    )


def _due(incident: Incident) -> Due | None:
    found = pace(incident, timedelta(0))
    return Due(what=found.what, until=found.until, late_at=found.late) if found else None


def as_of(row: Row, now: datetime, verify: timedelta, promise: Promised | None = None) -> Row:
    """The row as it is now.

    :param verify: how long a heal may take until its outcome is unknown.
    :param promise: about time, that waits for this incident.
    """
    due = row.due
    if due is not None:
        more = verify if due.what == VERIFYING else timedelta(0)
        due = Due(what=due.what, until=due.until + more, late_at=due.late_at + more, late=now > due.late_at + more)
    return replace(row, due=due, promise=promise)


def joined(row: Row, about: About, at: datetime) -> Row:
    """The row after failures that joined."""
    return replace(
        row,
        owners=about.owners,
        tables=about.tables,
        slices=about.slices,
        failures=about.failures,
        dags=len(about.dags),
        touched_at=at,
    )


def of_part(row: Row, about: About) -> Row:
    """The row with the names of these failures alone; how many failed, in how many Dags, stays."""
    return replace(row, owners=about.owners, tables=about.tables, slices=about.slices)


_MOMENTS = ("opened_at", "touched_at", "closed_at", "resolved_at")


def to_dict(row: Row) -> dict[str, Any]:
    """The row as JSON values, the inverse of ``from_dict``."""
    return {name: _plain(value) for name, value in asdict(row).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value.isoformat() if isinstance(value, datetime) else value


def from_dict(body: Mapping[str, Any]) -> Row:
    """The row that ``to_dict`` wrote; what an earlier version did not know is empty."""
    values = {**_EMPTY, **{name: body[name] for name in _NAMES if name in body}}
    values |= {name: datetime.fromisoformat(values[name]) if values[name] else None for name in _MOMENTS}
    values |= {name: tuple(values[name]) for name in ("owners", "teams", "tables", "slices", "acts")}
    if due := values["due"]:
        until, late_at = (datetime.fromisoformat(due[name]) for name in ("until", "late_at"))
        values["due"] = Due(what=due["what"], until=until, late_at=late_at)
    return Row(**{**values, "state": Stand(values["state"]), "promise": None})


_NAMES = tuple(item.name for item in fields(Row))
_EMPTY: Mapping[str, Any] = {item.name: "" for item in fields(Row)} | {"due": None}


def next_step(incident: Incident) -> str:
    """What is to be done next, and by whom, in one sentence."""
    state = _STANDS[incident.status]
    if state is Stand.ASKED:
        zone = next(iter(zones_of(incident).values()), "")
        may = asked.may(incident.last[Proposed].proposal(), zone)
        return f"Answer until {minute(incident.last[Asked].expires)}: {may}"
    if state is Stand.PERSON:
        paged, diagnosed = incident.last.get(Paged), incident.last.get(Diagnosed)
        asks = (paged.asks or "") if paged else ""
        return (
            asks
            if asks and asks != answer(incident.id)
            else instructions_for((), diagnosed.category if diagnosed else "")
        )
    return {
        Stand.TAKEN: "The person who took it resolves it when the cause is fixed, or returns it.",
        Stand.WAITING: "Nothing: a healer run will take it.",
        Stand.HEALING: "Nothing: the healer works on it.",
        Stand.RESOLVED: "Nothing: a person said that it is over.",
        Stand.OVER: "Nothing: it is over.",
    }[state]
