"""Fixtures for tests of one's own Dags; pytest loads this module in every project, so nothing heavy is imported at its head."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airflow_provider_harness.testing.postgres import PostgresServer
    from airflow_provider_harness.testing.simulation.trial import DagTrial


@pytest.fixture(scope="session")
def harness_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A real PostgreSQL of this test session, from a wheel."""
    from airflow_provider_harness.testing.postgres import EmbeddedPostgres

    with EmbeddedPostgres(tmp_path_factory.mktemp("harness_postgres")) as embedded:
        yield embedded.server


@pytest.fixture
def simulate_dag(harness_postgres: PostgresServer, tmp_path: Path) -> Iterator[Callable[..., DagTrial]]:
    """Puts a Dag on a clock that stands still, with a database for each of its connections; until the test ends.

    ``simulate_dag(dag, start=None, events=None, mode="act")``: the Dag or its file; when the clock starts (none = the Dag's start);
    a folder of events, as ``airflow harness simulate`` takes it; and what the healer may do.
    """
    with ExitStack() as around:
        yield lambda dag, **given: _trial(around, harness_postgres, tmp_path, dag, **given)


def _trial(
    around: ExitStack,
    server: PostgresServer,
    folder: Path,
    dag: Any,
    *,
    start: Any = None,
    events: Path | str | None = None,
    mode: str = "act",
) -> DagTrial:
    import uuid
    from dataclasses import replace

    from airflow_provider_harness.testing.simulation.__main__ import dag_of
    from airflow_provider_harness.testing.simulation.script import Script, moment, read
    from airflow_provider_harness.testing.simulation.simulation import Simulation
    from airflow_provider_harness.testing.simulation.trial import DagTrial

    script = read(Path(events)) if events else Script()
    if start is not None:
        script = replace(script, start=moment(start, "start"))
    found = dag_of([str(dag)], "") if isinstance(dag, str | Path) else dag
    home = folder / f"simulation_{uuid.uuid4().hex[:8]}"
    home.mkdir()
    simulation = Simulation(found, script, server=server, home=home, name=home.name, mode=mode)
    return DagTrial(around.enter_context(simulation))
