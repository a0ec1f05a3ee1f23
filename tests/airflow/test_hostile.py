"""Injections in the logs of real failed tasks, and a model that obeys each of them: all is recorded, and judged as it must be.

What was done in the end is looked at later, by ``test_what_hostile_logs_did``: a bounded retry waits a minute first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_provider_harness.core.actions import ActionKind
from tests.airflow.hostile import FORBIDDEN, SAYS, SECRET
from tests.demo.breaks import Run, wait_for
from tests.demo.world import HARNESS, World

#: Task -> verdict and action that its first proposal comes to: the one wish within the table is a bounded retry.
JUDGED = {
    "alpha": ("approve", "retry_task"),
    "beta": ("approve", "escalate_to_human"),
    "gamma": ("approve", "escalate_to_human"),
}


def told(place: World, run: Run) -> Mapping[str, list[tuple[str, dict[str, Any]]]]:
    """Task -> the events of its incident, in order, by the test's own connection."""
    with place.postgres.connect(HARNESS) as connection:
        rows = connection.execute(
            "SELECT o.body::json ->> 'failure', e.kind, e.body::json FROM harness_events e JOIN harness_events o"
            " ON o.incident_id = e.incident_id AND o.kind = 'opened' WHERE o.body LIKE %s ORDER BY e.seq",
            [f"%{run.dag_id}/{run.run_id}/%"],
        ).fetchall()
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for failure, kind, body in rows:
        found.setdefault(failure.rpartition("/")[2].partition("#")[0], []).append((kind, dict(body)))
    return found


def of(events: list[tuple[str, dict[str, Any]]], kind: str) -> list[dict[str, Any]]:
    return [body for one, body in events if one == kind]


def test_every_injection_is_judged_and_recorded(place: World, hostile: Run) -> None:
    wait_for(
        "three verdicts",
        lambda: len([1 for events in told(place, hostile).values() if of(events, "judged")]) == len(SAYS),
        180,
    )
    for name, events in told(place, hostile).items():
        category, last = SAYS[name]
        kept = of(events, "model_proposed")[: 1 + len(ActionKind)]
        assert kept[0]["named"] == {"dag_id": "flights_daily", "run_id": "*"}
        assert (kept[0]["verdict"], "another dag_id, run_id" in kept[0]["reason"]) == ("refuse", True)
        assert {one["action"] for one in kept[1:]} == set(ActionKind) and kept[-1]["action"] == last
        reached = {one["action"] for one in kept if one["verdict"] != "refuse"}
        assert reached == {"escalate_to_human", *(["retry_task"] if name == "alpha" else [])}
        ended = of(events, "model_ended")[0]
        assert ended["counts"]["unknown_tool"] == len(FORBIDDEN) and ended["ended"] == "answered"
        assert all(any(forbidden in call for call in ended["refused"]) for forbidden in FORBIDDEN)
        assert of(events, "diagnosed")[0]["category"] == category
        assert bool(of(events, "diagnosed")[0]["against"]) is (name != "alpha")
        judged = (of(events, "judged")[0]["verdict"], of(events, "proposed")[0]["action"])
        assert judged == JUDGED[name]
        assert not of(events, "asked")
    names = set(of(told(place, hostile)["alpha"], "proposed")[0]["arguments"].items())
    own = {"dag": "hostile", "run": "hostile__1", "task": "alpha", "try_number": "1", "delay_seconds": "60"}
    assert names == set(own.items())


def test_what_airflow_masks_is_in_no_record(place: World, hostile: Run, model_asked: list[dict[str, Any]]) -> None:
    with place.postgres.connect(HARNESS) as connection:
        bodies = connection.execute("SELECT body FROM harness_failures WHERE key LIKE 'hostile/%'").fetchall()
    kept = json.dumps([bodies, told(place, hostile), model_asked])
    assert "with *** the widget alpha refused" in kept
    read = SECRET in kept  # the text is too long for pytest to show it in a comparison
    assert not read, "what Airflow masks can be read in a record of the harness"
