"""What a person does about an incident, on a real Airflow, by the command line and with the person's own token."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.testing.stack import AirflowStack
from tests.airflow.test_spine import event
from tests.demo.breaks import Run, clear_as_person, incidents, wait_closed, wait_for
from tests.demo.world import World

#: Its first try dies without a word, which a person is asked about.
DAG = """
from airflow.sdk import DAG, task

with DAG("desk", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):

    @task
    def work(**context):
        import os
        import pathlib
        import signal

        marker = pathlib.Path(__file__).with_name(context["run_id"] + ".marker")
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    work()
"""


@pytest.fixture(scope="module")
def dag(stack: AirflowStack, dags_folder: Path) -> str:
    (dags_folder / "desk.py").write_text(DAG)
    stack.wait_dag("desk")
    return "desk"


def asked(place: World, dag: str, run_id: str) -> tuple[Run, str]:
    """A run whose incident waits for an answer; the run and the incident's id."""
    place.stack.api("POST", f"/dags/{dag}/dagRuns", {"logical_date": None, "dag_run_id": run_id})
    run = Run(dag_id=dag, run_id=run_id, day=date(2013, 1, 1))
    wait_for("an incident", lambda: incidents(place, run), 120)
    wait_for("the question", lambda: event(place, run, "asked"), 120)
    return run, incidents(place, run)[0]["id"]


def harness(place: World, user: str, *words: str) -> subprocess.CompletedProcess[str]:
    return place.stack.cli("harness", *words, "--token", place.stack.token(user), "--output", "json", check=False)


def work(place: World, run: Run) -> dict[str, Any]:
    found: dict[str, Any] = place.stack.api("GET", f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances/work")
    return found


@pytest.mark.slow
def test_a_person_answers_as_themself(place: World, dag: str) -> None:
    run, incident_id = asked(place, dag, "desk__1")
    for user in ("viewer", "harness", "admin"):
        done = harness(place, user, "approve", incident_id)
        assert (done.returncode, done.stderr.strip()) == (2, f"{user} may not answer this; oncall may.")
    no_token = place.stack.cli("harness", "approve", incident_id, "--token", "nonsense", check=False)
    assert (no_token.returncode, "does not know this token" in no_token.stderr) == (2, True), no_token.stderr

    def said_yes() -> bool:
        done = harness(place, "oncall", "approve", incident_id)
        assert done.returncode == 0 or "too early" in done.stdout, done.stdout + done.stderr
        return done.returncode == 0

    wait_for("the answer to be taken", said_yes, 60)
    again = harness(place, "oncall", "refuse", incident_id)
    assert (again.returncode, json.loads(again.stdout)[0]["done"]) == (1, False)
    wait_closed(place, run)
    answered, closed = event(place, run, "answered"), event(place, run, "closed")
    assert answered == {"answer": "Approve", "by": "oncall", "said": True}
    assert closed is not None
    assert closed["outcome"] == "recovered"
    assert incident_id in work(place, run)["note"]
    shown = place.stack.cli("harness", "incidents", "show", incident_id).stdout
    for part in ("What broke\n  desk/desk__1/work#1", "answer: Approve by oncall", "recovered: run desk__1 succeeded"):
        assert part in shown


def test_a_person_takes_it_gives_it_back_and_ends_it(place: World, dag: str) -> None:
    run, incident_id = asked(place, dag, "desk__2")
    refused = harness(place, "viewer", "incidents", "take", incident_id)
    assert (refused.returncode, "Airflow does not let viewer do that" in refused.stderr) == (2, True)
    taken = harness(place, "oncall", "incidents", "take", incident_id)
    assert taken.returncode == 0, taken.stderr
    assert f"incident {incident_id} taken by oncall" in work(place, run)["note"]
    late = harness(place, "oncall", "approve", incident_id)
    assert (late.returncode, "It is taken" in late.stdout) == (1, True)
    assert harness(place, "oncall", "incidents", "return", incident_id).returncode == 0
    first = event(place, run, "claimed")
    wait_for("another healer run", lambda: event(place, run, "claimed") != first, 90)
    wait_for("the question again", lambda: incidents(place, run)[0]["state"] == "asked", 90)
    assert harness(place, "oncall", "incidents", "take", incident_id).returncode == 0
    assert harness(place, "oncall", "incidents", "ack", incident_id).returncode == 0
    ends = "incidents", "resolve", incident_id, "--why", "the machine was too small"
    early = harness(place, "oncall", *ends)
    assert (early.returncode, "work#1 is failed" in early.stdout) == (1, True)
    assert (work(place, run)["state"], work(place, run)["try_number"]) == ("failed", 1)
    clear_as_person(place, run)
    done = harness(place, "oncall", *ends)
    assert done.returncode == 0, done.stdout + done.stderr
    closed = event(place, run, "closed")
    assert closed is not None
    assert closed["outcome"] == "superseded"
    assert place.pages is not None
    pages = [json.loads(line)["event"] for line in place.pages.file.read_text().splitlines()]
    key = event(place, run, "paged")
    assert key is not None
    mine = [page["event_action"] for page in pages if page.get("dedup_key") == key["dedup_key"]]
    assert mine[-2:] == ["acknowledge", "resolve"]
