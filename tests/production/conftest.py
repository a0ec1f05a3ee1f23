"""The demo's world on production's parts. Without them (`make production` makes their environment) these tests are left out."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from tests.demo.breaks import Run
from tests.demo.world import HARNESS, World


def needs(module: str) -> pytest.MarkDecorator:
    """Leave a test out where a provider is not installed, and say what installs it."""
    return pytest.mark.skipif(_missing(module), reason=f"{module} is not in the lock: make production")


def _missing(module: str) -> bool:
    try:
        return find_spec(module) is None
    except ModuleNotFoundError:
        return True


def bodies(place: World, run: Run, kind: str) -> list[dict[str, Any]]:
    """Of the events of one kind of this run's incident, the oldest first."""
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute(
            "SELECT e.body::json FROM harness_events e JOIN harness_memberships m USING (incident_id)"
            " WHERE m.failure_key LIKE %s AND e.kind = %s ORDER BY e.seq",
            [f"{run.dag_id}/{run.run_id}/%", kind],
        ).fetchall()
    return [dict(row[0]) for row in rows]


def outcomes(place: World, runs: list[Run]) -> list[str]:
    """How the incident of each run ended."""
    return [str(bodies(place, run, "closed")[-1]["outcome"]) for run in runs]
