"""What the harness did, in a sentence, where people look: at the failed task, and at the healer's own run."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.app.oncall import question as asked
from airflow_provider_harness.app.oncall.page import minute
from airflow_provider_harness.app.oncall.subject import zones_of
from airflow_provider_harness.app.pages.incidents.place import Place
from airflow_provider_harness.app.pages.incidents.row import leading
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.actions import kind_of
from airflow_provider_harness.core.incidents.events import Asked, Diagnosed, Outcome, Proposed
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.redaction.escaping import one_line

#: How each note of the harness begins: only such a one is ever replaced.
MARK = "airflow-provider-harness: "
#: Characters of a cause that a note has room for.
CAUSE_LENGTH = 300

_ENDS: Mapping[Outcome, str] = {
    Outcome.HEALED: "The harness healed it: {did}; a gate passed on the published slice.",
    Outcome.RECOVERED: "The harness ran it again: {did}; no contract says whether the data are right.",
    Outcome.NOT_HEALED: "{did} did not help: a person is needed.",
    Outcome.MADE_WORSE: "{did} made it worse: a person is needed.",
    Outcome.UNKNOWN: "It is not known whether {did} helped: a person is needed.",
    Outcome.SUPERSEDED: "A person acted first; the harness did nothing more.",
    Outcome.ESCALATED: "The harness did nothing: a person is needed.",
    Outcome.REFUSED: "A person was asked and did not agree; the harness did nothing.",
    Outcome.NOTED: "Nothing had failed.",
}


def sentence(incident: Incident) -> str:
    """What the harness found, did or asks."""
    diagnosed = incident.last.get(Diagnosed)
    cause = f" Cause ({diagnosed.category}): {one_line(diagnosed.cause, CAUSE_LENGTH)}" if diagnosed else ""
    if incident.is_asked:
        may = asked.may(incident.last[Proposed].proposal(), next(iter(zones_of(incident).values()), ""))
        return f"A person is asked until {minute(incident.last[Asked].expires)}: {may}{cause}"
    if incident.outcome is None:
        return f"The harness works on it.{cause}"
    did = kind_of(incident.acts[-1]).value if incident.acts else "what was done"
    return f"{_ENDS[incident.outcome].format(did=did)}{cause}"


def name_of(incident: Incident) -> str:
    """What a healer run is about, and how it stands: a line of a list of runs."""
    place = Place.of(leading(incident))
    what = f"{place.dag_id}/{place.task_id or place.run_id}"
    diagnosed = incident.last.get(Diagnosed)
    return f"{what}, {diagnosed.category if diagnosed else 'not diagnosed'}: {incident.outcome or incident.status}"


def write_note(healer: Healer, incident: Incident, healer_run: str) -> None:
    """Note it at the healer's run; and at the failed task, where the harness acts and nobody else noted anything there.

    :raises HarnessError: Airflow does not answer, or refuses.
    """
    url = healer.airflow.incident_url(incident.id)
    healer.airflow.note_run(healer_run, f"{MARK}{name_of(incident)}. {sentence(incident)} {url}")
    place = Place.of(leading(incident))
    if not place.task_id or not healer.limits.acting():
        return
    task = healer.airflow.task(place.dag_id, place.run_id, place.task_id, place.map_index)
    if not task.note or task.note.startswith(MARK):
        healer.airflow.note(task, f"{MARK}{sentence(incident)} {url}")
