"""What the dossier says of the past, and of what it could not read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_provider_harness.adapters.evidence.history import RUNS, HistoryEvidence, changes
from airflow_provider_harness.app.ports.diagnosis import PastTry
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Source
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.circuit_breaker import IncidentSummary
from airflow_provider_harness.core.incidents.events import Outcome
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.gate_run import Place, StoredCheck, StoredGate
from tests.unit.app.fakes import KEY, FakeAirflow, failure, task

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def past(day: int, state: str, version: int | None = 3, seconds: float | None = 10.0, **more: Any) -> PastTry:
    due = datetime(2026, 11, day, tzinfo=UTC)
    given = {"run_id": f"r{day}", "map_index": -1, "try_number": 1, "started_at": due} | more
    return PastTry(state=state, run_after=due, seconds=seconds, dag_version=version, **given)


MINE = past(20, "failed", 4, 2.0, run_id=KEY.run_id)


def gate(slice_id: str, decision: Decision = Decision.QUARANTINE) -> StoredGate:
    checks = (
        StoredCheck(
            id="amount", kind="range", value=3.0, passed=False, flagged=False, error="", severity="error", share=0.25
        ),
        StoredCheck(
            id="fresh", kind="freshness", value=7200, passed=True, flagged=False, error="", severity="error", share=None
        ),
    )
    given: dict[str, Any] = dict.fromkeys(("contract", "contract_version", "conn_id", "task"), "x")
    return StoredGate(
        **given,
        table="public.flights",
        slice=slice_id,
        at=AT,
        place=Place.STAGING,
        rows=12,
        malformed=0,
        decision=decision,
        milliseconds={},
        measured_at=AT,
        checks=checks,
    )


class Airflow(FakeAirflow):
    tries: Sequence[PastTry] = ()
    away = False

    def past_tries(self, dag_id: str, task_id: str, limit: int) -> Sequence[PastTry]:
        assert (dag_id, task_id, limit) == ("flights", "load", RUNS)
        if self.away:
            raise HarnessUnavailable("Airflow's API", "password=hunter2hunter2")
        return self.tries


class Incidents:
    def __init__(self, *items: IncidentSummary, acts: tuple[str, ...] = ()) -> None:
        self.items, self.acts = items, acts

    def past(self, since: datetime) -> Sequence[IncidentSummary]:
        return [item for item in self.items if item.opened_at >= since]

    def incident(self, incident_id: str) -> Incident:
        return Incident(id=incident_id, acts=self.acts)


class Inner:
    def collect(self, failure: Failure) -> Evidence:
        return Evidence(facts={"try_number": 1}, unavailable=("x",))


def collected(
    airflow: Airflow, incidents: Incidents | None = None, gates: Sequence[StoredGate] = (), **more: Any
) -> Evidence:
    def quality(table: str, slices: int) -> Sequence[StoredGate]:
        assert table == "public.flights"
        return gates

    history = HistoryEvidence(
        inner=Inner(),
        airflow=airflow,
        incidents=incidents or Incidents(),
        quality=quality,
        late_from=lambda state, facts: more.get("late"),
        read=lambda log: more.get("cause", "lock_contention"),
        redactor=Redactor(),
        now=lambda: AT,
    )
    return history.collect(more.get("failure") or failure())


def told(evidence: Evidence, source: Source) -> list[tuple[str, bool]]:
    return [(item.text, item.trusted) for item in evidence.observations if item.source is source]


def with_table() -> Airflow:
    return Airflow(states=[task(rendered={"table": "public.flights", "slice_key": "s1"})])


def test_the_last_green_run_against_the_first_red_one() -> None:
    airflow = Airflow()
    airflow.tries = [past(21, "success"), MINE, past(19, "failed", 4), past(18, "success", 3, 12.0), past(17, "failed")]
    assert told(collected(airflow), Source.HISTORY) == [
        (
            "last green run: due 2026-11-18 00:00 UTC, Dag version 3; first red run since: due 2026-11-19 00:00 UTC, "
            "Dag version 4; 2 red in a row; the Dag has changed in between",
            True,
        ),
        ("this try ran 2.0 s; 2 green ones took 11.0 s (median)", True),
    ]


def test_what_of_the_past_is_not_known_is_said() -> None:
    assert list(changes([past(19, "success")], KEY)) == ["this run is not among the last 30 of its Dag"]
    assert list(changes([MINE, past(19, "failed")], KEY)) == ["no green run of this task before this one, among 2"]
    [unknown, _] = changes([MINE, past(19, "success", None)], KEY)
    assert "whether the Dag changed in between is not known" in unknown and "Dag version not known" in unknown
    [same, _] = changes([MINE, past(19, "success", 4)], KEY)
    assert "the Dag is the same version" in same and "1 red in a row" in same
    other = replace(MINE, map_index=3)
    assert list(changes([other], KEY)) == ["this run is not among the last 30 of its Dag"]


def test_gates_of_the_slice_are_somebodys_text_and_say_what_was_quarantined() -> None:
    evidence = collected(with_table(), gates=[gate("s0", Decision.BLOCK), gate("s1")])
    assert told(evidence, Source.REPORT) == [
        (
            "gate of public.flights, slice s1, staging, 2026-11-21 12:00 UTC: quarantine (12 rows, 0 malformed); "
            "failed: amount (range, error, found 3 in 25.00% of rows); age 7200 s",
            False,
        )
    ]


def test_freshness_by_the_contract() -> None:
    late = collected(with_table(), late=AT - timedelta(hours=3))
    [(text, trusted)] = told(late, Source.WAREHOUSE)
    assert trusted and text.endswith("late from 2026-11-21 09:00 UTC, 3.0 h ago")
    [(text, _)] = told(collected(with_table(), late=AT + timedelta(hours=1)), Source.WAREHOUSE)
    assert text.endswith("in 1.0 h")


def test_similar_incidents_and_what_healed_them() -> None:
    healed = IncidentSummary(
        id="A", task="flights/load", opened_at=AT, category="lock_contention", outcome=Outcome.HEALED
    )
    items = (
        replace(healed, id="OLD", opened_at=AT - timedelta(days=91)),
        healed,
        replace(healed, id="OPEN", outcome=None),
        replace(healed, id="OTHER", task="flights/extract"),
        replace(healed, id="TASK ALONE IN COMMON", category="schema_drift"),
    )
    evidence = collected(Airflow(), Incidents(*items, acts=("retry_task(dag=flights)",)))
    similar = [item for item in told(evidence, Source.HISTORY) if "similar" in item[0]]
    assert similar == [("similar incident: 2026-11-21 A: lock_contention; retry_task; healed", True)]
    unknown = collected(Airflow(), Incidents(replace(healed, category="unknown")), cause="unknown")
    assert not [item for item in told(unknown, Source.HISTORY) if "similar" in item[0]]


def test_what_could_not_be_read_is_listed_by_itself_and_without_secrets() -> None:
    airflow = with_table()
    airflow.away = True
    evidence = collected(airflow, gates=[gate("s1")])
    assert evidence.unavailable == ("x", "Earlier runs: Airflow's API is unavailable: password=***")
    assert told(evidence, Source.REPORT)


def test_a_failure_without_a_task_has_no_runs_to_compare() -> None:
    evidence = collected(Airflow(), failure=failure(key=replace(KEY, task_id="", try_number=0)))
    assert evidence.observations == () and evidence.unavailable == ("x",)
