"""From an incident that is over to a draft of what it taught."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.runbook import LONGEST_PHRASE, PREVENTION, TODO, Entry
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import ActEnded, Diagnosed, Event, EvidenceSeen, Resolved, Settled
from airflow_provider_harness.core.incidents.incident import State, fold


def draft(incident_id: str, events: Sequence[Event], failures: Sequence[Failure]) -> Entry:
    """What is known already; a person writes the rest, and checks all of it.

    :raises ConfigurationError: the incident is not over.
    """
    incident = fold(incident_id, events)
    if incident.state is not State.CLOSED:
        fix = "End it first: `airflow harness incidents resolve`."
        raise ConfigurationError(f"incident {incident_id}", f"is not over: it is {incident.state}.", fix=fix)
    diagnosed = next((event.body for event in reversed(events) if isinstance(event.body, Diagnosed)), None)
    category = Category(diagnosed.category) if diagnosed else Category.UNKNOWN
    return Entry(
        id=incident_id,
        category=category,
        phrase=_phrase(failures),
        symptoms=tuple(_symptoms(events)),
        root_cause=diagnosed.cause if diagnosed and category is not Category.UNKNOWN else TODO,
        resolution=_resolution(events),
        prevention=_prevention(category, failures),
    )


def _phrase(failures: Sequence[Failure]) -> str:
    """The first line of the innermost exception: what the same failure would say again."""
    messages = [link.message.strip().partition("\n")[0] for failure in failures for link in failure.chain]
    return messages[-1][:LONGEST_PHRASE] if messages else ""


def _symptoms(events: Sequence[Event]) -> list[str]:
    for event in reversed(events):
        if isinstance(event.body, EvidenceSeen):
            return [item["text"] for item in event.body.observations]
    return []


def _resolution(events: Sequence[Event]) -> str:
    bodies = [event.body for event in events]
    said = [body.why for body in bodies if isinstance(body, Resolved)]
    said += [f"{body.act}: {body.result}" for body in bodies if isinstance(body, ActEnded)]
    said += [body.text for body in bodies if isinstance(body, Settled) and body.gates]
    return "; ".join(said) or TODO


def _prevention(category: Category, failures: Sequence[Failure]) -> str:
    reports = [failure.report for failure in failures if failure.report]
    failed = {result["id"]: report for report in reports for result in report["results"] if not result["passed"]}
    if failed:
        checks = ", ".join(failed)
        return f"Caught by {checks}; earlier by {PREVENTION[category] or 'the same check at the source'}."
    return f"Would have been caught by {PREVENTION[category]}." if PREVENTION[category] else TODO
