"""One simulation in a process of its own, which ``airflow harness simulate`` starts.

Input: JSON as the only argument, with ``files``, ``dag``, ``events``, ``until``, ``mode``, ``settings`` and ``answer``. The answer, in
that file, is JSON with ``outcome``, or with ``error`` and whether it is the installation that is ``unavailable``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError, HarnessError
from airflow_provider_harness.testing.process import ServerFailed
from airflow_provider_harness.testing.simulation.script import Script, read


def main(given: Mapping[str, Any]) -> None:
    """Simulate, and write the answer."""
    answer: dict[str, Any]
    try:
        script = read(Path(given["events"]))
        until = datetime.fromisoformat(given["until"]).astimezone(UTC)
        answer = {"outcome": simulated(given, script, until)}
    except ServerFailed as error:
        answer = {"error": str(error), "unavailable": True}
    except HarnessError as error:
        answer = {"error": str(error), "unavailable": False}
    Path(given["answer"]).write_text(json.dumps(answer), encoding="utf-8")


def simulated(given: Mapping[str, Any], script: Script, until: datetime) -> str:
    """The snapshot of one simulation."""
    from airflow_provider_harness.testing.postgres import EmbeddedPostgres
    from airflow_provider_harness.testing.simulation.outcome import outcome, text_of
    from airflow_provider_harness.testing.simulation.simulation import Simulation

    dag = dag_of(given["files"], given["dag"])
    with tempfile.TemporaryDirectory(prefix="simulation_") as folder:
        base = Path(folder)
        base.chmod(0o755)  # the server may run as another user id
        home = base / "home"
        home.mkdir()
        with EmbeddedPostgres(base / "postgres") as embedded:
            around = Simulation(
                dag, script, server=embedded.server, home=home, settings=given["settings"], mode=given["mode"]
            )
            with around as simulation:
                simulation.run(until)
                return text_of(outcome(simulation))


def dag_of(files: Sequence[str], dag_id: str) -> Any:
    """A Dag of one of these files.

    :param dag_id: empty for the only one that is there.
    :raises ConfigurationError: a file cannot be imported, or there is not just one such Dag.
    """
    from airflow.dag_processing.dagbag import DagBag

    found: dict[str, Any] = {}
    for path in files:
        bag = DagBag(path, safe_mode=False)
        for text in bag.import_errors.values():
            raise ConfigurationError(f"file {path}", f"cannot be imported: {text.strip().splitlines()[-1].strip()}")
        found |= bag.dags
    if dag_id:
        found = {name: dag for name, dag in found.items() if name == dag_id}
    if len(found) != 1:
        what = f"Dag {dag_id}" if dag_id else f"file {', '.join(files)}"
        none = "is not there." if dag_id else "has no Dag."
        why = f"has {len(found)} Dags: {', '.join(sorted(found))}." if found else none
        raise ConfigurationError(what, why, fix="Name one Dag by its id.")
    return next(iter(found.values()))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
