"""Who calls, what they may do, and whether a write is their own. Every router names its permission here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, HTTPException, Query, Request

from airflow_provider_harness import config
from airflow_provider_harness.adapters.airflow import server
from airflow_provider_harness.app.pages.incidents.parts import May
from airflow_provider_harness.app.pages.incidents.place import Place
from airflow_provider_harness.app.pages.incidents.row import leading
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import Asked
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.wiring import pages

#: Of a mapped task; -1 for one that is not.
MapIndex = Annotated[int | None, Query(ge=-1, le=2**31 - 1)]
#: The header without which nothing is written: no form and no foreign page can send it.
HEADER = "X-Requested-With"


def own_page(request: Request) -> None:
    """Refuse a write that does not come from a page of this very site, or from a program that says so."""
    if HEADER.lower() not in request.headers:
        raise HTTPException(403, f"A write needs the header {HEADER}.")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "A write is taken from Airflow's own page only.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "A write is a JSON object (Content-Type: application/json).")


def text_only(request: Request) -> None:
    """Refuse what no database keeps in a text."""
    if "\0" in unquote(f"{request.url.path}?{request.url.query}"):
        raise HTTPException(400, "An address has no NUL character.")


def overseer(user: GetUserDep) -> None:
    """Who may see what concerns the whole installation."""
    if not server.may_see(user):
        raise HTTPException(403, f"{user.get_id()} may not see the activity of this installation.")


def administrator(user: GetUserDep) -> None:
    """Who may change how the installation behaves."""
    if not server.may_configure(user):
        raise HTTPException(403, f"{user.get_id()} may not change how this installation behaves.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An incident that the caller may read, and its leading Dag."""

    incident: Incident
    dag_id: str


def _unknown(incident_id: str) -> str:
    """The same where there is none, none that may be read, or more than one: what may not be read is not told by this."""
    return f"Incident {incident_id[:26]} is not in the store, or several ids begin so: take its whole id."


def known_incident(incident_id: str, user: GetUserDep) -> Known:
    """The incident of the path; the Dag is the incident's own, whatever the caller says beside it."""
    try:
        found = pages.incident(incident_id)
    except ConfigurationError as error:
        raise HTTPException(404, _unknown(incident_id)) from error
    dag_id = Place.of(leading(found)).dag_id
    if dag_id not in server.readable(user, (dag_id,)):
        raise HTTPException(404, _unknown(incident_id))
    return Known(incident=found, dag_id=dag_id)


KnownDep = Annotated[Known, Depends(known_incident)]


def workable(known: KnownDep, user: GetUserDep) -> Known:
    """The incident, where the caller may work on it."""
    if not server.may_act(user, known.dag_id):
        raise HTTPException(403, f"{user.get_id()} may not change task instances of {known.dag_id}.")
    return known


WorkableDep = Annotated[Known, Depends(workable)]


def may(user: GetUserDep, known: Known) -> May:
    """What the caller may do about an incident."""
    act, who = server.may_act(user, known.dag_id), str(user.get_id())
    asked = known.incident.last.get(Asked)
    assigned = tuple(asked.assigned) if asked else ()
    answer = who in assigned and server.may_answer(user, config.read().healer_dag_id)
    why = "" if act else f"{who} may read {known.dag_id}, but not change its task instances."
    if act and assigned and not answer:
        why = f"{', '.join(assigned)} may answer the question; {who} may do everything else."
    return May(act=act, answer=answer, why_not=why)


def readable_dags(user: GetUserDep) -> frozenset[str]:
    """Leading Dags of incidents that the caller may read."""
    return server.readable(user, pages.incidents().dags())


ReadableDep = Annotated[frozenset[str], Depends(readable_dags)]
