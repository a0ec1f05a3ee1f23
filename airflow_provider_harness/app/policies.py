"""What a policy would have said to what was proposed before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from airflow_provider_harness.core.action import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.evidence import Fact
from airflow_provider_harness.core.incident import Event, EventKind
from airflow_provider_harness.core.policy import Policy, Usage, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A verdict that was given, and everything that it was given for.

    :param usage: what had been done by then.
    """

    incident_id: str
    at: str
    proposal: Proposal
    facts: Mapping[str, Fact]
    usage: Usage
    verdict: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A past verdict that would be another one."""

    past: Past
    now: Verdict


def past(events: Iterable[Event]) -> Iterator[Past]:
    """Every verdict of the chain, oldest first.

    :param events: of all incidents, in the order in which they happened.
    """
    proposed: dict[str, Mapping[str, Any]] = {}
    on_incident: Counter[tuple[str, str]] = Counter()
    on_dag: Counter[tuple[str, str, date]] = Counter()
    for event in events:
        if event.kind is EventKind.PROPOSED:
            proposed[event.incident_id] = event.body
        elif event.kind is EventKind.ACT_STARTED:
            body = proposed[event.incident_id]
            on_incident[event.incident_id, body["action"]] += 1
            on_dag[str(body["arguments"].get(Parameter.DAG)), body["action"], event.at.date()] += 1
        elif event.kind is EventKind.JUDGED:
            body = proposed[event.incident_id]
            dag_id = str(body["arguments"].get(Parameter.DAG))
            yield Past(
                incident_id=event.incident_id,
                at=event.at.isoformat(timespec="seconds"),
                proposal=proposal_of(body),
                facts=body["facts"],
                usage=Usage(
                    on_incident=on_incident[event.incident_id, body["action"]],
                    on_dag_today=on_dag[dag_id, body["action"], event.at.date()],
                ),
                verdict=event.body["verdict"],
                rule=event.body["rule"],
                reason=event.body["reason"],
            )


def proposal_of(body: Mapping[str, Any]) -> Proposal:
    """A proposal as an event keeps it."""
    arguments = {Parameter(name): value for name, value in body["arguments"].items()}
    return Proposal(kind=ActionKind(body["action"]), arguments=arguments, why=body["why"])


def simulate(policy: Policy, events: Iterable[Event]) -> tuple[int, list[Change]]:
    """How many past verdicts were judged again, and those that the policy would change."""
    count, changes = 0, []
    for one in past(events):
        count += 1
        now = policy.judge(one.proposal, one.facts, one.usage)
        if now.kind != one.verdict:
            changes.append(Change(past=one, now=now))
    return count, changes
