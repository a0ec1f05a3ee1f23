"""What lineage, contract and administrator say reaches the policy, where it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.core.contracts.contract import Contract, Criticality
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Fact
from airflow_provider_harness.core.incidents.events import Proposed
from airflow_provider_harness.core.incidents.maintenance import Maintenance, Window
from tests.unit.app.fakes import RUN, Scripted, diagnosis, opened, world


@pytest.mark.parametrize("known", [{"downstream_tables": 4, "upstream_incidents": 0}, {}])
def test_the_policy_judges_by_the_lineage_where_it_is_known(known: dict[str, Fact]) -> None:
    w = world(brain=Scripted(diagnosis(), Evidence(facts={"try_number": 99, **known})))
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    facts = w.incident(incident_id).last[Proposed].facts
    names = ("downstream_tables", "upstream_incidents")
    assert {name: facts[name] for name in names if name in facts} == known
    assert facts["try_number"] == 1


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
