"""What concerns the whole installation: health, policy, autonomy. Closed to whoever may not see its activity."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from airflow_provider_harness.adapters.airflow.server import may_configure, readable
from airflow_provider_harness.app.pages.autonomy import AutonomyRow, AutonomyView
from airflow_provider_harness.app.pages.health import HealthView
from airflow_provider_harness.app.pages.incidents.listing import since_of
from airflow_provider_harness.app.pages.policy import Explained, PolicyView, Simulated
from airflow_provider_harness.core.policy.policy import Usage
from airflow_provider_harness.plugins.api.answers import Tagged
from airflow_provider_harness.plugins.api.callers import (
    ReadableDep,
    administrator,
    known_incident,
    overseer,
    own_page,
)
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import pages

router = APIRouter(tags=["overview"], route_class=Tagged, dependencies=[Depends(overseer)])
#: Reads, by POST since what is asked is long.
questions = APIRouter(tags=["overview"], dependencies=[Depends(overseer), Depends(own_page)])
writes = APIRouter(tags=["overview"], dependencies=[Depends(administrator), Depends(own_page)])


class Trial(BaseModel):
    """A policy that is tried on the past."""

    model_config = {"extra": "forbid"}

    text: str = Field(max_length=200_000, description="the policy in YAML")
    since: str = Field(default="", max_length=40)


class Accept(BaseModel):
    """A proposal that is accepted."""

    model_config = {"extra": "forbid"}

    category: str = Field(max_length=40)
    action: str = Field(max_length=40)
    days: int = Field(ge=1, le=365)


class Withdraw(BaseModel):
    """An acceptance that is taken back."""

    model_config = {"extra": "forbid"}

    category: str = Field(max_length=40)
    action: str = Field(max_length=40)


class Changed(BaseModel):
    """What came of it."""

    done: bool
    text: str
    row: AutonomyRow


@router.get("/health")
def health(user: GetUserDep, seen: ReadableDep, since: str = "30d", team: str = "", dag_id: str = "") -> HealthView:
    """How well the harness did since then, of the Dags that the caller may read."""
    from_then = since_of(since, wiring.now())
    if from_then is None:
        raise HTTPException(422, "since is needed: 30d, or a moment.")
    return pages.health(from_then, seen | readable(user, pages.dags_at_risk()), team, dag_id)


@router.get("/policy")
def policy() -> PolicyView:
    """The rules as they decide."""
    return pages.policy_view()


@router.get("/policy/explain")
def explain(
    user: GetUserDep,
    incident: str = "",
    action: str = "",
    fact: Annotated[list[str] | None, Query()] = None,
    acts_on_incident: Annotated[int, Query(ge=0)] = 0,
    acts_on_dag: Annotated[int, Query(ge=0)] = 0,
) -> Explained:
    """What each rule says: to an incident's newest proposal, or to an action and facts."""
    if bool(incident) == bool(action):
        raise HTTPException(422, "Give an incident, or an action with its facts.")
    name = known_incident(incident, user).incident.id if incident else ""
    usage = Usage(on_incident=acts_on_incident, on_dag_today=acts_on_dag)
    return pages.policy_explained(name, action, fact or (), usage)


@questions.post("/policy/simulate")
def simulate(body: Trial, seen: ReadableDep) -> Simulated:
    """What another policy would have said to the past; nothing is written."""
    since: datetime | None = since_of(body.since, wiring.now())
    return pages.policy_simulated(body.text, since, seen)


@router.get("/autonomy")
def autonomy(user: GetUserDep) -> AutonomyView:
    """The autonomy of the harness, for each act and cause."""
    return wiring.autonomy().view(may_accept=may_configure(user))


@writes.post("/autonomy/accept")
def accept(body: Accept, user: GetUserDep) -> Changed:
    """Accept that the harness does an act against a cause without asking; the audit records it under the caller's name,
    and it expires."""
    wiring.autonomy().accept(body.category, body.action, str(user.get_id()), body.days)
    return _changed(body.category, body.action)


@writes.post("/autonomy/withdraw")
def withdraw(body: Withdraw, user: GetUserDep) -> Changed:
    """Take an acceptance back."""
    wiring.autonomy().withdraw(body.category, body.action, str(user.get_id()))
    return _changed(body.category, body.action)


def _changed(category: str, action: str) -> Changed:
    rows = wiring.autonomy().view(may_accept=True).rows
    row = next(one for one in rows if (one.category, one.action) == (category, action))
    return Changed(done=True, text=row.text, row=row)
