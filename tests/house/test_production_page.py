"""The values for Airflow's chart that the how-to shows name options, connections and commands that exist."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from airflow_provider_harness.config import OPTIONS
from tests.production.test_fab import RIGHTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "run-in-production.md").read_text()
[VALUES] = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "executor:" in text]
CHART = "HARNESS_AIRFLOW_CHART"
"""Names the folder of Airflow's chart (`helm pull --untar apache-airflow/airflow`)."""


def test_options_are_the_harnesss_own() -> None:
    assert VALUES["config"]["harness"].keys() <= OPTIONS.keys()


def test_secrets_are_the_connections_that_the_harness_reads_by_default() -> None:
    named = {item["envName"].removeprefix("AIRFLOW_CONN_").lower() for item in VALUES["secret"]}
    options = ("store_conn_id", "capture_conn_id", "airflow_conn_id", "pagerduty_conn_id")
    assert named == {str(OPTIONS[name].default) for name in options}


def test_what_is_mounted_is_what_the_options_name() -> None:
    mounted = {item["mountPath"] for item in VALUES["volumeMounts"]}
    files = [Path(VALUES["config"]["harness"][name]) for name in ("approvers_file", "audit_key_file")]
    assert {str(path.parent) for path in files} == mounted
    assert {item["name"] for item in VALUES["volumeMounts"]} == {item["name"] for item in VALUES["volumes"]}


def test_the_commands_for_fab_are_those_that_are_tried() -> None:
    shown = {tuple(shlex.split(line)[1:]) for line in PAGE.splitlines() if line.startswith("airflow ")}
    assert set(RIGHTS) <= shown


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The metaschema specified by")
def test_the_chart_takes_the_values() -> None:
    if CHART not in os.environ:
        pytest.skip(f"{CHART} names no folder with Airflow's chart")
    chart = Path(os.environ[CHART])
    own: dict[str, Any] = yaml.safe_load((chart / "values.yaml").read_text())
    schema = yaml.safe_load((chart / "values.schema.json").read_text())
    assert VALUES.keys() <= own.keys()
    jsonschema.validate(_merged(own, VALUES), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_merged(own, {"secret": [{"secretName": "without a variable"}]}), schema)


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """As Helm merges values: mappings by key, and everything else as a whole."""
    both = {key: _merged(first[key], value) for key, value in second.items() if _maps(first.get(key), value)}
    return {**first, **second, **both}


def _maps(*values: object) -> bool:
    return all(isinstance(value, dict) for value in values)
