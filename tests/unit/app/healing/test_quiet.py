"""A quiet failure is an incident without a failed task: a person is told, and nothing is ever run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.evidence.airflow import AirflowEvidence
from airflow_provider_harness.app.healing import act
from airflow_provider_harness.app.healing.diagnose import claim, decide, diagnose
from airflow_provider_harness.app.healing.intake import group_failures
from airflow_provider_harness.app.oncall.escalate import settle
from airflow_provider_harness.core.contracts.contract import Contract, Criticality, Owner
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.unit.app.fakes import START, World, failure, policy_of, world

RUN = "heal__x__1"


def quiet(day: str = "20261102T000000Z", **more: object) -> Failure:
    told = {
        "quiet": "doubled",
        "text": f"public.payments slice {day}: 50.0% of the rows repeat a key, usually 0.0%, and 2 times of the usual rows",
        "contract": "payments.yaml",
        "table": "public.payments",
        "conn_id": "warehouse",
        "roots": "postgres://crm/db.orders",
    }
    given: dict[str, object] = {
        "key": TryKey(dag_id="payments", run_id="watch__warehouse.public.payments", task_id=""),
        "kind": FailureKind.QUIET,
        "origin": Origin.RECONCILER,
        "occurred_at": START,
        "slice_id": day,
        "detail": told,
        "writes": ("watched:warehouse/public.payments",),
    }
    return Failure(**given | more)  # type: ignore[arg-type]


def healed(w: World) -> str:
    """The incident, after a healer run that went as far as it can."""
    w.store.found(quiet(), w.new_id())
    group_failures(w.healer)
    [incident] = w.store.open_incidents()
    w.airflow.healing.add(RUN)
    healer = replace(w.healer, diagnoser=RuleDiagnoser(), evidence=AirflowEvidence(w.airflow, Redactor()))
    assert claim(healer, incident.id, RUN)
    found = diagnose(healer, incident.id)
    assert (found.category, found.basis) == (Category.DUPLICATE_DATA, Basis.FACT)
    assert "repeat a key" in found.cause
    assert "postgres://crm/db.orders" in found.why
    decide(healer, incident.id)
    act.act(healer, incident.id, RUN)
    settle(healer, w.incident(incident.id))
    return incident.id


def test_a_person_is_told_whose_table_it_is_and_what_the_numbers_say() -> None:
    w = world(policy=policy_of(VerdictKind.APPROVE))
    w.promises.contracts["payments.yaml"] = Contract(
        id="p",
        version="1",
        name="payments",
        table="public.payments",
        columns=(),
        criticality=Criticality.CRITICAL,
        owner=Owner(team="finance"),
    )
    healed(w)
    assert w.airflow.writes == [], "even where the policy approves everything"
    [page] = w.pager.pages
    said = " ".join(page.details.values())
    assert "public.payments" in page.summary + said
    assert "finance" in said
    assert "No task failed" in said


def test_the_next_quiet_slice_of_a_table_joins_the_incident_in_hand() -> None:
    w = world()
    first = healed(w)
    w.clock.ahead(days=3)
    w.store.found(quiet("20261105T000000Z", occurred_at=START + timedelta(days=3)), w.new_id())
    group_failures(w.healer)
    assert [one.slice_id for one in w.store.failures(first)] == ["20261102T000000Z", "20261105T000000Z"]


@pytest.mark.attack
def test_a_task_cannot_tell_of_a_quiet_failure() -> None:
    w = world()
    w.store.record(quiet(origin=Origin.CALLBACK), w.new_id())
    group_failures(w.healer)
    assert w.store.open_incidents() == []


def test_a_failed_task_that_reads_the_table_has_an_incident_of_its_own() -> None:
    w = world()
    healed(w)
    w.store.record(failure(reads=("warehouse/public.payments",)), w.new_id())
    group_failures(w.healer)
    assert len({one.id for one in (*w.store.open_incidents(), *w.store.awaiting_person())}) == 2
