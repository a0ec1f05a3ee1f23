"""When on-call is told, and how an incident ends."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from airflow_provider_harness.app.oncall.impact import (
    made_worse,
    only_backfill,
    only_without_slice,
    page_severity,
    risks_of,
)
from airflow_provider_harness.app.oncall.instructions import AFTER_HARM, NO_SLICE, answer, instructions_for
from airflow_provider_harness.app.oncall.page import build_page, dedup_key, episode_key, healed_page, route
from airflow_provider_harness.app.oncall.paged import resolved, with_delivery
from airflow_provider_harness.app.ports.healing import Healer, PageSeverity
from airflow_provider_harness.app.ports.sla_alerts import SlaAlert, is_own
from airflow_provider_harness.core.incidents.events import (
    Asked,
    Closed,
    Diagnosed,
    Noted,
    Outcome,
    Paged,
    Reopened,
    Settled,
    Taken,
)
from airflow_provider_harness.core.incidents.incident import (
    ImpossibleEvent,
    Incident,
    State,
    run_id,
)
from airflow_provider_harness.core.incidents.outbox import MessageKind
from airflow_provider_harness.core.incidents.severity import worse

#: Outcomes after which nobody needs to be told: it is well, or the person who decided knows.
_QUIET = frozenset({Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED, Outcome.REFUSED, Outcome.NOTED})

#: What is noted with the name of a healer run that the harness started by its own account.
STARTED = "the harness started a healer run"
#: Acts on one incident after which it goes to a person.
MOST_ACTS = 2


def settle(healer: Healer, incident: Incident) -> Outcome | None:
    """End the incident as it turned out, paging where a person is needed; None where another remedy is tried first."""
    if incident.state is State.OPEN and Reopened in incident.last:  # we died before the next run was started
        start_next(healer, incident)
        return None
    settled = incident.last.get(Settled)
    outcome = settled.outcome if settled else Outcome.UNKNOWN
    why = settled.text if settled else "The healer did not come to an end."
    if outcome is Outcome.NOT_HEALED and len(incident.acts) < MOST_ACTS and incident.state is State.VERIFYING:
        healer.record(incident.id, Reopened(why=why))
        start_next(healer, incident)
        return None
    if outcome not in _QUIET or (outcome is Outcome.REFUSED and not incident.said):  # a no that nobody heard of
        page(healer, incident, asks=_asks(healer, incident), severity=page_severity(healer, incident))
    close(healer, healer.store.incident(incident.id), outcome, why)
    return outcome


def _asks(healer: Healer, incident: Incident) -> str:
    failures = healer.store.failures(incident.id)
    if only_without_slice(healer, [failure for failure in failures if failure.heals]):
        return NO_SLICE
    diagnosed = incident.last.get(Diagnosed)
    asks = instructions_for([failure.kind for failure in failures], diagnosed.category if diagnosed else "")
    return f"{AFTER_HARM} {asks}" if made_worse(incident) else asks


def start_next(healer: Healer, incident: Incident) -> None:
    """Start a healer run for this incident under the next number that no run has."""
    number = healer.store.healer_runs(incident.episode)
    while not healer.airflow.start(incident.id, incident.episode, number):
        number += 1
    with suppress(ImpossibleEvent):  # it was closed meanwhile
        healer.record(incident.id, Noted(text=STARTED, run=run_id(incident.episode, number)))


def page(healer: Healer, incident: Incident, *, asks: str, severity: PageSeverity) -> None:
    """Page on-call about this incident; the same episode again updates the same page.

    Nobody is paged where only runs of a backfill failed, unless the administrator wants it or a promise is at stake. In
    a maintenance window the page waits for its end, unless it is critical.

    :param asks: what a person is asked to do, with the link or command.
    """
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    risks = risks_of(healer, incident)
    wanted = risks or healer.limits.page_backfills or Asked in incident.last or made_worse(incident)
    if only_backfill(failures) and not wanted:
        text = "Nobody is paged: only runs of a backfill failed ([harness] page_backfills)."
        healer.record(incident.id, Noted(text=text))
        return
    message = build_page(healer, incident, asks=asks, severity=severity, risks=risks)
    if not incident.said and (told := [risk.dedup_key for risk in risks if is_own(risk)]):
        message = replace(message, dedup_key=told[0])  # on-call knows of it by this page, and gets no second one
    if severity is not PageSeverity.CRITICAL:
        dags = frozenset(failure.key.dag_id for failure in failures)
        message = replace(message, not_before=healer.limits.maintenance.until(dags, healer.now()))
    healer.pager.trigger(message)
    _take_over(healer, incident, message.dedup_key, risks)
    paged = Paged(
        dedup_key=message.dedup_key,
        severity=severity.value,
        summary=message.summary,
        action=MessageKind.TRIGGER.value,
        asks=asks,
        promised=[risk.sentence() for risk in risks],
        route=list(dict.fromkeys((*_told(incident), *message.route))),
    )
    healer.record(incident.id, with_delivery(paged, healer.pager.reached(message.dedup_key)))


def _take_over(healer: Healer, incident: Incident, key: str, risks: Sequence[SlaAlert]) -> None:
    """From now on this incident's page tells of these promises."""
    for risk in filter(is_own, risks):
        if risk.dedup_key != key:
            healer.pager.resolve(risk.dedup_key)
        healer.promises.move(risk, episode_key(incident))


def at_risk(healer: Healer, incident: Incident) -> None:
    """Page, or page again, since a promise about time will be broken if this incident lasts."""
    page(healer, incident, asks=_asks_now(healer, incident), severity=page_severity(healer, incident))


def _asks_now(healer: Healer, incident: Incident) -> str:
    """What a person is asked to do about an incident, wherever it stands."""
    if incident.is_asked:
        return answer(incident.id)
    if incident.state is State.TAKEN:
        return f"{incident.last[Taken].by} has it: see that they know of the deadline."
    if incident.outcome is None:
        take = f"airflow harness incidents take {incident.id}"
        return f"Nothing yet: the healer works on it. To look after it yourself: {take}"
    paged = incident.last.get(Paged)
    return (paged.asks if paged else None) or _asks(healer, incident)


def close(healer: Healer, incident: Incident, outcome: Outcome, why: str) -> None:
    """End the incident; a page is resolved only after a verified recovery, or when a person acted first."""
    if incident.state is State.CLOSED:
        return
    if incident.said and outcome in (Outcome.HEALED, Outcome.RECOVERED, Outcome.SUPERSEDED):
        key = dedup_key(incident)
        healer.pager.resolve(key)
        healer.record(incident.id, resolved(key, healer.pager.reached(key, MessageKind.RESOLVE)))
    if outcome in (Outcome.HEALED, Outcome.RECOVERED):
        healer.pager.change(healed_page(healer, incident, outcome, why))
    healer.record(incident.id, Closed(outcome=outcome, why=why))


def worsened(healer: Healer, incident: Incident) -> None:
    """Page again where what joined a paged incident makes it worse, or is of somebody whom no page of it named;
    otherwise who joins pages nobody."""
    if not incident.said or not incident.severity:
        return
    now = page_severity(healer, incident)
    if worse(now, incident.severity):
        page(healer, incident, asks=_asks(healer, incident), severity=now)
    elif _told(incident) and set(route(healer, incident)) - set(_told(incident)):
        page(healer, incident, asks=_asks(healer, incident), severity=PageSeverity(incident.severity))


def _told(incident: Incident) -> Sequence[str]:
    """Whom the pages of this incident named."""
    paged = incident.last.get(Paged)
    return (paged.route if paged else None) or ()
