"""What another policy would have said to past proposals."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import verify
from airflow_provider_harness.app.healing.act import act
from airflow_provider_harness.app.reports.policy_replay import past, simulate
from airflow_provider_harness.core.policy.policy import Limit, Policy, VerdictKind
from tests.unit.app.fakes import KEY, RUN, failure, policy_of, task, world
from tests.unit.app.healing.test_act import decided, due
from tests.unit.app.healing.test_followers import led, of, storm, well


def test_past_verdicts_are_judged_with_what_had_been_done_by_then() -> None:
    w = world()
    first = decided(w)
    due(w)
    act(w.healer, first, RUN)
    w.airflow.states.append(task(run_id="run2"))
    w.store.record(failure(key=replace(KEY, run_id="run2")), w.new_id())
    second = w.store.intake(w.clock(), w.store.waiting())[-1].incident_id
    assert heal.claim(w.healer, second, "heal__2")
    heal.diagnose(w.healer, second)
    heal.decide(w.healer, second)
    found = list(past(w.store.log))
    assert [(one.usage.on_incident, one.usage.on_dag_today, one.verdict) for one in found] == [
        (0, 0, "approve"),
        (0, 1, "approve"),
    ]


def test_only_verdicts_that_would_change_are_told() -> None:
    w = world()
    decided(w)
    assert simulate(policy_of(VerdictKind.APPROVE), w.store.log) == (1, [])
    count, [change] = simulate(policy_of(VerdictKind.ASK), w.store.log)
    assert (count, change.past.verdict, change.now.kind) == (1, "approve", VerdictKind.ASK)
    assert simulate(Policy(version=2, rules=()), w.store.log)[1][0].now.kind is VerdictKind.REFUSE
    assert simulate(policy_of(VerdictKind.APPROVE, Limit(per_dag_per_day=0)), w.store.log)[1]


def test_what_followed_was_judged_too_and_counts_by_its_task_and_its_dag() -> None:
    """As the store counts: a limit on the incident is one on each task of it."""
    failures = [of("a"), of("b"), of("b", "other")]
    w = storm(*failures)
    name = led(w)
    well(w, "a")
    verify.verify(w.healer, w.incident(name))
    found = list(past(w.store.log))
    assert [(one.proposal.arguments["task"], one.usage.on_incident, one.usage.on_dag_today) for one in found] == [
        ("load", 0, 0),
        ("load", 0, 0),
        ("other", 0, 1),
    ]
    assert [one.proposal.arguments["dag"] for one in found] == ["a", "b", "b"]
    now = w.store.usage(name, "b", found[1].proposal.kind, w.clock(), found[1].proposal.target)
    assert (now.on_incident, now.on_dag_today) == (1, 2)
    count, changes = simulate(policy_of(VerdictKind.APPROVE, Limit(per_dag_per_day=1)), w.store.log)
    assert (count, len(changes)) == (3, 1)
