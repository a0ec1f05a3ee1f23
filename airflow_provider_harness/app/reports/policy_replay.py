"""What a policy would have said to what was proposed before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from airflow_provider_harness.core.actions import Parameter, Proposal
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.incidents.events import ActStarted, Event, Followed, Judged, Proposed
from airflow_provider_harness.core.policy.policy import Policy, Usage, Verdict, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVerdict:
    """A verdict that was given, and everything that it was given for.

    :param usage: what had been done by then.
    :param followed: it was about another failed task of the incident, after the leader's heal.
    """

    incident_id: str
    at: str
    proposal: Proposal
    facts: Mapping[str, Fact]
    usage: Usage
    verdict: str
    rule: str
    reason: str
    followed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A past verdict that would be another one."""

    past: PastVerdict
    now: Verdict


def past(events: Iterable[Event]) -> Iterator[PastVerdict]:
    """Every verdict of the chain, oldest first.

    :param events: of all incidents, in the order in which they happened.
    """
    proposed: dict[str, Proposal] = {}
    facts: dict[str, Mapping[str, Fact]] = {}
    done: Counter[tuple[str, ...]] = Counter()
    for event in events:
        name, body = event.incident_id, event.body
        if isinstance(body, Proposed):
            proposed[name], facts[name] = body.proposal(), body.facts
        elif isinstance(body, Judged):
            yield _judged(event, body, proposed[name], facts[name], done)
        elif isinstance(body, ActStarted):
            done.update(_counted(event, proposed[name]))
        elif isinstance(body, Followed) and body.facts is not None and (proposal := body.proposal()) is not None:
            yield _judged(event, body, proposal, body.facts, done)
            if body.verdict == VerdictKind.APPROVE:
                done.update(_counted(event, proposal))


def _counted(event: Event, proposal: Proposal) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an act counts against: its target in the incident, and its Dag that day."""
    dag_id, day = proposal.arguments.get(Parameter.DAG, ""), event.at.date().isoformat()
    return (event.incident_id, proposal.kind, proposal.target), (dag_id, proposal.kind, day)


def _judged(
    event: Event,
    said: Judged | Followed,
    proposal: Proposal,
    facts: Mapping[str, Fact],
    done: Mapping[tuple[str, ...], int],
) -> PastVerdict:
    on_incident, on_dag = _counted(event, proposal)
    return PastVerdict(
        incident_id=event.incident_id,
        at=event.at.isoformat(timespec="seconds"),
        proposal=proposal,
        facts=facts,
        usage=Usage(on_incident=done.get(on_incident, 0), on_dag_today=done.get(on_dag, 0)),
        verdict=said.verdict,
        rule=said.rule,
        reason=said.reason,
        followed=isinstance(said, Followed),
    )


def simulate(policy: Policy, events: Iterable[Event]) -> tuple[int, list[Change]]:
    """How many past verdicts were judged again, and those that the policy would change."""
    count, changes = 0, []
    for one in past(events):
        count += 1
        now = policy.judge(one.proposal, one.facts, one.usage)
        if now.kind != one.verdict:
            changes.append(Change(past=one, now=now))
    return count, changes
