"""Which gates are run again on published data, by what Airflow rendered for each task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.published_gates import LOOK_AGAIN, PublishedGates
from airflow_provider_harness.core.contracts.contract import Contract, Grain, LateAction, LatePolicy
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.operators import OPERATORS
from tests.unit.app.fakes import dag, task

GIVEN = {"contract": "/c.yaml", "conn_id": "warehouse", "table": "public.flights", "slice_key": "20130101T050000Z"}
SENSED = GIVEN | {"lookback": "7", "since": "2013-01-01"}


class Calls:
    """Records what it is asked."""

    def __init__(self, passed: bool = True, missing: tuple[str, ...] = (), report: bool = True) -> None:
        self.verified: list[tuple[Any, ...]] = []
        self.searched: list[Mapping[str, Any]] = []
        self.looked: list[Mapping[str, Any]] = []
        self.now = 0.0
        self.passed, self.gaps, self.report = passed, missing, report
        load = SimpleNamespace(time_zone="America/New_York", grain=Grain.DAY)
        self.contract: Any = SimpleNamespace(backfill_alone=2, load=load)

    def verify(self, contract_path: str, conn_id: str, table: str, slice_id: str) -> Report:
        self.verified.append((contract_path, conn_id, table, slice_id))
        found: Any = SimpleNamespace(passed=self.passed, sentence=lambda: "said", rows=7)
        return found  # type: ignore[no-any-return]

    def history(self, contract: Contract, key: str, *, conn_id: str, lookback: int, since: date | None) -> Any:
        self.searched.append({"key": key, "conn_id": conn_id, "lookback": lookback, "since": since})
        results = [SimpleNamespace(facts={"missing": list(self.gaps)}), SimpleNamespace(facts={})]
        return SimpleNamespace(results=results) if self.report else None

    def contract_of(self, path: str, table: str) -> Contract:
        assert (path, table) == ("/c.yaml", "public.flights")
        return self.contract  # type: ignore[no-any-return]

    @property
    def gates(self) -> PublishedGates:
        return PublishedGates(self.verify, self.history, self.contract_of, self.look, lambda: self.now)

    def look(self, given: Mapping[str, Any]) -> bool:
        self.looked.append(given)
        return self.passed


@pytest.mark.parametrize("passed", [True, False])
@pytest.mark.parametrize("operator", [name for name, one in OPERATORS.items() if one.gate])
def test_what_a_task_published_is_judged_again(operator: str, passed: bool) -> None:
    calls = Calls(passed)
    found = calls.gates.published(task(operator=operator, rendered=GIVEN), dag())
    assert found is not None
    assert (found.table, found.slice_key, found.passed, found.text, found.rows) == (
        GIVEN["table"],
        GIVEN["slice_key"],
        passed,
        "said",
        7,
    )
    assert calls.verified == [tuple(GIVEN.values())]


@pytest.mark.parametrize("operator", ["PythonOperator", "ContractSensor", "", "PostgresExtractOperator"])
def test_what_publishes_nothing_has_no_gate(operator: str) -> None:
    calls = Calls()
    assert calls.gates.published(task(operator=operator, rendered=GIVEN), dag()) is None
    assert not calls.verified


@pytest.mark.parametrize("name", sorted(GIVEN))
@pytest.mark.parametrize("value", ["", None])
def test_without_its_fields_there_is_no_gate(name: str, value: object) -> None:
    calls = Calls()
    for rendered in (GIVEN | {name: value}, {key: given for key, given in GIVEN.items() if key != name}):
        assert calls.gates.published(task(operator="PostgresLoadOperator", rendered=rendered), dag()) is None
    assert not calls.verified


@pytest.mark.parametrize("operator", ["ContractSensor", "PostgresLoadOperator"])
def test_another_slice_of_the_same_table(operator: str) -> None:
    calls = Calls()
    start = datetime(2013, 1, 3, 5, tzinfo=UTC)
    found = calls.gates.published(task(operator=operator, rendered=GIVEN), dag(), start)
    assert found is not None
    assert found.slice_key == "20130103T050000Z" == calls.verified[0][3]


def test_missing_slices_start_at_midnight_of_the_contracts_zone() -> None:
    calls = Calls(missing=("2013-01-03", "2013-07-01"))
    found = calls.gates.missing(task(operator="ContractSensor", rendered=SENSED), dag())
    assert list(found) == [datetime(2013, 1, 3, 5, tzinfo=UTC), datetime(2013, 7, 1, 4, tzinfo=UTC)]
    asked = {"key": GIVEN["slice_key"], "conn_id": "warehouse", "lookback": 7, "since": date(2013, 1, 1)}
    assert calls.searched == [asked]


@pytest.mark.parametrize(
    ("operator", "rendered"),
    [
        ("PostgresLoadOperator", SENSED),
        ("ContractSensor", GIVEN),
        ("ContractSensor", SENSED | {"lookback": ""}),
        ("ContractSensor", {}),
    ],
)
def test_only_a_completeness_check_finds_gaps(operator: str, rendered: dict[str, str]) -> None:
    calls = Calls(missing=("2013-01-03",))
    assert list(calls.gates.missing(task(operator=operator, rendered=rendered), dag())) == []
    assert not calls.searched


def test_no_search_no_gap() -> None:
    assert list(Calls(report=False).gates.missing(task(operator="ContractSensor", rendered=SENSED), dag())) == []


def test_the_contract_says_how_many_may_be_filled_alone() -> None:
    assert Calls().gates.alone_limit(task(rendered=GIVEN), dag()) == 2


def test_of_an_hourly_table_every_hour_of_a_missing_day_is_missing() -> None:
    calls = Calls(missing=("2013-01-03", "2013-03-10"))  # 24 hours, and the 23 of the day on which clocks go forward
    calls.contract.load.grain = Grain.HOUR
    found = calls.gates.missing(task(operator="ContractSensor", rendered=SENSED), dag())
    assert len(found) == len(set(found)) == 24 + 23
    assert calls.gates.slice_length(task(rendered=SENSED), dag()) == timedelta(hours=1)
    assert calls.gates.slice_length(task(), dag()) == timedelta(days=1)


def test_the_contract_says_from_when_a_slice_is_late() -> None:
    calls = Calls()
    calls.contract.late = LatePolicy(action=LateAction.PAGE, wait_minutes=90)
    rendered = SENSED | {"slice_key": "2013-01-03"}
    end = calls.gates.late_from(task(rendered=rendered), dag())
    assert end is not None and end.isoformat() == "2013-01-04T06:30:00+00:00"
    assert calls.gates.late_from(task(rendered={"contract": "/c.yaml"}), dag()) is None


@pytest.mark.parametrize("operator", [name for name, one in OPERATORS.items() if one.source])
def test_a_source_is_looked_at_every_half_minute(operator: str) -> None:
    calls = Calls(passed=False)
    gates, waiting = calls.gates, task(operator=operator, rendered=GIVEN)
    assert gates.arrived(waiting) is False
    calls.passed = True
    calls.now = LOOK_AGAIN - 1
    assert gates.arrived(waiting) is False and calls.looked == [GIVEN]
    calls.now = LOOK_AGAIN
    assert gates.arrived(waiting) is True and len(calls.looked) == 2
    assert gates.arrived(task(operator=operator, rendered=GIVEN, task_id="other")) is True and len(calls.looked) == 3


@pytest.mark.parametrize(
    ("operator", "rendered"), [("PostgresLoadOperator", GIVEN), ("FreshnessSensor", GIVEN | {"table": ""})]
)
def test_whose_source_is_not_known(operator: str, rendered: Mapping[str, Any]) -> None:
    calls = Calls()
    assert calls.gates.arrived(task(operator=operator, rendered=rendered)) is None
    assert not calls.looked


FIVE = (
    '{"__type": "airflow.timetables.interval.CronDataIntervalTimetable", '
    '"__var": {"expression": "0 5 * * *", "timezone": "UTC"}}'
)
SCHEDULED = SENSED | {"slice_key": "20130110T050000Z", "slice_end": "2013-01-11T05:00:00+00:00", "schedule": FIVE}


class Ends(Calls):
    """Is told where slices end, too."""

    def verify(self, contract_path: str, conn_id: str, table: str, slice_id: str, slice_end: str = "") -> Report:
        self.ends = slice_end
        return super().verify(contract_path, conn_id, table, slice_id)

    def history(self, contract: Contract, key: str, *, slice_end: str = "", schedule: str = "", **given: Any) -> Any:
        self.ends, self.schedule = slice_end, schedule
        return super().history(contract, key, **given)


def test_the_slices_of_a_schedule_are_the_healers_too() -> None:
    """What the sensor has shown is all that it knows: where its slice ends, and the Dag's timetable."""
    calls = Ends(missing=("2013-01-03T05:00:00+00:00",))
    sensor = task(operator="ContractSensor", rendered=SCHEDULED)
    third = datetime(2013, 1, 3, 5, tzinfo=UTC)
    assert list(calls.gates.missing(sensor, dag())) == [third]
    assert (calls.ends, calls.schedule) == (SCHEDULED["slice_end"], FIVE)
    assert list(calls.gates.slices(sensor, dag(), third, third + timedelta(days=2))) == [
        third + timedelta(days=n) for n in range(3)
    ]
    found = calls.gates.published(sensor, dag(), third)
    assert (found and found.slice_key, calls.ends) == ("20130103T050000Z", "2013-01-04T05:00:00+00:00")
    assert calls.gates.slice_length(sensor, dag()) == timedelta(days=1)
    calls.gates.published(task(operator="PostgresLoadOperator", rendered=SCHEDULED), dag())
    assert calls.ends == SCHEDULED["slice_end"]
    plain = task(operator="ContractSensor", rendered=SENSED)
    midnight = third.replace(hour=5)  # of New York
    assert list(calls.gates.slices(plain, dag(), midnight, midnight)) == [midnight], "by the grain"


@pytest.mark.parametrize(
    "text", ['{"__type": "os.system", "__var": {}}', '{"__type": "my.Own", "__var": {}}', "{}", "x"]
)
def test_a_schedule_that_airflow_does_not_write_is_an_error_of_ours(text: str) -> None:
    sensor = task(operator="ContractSensor", rendered=SCHEDULED | {"schedule": text})
    with pytest.raises(HarnessError, match="cannot be used"):
        Ends().gates.slices(sensor, dag(), datetime(2013, 1, 3, tzinfo=UTC), datetime(2013, 1, 4, tzinfo=UTC))
