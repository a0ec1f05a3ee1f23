"""What the lineage says of a failed task reaches the policy, where it is known."""

from __future__ import annotations

import pytest

from airflow_provider_harness.app import heal
from airflow_provider_harness.core.evidence import Evidence, Fact
from airflow_provider_harness.core.incident import EventKind
from tests.unit.app.fakes import RUN, Scripted, diagnosis, opened, world


@pytest.mark.parametrize("known", [{"downstream_tables": 4, "upstream_incidents": 0}, {}])
def test_the_policy_judges_by_the_lineage_where_it_is_known(known: dict[str, Fact]) -> None:
    w = world(brain=Scripted(diagnosis(), Evidence(facts={"try_number": 99, **known})))
    incident_id = opened(w)
    heal.claim(w.healer, incident_id, RUN)
    heal.diagnose(w.healer, incident_id)
    heal.decide(w.healer, incident_id)
    facts = w.incident(incident_id).last[EventKind.PROPOSED]["facts"]
    names = ("downstream_tables", "upstream_incidents")
    assert {name: facts[name] for name in names if name in facts} == known
    assert facts["try_number"] == 1
