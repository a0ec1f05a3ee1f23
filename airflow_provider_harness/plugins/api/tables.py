"""Tables: the list, one of them, and the gates of a task."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from airflow_provider_harness.adapters.airflow.server import readable
from airflow_provider_harness.adapters.store.pages.tables import Known
from airflow_provider_harness.app.pages.incidents.listing import MOST, USUAL
from airflow_provider_harness.app.pages.tables import GateShown, TableList, TableView, gate_shown
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.plugins.api.answers import Tagged
from airflow_provider_harness.plugins.api.callers import MapIndex, ReadableDep
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import pages

router = APIRouter(tags=["tables"], route_class=Tagged)
#: Gates of a task that are listed.
GATES = 50


class Gates(BaseModel):
    """The newest gates of a Dag, run, task or task instance, newest first."""

    gates: list[GateShown]
    now: datetime


class TableFilter(BaseModel):
    """What the list is asked for; what is not given does not filter."""

    search: str = Field(default="", max_length=200)
    owner: str = ""
    readiness: str = ""
    problem: bool = Field(default=False, description="only tables with open incidents")
    limit: int = Field(default=USUAL, ge=1, le=MOST)
    cursor: str = Field(default="", max_length=600)

    def wants(self, one: Known) -> bool:
        """Whether the list has this table."""
        words = f"{one.table} {one.contract} {one.owner} {one.dag_id}".lower()
        return (
            all(word in words for word in self.search.lower().split())
            and self.owner in ("", one.owner)
            and self.readiness in ("", one.readiness)
            and (bool(one.incidents) or not self.problem)
        )


def known_tables(user: GetUserDep, incidents: ReadableDep) -> list[Known]:
    """Tables whose publishing Dag the caller may read."""
    found = pages.tables().known(incidents)
    seen = readable(user, {one.dag_id for one in found})
    return [one for one in found if one.dag_id in seen]


KnownTables = Annotated[list[Known], Depends(known_tables)]


@router.get("/tables")
def listed(asked: Annotated[TableFilter, Query()], known: KnownTables) -> TableList:
    """Tables that the caller may read, those with open incidents first."""
    now = wiring.now()
    wanted = [one for one in known if asked.wants(one)]
    names = [one.table for one in wanted]
    if asked.cursor and asked.cursor not in names:
        raise ConfigurationError("cursor", "is no table of this list any more.", fix="Begin the list anew, without it.")
    start = names.index(asked.cursor) + 1 if asked.cursor else 0
    page = wanted[start : start + asked.limit]
    more = page[-1].table if page and start + asked.limit < len(wanted) else None
    owners = sorted({one.owner for one in known if one.owner})
    return TableList(rows=pages.tables().rows(page, now), next_cursor=more, total=len(wanted), owners=owners, now=now)


@router.get("/table")
def one(
    known: KnownTables,
    seen: ReadableDep,
    name: Annotated[str, Query(min_length=1, max_length=512)],
    slices: Annotated[int, Query(ge=1, le=120)] = 30,
) -> TableView:
    """Everything that is known of a table."""
    found = next((table for table in known if table.table in (name, f"public.{name}")), None)
    if found is None:
        raise HTTPException(404, f"No gate has judged a table {name} that you may read.")
    return pages.table_view(found, slices, seen | {found.dag_id})


@router.get("/checks")
def checks(
    user: GetUserDep,
    dag_id: Annotated[str, Query(min_length=1, max_length=250)],
    run_id: str = "",
    task_id: str = "",
    map_index: MapIndex = None,
) -> Gates:
    """What the gates of a Dag, run, task or task instance found."""
    if dag_id not in readable(user, (dag_id,)):
        raise HTTPException(404, f"There is no Dag {dag_id} that you may read.")
    found = pages.tables().of_task(dag_id, run_id, task_id, map_index, GATES)
    return Gates(gates=[gate_shown(gate) for gate in found], now=wiring.now())
