"""The page about features and training sets: its contracts compile, its Dag runs, and what it says of refusals is true."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.app.authoring.finding import FindingSeverity, Stage
from airflow_provider_harness.features import get_online_features
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.authoring import checking, explaining
from tests.ports.operators_case import run
from tests.ports.test_features_published import _context, store

__all__ = ["store"]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "make-a-training-set.md"
TABLES = """
CREATE SCHEMA features;
CREATE TABLE features.landings AS SELECT * FROM (VALUES
  ('UA', timestamptz '2026-01-01 10:00+00', timestamptz '2026-01-01 10:05+00', 10.0),
  ('UA', timestamptz '2026-01-01 11:00+00', timestamptz '2026-01-03 09:00+00', 90.0),
  ('AA', timestamptz '2026-01-01 10:00+00', timestamptz '2026-01-01 10:05+00', 0.0)
) AS v (carrier, landed_at, reported_at, delay);
CREATE TABLE features.departures AS SELECT * FROM (VALUES
  (1, 'UA', timestamptz '2026-01-01 12:00+00', true, timestamptz '2026-01-01 15:00+00'),
  (2, 'AA', timestamptz '2026-01-01 12:00+00', false, timestamptz '2026-01-01 15:00+00'),
  (3, 'XX', timestamptz '2026-01-01 12:00+00', false, timestamptz '2026-01-01 15:00+00')
) AS v (flight, carrier, departs_at, late, arrived_at)
"""


def test_the_page_runs(postgres: PostgresServer, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    shutil.copy(store, tmp_path / "harness.db")
    postgres.drop_database("features_page")
    postgres.ensure_database("features_page")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.airflow_connection("features_page"))
    with postgres.connect("features_page") as connection:
        for statement in TABLES.split(";\n"):
            connection.execute(statement.encode())
    dag = _dag(tmp_path)
    for day in (1, 2, 3, 1):
        assert run(dag.get_task("carrier_delay"), _context(day))["slice"]
        told = run(dag.get_task("delays_to_learn"), _context(day))
    assert told["rows"] == 3
    with postgres.connect("features_page") as connection:
        found = connection.execute("SELECT flight, carrier_delay FROM features.delays_to_learn ORDER BY 1").fetchall()
    assert found == [(1, 10.0), (2, 0.0), (3, None)]  # the landing of 11:00 was reported two days later
    served = get_online_features(
        str(tmp_path / "contracts" / "carrier_delay.odcs.yaml"), [{"carrier": "UA"}], conn_id="warehouse"
    )
    assert served[0]["mean_delay"] is None  # older than seven days


def _written(folder: Path) -> str:
    """The page's files in a folder; the Dag's."""
    (folder / "contracts").mkdir()
    for block in re.findall(r"```(?:yaml|python)\n# (\S+)\n(.*?)```", PAGE.read_text(), re.DOTALL):
        (folder / block[0]).write_text(block[1])
    return str(folder / "delays.py")


def test_explain_names_what_a_training_set_is_made_of(tmp_path: Path) -> None:
    [dag] = explaining.explanations(_written(tmp_path), imports=False, as_of=datetime(2026, 2, 4, tzinfo=UTC))
    features, learn = dag["steps"]
    assert [step["type"] for step in dag["steps"]] == ["FeatureTableOperator", "TrainingSetOperator"]
    assert features["inputs"] == ["warehouse: features.landings"]
    assert learn["inputs"] == ["warehouse: features.carrier_delay", "warehouse: features.departures"]
    assert learn["outputs"] == ["warehouse: features.delays_to_learn"]
    columns = {one["name"]: one["from"] for one in learn["under_contract"]["columns"]}
    assert columns["carrier_delay"] == ["features.carrier_delay.mean_delay (identity)"]
    assert columns["late"] == ["features.departures.late (identity)"]
    gates = features["under_contract"]["gates"]
    assert [one["where"] for one in gates] == ["before the slice is published", "before the online table is replaced"]
    demands = [one["id"] for one in learn["under_contract"]["gates"][0]["checks"]]
    assert {"training_set:known_in_time", "training_set:one_row_a_request"} <= set(demands)


def test_check_has_nothing_to_say_of_its_tasks(tmp_path: Path) -> None:
    found = checking.findings([_written(tmp_path)], imports=False, stage=Stage.COMPILE)
    about = [
        one for one in found if not one.rule.id.startswith("HC")
    ]  # owner, pages and lateness are no subject of the page
    assert [(one.rule.id, one.message) for one in about if one.severity is not FindingSeverity.HINT] == []


def _dag(folder: Path) -> Any:
    """The page's Dag."""
    from airflow.dag_processing.dagbag import DagBag

    _written(folder)
    bag = DagBag(str(folder / "delays.py"), bundle_name="page")
    assert not bag.import_errors, bag.import_errors
    return bag.dags["delays"]


def test_every_gate_that_the_page_names_is_one() -> None:
    from airflow_provider_harness.core.contracts.learning.features import LEAKAGE, ONE_ROW
    from airflow_provider_harness.core.learning.features import SKEW, definition
    from airflow_provider_harness.core.learning.training_sets import LABELS, ROWS

    said = set(re.findall(r"`((?:training_set|features|definition):\w+)`", PAGE.read_text()))
    assert said == {LEAKAGE, ONE_ROW, LABELS, ROWS, SKEW, definition(1)}
