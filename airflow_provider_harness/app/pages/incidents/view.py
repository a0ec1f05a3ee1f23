"""One incident assembled for its page: from its events and failures, and from what is known around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.oncall.page import samples_of
from airflow_provider_harness.app.oncall.subject import how_sure, zones_of
from airflow_provider_harness.app.pages.incidents import parts
from airflow_provider_harness.app.pages.incidents.question import question_of
from airflow_provider_harness.app.pages.incidents.row import Row, leading
from airflow_provider_harness.app.pages.incidents.talk import conversation, drafts
from airflow_provider_harness.app.pages.lineage import NOTHING, LineageGraph
from airflow_provider_harness.app.reports import timeline
from airflow_provider_harness.app.reports.policy_replay import past
from airflow_provider_harness.app.reports.postmortem import Story, headline, sections
from airflow_provider_harness.core.diagnosis.context import Line
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.incidents.events import (
    ActEnded,
    ActStarted,
    Cited,
    Diagnosed,
    Event,
    EvidenceSeen,
    Followed,
    Joined,
    Judged,
    ModelAnswered,
    ModelAsked,
    RunSettled,
    Settled,
)
from airflow_provider_harness.core.incidents.incident import Incident, State, Status
from airflow_provider_harness.core.policy.explain import explain
from airflow_provider_harness.core.policy.policy import Policy
from airflow_provider_harness.core.slices.local import with_local_day

#: Failures that a page lists; a storm has more.
LISTED = 50
#: Characters of an error that a page shows.
ERROR_LENGTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known beside the incident's own events.

    :param may: what the caller may do.
    :param readable: Dags whose failures may be named; None = all.
    :param failed_before: check -> whether it failed on the slice before; empty where no earlier slice is known.
    :param signed: its place in the chain.
    :param policy: that of today; None where it cannot be read.
    """

    now: datetime
    row: Row
    healer_dag_id: str
    may: parts.May = field(default_factory=parts.May)
    readable: frozenset[str] | None = None
    failed_before: Mapping[str, bool] = field(default_factory=dict)
    similar: Sequence[Row] = ()
    lineage: LineageGraph = NOTHING
    policy: Policy | None = None
    signed: parts.Signed


def view(story: Story, around: Around) -> parts.IncidentView:
    """Everything that the incident's page shows; of failures that may not be read, how many there are and nothing else."""
    hidden = len(story.failed) - len(_of(story.failed, around.readable))
    story = replace(story, failures=_of(story.failures, around.readable))
    incident, told = story.incident, dict(sections(story))
    lead = lead_of(story)
    return parts.IncidentView(
        row=around.row,
        may=around.may,
        headline=headline(story),
        next=told.get("What to do next", ()),
        actions=actions(incident),
        question=question_of(story, around.healer_dag_id, around.now),
        broke=_broke(story, lead, hidden),
        published=told.get("What stands published", ()),
        whom=told.get("For whom", ()),
        cause=_cause(incident),
        evidence=_evidence(story, lead),
        gate=_gate(lead, around.failed_before),
        schema=_schema(incident, lead),
        verdict=_verdict(story, around.policy),
        acts=_acts(story.events),
        verification=_verified(story.events),
        timeline=_timeline(story.events, around.readable),
        lineage=around.lineage,
        same_cause=_same_cause(story.failed),
        similar=[_similar(row) for row in around.similar],
        model=_model(story),
        conversation=conversation(story.events),
        drafts=drafts(story),
        audit=around.signed,
        commands=commands(incident),
        now=around.now,
    )


def _of(failures: Sequence[Failure], dags: Collection[str] | None) -> Sequence[Failure]:
    """Those of these Dags; None = of all."""
    return [one for one in failures if dags is None or one.key.dag_id in dags]


def lead_of(story: Story) -> Failure | None:
    """The failure that the incident is looked at by: the diagnosed one, else the first that has a report of a gate."""
    named = leading(story.incident)
    found = [one for one in story.failed if named in (str(one.key), one.identity)]
    return next(iter(found or story.failed), None)


def actions(incident: Incident) -> list[str]:
    """What a person can do with the incident where it stands."""
    closed = incident.state is State.CLOSED
    can = {
        "take": not closed and incident.state is not State.TAKEN,
        "return": incident.state is State.TAKEN or incident.with_a_person,
        "acknowledge": incident.is_open,
        "resolve": incident.status is not Status.RESOLVED and incident.is_open,
    }
    return [name for name, possible in can.items() if possible]


def commands(incident: Incident) -> dict[str, str]:
    """What shows the incident, and what does the same as its ``actions``, on the command line."""
    forms = {"show": "show {} --all", "acknowledge": "ack {}", "resolve": "resolve {} --why TEXT"}
    names = ("show", *actions(incident))
    return {name: f"airflow harness incidents {forms.get(name, f'{name} {{}}').format(incident.id)}" for name in names}


def _broke(story: Story, lead: Failure | None, hidden: int) -> parts.Broke:
    ordered = sorted(story.failed, key=lambda one: one is not lead)
    zones = zones_of(story.incident)
    return parts.Broke(
        failures=[_failed(one, zones, leading=one is lead) for one in ordered[:LISTED]],
        more=max(0, len(ordered) - LISTED),
        hidden=hidden,
        not_known=lead.missing if lead else (),
    )


def _failed(failure: Failure, zones: Mapping[str, str], *, leading: bool) -> parts.Failed:
    key, report = failure.key, failure.report or {}
    table = str(report.get("table") or failure.table)
    slice_id = str(report.get("slice") or failure.slice_id or "")
    zone = zones.get(table) or next(iter(zones.values()), "")
    last = failure.chain[-1] if failure.chain else None
    said = f"{last.type}: {last.message}" if last else failure.detail.get("text", "")
    return parts.Failed(
        key=str(key),
        dag_id=key.dag_id,
        run_id=key.run_id,
        task_id=key.task_id,
        map_index=key.map_index,
        try_number=key.try_number,
        kind=failure.kind.value,
        at=failure.occurred_at,
        operator=failure.operator,
        table=table,
        slice=slice_id,
        slice_day=with_local_day(slice_id, zone) if slice_id else "",
        error=said[:ERROR_LENGTH],
        leading=leading,
    )


def _cause(incident: Incident) -> parts.Cause | None:
    body, seen = incident.last.get(Diagnosed), incident.last.get(EvidenceSeen)
    if body is None:
        return None
    return parts.Cause(
        category=body.category,
        sentence=body.cause,
        basis=body.basis,
        certainty=body.certainty,
        how_sure=how_sure(body),
        why=body.why,
        alternatives=tuple(body.alternatives),
        against=tuple(body.against or ()),
        connections=dict(seen.connections or {}) if seen else {},
    )


def _evidence(story: Story, lead: Failure | None) -> parts.Shown:
    seen, diagnosed = story.incident.last.get(EvidenceSeen), story.incident.last.get(Diagnosed)
    cited = [_line(item, cited=True) for item in (diagnosed.citations if diagnosed else ())]
    around = [_line(item) for item in ((seen.context or ()) if seen else ())]
    lines = {(one.source, one.line): one for one in (*around, *(one for one in cited if one.line > 0))}
    place = None
    if lead is not None and lead.key.task_id:
        place = parts.LogPlace(
            dag_id=lead.key.dag_id,
            run_id=lead.key.run_id,
            task_id=lead.key.task_id,
            map_index=lead.key.map_index,
            try_number=lead.key.try_number,
        )
    observed = seen.observations if seen else ()
    return parts.Shown(
        observations=[parts.Observed(source=one["source"], text=one["text"]) for one in observed],
        log=[lines[key] for key in sorted(lines)],
        citations=cited,
        facts=dict(seen.facts) if seen else {},
        samples=samples_of(story.failures),
        log_in_airflow=place,
    )


def _line(item: Cited | Line, *, cited: bool = False) -> parts.LogLine:
    return parts.LogLine(source=item["source"], line=item["line"], text=item["text"], cited=cited)


def _gate(lead: Failure | None, failed_before: Mapping[str, bool]) -> parts.GateShown | None:
    report = lead.report if lead else None
    if report is None:
        return None
    checks = sorted(report["results"], key=lambda one: (bool(one["passed"]), not one.get("blocking", False)))
    names = ("table", "slice", "where", "decision", "contract", "contract_version")
    return parts.GateShown(
        **{name: str(report.get(name, "")) for name in names},
        rows=int(report.get("rows", 0)),
        malformed=int(report.get("malformed", 0)),
        checks=[_check(one, failed_before) for one in checks],
    )


def _check(result: Mapping[str, Any], failed_before: Mapping[str, bool]) -> parts.CheckShown:
    before = failed_before.get(str(result["id"]))
    history = "unknown" if before is None or result["passed"] else "failing_before" if before else "new"
    texts = ("id", "kind", "severity", "expected", "actual", "look_at", "error")
    return parts.CheckShown(
        **{name: str(result.get(name, "")) for name in texts},
        columns=tuple(result.get("columns", ())),
        passed=bool(result["passed"]),
        blocking=bool(result.get("blocking", False)),
        failing=result.get("failing"),
        share=result.get("share"),
        history=history,
        samples=[", ".join(f"{name}={value}" for name, value in one.items()) for one in result.get("samples", ())],
    )


def _schema(incident: Incident, lead: Failure | None) -> parts.SchemaShown | None:
    diff, seen = lead.schema_diff if lead else None, incident.last.get(EvidenceSeen)
    if diff is None:
        return None
    texts = ("kind", "column", "expected", "found", "ddl", "renamed_to", "why")
    changes = [
        parts.ChangeShown(**{name: str(one.get(name, "")) for name in texts}, blocking=bool(one.get("blocking", False)))
        for one in diff.get("changes", ())
    ]
    return parts.SchemaShown(
        **{name: str(diff.get(name, "")) for name in ("side", "table", "published", "sentence")},
        blocking=bool(diff.get("blocking", False)),
        place=(seen.place or "") if seen else "",
        ddl=tuple(map(str, diff.get("ddl", ()))),
        changes=changes,
    )


def _verdict(story: Story, policy: Policy | None) -> parts.VerdictShown | None:
    judged = [one for one in past(story.events) if not one.followed]
    if not judged:
        return None
    case, body = judged[-1], story.all(Judged)[-1]
    found = explain(policy, case.proposal, case.facts, case.usage) if policy else None
    same = found is not None and found.verdict.policy_version == body.policy_version
    return parts.VerdictShown(
        action=case.proposal.kind.value,
        arguments={str(name): str(value) for name, value in case.proposal.arguments.items()},
        verdict=case.verdict,
        rule=case.rule,
        reason=case.reason,
        policy_version=body.policy_version,
        acting=body.acting is not False,
        facts=dict(case.facts),
        rules=[parts.RuleSaid(rule=one.rule, decides=one.decides, why=one.why) for one in found.rules] if found else (),
        others=found.others if found else 0,
        explained="the same policy"
        if same
        else "with the policy of today"
        if found
        else "the policy cannot be read here",
    )


def _acts(events: Sequence[Event]) -> list[parts.ActShown]:
    found: list[parts.ActShown] = []
    for event in events:
        body = event.body
        if isinstance(body, ActStarted):
            found.append(parts.ActShown(act=body.act, started_at=event.at, ended_at=None, result=""))
        elif isinstance(body, ActEnded) and found:
            found[-1] = replace(found[-1], ended_at=event.at, result=body.result)
    return found


def _verified(events: Sequence[Event]) -> list[parts.Verified]:
    return [
        parts.Verified(
            at=event.at,
            outcome=event.body.outcome.value,
            text=event.body.text,
            gates=[
                parts.VerifiedGate(table=gate["table"], slice=gate["slice"], passed=gate["passed"], text=gate["text"])
                for gate in event.body.gates
            ],
        )
        for event in events
        if isinstance(event.body, Settled)
    ]


def _named(event: Event) -> str:
    """The Dag of the failure or run that an event names, where it may be another one than the incident's."""
    body = event.body
    named = body.failure if isinstance(body, Joined | Followed) else body.run if isinstance(body, RunSettled) else ""
    return named.partition("/")[0]


def _timeline(events: Sequence[Event], readable: Collection[str] | None) -> list[parts.Step]:
    found = []
    for event in events:
        named = _named(event)
        if readable is not None and named and named not in readable:
            continue
        word, _, text = timeline.sentence(event).partition(": ")
        by = str(getattr(event.body, "by", "") or "")
        found.append(parts.Step(at=event.at, kind=event.kind.value, word=word, text=text, by=by))
    return found


def _same_cause(shown: Sequence[Failure]) -> list[parts.SameCause]:
    counted = Counter((one.key.dag_id, one.key.run_id, one.key.task_id) for one in shown)
    return [
        parts.SameCause(dag_id=dag_id, run_id=run_id, task_id=task_id, failures=number)
        for (dag_id, run_id, task_id), number in counted.most_common(LISTED)
    ]


def _similar(row: Row) -> parts.Similar:
    well = row.outcome in ("healed", "recovered") and row.acts
    return parts.Similar(
        id=row.id,
        name=row.name,
        opened_at=row.opened_at,
        title=row.title,
        outcome=row.outcome,
        helped=row.acts[-1] if well else "",
    )


def _model(story: Story) -> parts.ModelShown:
    cost = sum(body.cost_usd for body in story.all(ModelAnswered))
    return parts.ModelShown(asked=len(story.all(ModelAsked)), cost_usd=round(cost, 6))
