"""What a Dag file pays: importing our rooms, and parsing a hundred gated tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.contracts import COLUMNS, contract_text
from tests.bench.place import Place, Timed

TASKS = 100
FORBIDDEN = ("pyarrow", "sqlglot", "pandas", "google.cloud", "anthropic", "great_expectations", "sqlalchemy.engine")
"""What no Dag file may load after ``airflow.sdk``."""
ROOMS = ("operators", "sensors", "callbacks", "retry_policies")

GATED = """
from airflow.sdk import DAG
from airflow_provider_harness.operators import ValidateOperator
with DAG(dag_id="gated", schedule=None) as dag:
    for n in range({tasks}):
        ValidateOperator(task_id=f"t{{n}}", contract=f"contracts/c{{n}}.odcs.yaml", conn_id="w", table="public.src")
"""
PLAIN = """
from airflow.sdk import DAG, BaseOperator
with DAG(dag_id="plain", schedule=None) as dag:
    for n in range({tasks}):
        BaseOperator(task_id=f"t{{n}}")
"""


def imports(place: Place) -> Timed:
    """Every name of our operators, sensors, callbacks and retry policies, after ``airflow.sdk``."""
    from importlib import import_module

    from airflow.sdk import DAG, BaseOperator, BaseSensorOperator, Connection, RetryPolicy, task  # noqa: F401

    before = set(sys.modules)

    def timed() -> int:
        for room in ROOMS:
            module = import_module(f"airflow_provider_harness.{room}")
            for name in module.__all__:
                getattr(module, name)
        loaded = set(sys.modules) - before
        heavy = sorted(name for name in loaded if name.startswith(FORBIDDEN))
        assert not heavy, heavy
        return len(loaded)

    return timed


def parse(text: str) -> Callable[[Place], Timed]:
    """A Dag file as Airflow's Dag processor reads it, processor time; caches are warm, the file was read once before."""

    def made(place: Place) -> Timed:
        from airflow.dag_processing.dagbag import DagBag

        import airflow_provider_harness.operators  # noqa: F401 - the other row has the imports

        home = place.folder / "dagfiles"
        (home / "contracts").mkdir(parents=True, exist_ok=True)
        for n in range(TASKS):
            own = contract_text("gate").replace("id: src\n", f"id: src{n}\n", 1)
            (home / "contracts" / f"c{n}.odcs.yaml").write_text(own)
        file = home / f"file{len(text)}.py"
        file.write_text(text.format(tasks=TASKS))
        _parsed(DagBag, file)  # warm

        def timed() -> int:
            return _parsed(DagBag, file)

        return timed

    return made


def _parsed(bag_class: type, file: Path) -> int:
    bag = bag_class(dag_folder=str(file), collect_dags=False)
    bag.process_file(str(file), only_if_updated=False)
    assert not bag.import_errors, bag.import_errors
    return sum(len(dag.tasks) for dag in bag.dags.values())


CLOCK = time.process_time
"""Processor time: the wall's is too noisy for milliseconds."""
assert len(COLUMNS) == 12
