"""Drafts for people: parsed, planned where that may be, kept as a suggestion, and read in the incident; nothing runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from airflow_provider_harness.adapters.model.drafts import Drafting
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing import model_proposals
from airflow_provider_harness.app.oncall.drafts import contract_change
from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.app.reports.postmortem import first_screen, postmortem
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor
from tests.unit.app.fakes import RUN, failure, opened, world
from tests.unit.core.contracts.test_schema import CONTRACT, SAME, relation

SOURCE = "import airflow\n\ntoken = 'hunter2-of-the-vault'\n\n\ndef load(rows):\n    return rows['id']\n"
FIX = {
    "of": "dag_source",
    "first_line": 7,
    "last_line": 7,
    "new_text": "    return rows['key']",
    "why": "The column is named key.",
}
QUERY = FIX | {"of": "query", "new_text": "SELECT key FROM orders"}


def draft(
    given: Mapping[str, Any], plan: Any = None, query: str = "SELECT id FROM orders"
) -> tuple[str, list[ModelProposal]]:
    kept: list[ModelProposal] = []
    drafting = Drafting(
        source=lambda: SOURCE,
        query=lambda: query,
        plan=plan,
        keep=kept.append,
        redactor=Redactor(secrets=("hunter2-of-the-vault",)),
    )
    return drafting.tool().read(given), kept


def test_a_change_of_the_source_is_parsed_and_kept_as_a_difference() -> None:
    said, [kept] = draft(FIX)
    assert "nobody executes it" in said and "Python that can be parsed; it was not run" in kept.draft["checked"]
    assert "-    return rows['id']\n+    return rows['key']" in kept.draft["diff"]


DAG_FILE = """import requests
from airflow.sdk import dag, task


@dag(schedule="@daily", start_date=None)
def shop():
    @task
    def load():
        requests.get("https://api.example.com/orders", timeout=30)

    load()


shop()
"""
CALL = '        requests.get("https://api.example.com/orders")'


def test_a_draft_is_checked_as_a_dag_file_and_its_new_findings_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.unit.adapters.model.test_drafts.SOURCE", DAG_FILE)
    given = FIX | {"first_line": 9, "last_line": 9}
    said, [worse] = draft(given | {"new_text": CALL})
    assert "airflow harness check finds" in said and "New: " in said and "timeout" in worse.draft["checked"]
    _, [hidden] = draft(given | {"new_text": f"{CALL}  # harness: ignore"})
    assert "New: " in hidden.draft["checked"], "a comment in a draft keeps nothing quiet"
    _, [same] = draft(given | {"new_text": DAG_FILE.splitlines()[8].replace("30", "20")})
    assert "New: " not in same.draft["checked"] and "Gone: " not in same.draft["checked"]


def test_no_secret_of_the_source_is_in_a_draft() -> None:
    _, [kept] = draft(FIX | {"first_line": 4, "last_line": 4, "new_text": "# 'hunter2-of-the-vault'"})
    assert "hunter2" not in str(kept) and "***" in kept.draft["diff"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (FIX | {"new_text": "    return rows['key'"}, "would not be Python any more"),
        (FIX | {"last_line": 99}, "1 to 7"),
        (FIX | {"new_text": "    return rows['id']"}, "changes nothing"),
        (FIX | {"new_text": "x" * 9_000}, "8000 characters"),
        (QUERY | {"new_text": "SELECT FROM WHERE )"}, "it cannot be parsed as SQL"),
    ],
)
def test_what_does_not_hold_is_refused(given: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        draft(given)


def test_a_query_is_planned_where_that_is_open() -> None:
    _, [kept] = draft(QUERY, plan=lambda sql: f"Seq Scan of {sql}")
    assert "without running it:\nSeq Scan of SELECT key FROM orders" in kept.draft["checked"]
    _, [kept] = draft(QUERY)
    assert "opened no warehouse" in kept.draft["checked"]

    def refuses(_: str) -> str:
        raise HarnessUnavailable("The warehouse", 'column "key" does not exist')

    _, [kept] = draft(QUERY, plan=refuses)
    assert 'not planned: The warehouse is unavailable: column "key" does not exist' in kept.draft["checked"]
    with pytest.raises(ValueError, match="renders no SQL"):
        draft(QUERY, query="")


def test_it_stands_in_the_incident_and_does_nothing() -> None:
    w = world()
    incident_id = opened(w)
    assert heal.claim(w.healer, incident_id, RUN)
    _, [kept] = draft(FIX)
    model_proposals.judge_proposal(w.healer, failure(), Evidence(), kept)
    for tell in (postmortem, first_screen):
        said = "\n".join(tell(incident_id, w.store.events(incident_id), w.store.failures(incident_id)))
        assert (
            "A model's draft for the Dag's file, a suggestion that nobody has executed: The column is named key."
            in said
        )
        assert tell is first_screen or "+    return rows['key']" in said
    assert w.airflow.writes == []


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((*SAME, ("extra", "text")), "+   - name: extra\n+     physicalType: text"),
        (
            (SAME[0], ("air_time", "bigint"), SAME[2]),
            "    - name: air_time\n-     physicalType: integer\n+     physicalType: bigint",
        ),
        ((SAME[0], SAME[2]), "-   - name: air_time\n-     physicalType: integer"),
        ((SAME[0], ("airtime", "integer"), SAME[2]), "-   - name: air_time\n+   - name: airtime"),
    ],
)
def test_a_contract_that_would_follow_its_source(columns: tuple[tuple[str, str], ...], told: str) -> None:
    drift = failure(schema_diff=compare(CONTRACT, relation(*columns), Side.SOURCE).as_dict())
    said = contract_change([drift])
    assert said.startswith("The change of the contract, a suggestion that nobody has executed:") and told in said


def test_where_the_table_differs_the_contract_stays() -> None:
    drift = failure(schema_diff=compare(CONTRACT, relation(*SAME, ("extra", "text")), Side.TARGET).as_dict())
    assert contract_change([drift]) == contract_change([failure()]) == ""
