"""Sensors on a real PostgreSQL, as a task runs them: what they see, when they wait, and how they end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from structlog.tracebacks import extract

from airflow_provider_harness.core.errors import ContractViolation, SchemaDrift
from airflow_provider_harness.sensors import ContractSensor, FreshnessSensor, SchemaDriftSensor
from airflow_provider_harness.wiring import evidence as wiring_reads
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import probes as wiring_looks
from tests.ports.operators_case import case, context, dag, moved, run, terms
from tests.ports.rows_case import CONTRACT, Case

__all__ = ["case", "dag"]


def late(tmp_path: Path, value: str) -> None:
    """The contract with a lateness policy and a promise of freshness."""
    own = f"customProperties:\n  - {{property: harness.late, value: {value}}}\n"
    fresh = "\nslaProperties:\n  - {property: freshness, value: 12, unit: h, element: orders.placed_at}\n"
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("customProperties:\n", own, 1) + fresh)


def deferred(sensor: Any, at: dict[str, Any]) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        run(sensor, at)
    return caught.value


def test_a_slice_that_is_there_is_not_waited_for(case: Case, dag: Any) -> None:
    assert run(FreshnessSensor(task_id="s", **terms(dag, "src")), context(case, 0)) is None


def test_a_slice_that_is_not_there_is_waited_for_in_the_triggerer(case: Case, dag: Any) -> None:
    case.at_source("DELETE FROM public.orders")
    sensor = FreshnessSensor(task_id="s", poke_interval=7, timeout=600, **terms(dag, "src"))
    before = datetime.now(UTC)
    asked = deferred(sensor, context(case, 0))
    trigger = asked.trigger
    assert (trigger.look, trigger.every, asked.method_name) == ("arrived", 7, "resume")
    assert 590 <= (datetime.fromisoformat(trigger.until) - before).total_seconds() <= 610
    # What the trigger was given is enough for it, with nothing of the task's around it.
    assert not wiring_looks.take(trigger.look, trigger.given, []).ready
    case.at_source("INSERT INTO public.orders VALUES (1, '2013-03-09 12:00-05', 1, 'open', 'c1', '{}')")
    assert wiring_looks.take(trigger.look, trigger.given, []).ready
    assert sensor.resume(context(case, 0), **(asked.kwargs or {}), event="look") is None


def test_the_healer_sees_it_arrive_by_what_airflow_rendered(case: Case, dag: Any) -> None:
    """What the sensor was given, as Airflow tells it, is enough for the healer to look for the slice by itself."""
    at = context(case, 0)
    sensor = FreshnessSensor(task_id="s", min_rows=2, **terms(dag, "src"))
    sensor.render_template_fields(at)
    rendered = {name: str(getattr(sensor, name)) for name in sensor.template_fields}
    assert wiring_reads.arrived(rendered)
    case.at_source("DELETE FROM public.orders")
    assert not wiring_reads.arrived(rendered)
    case.at_source("INSERT INTO public.orders VALUES (1, '2013-03-09 12:00-05', 1, 'open', 'c1', '{}')")
    assert not wiring_reads.arrived(rendered)  # one row of two


@pytest.mark.parametrize("soft", [False, True])
def test_its_timeout_counts_from_the_first_look(case: Case, dag: Any, soft: bool) -> None:
    case.at_source("DELETE FROM public.orders")
    sensor = FreshnessSensor(task_id="s", timeout=600, soft_fail=soft, **terms(dag, "src"))
    deferred(sensor, context(case, 0))
    began = (datetime.now(UTC) - timedelta(seconds=601)).isoformat()
    with pytest.raises(AirflowSkipException if soft else AirflowFailException, match="present: expected") as caught:
        sensor.resume(context(case, 0), began=began, event="look")
    assert isinstance(caught.value.__cause__, ContractViolation)
    told = extract(type(caught.value), caught.value, caught.value.__traceback__).stacks
    assert [one.exc_type for one in told][:2] == [type(caught.value).__name__, "ContractViolation"], (
        "as Airflow logs it"
    )


def test_too_few_rows_or_too_old_ones_are_not_there_yet(case: Case, dag: Any, tmp_path: Path) -> None:
    late(tmp_path, "{action: wait}")
    few = deferred(FreshnessSensor(task_id="s", min_rows=1000, **terms(dag, "src")), context(case, 0)).trigger
    assert "present: expected more than 999 rows" in wiring_looks.take(few.look, few.given, []).sentence
    case.at_source("DELETE FROM public.orders WHERE placed_at > '2013-03-09 10:00-05'")
    old = deferred(FreshnessSensor(task_id="s2", **terms(dag, "src")), context(case, 0)).trigger
    assert "freshness" in wiring_looks.take(old.look, old.given, []).sentence


def test_a_late_slice_pages_or_skips_as_the_contract_says(
    case: Case, dag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    monkeypatch.setattr(wiring, "notice", lambda context, kind, text: notes.append(f"{kind}: {text}"))
    case.at_source("DELETE FROM public.orders")
    late(tmp_path, "{action: page, waitMinutes: 30}")
    with pytest.raises(AirflowFailException) as caught:
        run(FreshnessSensor(task_id="s", **terms(dag, "src")), context(case, 0))
    assert isinstance(caught.value.__cause__, ContractViolation)
    assert caught.value.__cause__.report.rows == 0
    assert notes == []
    late(tmp_path, "{action: skip, waitMinutes: 30}")
    with pytest.raises(AirflowSkipException, match="late at 2013-03-10T05:30:00"):
        run(FreshnessSensor(task_id="s2", **terms(dag, "src")), context(case, 0))
    assert notes == [
        "skipped: public.orders slice 20130309T050000Z was skipped: its source was late at 2013-03-10T05:30:00+00:00, and the contract says skip"
    ]


def test_before_it_is_late_it_is_waited_for_no_longer_than_that(case: Case, dag: Any, tmp_path: Path) -> None:
    late(tmp_path, "{action: page, waitMinutes: 45}")
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    sensor = FreshnessSensor(task_id="s", slice_key=today, **terms(dag, "src"))
    asked = deferred(sensor, context(case, 0))
    assert asked.trigger.until == wiring_looks.late_from(sensor.contract, sensor.table, today).isoformat()  # type: ignore[union-attr]


def test_a_query_can_be_the_source(case: Case, dag: Any) -> None:
    sql = "SELECT * FROM public.orders WHERE placed_at < %(slice_end)s AND status = '{{ params.status }}'"
    found = FreshnessSensor(task_id="s", sql=sql, params={"status": "open"}, **terms(dag, "src"))
    at = context(case, 0)
    found.render_template_fields({**at, "params": {"status": "open"}})
    assert found.execute(at) is None
    none = FreshnessSensor(task_id="s2", sql=sql, wait=False, **terms(dag, "src"))
    none.render_template_fields({**at, "params": {"status": "lost"}})
    with pytest.raises(AirflowFailException, match="0 rows"):
        none.execute(at)


def test_a_published_slice_must_keep_its_contract(case: Case, dag: Any) -> None:
    moved(case, dag, 0)
    sensor = ContractSensor(task_id="s", **terms(dag, "wh"))
    assert run(sensor, context(case, 0)) is None
    case.at_warehouse("UPDATE public.orders SET amount = -1 WHERE id = 7")
    trigger = deferred(ContractSensor(task_id="s2", **terms(dag, "wh")), context(case, 0)).trigger
    assert trigger.look == "kept"
    assert "range:amount" in wiring_looks.take(trigger.look, trigger.given, []).sentence
    with pytest.raises(AirflowFailException, match="range:amount"):
        run(ContractSensor(task_id="s3", wait=False, **terms(dag, "wh")), context(case, 0))


def test_missing_days_are_waited_for(case: Case, dag: Any) -> None:
    moved(case, dag, 1)
    trigger = deferred(ContractSensor(task_id="s", lookback=7, **terms(dag, "wh")), context(case, 2)).trigger
    assert (trigger.look, trigger.given["since"]) == ("complete", "2013-03-09")
    assert "missing 2013-03-09" in wiring_looks.take(trigger.look, trigger.given, []).sentence
    moved(case, dag, 0)
    assert wiring_looks.take(trigger.look, trigger.given, []).ready


DRIFTS = [
    ("src", "ALTER TABLE public.orders RENAME COLUMN amount TO total", "a rename?"),
    ("src", "ALTER TABLE public.orders DROP COLUMN note", "column note: expected jsonb, found none"),
    ("src", "ALTER TABLE public.orders ALTER COLUMN amount TYPE text", "expected numeric(12,2), found text"),
    ("wh", "ALTER TABLE public.orders DROP COLUMN note", "ALTER TABLE public.orders ADD COLUMN note jsonb;"),
    (
        "wh",
        "ALTER TABLE public.orders ADD COLUMN rating integer NOT NULL DEFAULT 0; ALTER TABLE public.orders ALTER rating DROP DEFAULT",
        "column rating",
    ),
]


@pytest.mark.parametrize(("where", "ddl", "said"), DRIFTS)
def test_drift_is_found_before_a_load_breaks(case: Case, dag: Any, where: str, ddl: str, said: str) -> None:
    moved(case, dag, 0)
    both = {"target_conn_id": "wh", "target_table": "public.orders"}
    assert run(SchemaDriftSensor(task_id="s", **both, **terms(dag, "src")), context(case, 0)) is None
    (case.at_source if where == "src" else case.at_warehouse)(ddl)
    with pytest.raises(AirflowFailException) as caught:
        run(SchemaDriftSensor(task_id="s2", **both, **terms(dag, "src")), context(case, 0))
    assert isinstance(caught.value.__cause__, SchemaDrift)
    assert said in str(caught.value)
    waiting = deferred(SchemaDriftSensor(task_id="s3", wait=True, **both, **terms(dag, "src")), context(case, 0))
    assert waiting.trigger.look == "undrifted"


def test_what_is_in_no_loads_way_is_a_warning(case: Case, dag: Any, caplog: pytest.LogCaptureFixture) -> None:
    case.at_source("ALTER TABLE public.orders ADD COLUMN rating integer")
    sensor = SchemaDriftSensor(task_id="s", target_conn_id="wh", **terms(dag, "src"))
    assert run(sensor, context(case, 0)) is None
    assert "additive: column rating" in caplog.text


def test_a_relation_that_is_not_there_is_said_to_be(case: Case, dag: Any) -> None:
    with pytest.raises(AirflowFailException, match=r"public\.nowhere does not exist in the source"):
        run(SchemaDriftSensor(task_id="s", **terms(dag, "src", "public.nowhere")), context(case, 0))


@pytest.mark.parametrize(("sensor", "wrong"), [(ContractSensor, {"lookback": 0}), (FreshnessSensor, {"min_rows": 0})])
def test_wrong_arguments_fail_when_the_dag_is_parsed(case: Case, dag: Any, sensor: Any, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        sensor(task_id="s", **wrong, **terms(dag, "src"))
