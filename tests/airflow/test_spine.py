"""The main job in real processes: rows through gates, one heal, one page, one approval, one question to the model.

Every verdict is the grader's, which looks with its own connections; the breaks are the demo's own.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from airflow_provider_harness.adapters.store.schema import TASK_RIGHTS
from airflow_provider_harness.testing.stack import AirflowStack, ApiRefused
from tests.airflow.conftest import READS
from tests.browser.oncall import OnCall, on_call
from tests.demo.__main__ import case, keep, site
from tests.demo.breaks import BREAKS, FLIGHTS, Break, Run, incidents, wait_closed, wait_for
from tests.demo.grader import Case, Grader, Site
from tests.demo.world import CAPTURE_ROLE, HARNESS, WAREHOUSE, World

FIRST = date(2013, 1, 1)
HEAL, PAGE, ASK = BREAKS[0], BREAKS[2], BREAKS[5]

UNKNOWN_TO_THE_RULES = """
from airflow.sdk import DAG, task

with DAG("odd", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):

    @task
    def spin():
        import pathlib

        marker = pathlib.Path(__file__).with_name("odd.marker")
        if not marker.exists():
            marker.touch()
            raise Exception("the widget refused to frobnicate")

    spin()
"""

PAUSING = """
from airflow.sdk import DAG, task

with DAG("killable", schedule=None, tags=["flights"], default_args={"owner": "data-team"}):

    @task
    def wait(run_id=None):
        import os
        import pathlib
        import signal

        marker = pathlib.Path(__file__).with_name(run_id + ".marker")
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    wait()
"""


def judged(place: World, item: Break, runs: list[Run]) -> list[dict[str, Any]]:
    """The grader's lines; every finding fails the test."""
    with Grader(Site(**site(place))) as grader:
        answers = [grader.incident(Case(**case(place, item, run))) for run in runs]
    assert [finding for _, found in answers for finding in found] == []
    return [line for line, _ in answers]


def test_a_day_goes_through_the_gates(place: World, first_day: Run) -> None:
    run = place.stack.api("GET", f"/dags/{FLIGHTS}/dagRuns/{quote(first_day.run_id, safe='')}")
    assert run["state"] == "success"
    with Grader(Site(**site(place))) as grader:
        assert list(grader.data_findings([FIRST])) == []
        assert list(grader.lineage_findings()) == []
    assert incidents(place, first_day) == []
    with place.postgres.connect(WAREHOUSE) as connection:
        published = connection.execute("SELECT count(*) FROM flights").fetchone()
    assert published == (842,)


def test_a_source_that_refuses_is_waited_out_and_the_slice_is_proved(place: World, first_day: Run) -> None:
    runs = list(HEAL.do(place, FIRST + timedelta(days=1)))
    lines = judged(place, HEAL, runs)
    assert [line["rule"] for line in lines] == ["retry-transient", "retry-what-may-repeat"]
    with Grader(Site(**site(place))) as grader:
        assert list(grader.data_findings([FIRST, FIRST + timedelta(days=1)])) == []


def test_a_duplicate_key_publishes_nothing_and_pages(place: World, first_day: Run) -> None:
    [run] = PAGE.do(place, FIRST + timedelta(days=2))
    [line] = judged(place, PAGE, [run])
    assert line["paged"]
    assert place.seen[run.run_id] == {"published_while_blocked": 0}


def test_a_killed_task_is_found_and_a_person_is_asked_before_it_runs_again(place: World, first_day: Run) -> None:
    """On-call finds the incident on its page, approves there, and sees it healed."""
    with on_call(place.stack) as person:
        runs = list(ASK.do(with_pages(place, person), FIRST + timedelta(days=3)))
        lines = judged(place, ASK, runs)
        assert [line["approved_by"] for line in lines] == ["oncall", "oncall"]
        if person:
            person.sees("Recovered")  # of the second, whose page is still open
            person.opens(incidents(place, runs[0])[0]["id"])
            person.sees("Healed")


def with_pages(place: World, person: OnCall | None) -> World:
    """The world in which on-call approves on the pages, where somebody is there who can."""
    if person is None:
        return place

    def approve(stack: AirflowStack, incident_id: str, path: str) -> None:
        person.opens(incident_id)
        person.answers("Approve")

    return replace(place, approve=approve)


def test_the_model_is_asked_where_the_rules_do_not_know(
    place: World, dags_folder: Path, model_asked: list[dict[str, Any]]
) -> None:
    (dags_folder / "odd.py").write_text(UNKNOWN_TO_THE_RULES)
    place.stack.wait_dag("odd")
    place.stack.api("POST", "/dags/odd/dagRuns", {"logical_date": None, "dag_run_id": "odd__1"})
    run = Run(dag_id="odd", run_id="odd__1", day=FIRST)
    wait_for("an incident", lambda: incidents(place, run), 120)

    def asked() -> list[dict[str, Any]]:
        """Of this incident: other tests' incidents ask meanwhile."""
        return [one for one in model_asked if "Exception: the widget refused" in str(one["messages"][0])]

    wait_for("the model to be asked", lambda: len(asked()) > 1, 60)
    last = asked()[-1]["messages"]
    shown = str(last)
    assert "refused to frobnicate" in shown
    assert "test-key" not in shown
    read = dict(zip(READS, (result["content"] for result in last[-1]["content"]), strict=True))
    assert "raise Exception" in read["get_dag_source"] and "Dag version 1" in read["get_dag_source"]
    assert "spin: failed, try 1 of 1" in read["get_task_states"]
    assert "Dag version 1 (this run)" in read["get_run_history"]
    assert read["search_logs"].count("refused to frobnicate") > 1
    assert "0 on this task" in read["find_similar_incidents"]
    assert not [name for name, text in read.items() if "could not be read" in text or "Error" in text[:40]]
    evidence = wait_for("the evidence", lambda: event(place, run, "evidence"), 60)
    assert evidence["unavailable"] == [
        "Lineage: not known of this task; tasks of the harness's operators tell it when they succeed"
    ]
    said = [one["text"] for one in evidence["observations"] if one["source"] == "history"]
    assert said == ["no green run of this task before this one, among 1"]
    wait_for("a diagnosis", lambda: event(place, run, "diagnosed"), 60)
    diagnosed = event(place, run, "diagnosed")
    assert diagnosed is not None
    assert (diagnosed["category"], diagnosed["basis"]) == ("rate_limited", "model")
    judged = wait_for("a verdict", lambda: event(place, run, "judged"), 60)
    assert (judged["verdict"], judged["rule"]) == ("approve", "page"), "no rule bears its answer out, so it adds no act"
    there = {"dag": "odd", "run": "odd__1", "task": "spin", "map_index": -1, "state": "failed", "try_number": 1}
    assert judged["found"] == there | {"dag_version": 1}


@pytest.fixture(scope="module")
def killed(dags_folder: Path, stack: AirflowStack) -> list[Run]:
    """Three runs whose task ends itself with -9: each has an incident that asks a person."""
    (dags_folder / "killable.py").write_text(PAUSING)
    stack.wait_dag("killable")
    runs = [Run(dag_id="killable", run_id=f"killable__{number}", day=FIRST) for number in (1, 2, 3)]
    for run in runs:
        stack.api("POST", "/dags/killable/dagRuns", {"logical_date": None, "dag_run_id": run.run_id})
    return runs


def test_the_ways_around_an_approval(place: World, killed: list[Run], stack: AirflowStack) -> None:
    """Any user may start runs, clear tasks, write XCom and set states; the act asks Airflow's record of the answer.

    The second run is answered by the right person at once, which is a program's answer."""
    slow, quick, _ = killed
    answer_at_once(place, quick)
    run, healer_run = slow, opened_question(place, slow)
    at = f"/dags/harness_healer/dagRuns/{quote(healer_run, safe='')}"
    task = f"{at}/taskInstances/approve"
    wait_for("the approval to be open", lambda: stack.api("GET", task)["state"] == "awaiting_input", 60)
    incident = incidents(place, run)[0]["id"]
    forged = {"incident_id": incident, "verdict": "approve", "answer": "Approve", "approved_by": "oncall"}
    stack.api(
        "POST",
        "/dags/harness_healer/dagRuns",
        {"logical_date": None, "dag_run_id": "forged", "conf": forged},
        user="oncall",
    )
    said = {"chosen_options": ["Approve"], "params_input": {}, "responded_by_user": {"id": "oncall", "name": "oncall"}}
    stack.api("POST", f"{task}/xcomEntries", {"key": "return_value", "value": said}, user="admin")
    for user in ("harness", "admin"):
        with pytest.raises(ApiRefused, match="403"):
            stack.api("PATCH", f"{task}/-1/hitlDetails", {"chosen_options": ["Approve"], "params_input": {}}, user=user)
    stack.api("PATCH", task, {"new_state": "success"}, user="oncall")
    for each in (slow, quick):
        wait_closed(place, each)
    stack.wait_run("harness_healer", "forged", timeout=60)
    alone = {"dag_run_id": healer_run, "task_ids": ["act"], "dry_run": False, "only_failed": False}
    stack.api("POST", "/dags/harness_healer/clearTaskInstances", alone, user="oncall")
    stack.wait_run("harness_healer", healer_run, timeout=90)
    for each, why in ((slow, "Nobody answered in time."), (quick, "nobody reads that fast")):
        closed, answered = event(place, each, "closed"), event(place, each, "answered")
        assert closed is not None
        assert answered is not None
        assert closed["outcome"] == "refused"
        assert why in answered["answer"]
        assert event(place, each, "act_started") is None
        failed = stack.api("GET", f"/dags/killable/dagRuns/{each.run_id}/taskInstances/wait")
        assert (failed["state"], failed["try_number"]) == ("failed", 1)


@pytest.mark.slow
def test_on_call_takes_an_incident_gives_it_back_and_refuses(place: World, killed: list[Run]) -> None:
    """On the pages, while a real healer has a question open; given back, it looks at everything anew and asks again."""
    run = killed[-1]
    first = opened_question(place, run)
    with on_call(place.stack) as person:
        if person is None:
            pytest.skip("There is no browser.")
        person.opens(incidents(place, run)[0]["id"])
        person.does("Take")
        person.sees("Taken by oncall")
        person.does("Return")
        wait_for("another healer to ask", lambda: opened_question(place, run) != first and is_asked(place, run), 90)
        person.answers("Refuse")
        wait_closed(place, run)
        person.sees("oncall answered Refuse.")
    answered = event(place, run, "answered")
    assert answered is not None
    assert (answered["answer"], answered["by"]) == ("oncall answered Refuse.", "oncall")
    assert event(place, run, "act_started") is None


def is_asked(place: World, run: Run) -> bool:
    """Whether a question is open."""
    return [one["state"] for one in incidents(place, run)] == ["asked"]


def opened_question(place: World, run: Run) -> str:
    """The healer's run that asks about this run's incident."""
    wait_for("an incident", lambda: incidents(place, run), 120)
    asked = wait_for("the question", lambda: event(place, run, "asked"), 120)
    assert asked["assigned"] == ["oncall"]
    claimed = event(place, run, "claimed")
    assert claimed is not None
    return str(claimed["run"])


def answer_at_once(place: World, run: Run) -> None:
    """As the person who may, in the moment in which the question stands in Airflow."""
    path = f"/dags/harness_healer/dagRuns/{quote(opened_question(place, run), safe='')}/taskInstances/approve/-1/hitlDetails"

    def said() -> bool:
        try:
            place.stack.api("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}}, user="oncall")
        except ApiRefused:
            return False
        return True

    wait_for("the question to stand", said, 60)


def event(place: World, run: Run, kind: str) -> dict[str, Any] | None:
    """The newest body of one kind of event of this run's incident, by the test's own connection."""
    with place.postgres.connect(HARNESS) as connection:
        row = connection.execute(
            "SELECT e.body::json FROM harness_events e JOIN harness_memberships m USING (incident_id)"
            " WHERE m.failure_key LIKE %s AND e.kind = %s ORDER BY e.seq DESC LIMIT 1",
            [f"{run.dag_id}/{run.run_id}/%", kind],
        ).fetchone()
    return dict(row[0]) if row else None


def test_a_demo_that_is_kept_says_where_the_incidents_are(
    place: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("signal.pause", lambda: None)
    keep(place)
    assert f"the incidents: {place.stack.url}/plugin/harness/incidents\n" in capsys.readouterr().out


def test_the_audit_holds_and_tasks_had_the_rights_that_they_need(place: World, first_day: Run) -> None:
    assert place.stack.cli("harness", "audit", "verify", check=False).returncode == 0
    with place.postgres.connect(HARNESS) as connection:
        granted = connection.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = %s "
            "UNION SELECT table_name, privilege_type FROM information_schema.role_column_grants WHERE grantee = %s",
            [CAPTURE_ROLE, CAPTURE_ROLE],
        ).fetchall()
    assert set(granted) == {(table, right) for table, rights in TASK_RIGHTS.items() for right in rights}


def test_every_gate_of_a_day_is_kept(place: World, first_day: Run) -> None:
    done = place.stack.cli("harness", "quality", "flights", "--output", "json", check=False)
    gates = [gate for gate in json.loads(done.stdout) if gate["slice"] == "20130101T050000Z"]
    gates = [gate for gate in gates if gate["task"].startswith(f"{first_day.dag_id}/")]  # other tests look at it, too
    assert {gate["gate"]: gate["task"].partition("#")[0].rpartition("/")[2] for gate in gates} == {
        "source": "extract",
        "staging": "load",
        "published": "validate",
    }
    assert {gate["rows"] for gate in gates} == {842}
    for gate in gates:
        assert gate["milliseconds"]["total"] >= gate["milliseconds"]["gate"] > 0
        [watch] = [check for check in gate["checks"] if check["kind"] == "anomaly"]
        assert (watch["value"], watch["passed"], watch["error"]) == (842, True, "")


@pytest.mark.parametrize("path", ["/dags/flights_daily", "/dags/plain_copy"])
def test_enrolled_dags_carry_the_tag_and_the_healer_does_not(stack: AirflowStack, path: str) -> None:
    assert "harness" in [tag["name"] for tag in stack.api("GET", path)["tags"]]
    own = [tag["name"] for tag in stack.api("GET", "/dags/harness_healer")["tags"]]
    assert own == ["harness-internal"]
