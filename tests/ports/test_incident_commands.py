"""The commands about one incident on a real store: policy, audit, post-mortem and runbook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.yaml_files.runbook import load_runbook
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.incidents.events import EventKind
from tests.events import event_of
from tests.ports.test_cli import Run, cli, home
from tests.unit.app.fakes import failure

__all__ = ["cli", "home"]

AT = datetime(2026, 11, 21, 7, tzinfo=UTC)
FACTS = {
    "category": "timeout",
    "basis": "fact",
    "certainty": "sure",
    "needs_person": False,
    "tries_by_harness": 0,
    "repeatable": "yes",
}
BODIES = {
    EventKind.CLAIMED: {"run": "heal__1"},
    EventKind.EVIDENCE: {
        "facts": {"downstream_tasks": 2},
        "observations": [{"source": "run", "text": "1 failed", "trusted": True}],
        "unavailable": [],
    },
    EventKind.DIAGNOSED: {
        "category": "timeout",
        "cause": "It was too slow.",
        "basis": "fact",
        "certainty": "sure",
        "why": "",
        "citations": [],
        "alternatives": [],
    },
    EventKind.PROPOSED: {
        "action": "retry_task",
        "arguments": {"dag": "flights", "run": "run1", "task": "load", "try_number": "1"},
        "why": "w",
        "facts": FACTS,
        "slices": [],
    },
    EventKind.JUDGED: {
        "verdict": "approve",
        "rule": "retry-transient",
        "reason": "Transient, and within the limits.",
        "policy_version": 1,
        "acting": True,
    },
    EventKind.RESOLVED: {"by": "ann", "why": "the machine is larger now", "unproved": False},
    EventKind.CLOSED: {"outcome": "superseded", "why": "resolved by ann"},
}


@pytest.fixture(scope="module")
def incident(cli: Run, home: Path) -> str:
    """A closed incident in the store of this home."""
    assert cli("harness", "db", "upgrade").returncode == 0
    assert cli("harness", "audit", "verify").returncode == 0
    store = SqlIncidentStore(open_engine(f"sqlite:///{home}/harness.db"), (home / "harness_audit.key").read_bytes())
    chain = (ErrorLink(type="TimeoutError", message="the widget took too long"),)
    store.record(failure(chain=chain), "01K9ZJ4Q6T3M8V5W7X2Y0N1P4R")
    [joined] = store.intake(AT, store.waiting())
    store.append(
        *(event_of(incident_id=joined.incident_id, kind=kind, at=AT, body=body) for kind, body in BODIES.items())
    )
    return joined.incident_id


def test_why_a_policy_decides(cli: Run, incident: str) -> None:
    told = cli("harness", "policy", "explain", "--incident", incident)
    assert told.returncode == 0, told.stderr
    words = " ".join(told.stdout.split())
    assert "-> retry-transient Decides approve: Transient, and within the limits." in words
    assert "retry-lost-worker Not reached" in words
    given = (
        "--action",
        "retry_task",
        "--fact",
        "category=worker_lost",
        "--fact",
        "tries_by_harness=1",
        "--fact",
        "repeatable=yes",
    )
    other = json.loads(cli("harness", "policy", "explain", *given, "--output", "json").stdout)
    assert (other["verdict"], other["rule"]) == ("refuse", "")
    assert other["rules"][2]["why"] == "Does not apply: tries_by_harness is 1, not lt 1."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give one of them"),
        (("--action", "drop_table"), "is not a known action"),
        (("--action", "retry_task", "--fact", "moon=full"), "is not a known fact"),
        (("--action", "retry_task", "--fact", "tries_by_harness=many"), "is not a whole number"),
        (("--action", "retry_task", "--fact", "dag_paused=1"), "is not true or false"),
        (("--action", "retry_task", "--fact", "category=bad_luck"), "has no such value"),
        (("--incident", "nothing"), "has no verdict"),
    ],
)
def test_what_cannot_be_explained_says_why(cli: Run, incident: str, words: tuple[str, ...], said: str) -> None:
    done = cli("harness", "policy", "explain", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_what_another_policy_would_have_said(cli: Run, incident: str, tmp_path: Path) -> None:
    same = cli("harness", "policy", "simulate", "")
    assert (same.returncode, same.stdout) == (0, "1 past verdict(s), and none would change.\n")
    (tmp_path / "p.yaml").write_text("version: 2\nrules: []\n")
    done = cli("harness", "policy", "simulate", str(tmp_path / "p.yaml"), "--output", "json")
    told = json.loads(done.stdout)
    [row] = told["changes"]
    assert (done.returncode, told["judged"], row["incident"]) == (1, 1, incident)
    assert (row["was"], row["was_rule"], row["would_be"], row["would_be_rule"]) == (
        "approve",
        "retry-transient",
        "refuse",
        "",
    )


def test_every_event_is_shown_with_its_link(cli: Run, incident: str) -> None:
    done = cli("harness", "audit", "show", incident, "--output", "json")
    rows = json.loads(done.stdout)
    assert done.returncode == 0
    assert [row["event"] for row in rows] == ["opened", *(kind.value for kind in BODIES)]
    assert {len(row["hash"]) for row in rows} == {64}
    assert re.search(
        r"^The chain of \d+ events holds[.]$", cli("harness", "audit", "show", incident).stdout, re.MULTILINE
    )
    assert cli("harness", "audit", "show", "nothing").returncode == 2


def test_a_post_mortem_and_the_list(cli: Run, incident: str) -> None:
    night = cli("harness", "incidents", "digest", "--since", "2026-11-21T06:00:00+00:00").stdout
    assert "1 incident(s), 1 failure(s)" in night and "flights/load#1: timeout" in night
    told = cli("harness", "incidents", "show", incident, "--all").stdout
    for part in ("What broke\n  flights/run1/load#1", "2 task(s) of the run could not start", "It was too slow."):
        assert part in told
    listed = json.loads(cli("harness", "incidents", "list", "--output", "json").stdout)
    assert [row["id"] for row in listed] == [incident]


def test_an_incident_becomes_an_entry_of_the_runbook(
    cli: Run, incident: str, tmp_path: Path, httpserver: HTTPServer
) -> None:
    book = {"AIRFLOW__HARNESS__RUNBOOK_FILE": str(tmp_path / "runbook.yaml")}
    draft = tmp_path / "draft.yaml"
    draft.write_text(cli("harness", "runbook", "draft", incident).stdout)
    assert "resolution: the machine is larger now" in draft.read_text()
    nobody = cli("harness", "runbook", "accept", str(draft), **book)
    assert (nobody.returncode, "AIRFLOW_CLI_TOKEN" in nobody.stderr) == (2, True)
    httpserver.expect_request("/ui/auth/me").respond_with_json({"id": "ann", "username": "Ann"})
    me = ("--token", "t", "--url", httpserver.url_for("").rstrip("/"))
    done = cli("harness", "runbook", "accept", str(draft), *me, **book)
    assert done.returncode == 0, done.stderr
    [entry] = load_runbook(book["AIRFLOW__HARNESS__RUNBOOK_FILE"])
    assert (entry.id, entry.reviewed_by, entry.phrase) == (incident, "ann", "the widget took too long")
    assert incident in cli("harness", "runbook", "list", **book).stdout
    draft.write_text(draft.read_text().replace("the machine is larger now", "TODO"))
    early = cli("harness", "runbook", "accept", str(draft), *me, **book)
    assert (early.returncode, "resolution: is not written yet" in early.stderr) == (1, True)
    assert "No entries" in cli("harness", "runbook", "list").stdout


@pytest.fixture
def four(cli: Run, home: Path, incident: str) -> list[str]:
    """Beside the resolved incident: one escalated, one refused, one taken, and one that healed; the ids, oldest first."""
    store = SqlIncidentStore(open_engine(f"sqlite:///{home}/harness.db"), (home / "harness_audit.key").read_bytes())
    found = []
    for number, kinds in enumerate((("escalated",), ("refused",), (), ("healed",))):
        wanted = f"01K9ZJ4Q6{number}3M8V5W7X2Y0N1P4R"
        if not store.events(wanted):
            key = replace(failure().key, dag_id=f"dag{number}")
            store.record(failure(key=key, slice_id="20261128T230000Z"), wanted)
            store.intake(AT, store.waiting())
            ends = [(EventKind.CLOSED, {"outcome": word, "why": "w"}) for word in kinds]
            bodies = ends or [(EventKind.TAKEN, {"by": "ann"})]
            store.append(*(event_of(incident_id=wanted, kind=kind, at=AT, body=body) for kind, body in bodies))
        found.append(wanted)
    return found


def test_what_waits_for_a_person_is_open(cli: Run, incident: str, four: list[str]) -> None:
    listed = json.loads(cli("harness", "incidents", "list", "--open", "--output", "json").stdout)
    assert [row["id"] for row in listed] == four[:3]
    assert [row["stands"] for row in listed] == [
        "waits for a person (escalated)",
        "waits for a person (refused)",
        "taken by ann",
    ]
    everything = json.loads(cli("harness", "incidents", "list", "--output", "json").stdout)
    [over] = [row for row in everything if row["id"] == incident]
    assert (over["open"], over["status"], over["resolved_by"]) == (False, "resolved", "ann")
    assert (over["resolved"], over["resolved_why"]) == ("2026-11-21T07:00:00+00:00", "the machine is larger now")
    assert not [name for row in everything for name in row if " " in name]
    text = cli("harness", "incidents", "list", "--open").stdout
    assert "No incidents" not in text and "20261128T230000Z (2026-11-28 23:00 UTC)" in text
    assert "closed: resolved by ann" in cli("harness", "incidents", "list").stdout
    healed = cli("harness", "incidents", "list", "--open", "--dag", "dag3").stdout
    assert healed == "No incidents of this kind; the store has 5, 3 of them open.\n"


def test_the_list_can_be_narrowed(cli: Run, incident: str, four: list[str], httpserver: HTTPServer) -> None:
    def names(*words: str) -> list[str]:
        done = cli("harness", "incidents", "list", "--output", "json", *words)
        assert done.returncode == 0, done.stderr
        return [row["id"] for row in json.loads(done.stdout)]

    assert names("--limit", "2") == [four[3], incident]
    assert names("--dag", "dag1") == [four[1]]
    assert names("--since", "1m") == []
    assert len(names("--since", "2026-11-21T06:00:00+00:00")) == 5
    httpserver.expect_request("/ui/auth/me").respond_with_json({"id": "ann", "username": "Ann"})
    assert names("--mine", "--token", "t", "--url", httpserver.url_for("").rstrip("/")) == [four[2]]
    wrong = cli("harness", "incidents", "list", "--since", "yesterday")
    assert (wrong.returncode, "Say 90m, 12h or 2d" in wrong.stderr) == (2, True)


def test_a_unique_beginning_of_an_id_is_enough(cli: Run, four: list[str], incident: str) -> None:
    short = cli("harness", "incidents", "list", "--dag", "dag0").stdout.splitlines()[1].split()[0]
    assert len(short) < len(four[0]) and four[0].startswith(short)
    told = cli("harness", "incidents", "show", short.lower())
    assert told.stdout.startswith(f"Incident {four[0]}: open, waits for a person (escalated after 0 min 0 s)")
    assert told.stdout.splitlines()[2] == "What to do next"
    both = cli("harness", "incidents", "show", "01K9ZJ4Q6")
    assert (both.returncode, "begins 5 ids: " in both.stderr) == (2, True)
    newest = json.loads(cli("harness", "incidents", "show", "--output", "json").stdout)
    assert (newest["id"], newest["open"], newest["events"][0]["kind"]) == (four[2], True, "opened")
    assert [item["title"] for item in newest["sections"]][:2] == ["What to do next", "What broke"]
    assert cli("harness", "audit", "show", short).returncode == 0
    assert cli("harness", "incidents", "show", "02").returncode == 2


def test_the_audit_says_in_a_sentence_whether_it_holds(cli: Run, incident: str) -> None:
    done = cli("harness", "audit", "verify")
    assert done.returncode == 0 and re.fullmatch(r"The chain of \d+ events holds[.]\n", done.stdout)


def test_a_token_is_had_without_a_password_on_the_command_line(home: Path, cli: Run, httpserver: HTTPServer) -> None:
    given = {"username": "ann", "password": "pw"}
    httpserver.expect_request("/auth/token", method="POST", json=given).respond_with_json({"access_token": "a.b.c"})
    words = ["harness", "login", "--user", "ann", "--url", httpserver.url_for("").rstrip("/")]

    def told(password: str) -> subprocess.CompletedProcess[str]:
        env = os.environ | {"AIRFLOW_HOME": str(home)}
        command = [sys.executable, "-m", "airflow", *words]
        return subprocess.run(command, env=env, input=f"{password}\n", capture_output=True, text=True, timeout=120)

    done = told("pw")
    assert (done.returncode, done.stdout) == (0, "export AIRFLOW_CLI_TOKEN=a.b.c\n"), done.stderr
    httpserver.clear()
    httpserver.expect_request("/auth/token").respond_with_json({"detail": "no"}, status=401)
    refused = told("wrong")
    assert (refused.returncode, refused.stdout, "does not let ann log in" in refused.stderr) == (2, "", True)
