"""What lineage, contract and administrator say reaches the policy, where it is known."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.core.contracts.contract import Contract, Criticality
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Fact
from airflow_provider_harness.core.incidents.events import Proposed
from airflow_provider_harness.core.incidents.maintenance import Maintenance, Window
from airflow_provider_harness.core.policy.policy import LINEAGE_FACTS
from tests.unit.app.fakes import RUN, Scripted, diagnosis, opened, world


@pytest.mark.parametrize("known", [{"downstream_tables": 4, "upstream_incidents": 0}, {}])
def test_the_policy_judges_by_the_lineage_where_it_is_known(known: dict[str, Fact]) -> None:
    facts = judged_by(known, "PostgresLoadOperator")
    assert {name: facts[name] for name in LINEAGE_FACTS if name in facts} == known
    assert facts["try_number"] == 1


@pytest.mark.attack
@pytest.mark.parametrize("operator", ["", "PythonOperator"])
def test_what_was_told_of_a_task_that_tells_nothing_itself_is_not_known(operator: str) -> None:
    """Only operators of the harness tell what they read and write, and which one it is Airflow says."""
    facts = judged_by({"downstream_tables": 0, "upstream_incidents": 0}, operator)
    assert not set(LINEAGE_FACTS) & set(facts)


@pytest.mark.attack
def test_what_was_told_of_a_task_that_never_succeeded_is_not_known() -> None:
    """It tells when it succeeds: a number that somebody else made known of it would pass a rule that refuses what is not known."""
    told: dict[str, Fact] = {"downstream_tables": 0, "upstream_incidents": 0}
    facts = judged_by(told, "PostgresLoadOperator", never={("flights", "load")})
    assert not set(LINEAGE_FACTS) & set(facts)


def judged_by(known: dict[str, Fact], operator: str, never: Set[tuple[str, str]] = frozenset()) -> dict[str, Fact]:
    """What the policy judged a failure of such a task by.

    :param never: Dag and task that never succeeded.
    """
    w = world(brain=Scripted(diagnosis(), Evidence(facts={"try_number": 99, **known})))
    w.airflow.never_succeeded = set(never)
    incident_id = opened(w)
    w.airflow.states = [replace(state, operator=operator) for state in w.airflow.states]
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    return dict(w.incident(incident_id).last[Proposed].facts)


@pytest.mark.parametrize("open_now", [True, False])
def test_the_policy_judges_by_what_contract_and_administrator_say(open_now: bool) -> None:
    w = world()
    table = Contract(id="t", version="1", name="t", table="public.t", columns=(), criticality=Criticality.CRITICAL)
    w.gates.contracts = {"flights": table}
    window = Window(
        start=w.clock(), end=w.clock() + timedelta(hours=1), dags=frozenset({"flights"} if open_now else "x")
    )
    limits = replace(w.healer.limits, environment="staging", maintenance=Maintenance(windows=(window,)))
    healer, incident_id = replace(w.healer, limits=limits), opened(w)
    heal.claim(healer, incident_id, RUN)
    heal.diagnose(healer, incident_id)
    heal.decide(healer, incident_id)
    facts = w.incident(incident_id).last[Proposed].facts
    told = {name: facts[name] for name in ("environment", "criticality", "maintenance", "owners", "tags", "time")}
    assert told == {
        "environment": "staging",
        "criticality": "critical",
        "maintenance": open_now,
        "owners": ("team",),
        "tags": ("harness",),
        "time": w.clock().isoformat(),
    }
