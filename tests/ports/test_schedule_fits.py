"""What does not fit between a Dag's schedule and a contract is said when the Dag is parsed; what would lose rows is refused."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    CronPartitionTimetable,
    CronTriggerTimetable,
    DeltaDataIntervalTimetable,
    MultipleCronTriggerTimetable,
    PartitionedAssetTimetable,
)
from airflow.sdk.exceptions import AirflowFailException
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pendulum import DateTime

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.schedule_fit import ScheduleWarning
from airflow_provider_harness.core.slices.slices import Run
from airflow_provider_harness.operators import PostgresTransferOperator, ValidateOperator
from airflow_provider_harness.sensors import FreshnessSensor, SchemaDriftSensor
from tests.ports.slices_case import Scheduled, contract_text, scheduled

BERLIN = "Europe/Berlin"
AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))


def transfer(here: Scheduled, **more: Any) -> PostgresTransferOperator:
    return PostgresTransferOperator(
        task_id=f"move{len(here.dag.tasks)}", source_conn_id="src", **here.terms("wh"), **more
    )


def said(here: Scheduled) -> list[str]:
    """The warnings of a Dag that is parsed."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        transfer(here)
    assert all(one.category is ScheduleWarning and one.filename == here.dag.fileloc for one in found)
    return [str(one.message) for one in found]


NO_WIDTH: list[tuple[Any, str]] = [
    ("0 5 * * *", 'CronDataIntervalTimetable("0 5 * * *", timezone="UTC")'),
    ("@daily", 'CronDataIntervalTimetable("0 0 * * *", timezone="UTC")'),
    (timedelta(hours=1), "DeltaDataIntervalTimetable(timedelta(seconds=3600))"),
    ("@once", "CronDataIntervalTimetable"),
    (
        MultipleCronTriggerTimetable("0 5 * * *", "0 6 * * *", timezone=BERLIN),
        f'CronDataIntervalTimetable("0 5,6 * * *", timezone="{BERLIN}")',
    ),
    (
        AssetOrTimeSchedule(timetable=CronTriggerTimetable("1 * * * *", timezone="UTC"), assets=[Asset("a")]),
        'CronDataIntervalTimetable("1 * * * *", timezone="UTC")',
    ),
]


@pytest.mark.parametrize(("schedule", "fix"), NO_WIDTH, ids=lambda value: str(value)[:24])
def test_a_schedule_whose_intervals_have_no_width_is_an_import_error(tmp_path: Path, schedule: Any, fix: str) -> None:
    """S2: it names the schedule and the contract, and both ways out."""
    here = scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC"))
    with pytest.raises(ConfigurationError) as refused:
        transfer(here)
    told = str(refused.value)
    assert "data interval has no width, so no run owns a slice" in told
    assert "Contract sliced is cut into slices by column 'at'" in told
    assert f"Use schedule={fix}" in told
    assert "or give the task slice_key" in told
    for task in (FreshnessSensor, ValidateOperator):
        with pytest.raises(ConfigurationError):
            task(task_id=task.__name__, **here.terms("wh"))
    transfer(here, slice_key="{{ ds }}")
    SchemaDriftSensor(task_id="drift", **here.terms("src"))


@pytest.mark.parametrize("schedule", ["@daily", "@once", [Asset("a")]], ids=str)
def test_a_table_that_is_published_as_a_whole_needs_no_interval(tmp_path: Path, schedule: Any) -> None:
    assert said(scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC", mode="full"))) == []


def test_a_schedule_that_fits_is_tried_once_and_what_does_not_is_said_at_each_parse(tmp_path: Path) -> None:
    notes = tmp_path / "harness_contracts"
    fits = CronDataIntervalTimetable("0 5 * * *", timezone="UTC")
    twice = CronTriggerTimetable("0 0 * * *", timezone="UTC", interval=timedelta(days=2))
    for schedule, warned, seen in ((fits, 0, 2), (twice, 1, 3)):  # one note of each contract file, and one of what fits
        here = scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC"))
        for _ in range(2):
            assert len(said(here)) == warned
            assert len(list(notes.glob("*.seen"))) == seen


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            CronTriggerTimetable("0 5 * * *", timezone="UTC", interval=timedelta(hours=1)),
            "2026-01-05 05:00 UTC to 2026-01-06 04:00",
        ),
        (
            MultipleCronTriggerTimetable("0 6 * * *", "0 18 * * *", timezone=BERLIN, interval=timedelta(hours=12)),
            "2026-10-24 16:00",
        ),
        (
            MultipleCronTriggerTimetable(
                "0 6 * * *", "0 18 * * *", timezone="Africa/Casablanca", interval=timedelta(hours=12)
            ),
            "2026-02-14 17:00 UTC to 2026-02-14 18:00",
        ),
        (
            MultipleCronTriggerTimetable(
                "0 6 * * *", "0 18 * * *", timezone="Australia/Lord_Howe", interval=timedelta(hours=12)
            ),
            "2026-04-04 07:00 UTC to 2026-04-04 07:30",
        ),
        (
            MultipleCronTriggerTimetable(
                "0 6 * * *", "0 18 * * *", timezone="America/Santiago", interval=timedelta(hours=12)
            ),
            "2026-04-04 21:00",
        ),
        (
            CronPartitionTimetable("0 0 * * 1", timezone="UTC", key_format="%Y-%m-%d"),
            "2026-01-06 00:00 UTC to 2026-01-12 00:00",
        ),
        (CronPartitionTimetable("0 * * * *", timezone="UTC", key_format="%Y-%m-%dT%H:%M:00"), ""),
        (CronPartitionTimetable("0 0 * * 1", timezone="UTC"), ""),
    ],
    ids=[
        "trigger",
        "clocks turned back",
        "in Morocco",
        "by half an hour",
        "in Chile",
        "days of a week",
        "hours",
        "weeks",
    ],
)
def test_what_no_run_owns_is_refused(tmp_path: Path, schedule: Any, words: str) -> None:
    here = scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC"))
    if not words:
        assert said(here) == []
        return
    with pytest.raises(ConfigurationError, match="no run of") as refused:
        transfer(here)
    assert words in str(refused.value)


def test_what_two_runs_own_is_a_warning_and_is_refused_where_it_would_be_left_out(tmp_path: Path) -> None:
    twice = CronTriggerTimetable("0 0 * * *", timezone="UTC", interval=timedelta(days=2))
    (told,) = said(scheduled(tmp_path, twice, contract_text("timestamptz", "UTC")))
    assert "two runs of the schedule '0 0 * * *'" in told
    with pytest.raises(ConfigurationError, match="two runs of"):
        transfer(scheduled(tmp_path / "append", twice, contract_text("timestamptz", "UTC", mode="append")))


@pytest.mark.parametrize(
    ("cron", "form", "again"),
    [
        ("0 * * * *", "%Y-%m-%d", True),
        ("0 0 * * *", "%Y-%m", True),
        ("0 0 * * *", "%G-W%V", True),
        ("0,30 * * * *", "%Y-%m-%dT%H", False),
        ("0 0 * * *", "%Y-%m-%d", False),
        ("0 * * * *", "%Y-%m-%dT%H", False),
    ],
)
def test_a_key_that_comes_again_is_the_time_of_two_runs(tmp_path: Path, cron: str, form: str, *, again: bool) -> None:
    keyed = CronPartitionTimetable(cron, timezone="UTC", key_format=form)
    told = said(scheduled(tmp_path, keyed, contract_text("timestamptz", "UTC")))
    assert [("two runs of" in one, "key_format" in one) for one in told] == [(True, True)] * again
    append = scheduled(tmp_path / "append", keyed, contract_text("timestamptz", "UTC", mode="append"))
    if not again:
        assert said(append) == []
        return
    with pytest.raises(ConfigurationError, match="two runs of"):
        transfer(append)


def test_keys_that_are_no_dates_are_told_and_a_date_that_never_comes_is_refused(tmp_path: Path) -> None:
    local = CronPartitionTimetable("0 0 * * *", timezone="UTC", key_format="%d.%m.%Y")
    (told,) = said(scheduled(tmp_path, local, contract_text("timestamptz", "UTC")))
    assert "keys such as '05.01.2026', which is not a date" in told and 'key_format="%Y-%m-%d' in told
    for index, make in enumerate((CronDataIntervalTimetable, CronPartitionTimetable, CronTriggerTimetable)):
        more = {"interval": timedelta(days=1)} if make is CronTriggerTimetable else {}
        never = make("0 0 30 2 *", timezone="UTC", **more)
        with pytest.raises(ConfigurationError, match=r"'0 0 30 2 \*' .*never runs: no date matches it\."):
            transfer(scheduled(tmp_path / str(index), never, contract_text("timestamptz", "UTC")))


@pytest.mark.parametrize(
    ("schedule", "kind", "zone", "grain", "words"),
    [
        (CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), "timestamptz", "UTC", "day", []),
        (CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), "timestamptz", "Etc/UTC", "", []),
        (CronDataIntervalTimetable("0 0 * * 1", timezone=BERLIN), "date", BERLIN, "week", []),
        (CronDataIntervalTimetable("*/15 * * * *", timezone=BERLIN), "timestamptz", BERLIN, "quarterHour", []),
        (CronDataIntervalTimetable("0 5 * * *", timezone="UTC"), "timestamptz", "UTC", "", []),
        (
            CronDataIntervalTimetable("0 5 * * *", timezone="UTC"),
            "timestamptz",
            "UTC",
            "day",
            ["05:00 UTC", "grain day"],
        ),
        (
            CronDataIntervalTimetable("*/10 * * * *", timezone="UTC"),
            "timestamptz",
            "UTC",
            "hour",
            ["00:10", "grain hour"],
        ),
        (
            CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
            "timestamptz",
            BERLIN,
            "",
            ["UTC", "timeZone Europe/Berlin"],
        ),
        (
            CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
            "date",
            "UTC",
            "",
            ["a date belongs to the slice in which it"],
        ),
        (DeltaDataIntervalTimetable(timedelta(hours=5)), "timestamptz", "UTC", "day", ["grain day"]),
        ([Asset("a")], "timestamptz", "UTC", "", ["no data interval, no logical date and no partition key"]),
        (PartitionedAssetTimetable(assets=[Asset("a")]), "timestamptz", "UTC", "", []),
        (None, "timestamptz", BERLIN, "hour", []),
    ],
)
def test_what_does_not_fit_is_a_warning_that_names_both(
    tmp_path: Path, schedule: Any, kind: str, zone: str, grain: str, words: list[str]
) -> None:
    more = {"grain": grain} if grain else {}
    found = said(scheduled(tmp_path, schedule, contract_text(kind, zone, **more)))
    assert len(found) == bool(words), found
    for word in words:
        assert word in found[0]


def test_a_run_that_owns_no_slice_says_so_and_burns_no_retry(tmp_path: Path) -> None:
    """Of an asset, or of a person who gave no logical date; mode full runs without."""
    here = scheduled(tmp_path, None, contract_text("timestamptz", "UTC"))
    with pytest.raises(AirflowFailException, match=r"owns no slice\. Give the task slice_key"):
        transfer(here).render_template_fields(here.context(Run(run_after=AT)))
    whole = scheduled(tmp_path / "whole", None, contract_text("timestamptz", "UTC", mode="full"))
    task = transfer(whole)
    task.render_template_fields(whole.context(Run(run_after=AT)))
    assert (task.slice_key, task.slice_end) == ("20260101T120000Z", "2026-01-02T12:00:00+00:00")
    keyed = transfer(scheduled(tmp_path / "keyed", None, contract_text("timestamptz", "UTC", mode="full")))
    keyed.render_template_fields(whole.context(Run(partition_key="eu", run_after=AT)))
    assert (keyed.slice_key, keyed.slice_end) == ("eu", AT.isoformat())


@pytest.mark.parametrize("key", ["eu", "2026-13-01"])
def test_a_key_that_is_no_date_names_no_slice(tmp_path: Path, key: str) -> None:
    here = scheduled(tmp_path, None, contract_text("timestamptz", "UTC"))
    with pytest.raises(AirflowFailException, match="is not a moment or a date, so it has no beginning and no end"):
        transfer(here).render_template_fields(here.context(Run(partition_key=key)))


def test_a_scheduled_run_without_width_is_refused_where_its_timetable_is_not_known(tmp_path: Path) -> None:
    here = scheduled(tmp_path, None, contract_text("timestamptz", "UTC"))
    run = Run(interval_start=AT, interval_end=AT, logical_date=AT, scheduled=True)
    with pytest.raises(AirflowFailException, match="has no width"):
        transfer(here).render_template_fields(here.context(run))
    by_hand = transfer(here)
    by_hand.render_template_fields(here.context(Run(interval_start=AT, interval_end=AT, logical_date=AT)))
    assert (by_hand.slice_key, by_hand.slice_end) == ("20260101T000000Z", "2026-01-02T00:00:00+00:00")


def test_a_partition_of_the_dags_own_timetable_reaches_to_its_next(tmp_path: Path) -> None:
    here = scheduled(
        tmp_path, CronPartitionTimetable("0 5 * * *", timezone=BERLIN), contract_text("timestamptz", BERLIN)
    )
    task = transfer(here)
    local = datetime(2026, 3, 28, 4, tzinfo=UTC)  # the day before clocks go forward
    context = here.context(Run(partition_key="2026-03-28T05:00:00", partition_date=local, scheduled=True))
    assert isinstance(context["dag_run"], SimpleNamespace)
    task.render_template_fields(context)
    assert (task.slice_key, task.slice_end) == ("20260328T040000Z", "2026-03-29T03:00:00+00:00")


class OfAuthor(Timetable):
    """A schedule of an author's own: a run for every so many hours, which owns so many of them."""

    def __init__(self, every: int, width: int, weekdays: int = 7) -> None:
        self.every, self.width, self.weekdays = timedelta(hours=every), timedelta(hours=width), weekdays

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        return DataInterval(start=run_after - self.width, end=run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_automated_data_interval
        start = last.start + self.every if last is not None else restriction.earliest
        while start.weekday() >= self.weekdays:
            start += timedelta(days=1)
        return DagRunInfo.interval(start=start, end=start + self.width)


class Unasked(OfAuthor):
    """One that needs its Airflow, or its own server."""

    def next_dagrun_info(self, **_: Any) -> DagRunInfo | None:
        raise ConnectionError("no calendar server here")


class Ended(OfAuthor):
    """One that makes no run any more."""

    def next_dagrun_info(self, **_: Any) -> DagRunInfo | None:
        return None


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (OfAuthor(24, 24), None),
        (OfAuthor(24, 0), "the schedule OfAuthor makes runs whose data interval has no width"),
        (
            OfAuthor(24, 23),
            "no run of the schedule OfAuthor owns the time from 2026-01-05 23:00 UTC to 2026-01-06 00:00",
        ),
        (OfAuthor(24, 24, weekdays=5), "owns the time from 2026-01-10 00:00 UTC to 2026-01-12 00:00 UTC"),
        (AssetOrTimeSchedule(timetable=OfAuthor(24, 23), assets=[Asset("a")]), "no run of the schedule OfAuthor owns"),
    ],
)
def test_a_schedule_of_an_authors_own_is_judged_by_its_first_runs(
    tmp_path: Path, schedule: Any, words: str | None
) -> None:
    here = scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC"))
    if words is None:
        assert said(here) == []
        return
    with pytest.raises(ConfigurationError) as refused:
        transfer(here)
    assert words in str(refused.value)
    assert "give the task slice_key" in str(refused.value)
    transfer(here, slice_key="{{ ds }}")


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (OfAuthor(24, 48), "two runs of the schedule OfAuthor own the time"),
        (Unasked(24, 24), "was not judged: it raises ConnectionError: no calendar server here."),
        (Ended(24, 24), "was not judged: it names no run of 2026."),
    ],
)
def test_what_of_it_loses_nothing_or_was_not_judged_is_a_warning(tmp_path: Path, schedule: Any, words: str) -> None:
    (told,) = said(scheduled(tmp_path, schedule, contract_text("timestamptz", "UTC")))
    assert words in told


@pytest.mark.parametrize("form", ["%Y-%d-%m", "%y%m%d", "%Y-%W", "%Y-%d-%mT%H:%M:%S"])
def test_a_key_that_reads_as_another_day_is_refused(tmp_path: Path, form: str) -> None:
    keyed = CronPartitionTimetable("0 0 * * *", timezone="UTC", key_format=form)
    here = scheduled(tmp_path, keyed, contract_text("timestamptz", "UTC"))
    with pytest.raises(ConfigurationError, match=r"partition key .* reads as .*, and the run is of 2026-"):
        transfer(here)


def test_a_key_that_is_no_date_is_exact_by_its_runs_own_moment(tmp_path: Path) -> None:
    keyed = CronPartitionTimetable("0 0 * * *", timezone=BERLIN, key_format="%d.%m.%Y")
    here = scheduled(tmp_path, keyed, contract_text("timestamptz", BERLIN))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        task, alone = transfer(here), transfer(here)
    at = datetime(2026, 3, 28, 23, tzinfo=UTC)  # 29 March in Berlin, a day of 23 hours
    task.render_template_fields(here.context(Run(partition_key="29.03.2026", partition_date=at, scheduled=True)))
    assert (task.slice_key, task.slice_end) == ("20260328T230000Z", "2026-03-29T22:00:00+00:00")
    with pytest.raises(AirflowFailException, match="is not a moment or a date"):
        alone.render_template_fields(here.context(Run(partition_key="29.03.2026")))
