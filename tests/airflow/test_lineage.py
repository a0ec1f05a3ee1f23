"""Lineage of a real run: its OpenLineage events hold to the schemas, and the store leads from a column to the source."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from tests.demo.breaks import Run, trigger, wait_for
from tests.demo.world import World
from tests.openlineage_schemas import findings

FAILING = """
import pendulum
from airflow.sdk import DAG, CronDataIntervalTimetable

from airflow_provider_harness.operators import ValidateOperator

with DAG(
    "empty_look",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="America/New_York"),
    start_date=pendulum.datetime(2013, 1, 1, tz="America/New_York"),
    catchup=False,
):
    ValidateOperator(
        task_id="look", contract="contracts/flights.odcs.yaml", conn_id="warehouse", sql="SELECT * FROM flights WHERE false"
    )
"""


def events(place: World, dag_id: str) -> list[dict[str, Any]]:
    lines = (place.home / "openlineage.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["job"]["name"].split(".")[0] == dag_id]


def completed(place: World, dag_id: str, kind: str = "COMPLETE") -> dict[str, dict[str, Any]]:
    found = (event for event in events(place, dag_id) if event["eventType"] == kind)
    return {event["job"]["name"].rpartition(".")[2]: event for event in found}


def test_events_hold_to_the_schemas_and_say_what_went_where(place: World, first_day: Run) -> None:
    wait_for("the run's event", lambda: "flights_daily" in completed(place, "flights_daily"), 30)
    for event in events(place, "flights_daily"):
        assert findings(event) == [], event["job"]["name"]
    done = completed(place, "flights_daily")
    [staged] = done["extract"]["outputs"]
    assert staged["outputFacets"]["outputStatistics"]["rowCount"] == 842
    assert staged["outputFacets"]["outputStatistics"]["size"] > 10_000
    [source] = done["extract"]["inputs"]
    assert source["namespace"].startswith("postgres://")
    assert all(one["success"] for one in source["inputFacets"]["dataQualityAssertions"]["assertions"])
    assert source["inputFacets"]["dataQualityMetrics"]["rowCount"] == 842
    assert [one["name"] for one in done["load"]["inputs"]] == [staged["name"]]
    [published] = done["on_time"]["outputs"]
    columns = published["facets"]["columnLineage"]
    [of_flights] = columns["fields"]["departed"]["inputFields"]
    assert (of_flights["field"], of_flights["transformations"][0]["subtype"]) == ("dep_time", "AGGREGATION")
    assert {one["transformations"][0]["subtype"] for one in columns["dataset"]} == {"FILTER", "GROUP_BY"}
    assert {tag["key"] for tag in published["facets"]["tags"]["tags"]} >= {"contract", "criticality"}
    [flights] = done["validate"]["inputs"]
    assert flights["name"] == done["load"]["outputs"][0]["name"]


def test_a_failure_says_why(place: World, first_day: Run, dags_folder: Path) -> None:
    (dags_folder / "empty_look.py").write_text(FAILING)
    place.stack.wait_dag("empty_look")
    run = trigger(place, "empty_look", date(2013, 1, 1), "empty_look")
    place.stack.wait_run(run.dag_id, run.run_id, timeout=120)
    wait_for("the failure's event", lambda: "look" in completed(place, "empty_look", "FAIL"), 30)
    event = completed(place, "empty_look", "FAIL")["look"]
    assert findings(event) == []
    assert "expected more than 0 rows" in event["run"]["facets"]["errorMessage"]["message"]
    assertions = event["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert "present" in [one["name"] for one in assertions if not one["success"]]


def test_a_column_leads_to_the_source(place: World, first_day: Run) -> None:
    [walk] = json.loads(
        place.stack.cli("harness", "lineage", "public.daily_on_time.departed", "--output", "json").stdout
    )
    direct = [step for step in walk["steps"] if step["type"] == "DIRECT"]
    assert [(step["task"], step["column"]) for step in direct] == [
        ("flights_daily.on_time", "dep_time"),
        ("flights_daily.load", "dep_time"),
        ("flights_daily.extract", "dep_time"),
    ]
