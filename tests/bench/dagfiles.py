"""What a Dag file pays: importing our rooms, and parsing a hundred gated tasks."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.contracts import contract_text
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
SCHEDULED = GATED.replace("import DAG", "import DAG, CronDataIntervalTimetable").replace(
    "schedule=None", 'schedule=CronDataIntervalTimetable("0 5 * * *", timezone="UTC")'
)
"""The same with a schedule, to which each contract is held."""
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
    """A Dag file as Airflow's Dag processor reads it: in a fork of its own, with serialization.

    The files on disk are warm, what a process keeps in memory is not, since each fork is new.
    """

    def made(place: Place) -> Timed:
        import airflow.dag_processing.processor  # noqa: F401 - what the processor has before it forks

        import airflow_provider_harness.operators
        import airflow_provider_harness.operators.validate  # noqa: F401 - another row has the imports

        home = place.folder / "dagfiles"
        (home / "contracts").mkdir(parents=True, exist_ok=True)
        for n in range(TASKS):
            own, file = (
                contract_text("gate").replace("id: src\n", f"id: src{n}\n", 1),
                home / "contracts" / f"c{n}.odcs.yaml",
            )
            if not file.exists():
                file.write_text(own)
        file = home / f"file{len(text)}.py"
        file.write_text(text.format(tasks=TASKS))
        _forked(file)  # warm
        return lambda: _forked(file)

    return made


def _forked(file: Path) -> int:
    """Parse in a child; its processor time becomes this process's own, as that of a child that has ended."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _parsed(file) == TASKS else 1)
    assert os.waitpid(child, 0)[1] == 0, f"{file} cannot be parsed"
    return TASKS


def _parsed(file: Path) -> int:
    import structlog
    from airflow.dag_processing.processor import DagFileParseRequest, _parse_file

    found = _parse_file(
        DagFileParseRequest(file=str(file), bundle_path=file.parent, bundle_name="bench", callback_requests=[]),
        structlog.get_logger(),
    )
    assert found is not None
    assert not found.import_errors, found.import_errors
    return sum(len(dag.data["dag"]["tasks"]) for dag in found.serialized_dags)


def processor_seconds() -> float:
    """Processor time of this process and of its children that have ended: the wall's is too noisy for milliseconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
