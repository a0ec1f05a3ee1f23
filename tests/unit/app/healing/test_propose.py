"""One proposal, every argument a fact that was read from Airflow or the warehouse; text is never one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.app.healing.diagnose import situation
from airflow_provider_harness.app.healing.propose import Situation, facts, narrowed, propose
from airflow_provider_harness.core.actions import ActionKind, Parameter
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Contract, MalformedRows, QuarantinePolicy
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Remedy
from airflow_provider_harness.core.diagnosis.evidence import Citation, Source
from airflow_provider_harness.core.policy.policy import FACTS, LINEAGE_FACTS
from tests.unit.app.fakes import dag, diagnosis, opened, task, world

DAY = datetime.fromisoformat("2013-01-05T05:00:00+00:00")
P = Parameter


def now(**more: object) -> Situation:
    given = {
        "task": task(),
        "tasks": [task(), task(task_id="extract")],
        "dag": dag(downstream={"extract": ("load",), "load": ()}),
        "missing": [DAY, DAY + timedelta(days=1)],
        "alone": 1,
        "acts": 0,
        "has_contract": True,
        "now": DAY,
    }
    return Situation(**given | more)  # type: ignore[arg-type]


TASK = {P.DAG: "flights", P.RUN: "run1", P.TASK: "load", P.TRY_NUMBER: "1"}
ARGUMENTS = [
    (Remedy(action=ActionKind.RETRY_TASK), TASK),
    (Remedy(action=ActionKind.RETRY_TASK, delay=60), TASK | {P.DELAY_SECONDS: "60"}),
    (Remedy(action=ActionKind.WAIT_FOR_SOURCE), TASK),
    (
        Remedy(action=ActionKind.BACKFILL_RANGE),
        TASK | {P.FIRST: DAY.isoformat(), P.LAST: (DAY + timedelta(days=1)).isoformat()},
    ),
    (Remedy(action=ActionKind.RERUN_UPSTREAM), {P.DAG: "flights", P.RUN: "run1", P.UPSTREAM_TASK: "extract"}),
    (Remedy(action=ActionKind.RESTART_PIPELINE), {P.DAG: "flights", P.RUN: "run1"}),
    (Remedy(action=ActionKind.PAUSE_DAG), {P.DAG: "flights"}),
    (Remedy(action=ActionKind.SUGGEST_SCHEMA_CHANGE), {}),
    (Remedy(action=ActionKind.SUGGEST_QUERY_CHANGE), {}),
    (Remedy(action=ActionKind.SUGGEST_CONCURRENCY_CHANGE), {}),
    (Remedy(action=ActionKind.ESCALATE_TO_HUMAN), {}),
]


@pytest.mark.parametrize(("remedy", "arguments"), ARGUMENTS)
def test_arguments(remedy: Remedy, arguments: dict[Parameter, str]) -> None:
    proposal, chosen = propose(diagnosis(), [remedy], now())
    assert (proposal.kind, proposal.arguments, chosen) == (remedy.action, arguments, remedy)


def test_a_mapped_task_is_named_by_its_index() -> None:
    proposal, _ = propose(diagnosis(), [Remedy(action=ActionKind.RETRY_TASK)], now(task=task(map_index=0)))
    assert proposal.arguments == TASK | {P.MAP_INDEX: "0"}


ROWS = Check(id="range:amount", kind=CheckKind.RANGE, columns=("amount",), low=0)
TOGETHER = Check(id="unique:id", kind=CheckKind.UNIQUE, columns=("id",))
WARNS = Check(id="range:note", kind=CheckKind.RANGE, columns=("note",), low=0, severity=CheckSeverity.WARN)
LIMITED = Contract(
    id="orders",
    version="1",
    name="o",
    table="public.orders",
    columns=(),
    checks=(ROWS, TOGETHER, WARNS),
    quarantine=QuarantinePolicy(max_rows=5, max_percent=10),
)
LOADS = {"operator": "PostgresLoadOperator", "rendered": {"slice_key": "s1"}}


def report(*failed: str, failing: Any = 5, rows: Any = 100, **more: Any) -> dict[str, Any]:
    results = [{"id": name, "blocking": True, "failing": failing} for name in failed]
    return {"slice": "s1", "rows": rows, "results": [*results, {"id": "x", "blocking": False}]} | more


def setting_aside(**more: Any) -> Any:
    given = {"task": task(**LOADS), "contract": LIMITED, "report": report("range:amount")} | more
    return propose(diagnosis(), [Remedy(action=ActionKind.QUARANTINE_AND_CONTINUE)], now(**given))[0]


def test_a_grant_names_the_slice_and_the_checks() -> None:
    found = setting_aside()
    assert (found.kind, found.arguments) == (
        ActionKind.QUARANTINE_AND_CONTINUE,
        TASK | {P.SLICE: "s1", P.CHECKS: "range:amount"},
    )


LIMITS = LIMITED.quarantine
NO_GRANT: list[dict[str, Any]] = [
    {"contract": None},
    {"contract": replace(LIMITED, quarantine=QuarantinePolicy())},
    {"contract": replace(LIMITED, quarantine=replace(LIMITS, max_rows=0))},
    {"contract": replace(LIMITED, quarantine=replace(LIMITS, max_percent=0.0))},
    {"contract": replace(LIMITED, quarantine=replace(LIMITS, policy=MalformedRows.QUARANTINE))},
    {"report": None},
    {"report": {}},
    {"report": report()},
    {"report": report("range:amount", failing=6)},
    {"report": report("range:amount", rows=49)},
    {"report": report("range:amount", rows="many")},
    {"report": report("range:amount", slice="s2")},
    {"report": report("range:amount", "unique:id")},
    {"report": report("range:note")},
    {"report": report("invented; DROP TABLE")},
    {"report": report("range:amount", results="none")},
    {"report": report("range:amount", results=["range:amount"])},
    {"task": task(operator="ValidateOperator", rendered={"slice_key": "s1"})},
    {"task": task(operator="PythonOperator", rendered={"slice_key": "s1"})},
    {"task": task(operator="PostgresLoadOperator", rendered={})},
]


@pytest.mark.parametrize("more", NO_GRANT)
def test_where_a_grant_could_not_help_or_is_not_allowed_a_person_is_paged(more: dict[str, Any]) -> None:
    assert setting_aside(**more).kind is ActionKind.ESCALATE_TO_HUMAN


LACKING = [
    (ActionKind.BACKFILL_RANGE, {"missing": []}),
    (ActionKind.RERUN_UPSTREAM, {"tasks": [task(), task(task_id="extract", state="success")]}),
    (ActionKind.RERUN_UPSTREAM, {"dag": dag(downstream={"extract": ("other",)})}),
    (ActionKind.QUARANTINE_AND_CONTINUE, {}),
    (ActionKind.RESTART_PIPELINE, {"tasks": [task(), task(task_id="extract", state="upstream_failed")]}),
    (ActionKind.PAUSE_DAG, {"dag": dag(paused=True)}),
]


@pytest.mark.parametrize(("kind", "without"), LACKING)
def test_a_remedy_without_its_facts_is_passed_over(kind: ActionKind, without: dict[str, object]) -> None:
    retry = Remedy(action=ActionKind.RETRY_TASK)
    assert propose(diagnosis(), [Remedy(action=kind), retry], now(**without))[1] == retry
    proposal, _ = propose(diagnosis(), [Remedy(action=kind)], now(**without))
    assert (proposal.kind, proposal.why) == (ActionKind.ESCALATE_TO_HUMAN, "No remedy has all its facts.")


def test_no_remedy_is_a_page() -> None:
    proposal, _ = propose(diagnosis(), [], now())
    assert (proposal.kind, proposal.why) == (ActionKind.ESCALATE_TO_HUMAN, "Nothing is known to help.")


@given(st.text(min_size=8), st.sampled_from(ActionKind), st.sampled_from(Category))
def test_text_is_never_an_argument(text: str, kind: ActionKind, category: Category) -> None:
    said = diagnosis(
        category=category,
        cause=text,
        why=text,
        basis=Basis.TEXT,
        citations=(Citation(source=Source.LOG, line=1, text=text),),
        traits=frozenset({text}),
    )
    remedy = Remedy(action=kind)
    plain, _ = propose(diagnosis(), [remedy], now())
    proposal, _ = propose(said, [remedy], now())
    assert (proposal.kind, proposal.arguments) == (plain.kind, plain.arguments)
    told = facts(said, remedy, now())
    assert text not in told.values()


def test_the_facts_are_those_that_the_policy_knows() -> None:
    for remedy, _ in ARGUMENTS:
        told = facts(diagnosis(), remedy, now(spent=(0.0, 0.0)))
        assert set(told) == set(FACTS) - set(LINEAGE_FACTS) - {"dag_changed"}
        for name, value in told.items():
            assert type(value) is FACTS[name].type, name
            assert FACTS[name].values is None or value in FACTS[name].values


@pytest.mark.parametrize(
    ("status", "said"), [("active", "active"), ("retired", "retired"), ("experimental", "other"), ("", "other")]
)
def test_where_a_contract_stands(status: str, said: str) -> None:
    told = facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), now(contract=replace(LIMITED, status=status)))
    assert told["contract_state"] == said
    assert facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), now())["contract_state"] == "none"


@pytest.mark.parametrize(("usd", "cents"), [(0.0, 0), (0.0001, 1), (0.01, 1), (0.0101, 2), (0.29, 29), (1.0, 100)])
def test_what_the_model_cost_is_whole_cents_rounded_up(usd: float, cents: int) -> None:
    told = facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), now(spent=(usd, 2 * usd)))
    assert told["model_cents_on_incident"] == cents
    assert told["model_cents_today"] >= cents
    assert "model_cents_today" not in facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), now())


@pytest.mark.parametrize(
    ("ended", "since", "said"),
    [
        (DAY, DAY - timedelta(seconds=1), False),
        (DAY, DAY, False),
        (DAY, DAY + timedelta(seconds=1), True),
        (None, DAY, None),
        (DAY, None, None),
    ],
)
def test_a_version_since_the_failure(ended: datetime | None, since: datetime | None, said: bool | None) -> None:
    here = now(task=task(end_date=ended), dag=dag(version_at=since))
    assert facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), here).get("dag_changed") is said


@pytest.mark.parametrize(("operator", "said"), [("PostgresLoadOperator", True), ("PythonOperator", False)])
def test_whose_tasks_can_be_repeated(operator: str, said: bool) -> None:
    told = facts(diagnosis(), Remedy(action=ActionKind.RETRY_TASK), now(task=task(operator=operator)))
    assert told["idempotent"] is said


def test_the_facts_are_counted() -> None:
    states = ["failed", "failed", "upstream_failed", "success", ""]
    told = facts(
        diagnosis(certainty=Certainty.LIKELY),
        Remedy(action=ActionKind.RETRY_TASK, needs_person=True),
        now(tasks=[task(state=state) for state in states], acts=2, task=task(try_number=4), dag=dag(paused=True)),
    )
    assert told == {
        "category": "transient_network",
        "basis": "fact",
        "certainty": "likely",
        "needs_person": True,
        "tries_by_harness": 2,
        "try_number": 4,
        "failed_tasks": 2,
        "downstream_tasks": 1,
        "slices": 1,
        "slices_beyond_alone": 1,
        "dag_paused": True,
        "has_contract": True,
        "environment": "production",
        "owners": ("team",),
        "tags": ("harness",),
        "idempotent": False,
        "repeatable": "unknown",
        "criticality": "none",
        "contract_state": "none",
        "maintenance": False,
        "time": now().now.isoformat(),
    }


@pytest.mark.parametrize(
    ("days", "slices"), [([], 0), ([0], 1), ([0, 1], 2), ([1, 0], 2), ([0, 29], 30), ([0, 3, 1], 4)]
)
@pytest.mark.parametrize("alone", [0, 1, 3, 30])
def test_a_backfill_counts_every_slice_it_runs(days: list[int], slices: int, alone: int) -> None:
    """Two missing days a month apart are a backfill of a month: that is what may not be done alone."""
    missing = [DAY + timedelta(days=day) for day in days]
    told = facts(diagnosis(), Remedy(action=ActionKind.BACKFILL_RANGE), now(missing=missing, alone=alone))
    assert told["slices"] == slices
    assert told["slices_beyond_alone"] == max(0, slices - alone)


def test_a_day_of_23_or_25_hours_is_one_slice() -> None:
    for hours in (23, 25):
        missing = [DAY, DAY + timedelta(hours=hours)]
        assert facts(diagnosis(), Remedy(action=ActionKind.BACKFILL_RANGE), now(missing=missing))["slices"] == 2


@pytest.mark.parametrize(("contract", "alone"), [(0, 0), (2, 2), (9, 3)])
def test_the_administrator_caps_what_a_contract_allows(contract: int, alone: int) -> None:
    w = world()
    incident_id = opened(w)
    w.gates.alone, w.gates.gaps = contract, [DAY]
    assert situation(w.healer, w.incident(incident_id)).alone == alone


def test_without_a_gap_the_contract_is_not_asked() -> None:
    w = world()
    incident_id = opened(w)
    w.gates.alone = 9
    assert situation(w.healer, w.incident(incident_id)).alone == 0


@pytest.mark.parametrize(
    ("late", "seconds"),
    [
        (None, 900),
        (DAY - timedelta(hours=1), 900),
        (DAY + timedelta(hours=3), 3 * 3600),
        (DAY + timedelta(days=3), 12 * 3600),
    ],
)
def test_a_source_is_waited_for_until_the_contract_calls_it_late(late: datetime | None, seconds: int) -> None:
    remedy = Remedy(action=ActionKind.WAIT_FOR_SOURCE, delay=900)
    proposal, _ = propose(diagnosis(), [remedy], now(late_from=late))
    assert proposal.arguments[P.DELAY_SECONDS] == str(seconds)


def test_slices_are_counted_in_their_own_length() -> None:
    hours = [DAY + timedelta(hours=n) for n in (0, 1, 5)]
    backfill = Remedy(action=ActionKind.BACKFILL_RANGE)
    counted = facts(diagnosis(), backfill, now(missing=hours, slice_length=timedelta(hours=1)))
    assert (counted["slices"], counted["slices_beyond_alone"]) == (6, 5)


RETRY, RESTART, LESS = (
    Remedy(action=kind)
    for kind in (ActionKind.RETRY_TASK, ActionKind.RESTART_PIPELINE, ActionKind.SUGGEST_CONCURRENCY_CHANGE)
)
FAILED = [task(), task(task_id="extract")]


@pytest.mark.parametrize(
    ("remedies", "wish", "chosen"),
    [
        ((RETRY, RESTART), None, ActionKind.RETRY_TASK),
        ((RETRY, RESTART), ActionKind.RETRY_TASK, ActionKind.RETRY_TASK),
        ((RETRY, RESTART), ActionKind.RESTART_PIPELINE, ActionKind.ESCALATE_TO_HUMAN),  # it reaches further
        ((RESTART, RETRY), ActionKind.RETRY_TASK, ActionKind.RETRY_TASK),
        ((RETRY, LESS), ActionKind.SUGGEST_CONCURRENCY_CHANGE, ActionKind.SUGGEST_CONCURRENCY_CHANGE),
        ((RETRY,), ActionKind.PAUSE_DAG, ActionKind.ESCALATE_TO_HUMAN),
        ((RETRY,), ActionKind.ESCALATE_TO_HUMAN, ActionKind.ESCALATE_TO_HUMAN),
        ((), ActionKind.RETRY_TASK, ActionKind.ESCALATE_TO_HUMAN),
    ],
)
def test_a_wish_narrows_and_never_widens(
    remedies: tuple[Remedy, ...], wish: ActionKind | None, chosen: ActionKind
) -> None:
    found, _ = narrowed(diagnosis(wish=wish), remedies, now(tasks=FAILED))
    assert found.kind is chosen
