"""What Airflow finds of this package: entry points that resolve, provider info that is valid, imports that are light."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import json
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.config import OPTIONS
from airflow_provider_harness.get_provider_info import get_provider_info

ROOT = Path(__file__).resolve().parents[2]
POINTS: dict[str, dict[str, str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]


def resolve(target: str) -> Any:
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    return getattr(found, name) if name else found


def test_the_entry_points_are_these() -> None:
    assert {"apache_airflow_provider", "airflow.plugins", "airflow.policy"} <= set(POINTS)


@pytest.mark.parametrize("target", [target for group in POINTS.values() for target in group.values()])
def test_an_entry_point_resolves(target: str) -> None:
    assert resolve(target) is not None


def test_what_each_entry_point_is() -> None:
    from airflow.plugins_manager import AirflowPlugin

    assert resolve(POINTS["apache_airflow_provider"]["provider_info"])() == get_provider_info()
    assert issubclass(resolve(POINTS["airflow.plugins"]["harness"]), AirflowPlugin)
    policy = resolve(POINTS["airflow.policy"]["harness"])
    for name in ("task_policy", "dag_policy"):
        assert hasattr(getattr(policy, name), "airflow.policy_impl"), f"{name} is not marked for Airflow"


def test_the_provider_info_is_valid() -> None:
    import jsonschema

    schema = json.loads((files("airflow") / "provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


@pytest.mark.slow
def test_airflow_lists_it_among_its_providers() -> None:
    """What `airflow providers list` shows."""
    from airflow.providers_manager import ProvidersManager

    [version] = [
        found.version for name, found in ProvidersManager().providers.items() if name == "airflow-provider-harness"
    ]
    assert version == importlib.metadata.version("airflow-provider-harness")


def test_every_option_is_in_the_provider_info() -> None:
    options = get_provider_info()["config"]["harness"]["options"]
    assert set(options) == set(OPTIONS)
    for name, option in OPTIONS.items():
        assert (options[name]["default"], options[name]["type"]) == (option.default, option.type)


@pytest.mark.parametrize("package", ["", ".operators", ".sensors"])
def test_editors_and_type_checkers_see_each_lazy_name(package: str) -> None:
    """PEP 561's marker is there, and each name that is imported late is imported for type checkers too."""
    module = importlib.import_module(f"airflow_provider_harness{package}")
    tree = ast.parse(Path(str(module.__file__)).read_text())
    typed = next(node for node in tree.body if isinstance(node, ast.If))
    names = {alias.name for node in typed.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names == set(module.__all__) - {"__version__"}
    assert (ROOT / "airflow_provider_harness" / "py.typed").is_file()


def test_the_commands_resolve() -> None:
    for target in get_provider_info()["cli"]:
        module, _, name = target.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


#: What a Dag file must not pay for.
HEAVY = (
    "adbc_driver_manager",
    "adbc_driver_postgresql",
    "alembic",
    "anthropic",
    "duckdb",
    "google",
    "great_expectations",
    "mcp",
    "numpy",
    "openlineage",
    "pagerduty",
    "pandas",
    "psycopg",
    "pyarrow",
    "sqlalchemy",
    "sqlglot",
    "yaml",
)
#: Of our own, what only a running task needs; core is small and may be there.
OWN_HEAVY = ("airflow_provider_harness.adapters.", "airflow_provider_harness.core.signature")


SDK = "from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, task, RetryPolicy, Connection"


def loaded_by(statement: str, tmp_path: Path, *, first: str = SDK) -> set[str]:
    """Modules that a statement loads in a process that has Airflow's SDK already, as a Dag processor has."""
    code = (
        f"import sys\n{first}\n"
        f"before = set(sys.modules)\n{statement}\n"
        "print('TOLD', *sorted(set(sys.modules) - before))"
    )
    return set(told_by(code, tmp_path))


def told_by(code: str, tmp_path: Path) -> list[str]:
    """The words behind TOLD that a process of its own prints."""
    env = {"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.rpartition("TOLD")[2].split()


@pytest.mark.parametrize("room", ["operators", "sensors", "callbacks", "retry_policies"])
def test_what_a_dag_file_imports_is_light(room: str, tmp_path: Path) -> None:
    package = f"airflow_provider_harness.{room}"
    loaded = loaded_by(f"import {package} as room\n[getattr(room, n) for n in room.__all__]", tmp_path)
    assert package in loaded
    heavy = {name for name in loaded if name.split(".")[0] in HEAVY or name.startswith(OWN_HEAVY)}
    assert heavy == set()


def test_what_operators_look_at_when_a_dag_is_parsed_is_light(tmp_path: Path) -> None:
    """Their rules are read then, for what has no meaning; what judges, masks and renders comes when the task runs."""
    rules = ("bias", "chunks", "fine_tuning.plan", "synthetic")
    loaded = loaded_by("\n".join(f"import airflow_provider_harness.core.learning.{name}" for name in rules), tmp_path)
    ours = {name.removeprefix("airflow_provider_harness.core.") for name in loaded if ".core." in name}
    assert {name for name in ours if not name.startswith(("learning", "errors"))} == set()


@pytest.mark.parametrize(
    ("module", "ours"),
    [("airflow_provider_harness", set()), ("airflow_provider_harness.enrolment", {"enrolment", "config"})],
)
def test_what_every_process_of_airflow_imports_is_next_to_nothing(module: str, ours: set[str], tmp_path: Path) -> None:
    loaded = {
        name for name in loaded_by(f"import {module}", tmp_path, first="") if name.startswith("airflow_provider_h")
    }
    loaded -= {"airflow_provider_harness.get_provider_info"}  # read by Airflow where the package is installed
    assert loaded == {"airflow_provider_harness", *(f"airflow_provider_harness.{name}" for name in ours)}


def test_a_heavy_import_is_seen(tmp_path: Path) -> None:
    assert "sqlglot" in loaded_by("import sqlglot", tmp_path)


AI_DATA = (
    "FeatureTableOperator", "FineTuningSetOperator", "IndexDocumentsOperator", "PromoteModelOperator", "PromoteTableOperator",
    "RollbackModelOperator", "SyntheticDataOperator", "TrainingSetOperator",
)  # fmt: skip
"""Operators of data for models: a Dag file imports few of them, and each has its own budget."""


def test_what_a_dag_file_imports_is_quick(tmp_path: Path) -> None:
    """Where ``airflow.sdk`` itself takes a second: 3 ms of processor time for all that moves, checks, waits and heals, and 1 ms for each
    operator of data for models, with what it needs beyond; the best of 25, since a machine is noisy."""
    rooms = ("operators", "sensors", "callbacks", "retry_policies")
    code = (
        f"import time\nbegan = time.process_time()\n{SDK}\nsdk = time.process_time()\nfrom importlib import import_module\n"
        f"for name in {rooms}:\n"
        "    room = import_module(f'airflow_provider_harness.{name}')\n"
        f"    [getattr(room, each) for each in room.__all__ if each not in {AI_DATA}]\n"
        "first, each = time.process_time(), []\n"
        "from airflow_provider_harness import operators\n"
        f"for name in {AI_DATA}:\n    at = time.process_time()\n    getattr(operators, name)\n    each.append(time.process_time() - at)\n"
        "print('TOLD', (first - sdk) / (sdk - began), max(each) / (sdk - began))"
    )
    told_by(code, tmp_path)  # leaves the bytecode
    tried: list[tuple[float, float]] = []
    while len(tried) < 25 and not (tried and all(a <= b for a, b in zip(_least(tried), (0.003, 0.001), strict=True))):
        first, most = map(float, told_by(code, tmp_path))
        tried.append((first, most))
    first, most = _least(tried)
    assert first <= 0.003 and most <= 0.001


def _least(tried: list[tuple[float, float]]) -> tuple[float, float]:
    return min(one[0] for one in tried), min(one[1] for one in tried)


def test_the_table_of_operators_has_every_public_one() -> None:
    from airflow_provider_harness import operators, sensors
    from airflow_provider_harness.core.operators import OPERATORS

    assert set(OPERATORS) == {*operators.__all__, *sensors.__all__}


def test_the_table_of_operators_says_of_every_sensor_that_it_looks() -> None:
    from airflow_provider_harness import sensors
    from airflow_provider_harness.core.operators import OPERATORS

    assert {name for name, one in OPERATORS.items() if one.looks} == set(sensors.__all__)
