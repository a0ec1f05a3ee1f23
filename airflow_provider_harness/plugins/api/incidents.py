"""Incidents: the list, one of them, and what a person does about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from airflow_provider_harness.adapters.airflow.server import ServerPerson, readable
from airflow_provider_harness.app.oncall import incident_commands as desk
from airflow_provider_harness.app.oncall.incident_commands import CommandResult, IncidentCommands
from airflow_provider_harness.app.pages.incidents.listing import MOST, USUAL, IncidentList, Wanted, since_of
from airflow_provider_harness.app.pages.incidents.parts import IncidentView
from airflow_provider_harness.app.pages.incidents.row import OPEN, Row, Stand
from airflow_provider_harness.plugins.api.answers import Tagged
from airflow_provider_harness.plugins.api.callers import (
    Known,
    KnownDep,
    MapIndex,
    ReadableDep,
    WorkableDep,
    may,
    own_page,
)
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import pages

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Tagged)
writes = APIRouter(prefix="/incidents", tags=["incidents"], dependencies=[Depends(own_page)])

StateWord = Literal["open", "all", "asked", "person", "taken", "waiting", "healing", "resolved", "over"]
_GROUPS = {"open": OPEN, "all": tuple(Stand)}


class Filter(BaseModel):
    """What a list is asked for; what is not given does not filter."""

    state: list[StateWord] = ["open"]
    severity: list[Literal["critical", "high", "medium", "low", ""]] = []
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: MapIndex = None
    owner: str = ""
    team: str = ""
    category: str = ""
    table: str = ""
    since: str = Field(default="", description="90m, 12h, 2d, or a moment in ISO 8601 with its zone")
    search: str = Field(default="", max_length=200)
    limit: int = Field(default=USUAL, ge=1, le=MOST)
    cursor: str = Field(default="", max_length=64)

    def wanted(self, seen: frozenset[str], now: datetime) -> Wanted:
        """The same for the store."""
        same = ("dag_id", "run_id", "task_id", "map_index", "owner", "team", "category", "table", "search")
        states = dict.fromkeys(one for word in self.state for one in _GROUPS.get(word, (word,)))
        return Wanted(
            states=[Stand(state) for state in states],
            severities=self.severity,
            since=since_of(self.since, now),
            readable=seen,
            **{name: getattr(self, name) for name in same},
        )


class Written(BaseModel):
    """What came of a write."""

    done: bool
    text: str
    row: Row


class Nothing(BaseModel):
    """A write that needs no more than its address."""

    model_config = {"extra": "forbid"}


class Resolution(BaseModel):
    """Why it is over."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    why: str = Field(min_length=1, max_length=2_000, description="what was wrong and what was done")
    unproved: bool = Field(default=False, description="end it although Airflow does not agree")


@router.get("")
def listed(asked: Annotated[Filter, Query()], seen: ReadableDep, user: GetUserDep) -> IncidentList:
    """Incidents that the caller may read, problems first."""
    now, mine = wiring.now(), readable(user, filter(None, [asked.dag_id]))
    return pages.incidents().listed(asked.wanted(seen | mine, now), now, asked.limit, asked.cursor)


@router.get("/{incident_id}")
def one(known: KnownDep, user: GetUserDep) -> IncidentView:
    """Everything that is known of an incident."""
    return pages.incident_view(known.incident, may(user, known), lambda dags: readable(user, dags))


@writes.post("/{incident_id}/take")
def take(known: WorkableDep, user: GetUserDep, body: Nothing) -> Written:
    """Stop the healer on it; the caller has it."""
    return _done(known, user, desk.take)


@writes.post("/{incident_id}/return")
def give_back(known: WorkableDep, user: GetUserDep, body: Nothing) -> Written:
    """Let the healer look at it anew."""
    return _done(known, user, desk.return_incident)


@writes.post("/{incident_id}/acknowledge")
def acknowledge(known: WorkableDep, user: GetUserDep, body: Nothing) -> Written:
    """Say that a person has seen it."""
    return _done(known, user, desk.acknowledge)


@writes.post("/{incident_id}/resolve")
def resolve(known: WorkableDep, user: GetUserDep, body: Resolution) -> Written:
    """End it, and its page, since the cause is mended."""
    return _done(known, user, lambda at, name: desk.resolve(at, name, body.why, unproved=body.unproved))


def _done(known: Known, user: GetUserDep, do: Callable[[IncidentCommands, str], CommandResult]) -> Written:
    found = do(pages.desk(ServerPerson(user)), known.incident.id)
    if not found.done:
        raise HTTPException(409, found.text)
    lists = pages.incidents()
    row = next(iter(lists.rows([known.incident.id], wiring.now(), readable(user, lists.dags()))))
    return Written(done=True, text=found.text, row=row)
