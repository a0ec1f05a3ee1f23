"""Who I am, the card on the dashboard, and what the harness does about a task."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from typing import Annotated

from airflow import __version__ as airflow_version
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel

from airflow_provider_harness import config
from airflow_provider_harness.adapters.airflow import server
from airflow_provider_harness.app.pages.alive import wrong
from airflow_provider_harness.app.pages.incidents.listing import Wanted
from airflow_provider_harness.app.pages.incidents.row import Row, Stand
from airflow_provider_harness.plugins.api.answers import Tagged
from airflow_provider_harness.plugins.api.callers import ReadableDep
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import pages

router = APIRouter(tags=["small"], route_class=Tagged)
#: Incidents that the card names.
NAMED = 3


class Can(BaseModel):
    """What the caller may do beside reading incidents."""

    policy: bool
    health: bool
    accept_autonomy: bool


class Me(BaseModel):
    """The caller, and the harness as it is set."""

    user: str
    mode: str
    configured: str
    can: Can
    version: str
    airflow: str
    now: datetime


class Card(BaseModel):
    """What the dashboard shows of the incidents that the caller may read."""

    open: int
    asked: int
    person: int
    taken: int
    healing: int
    critical: int
    newest: list[Row]
    alive: bool
    alive_text: str
    now: datetime


class About(BaseModel):
    """What the harness does about a task."""

    mode: str
    lines: list[str]
    tables: list[str]
    reads: list[str]
    writes: list[str]
    last_incident: Row | None


@router.get("/me")
def me(user: GetUserDep) -> Me:
    """The caller, and what they may do."""
    sees = server.may_see(user)
    can = Can(policy=sees, health=sees, accept_autonomy=server.may_configure(user))
    return Me(
        user=str(user.get_id()),
        mode=wiring.mode().value,
        configured=config.read().mode.value,
        can=can,
        version=version("airflow-provider-harness"),
        airflow=airflow_version,
        now=wiring.now(),
    )


@router.get("/dashboard")
def dashboard(seen: ReadableDep) -> Card:
    """How many incidents are open, the most urgent ones, and whether the harness itself runs."""
    now = wiring.now()
    found = pages.incidents().listed(Wanted(readable=seen), now, NAMED)
    dead = list(wrong(pages.alive()))
    state = found.counts.state
    return Card(
        open=found.total,
        asked=state[Stand.ASKED],
        person=state[Stand.PERSON],
        taken=state[Stand.TAKEN],
        healing=state[Stand.HEALING] + state[Stand.WAITING],
        critical=found.counts.severity["critical"],
        newest=list(found.rows),
        alive=not dead,
        alive_text=" ".join(dead),
        now=now,
    )


@router.get("/explain")
def explain(
    user: GetUserDep,
    dag_id: Annotated[str, Query(min_length=1, max_length=250)],
    task_id: Annotated[str, Query(max_length=250)] = "",
) -> About:
    """What the harness does when this task fails, and what it knows of it."""
    if dag_id not in server.readable(user, (dag_id,)):
        raise HTTPException(404, f"There is no Dag {dag_id} that you may read.")
    now = wiring.now()
    wanted = Wanted(states=tuple(Stand), dag_id=dag_id, task_id=task_id, readable=frozenset({dag_id}))
    newest = sorted(pages.incidents().listed(wanted, now, 200).rows, key=lambda row: row.id)[-1:]
    reads, writes = pages.flows(dag_id, task_id)
    return About(
        mode=wiring.mode().value,
        lines=pages.explanation(dag_id),
        tables=sorted(
            {one.table for one in pages.tables().known() if one.dag_id == dag_id and task_id in ("", one.task_id)}
        ),
        reads=reads,
        writes=writes,
        last_incident=newest[0] if newest else None,
    )
