"""What happened in a time, for who comes in the morning: what waits for a person first, then what is under way, then
what is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_provider_harness.app.oncall.subject import slices_of
from airflow_provider_harness.app.reports.postmortem import stands
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents.events import Diagnosed
from airflow_provider_harness.core.incidents.incident import Incident, Status

#: Where an incident stands -> the heading under which it is told, in the order in which a person needs it.
HEADINGS: Mapping[Status, str] = {
    Status.PERSON: "Waits for a person",
    Status.ASKED: "Waits for an answer",
    Status.TAKEN: "A person has it",
    Status.WAITING: "The healer works on it",
    Status.WORKING: "The healer works on it",
    Status.RESOLVED: "Over",
    Status.OVER: "Over",
}
#: Incidents of one heading that are named; the others are counted.
NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One incident of the digest.

    :param name: the beginning of its id by which a person can name it.
    """

    name: str
    incident: Incident
    failures: Sequence[Failure]

    def line(self) -> str:
        """It in one line: how bad, what failed, why, how it stands, and which slice."""
        incident = self.incident
        dag_id, _, rest = incident.failures[0].partition("/") if incident.failures else ("", "", "")
        more = f" and {len(incident.failures) - 1} more" if len(incident.failures) > 1 else ""
        diagnosed = incident.last.get(Diagnosed)
        category = diagnosed.category if diagnosed else "not diagnosed"
        slices = slices_of(incident, self.failures)[:1]
        what = f"{dag_id}/{rest.rpartition('/')[2]}{more}: {category}, {stands(incident)}"
        return f"{self.name}  {incident.severity or '-':<8}  {'; '.join((what, *slices))}"


def digest(found: Sequence[Told], since: datetime) -> list[str]:
    """Lines of text.

    :param found: what was opened since then or is still open, oldest first.
    """
    paged = sum(bool(item.incident.paged) for item in found)
    head = (
        f"Since {since:%Y-%m-%d %H:%M} UTC: {len(found)} incident(s), "
        f"{sum(len(item.failures) for item in found)} failure(s); "
    )
    lines = [head + (f"on-call was paged about {paged}." if paged else "on-call was paged about none.")]
    for heading in dict.fromkeys(HEADINGS.values()):
        here = [item for item in found if HEADINGS[item.incident.status] == heading]
        if here:
            ended = Counter(stands(item.incident) for item in here)
            counted = (
                ", ".join(f"{count} {word}" for word, count in ended.most_common()) if heading == "Over" else len(here)
            )
            lines += ["", f"{heading}: {counted}", *(f"  {item.line()}" for item in here[:NAMED])]
            lines += [f"  and {len(here) - NAMED} more"] if len(here) > NAMED else []
    return lines
