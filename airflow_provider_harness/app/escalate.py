"""What on-call reads, in the order in which it is needed; and how an incident ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airflow_provider_harness.app.approve import dag_id_of
from airflow_provider_harness.app.ports import Healer, Page, Severity
from airflow_provider_harness.app.stakes import contracts_of, only_backfill, severity_of
from airflow_provider_harness.core.diagnosis import Category
from airflow_provider_harness.core.failure import Failure, FailureKind
from airflow_provider_harness.core.incident import Event, EventKind, Incident, Outcome, State
from airflow_provider_harness.core.severity import worse

#: PagerDuty shows summaries up to 1,024 characters; a phone shows less.
SUMMARY_LENGTH = 200
DETAIL_LENGTH = 4000


#: What a person is asked to do, by cause.
_ASKS: Mapping[str, str] = {
    Category.SCHEMA_DRIFT: "Decide on the schema difference: undo it at the source, or change the contract and apply the "
    "suggested statement (it has not been run). Then clear the failed task in Airflow.",
    Category.DATA_QUALITY_VIOLATION: "Nothing of this slice was published. Correct the rows at the source, or change the "
    "contract; then clear the failed task in Airflow.",
    Category.DUPLICATE_DATA: "Nothing of this slice was published. Decide which of the rows with the same key is right, "
    "correct the source, then clear the failed task in Airflow.",
}
#: The same by kind of failure, where that decides.
_ASKS_OF_KIND: Mapping[FailureKind, str] = {
    FailureKind.IMPORT_ERROR: "Mend the Dag file. Until it can be imported, nothing of it that changed is run, and a new "
    "file runs nothing at all.",
    FailureKind.RUN_FAILED: "No task of this run failed, so there is nothing that the harness could run again. See which "
    "task was slow or stuck, then clear the run in Airflow.",
}
_ASK = "Look at the evidence, correct the cause, then clear the failed task in Airflow."

#: Outcomes after which nobody needs to be told: it is well, or the person who decided knows.
_QUIET = frozenset({Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED, Outcome.REFUSED, Outcome.NOTED})

#: Acts on one incident after which it goes to a person.
MOST_ACTS = 2


def settle(healer: Healer, incident: Incident) -> Outcome | None:
    """End the incident as it turned out, paging where a person is needed; None where another remedy is tried first."""
    if incident.state is State.OPEN and EventKind.REOPENED in incident.last:  # we died before the next run was started
        start_next(healer, incident)
        return None
    settled = incident.last.get(EventKind.SETTLED, {})
    outcome = Outcome(settled.get("outcome", Outcome.UNKNOWN))
    why = str(settled.get("text", "The healer did not come to an end."))
    if outcome is Outcome.NOT_HEALED and len(incident.acts) < MOST_ACTS and incident.state is State.VERIFYING:
        healer.store.append(Event(incident_id=incident.id, kind=EventKind.REOPENED, at=healer.now(), body={"why": why}))
        start_next(healer, incident)
        return None
    if outcome not in _QUIET or (outcome is Outcome.REFUSED and not incident.paged):  # a no that nobody heard of
        page(healer, incident, asks=_asks(healer, incident), severity=severity_of(healer, incident))
    close(healer, healer.store.incident(incident.id), outcome, why)
    return outcome


def _asks(healer: Healer, incident: Incident) -> str:
    kinds = [failure.kind for failure in healer.store.failures(incident.id)]
    category = incident.last.get(EventKind.DIAGNOSED, {}).get("category", "")
    return next((_ASKS_OF_KIND[kind] for kind in kinds if kind in _ASKS_OF_KIND), _ASKS.get(category, _ASK))


def start_next(healer: Healer, incident: Incident) -> None:
    """Start a healer run for this incident under the next number that no run has."""
    number = healer.store.healer_runs(incident.episode)
    while not healer.airflow.start(incident.id, incident.episode, number):
        number += 1


def page(healer: Healer, incident: Incident, *, asks: str, severity: Severity) -> None:
    """Page on-call about this incident; the same episode again updates the same page.

    Nobody is paged where only runs of a backfill failed, unless the administrator wants it. In a maintenance window the
    page waits for its end, unless it is critical.

    :param asks: what a person is asked to do, with the link or command.
    """
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    if only_backfill(failures) and not healer.limits.page_backfills and EventKind.ASKED not in incident.last:
        text = "Nobody is paged: nothing but runs of a backfill failed ([harness] page_backfills)."
        healer.store.append(Event(incident_id=incident.id, kind=EventKind.NOTED, at=healer.now(), body={"text": text}))
        return
    message = compose(healer, incident, asks=asks, severity=severity)
    if severity is not Severity.CRITICAL:
        dags = frozenset(failure.key.dag_id for failure in failures)
        message = replace(message, not_before=healer.limits.maintenance.until(dags, healer.now()))
    healer.pager.trigger(message)
    body = {
        "dedup_key": message.dedup_key,
        "severity": severity.value,
        "summary": message.summary,
        "action": "trigger",
        "asks": asks,
    }
    healer.store.append(Event(incident_id=incident.id, kind=EventKind.PAGED, at=healer.now(), body=body))


def close(healer: Healer, incident: Incident, outcome: Outcome, why: str) -> None:
    """End the incident; a page is resolved only after a verified recovery, or when a person acted first."""
    if incident.state is State.CLOSED:
        return
    if incident.paged and outcome in (Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED):
        key = dedup_key(incident)
        healer.pager.resolve(key)
        body = {"dedup_key": key, "action": "resolve"}
        healer.store.append(Event(incident_id=incident.id, kind=EventKind.PAGED, at=healer.now(), body=body))
    if outcome in (Outcome.HEALED, Outcome.RECOVERED):
        healer.pager.change(_healed(healer, incident, outcome, why))
    body = {"outcome": outcome.value, "why": why}
    healer.store.append(Event(incident_id=incident.id, kind=EventKind.CLOSED, at=healer.now(), body=body))


def worsened(healer: Healer, incident: Incident) -> None:
    """Page again where what joined a paged incident makes it worse; otherwise who joins pages nobody."""
    now = severity_of(healer, incident)
    if incident.paged and incident.severity and worse(now, incident.severity):
        page(healer, incident, asks=_asks(healer, incident), severity=now)


def _healed(healer: Healer, incident: Incident, outcome: Outcome, why: str) -> Page:
    return Page(
        dedup_key=dedup_key(incident),
        summary=f"{dag_id_of(incident)}: {outcome} by the harness"[:SUMMARY_LENGTH],
        severity=Severity.LOW,
        source=f"airflow:{dag_id_of(incident)}",
        details={"done": "\n".join(incident.acts), "outcome": why, "incident": incident.id},
        links=_links(healer, incident),
    )


def dedup_key(incident: Incident) -> str:
    """The key under which on-call sees one episode as one page."""
    return f"harness:{incident.episode}"


def compose(healer: Healer, incident: Incident, *, asks: str, severity: Severity) -> Page:
    """The page as on-call gets it."""
    dag_id = dag_id_of(incident)
    diagnosis = incident.last.get(EventKind.DIAGNOSED, {})
    cause = diagnosis.get("cause", "not diagnosed")
    failures = healer.store.failures(incident.id)
    details = {
        "what is broken": _broken(incident, failures),
        "for whom": _for_whom(healer, failures),
        "since": f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC",
        "cause": cause,
        "how sure": _sure(diagnosis),
        "evidence": "\n".join(_evidence(incident)),
        "not known": "; ".join(incident.last.get(EventKind.EVIDENCE, {}).get("unavailable", ())),
        "done": _done(incident),
        "verdict": _verdict(incident),
        "you are asked to": asks,
        "who may answer": _who(incident),
        "more": f"airflow harness incidents show {incident.id}",
        "incident": incident.id,
    }
    links = _links(healer, incident)
    if EventKind.ASKED in incident.last:
        links["Answer here"] = incident.last[EventKind.ASKED]["url"]
    return Page(
        dedup_key=dedup_key(incident),
        summary=f"{dag_id}: {diagnosis.get('category', 'unknown')} - {cause}"[:SUMMARY_LENGTH],
        severity=severity,
        source=f"airflow:{dag_id}",
        details={name: text[:DETAIL_LENGTH] for name, text in details.items() if text},
        links=links,
    )


#: Failed tasks that a page names; a storm has more.
NAMED = 5


def _broken(incident: Incident, failures: Sequence[Failure]) -> str:
    """The leader's failure first, then how much else failed of the same cause."""
    leader = str(incident.last.get(EventKind.DIAGNOSED, {}).get("failure") or incident.failures[0])
    others = [name for name in incident.failures if name != leader]
    named = ", ".join((leader, *others[: NAMED - 1]))
    if len(incident.failures) <= NAMED:
        return named
    dags = len({failure.key.dag_id for failure in failures})
    return f"{named} and {len(incident.failures) - NAMED} more, in {dags} Dag(s), of the same cause"


def _for_whom(healer: Healer, failures: Sequence[Failure]) -> str:
    found = contracts_of(healer, [failure for failure in failures if failure.heals])
    return "; ".join(
        f"{item.table} ({item.criticality}) of {item.owner.team or 'nobody named'}"
        + (f", read by {', '.join(consumer.name for consumer in item.consumers)}" if item.consumers else "")
        for item in found
    )


def _links(healer: Healer, incident: Incident) -> dict[str, str]:
    failures = healer.store.failures(incident.id)
    leader = incident.last.get(EventKind.DIAGNOSED, {}).get("failure")
    first = next((failure for failure in failures if str(failure.key) == leader), failures[0])
    if first.kind is FailureKind.IMPORT_ERROR:
        return {"Import errors in Airflow": healer.airflow.import_errors_url()}
    return {"The run in Airflow": healer.airflow.run_url(first.key.dag_id, first.key.run_id)}


def _sure(diagnosis: Mapping[str, object]) -> str:
    if not diagnosis:
        return ""
    return f"{diagnosis['certainty']}, from {diagnosis['basis']}: {diagnosis['why']}"


def _evidence(incident: Incident) -> list[str]:
    seen = [item["text"] for item in incident.last.get(EventKind.EVIDENCE, {}).get("observations", ())]
    cited = [
        f"{item['source']} line {item['line']}: {item['text']}"
        for item in incident.last.get(EventKind.DIAGNOSED, {}).get("citations", ())
    ]
    return seen + cited


def _done(incident: Incident) -> str:
    if not incident.acts:
        return "nothing was done"
    before = incident.last.get(EventKind.REOPENED, {}).get("why", "not known how it ended")
    ended = incident.last.get(EventKind.ACT_ENDED, {}).get("result", before)
    verified = incident.last.get(EventKind.SETTLED, {}).get("text", "")
    return "; ".join(part for part in (", ".join(incident.acts), str(ended), verified) if part)


def _verdict(incident: Incident) -> str:
    judged = incident.last.get(EventKind.JUDGED)
    if judged is None:
        return ""
    proposed = incident.last[EventKind.PROPOSED]
    arguments = ", ".join(f"{name}={value}" for name, value in sorted(proposed["arguments"].items()))
    rule = f"rule {judged['rule']}" if judged["rule"] else "no rule"
    return f"{proposed['action']}({arguments}): {judged['verdict']} ({rule}, policy {judged['policy_version']}) - {judged['reason']}"


def _who(incident: Incident) -> str:
    asked = incident.last.get(EventKind.ASKED)
    return f"{', '.join(asked['assigned'])}, until {asked['expires']}" if asked else ""


def own_failure(dag_id: str, run_id: str, task_id: str, incident_id: str, error: str) -> Page:
    """The page that says that the healer itself failed."""
    return Page(
        dedup_key=f"harness-self:{dag_id}:{task_id}",
        summary=f"The harness itself failed: {dag_id}.{task_id}",
        severity=Severity.CRITICAL,
        source=f"airflow:{dag_id}",
        details={
            "what is broken": f"{dag_id}/{run_id}/{task_id}",
            "incident": incident_id or "none",
            "error": error[:DETAIL_LENGTH],
            "you are asked to": "Look after the incident yourself; then read the log of this task.",
        },
    )
