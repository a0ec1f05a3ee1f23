"""What on-call reads, in the order in which it is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from airflow_provider_harness.app.oncall import question as asked
from airflow_provider_harness.app.oncall.approve import dag_id_of, diagnosed_failure
from airflow_provider_harness.app.oncall.drafts import contract_change, drafted
from airflow_provider_harness.app.oncall.impact import contracts_of, made_worse
from airflow_provider_harness.app.oncall.instructions import answer
from airflow_provider_harness.app.oncall.subject import (
    columns_of,
    connections_of,
    how_sure_and_why,
    slices_of,
    statement_of,
    zones_of,
)
from airflow_provider_harness.app.ports.healing import Healer, Page, PageSeverity
from airflow_provider_harness.app.ports.sla_alerts import SlaAlert
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.diagnosis import Category, Certainty
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, TryKey
from airflow_provider_harness.core.diagnosis.next_steps import repeats
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    Asked,
    Diagnosed,
    EvidenceSeen,
    Judged,
    Outcome,
    Paged,
    Proposed,
    Reopened,
    Settled,
)
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.redaction.escaping import links as shown_links
from airflow_provider_harness.core.redaction.escaping import one_line, terminal
from airflow_provider_harness.core.redaction.redactor import shorten

#: PagerDuty shows summaries up to 1,024 characters; a phone shows less.
SUMMARY_LENGTH = 200
DETAIL_LENGTH = 4000
EVIDENCE_LENGTH = 1500
#: Failed tasks that a page names; a storm has more.
NAMED = 5
#: Rows of a check that a page shows, and characters of a value in them.
SAMPLED, VALUE_LENGTH = 3, 60


def healed_page(healer: Healer, incident: Incident, outcome: Outcome, why: str) -> Page:
    """What is told beside open pages when the harness has mended something."""
    return Page(
        dedup_key=dedup_key(incident),
        summary=f"{dag_id_of(incident)}: {outcome} by the harness"[:SUMMARY_LENGTH],
        severity=PageSeverity.LOW,
        source=f"airflow:{dag_id_of(incident)}",
        details={"done": "\n".join(incident.acts), "outcome": terminal(why), "incident": incident.id},
        links=_links(healer, incident),
    )


def episode_key(incident: Incident) -> str:
    """The key of an incident's own page."""
    return f"harness:{incident.episode}"


def dedup_key(incident: Incident) -> str:
    """The key under which on-call sees this incident: that of the page which told of it first."""
    paged = incident.last.get(Paged)
    return (paged.dedup_key if paged else "") or episode_key(incident)


def build_page(
    healer: Healer, incident: Incident, *, asks: str, severity: PageSeverity, risks: Sequence[SlaAlert] = ()
) -> Page:
    """The page as on-call gets it.

    :param risks: the promises about time that wait for this incident.
    """
    dag_id = dag_id_of(incident)
    diagnosis, seen = incident.last.get(Diagnosed), incident.last.get(EvidenceSeen)
    cause = one_line(diagnosis.cause if diagnosis else _NOT_DIAGNOSED, DETAIL_LENGTH)
    failures = healer.store.failures(incident.id)
    contracts = contracts_of(healer, [failure for failure in failures if failure.heals])
    here = {"Answer here": incident.last[Asked].url} if incident.is_asked else {}
    details = {
        **_question(incident),
        "what is broken": one_line(_broken(incident, failures), DETAIL_LENGTH),
        "for whom": one_line(for_whom(contracts), DETAIL_LENGTH),
        "since": f"{incident.opened_at:%Y-%m-%d %H:%M:%S} UTC",
        "slices": "\n".join(map(one_line, slices_of(incident, failures, _zones(contracts))[:NAMED])),
        "promised": "; ".join(f"{risk.sentence()}, {time_left(risk.due - healer.now())}" for risk in risks),
        "cause": cause,
        "connections": connections_of(incident),
        "suggested statement": statement_of(incident, failures),
        "suggested change": "\n".join((contract_change(failures), *drafted(healer.store.events(incident.id)))).strip(),
        "done": _done(incident),
        **({} if here else {"you are asked to": asks}),
        "a retry": _repeats(diagnosis) if diagnosis else "",
        "when it is mended": "" if here else f"airflow harness incidents resolve {incident.id} --why TEXT",
        "how sure": how_sure_and_why(diagnosis) if diagnosis else "",
        "evidence": "\n".join(_evidence(incident)),
        "samples": "\n".join(samples_of(failures)),
        "not known": "; ".join(seen.unavailable if seen else ()),
        "verdict": _verdict(incident),
        "more": f"airflow harness incidents show {incident.id}",
        "incident": incident.id,
        "audit head": healer.store.head(),
    }
    links = (
        here | _links(healer, incident) | _runbooks(healer, contracts, diagnosis.category if diagnosis else "unknown")
    )
    return Page(
        dedup_key=dedup_key(incident),
        summary=one_line(_title(incident, failures, _zones(contracts), _left(healer, risks)), SUMMARY_LENGTH),
        severity=severity,
        source=f"airflow:{dag_id}",
        details={name: shorten(terminal(text), DETAIL_LENGTH) for name, text in details.items() if text},
        links=shown_links(links),
        route=route_of(contracts, _owners(healer, dag_id, failures)),
    )


def route(healer: Healer, incident: Incident) -> tuple[str, ...]:
    """Who answers for what failed in this incident."""
    failures = healer.store.failures(incident.id)
    contracts = contracts_of(healer, [failure for failure in failures if failure.heals])
    return route_of(contracts, _owners(healer, dag_id_of(incident), failures))


def _repeats(diagnosis: Diagnosed) -> str:
    return repeats(Category(diagnosis.category), frozenset(diagnosis.traits), Certainty(diagnosis.certainty))


def _left(healer: Healer, risks: Sequence[SlaAlert]) -> str:
    return f"{time_left(risks[0].due - healer.now())} for {risks[0].table}; " if risks else ""


def _title(incident: Incident, failures: Sequence[Failure], zones: Mapping[str, str], left: str) -> str:
    """Whose task it is; what is asked, where a person is asked, else how bad it is and why, with the columns or the connection
    where they tell; and the table and slice, which the end of a title may lack room for."""
    harm = "made worse by the harness; " if made_worse(incident) else ""
    slices = slices_of(incident, failures, zones)
    place = (slices[0] + (f" and {len(slices) - 1} more" if len(slices) > 1 else "")) if slices else ""
    if incident.is_asked:
        zone = next(iter(zones_of(incident).values()), "")
        question = asked.title(
            _task_of(incident), incident.last[Proposed].proposal(), incident.last[Asked].expires, zone
        )
        return left + "; ".join(filter(None, (question, place)))
    diagnosis = incident.last.get(Diagnosed)
    category, cause = (diagnosis.category, diagnosis.cause) if diagnosis else ("unknown", _NOT_DIAGNOSED)
    about = connections_of(incident) if category in _OF_A_CONNECTION else columns_of(failures)
    said = ", ".join(filter(None, (about, place)))
    return f"{_task_of(incident)}: {harm}{left}{category}{f' ({said})' if said else ''} - {cause}"


def _task_of(incident: Incident) -> str:
    """The Dag and the task that failed: the diagnosed failure's, before that the first one's."""
    leader = diagnosed_failure(incident)
    task = leader.rpartition("/")[2].rpartition("#")[0]
    return ".".join(filter(None, (dag_id_of(incident), task)))


_NOT_DIAGNOSED = "not diagnosed"
#: Causes in which a connection is at fault, or what is behind it.
_OF_A_CONNECTION = frozenset({"auth_expired_or_invalid", "permission_denied", "transient_network"})


def _zones(contracts: Sequence[Contract]) -> dict[str, str]:
    return {item.table: item.load.time_zone for item in contracts}


def time_left(left: timedelta) -> str:
    """Time until a deadline, for people."""
    minutes = round(abs(left).total_seconds() / 60)
    text = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    return f"{text} left" if left > timedelta(0) else f"late by {text}"


def route_of(contracts: Sequence[Contract], owners: Sequence[str]) -> tuple[str, ...]:
    """Who answers, the nearest first: whom the contracts want paged, their teams, their channels, the Dags' owners."""
    named = (*(item.paged for item in contracts), *((item.owner.team,) for item in contracts))
    channels = (item.owner.channels for item in contracts)
    return tuple(dict.fromkeys(name for names in (*named, *channels, owners) for name in names if name))


def _owners(healer: Healer, dag_id: str, failures: Sequence[Failure]) -> Sequence[str]:
    """Who owns the tasks that failed, as Airflow says, the leading Dag's first, then those of the Dags that joined last; a report's
    own word would choose who is told."""
    tasks: dict[str, dict[str, None]] = {dag_id: {}}
    for failure in failures:
        tasks.setdefault(failure.key.dag_id, {})[failure.key.task_id] = None
    found = dict[str, None]()
    for name in (dag_id, *list(tasks)[1:][-(NAMED - 1) :]):
        try:
            dag = healer.airflow.dag(name)
        except HarnessError:
            continue
        named = [owner for task_id in tasks[name] for owner in dag.owners_of.get(task_id, ())]
        found |= dict.fromkeys(named or dag.owners)
    return tuple(found)


def _broken(incident: Incident, failures: Sequence[Failure]) -> str:
    """The leader's failure first, then what failed last, and how much else, of the same cause."""
    leader = diagnosed_failure(incident)
    others = [name for name in incident.failures if name != leader]
    named = ", ".join((leader, *others[-(NAMED - 1) :]))
    if len(incident.failures) <= NAMED:
        return named
    dags = len({failure.key.dag_id for failure in failures})
    return f"{named} and {len(incident.failures) - NAMED} more, in {dags} Dag(s), of the same cause"


def for_whom(contracts: Sequence[Contract]) -> str:
    """Whose data it is, and who reads it."""
    return "; ".join(
        f"{item.table} ({item.criticality}) of {item.owner.team or 'nobody named'}"
        + (f", read by {', '.join(consumer.name for consumer in item.consumers)}" if item.consumers else "")
        for item in contracts
    )


def _links(healer: Healer, incident: Incident) -> dict[str, str]:
    """The harness's page of the incident, then where it failed in Airflow."""
    return {"The incident": healer.airflow.incident_url(incident.id), **_where(healer, incident)}


def _where(healer: Healer, incident: Incident) -> dict[str, str]:
    failures = healer.store.failures(incident.id)
    diagnosed = incident.last.get(Diagnosed)
    first = next((item for item in failures if diagnosed and str(item.key) == diagnosed.failure), failures[0])
    if first.kind is FailureKind.IMPORT_ERROR:
        return {"Import errors in Airflow": healer.airflow.import_errors_url()}
    if first.kind is FailureKind.QUIET:
        return {"The Dag in Airflow": healer.airflow.dag_url(first.key.dag_id)}
    run = healer.airflow.run_url(first.key.dag_id, first.key.run_id)
    return {"The run in Airflow": run} | (
        {f"The log of {first.key.task_id}": _log(run, first.key)} if first.key.task_id else {}
    )


def _log(run_url: str, key: TryKey) -> str:
    """The page of Airflow's UI with the log of a try."""
    mapped = f"/mapped/{key.map_index}" if key.map_index >= 0 else ""
    return f"{run_url}/tasks/{quote(key.task_id, safe='')}{mapped}?try_number={key.try_number}"


def _runbooks(healer: Healer, contracts: Sequence[Contract], category: str) -> dict[str, str]:
    found = {f"Runbook of {item.table}": item.runbook for item in contracts if item.runbook}
    general = healer.limits.runbook_url.replace("{category}", category)
    return found | ({"Runbook": general} if general else {})


def _evidence(incident: Incident) -> list[str]:
    evidence, diagnosis = incident.last.get(EvidenceSeen), incident.last.get(Diagnosed)
    seen = [one_line(item["text"], EVIDENCE_LENGTH) for item in (evidence.observations if evidence else ())]
    told = diagnosis.citations if diagnosis else ()
    cited = [f"{item['source']} line {item['line']}: {one_line(item['text'], EVIDENCE_LENGTH)}" for item in told]
    return seen + [text for text, item in zip(cited, told, strict=True) if not _is_in(item["text"], seen)]


#: Characters by which a quotation is found again in what was seen: at most so many, and no fewer of a message alone.
_ALIKE, _TELLING = 80, 20


def _is_in(quoted: str, seen: Sequence[str]) -> bool:
    """Whether it stands among the evidence already: an exception is seen, and cited as what the cause was read from."""
    message = quoted.partition(": ")[2]
    words = one_line(message if len(message) >= _TELLING else quoted, EVIDENCE_LENGTH)[:_ALIKE]
    return any(words in text for text in seen)


def samples_of(failures: Sequence[Failure]) -> list[str]:
    """A few rows that failed a check; a gate keeps of them only what the contract lets leave, and masks the rest."""
    blocked = [failure.report for failure in failures if failure.report is not None][:1]
    found = [result for report in blocked for result in report["results"] if not result["passed"]]
    return [f"{result['id']}: {_row(sample)}" for result in found for sample in result.get("samples", ())[:SAMPLED]][
        :NAMED
    ]


def _row(sample: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={str(value)[:VALUE_LENGTH]}" for name, value in sample.items())


def _done(incident: Incident) -> str:
    if not incident.acts:
        return "nothing was done"
    last = incident.last
    reopened, ended, settled = last.get(Reopened), last.get(ActEnded), last.get(Settled)
    before = reopened.why if reopened else "not known how it ended"
    result, verified = ended.result if ended else before, settled.text if settled else ""
    return "; ".join(part for part in (", ".join(incident.acts), result, verified) if part)


def _verdict(incident: Incident) -> str:
    """What was decided about an act; that a person is told is no act, and the page itself says so."""
    judged = incident.last.get(Judged)
    if judged is None:
        return ""
    proposed = incident.last[Proposed]
    if proposed.action == ActionKind.ESCALATE_TO_HUMAN and judged.verdict == VerdictKind.APPROVE:
        return ""
    arguments = ", ".join(f"{name}={value}" for name, value in sorted(proposed.arguments.items()))
    rule = f"rule {judged.rule}" if judged.rule else "no rule"
    return (
        f"{proposed.action}({arguments}): {judged.verdict} ({rule}, policy {judged.policy_version}) - {judged.reason}"
    )


def _question(incident: Incident) -> dict[str, str]:
    """The question before anything else, where a person is asked."""
    if not incident.is_asked:
        return {}
    question, proposal = incident.last[Asked], incident.last[Proposed].proposal()
    zone = next(iter(zones_of(incident).values()), "")
    return {
        "you are asked to": f"{asked.may(proposal, zone)} {answer(incident.id)}",
        "if you approve": asked.after_yes(proposal, incident.last[Judged]),
        "if you refuse": asked.after_no(proposal),
        "if nobody answers": f"It counts as no. To be asked again: airflow harness incidents return {incident.id}",
        "who may answer": f"{', '.join(question.assigned)}, until {minute(question.expires)}",
    }


def minute(text: str) -> str:
    """A moment that an event keeps, for people."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return text


def own_failure(dag_id: str, run_id: str, task_id: str, incident_id: str, error: str) -> Page:
    """The page that says that the healer itself failed."""
    return Page(
        dedup_key=f"harness-self:{dag_id}:{task_id}",
        summary=f"The harness itself failed: {dag_id}.{task_id}",
        severity=PageSeverity.CRITICAL,
        source=f"airflow:{dag_id}",
        details={
            "what is broken": f"{dag_id}/{run_id}/{task_id}",
            "incident": incident_id or "none",
            "error": shorten(terminal(error), DETAIL_LENGTH),
            "you are asked to": "Look after the incident yourself; then read the log of this task.",
        },
    )
