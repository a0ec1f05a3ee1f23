"""What makes two failures one cause, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_harness.core.diagnosis.failure import (
    ErrorLink,
    Failure,
    FailureKind,
    Origin,
    TryKey,
    from_dict,
    to_dict,
)
from airflow_provider_harness.core.incidents.grouping import (
    WINDOWS,
    GroupIndex,
    GroupingKey,
    handles,
    healer_run_key,
    root_failure,
    signature,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def failed(dag: str = "a", run: str = "r1", task: str = "t", message: str = "", **more: Any) -> Failure:
    given: dict[str, Any] = {
        "key": TryKey(dag_id=dag, run_id=run, task_id=task, try_number=1),
        "kind": FailureKind.TASK_FAILED,
        "origin": Origin.CALLBACK,
        "occurred_at": AT,
        "chain": (ErrorLink(type=more.pop("type", "psycopg.OperationalError"), message=message),) if message else (),
    }
    return Failure(**given | more)


def refused(dag: str = "a", run: str = "r1", port: int = 5432, **more: Any) -> Failure:
    text = f'connection to server at "10.0.0.5", port {port} failed: Connection refused'
    return failed(dag, run, message=text, **more)


def together(*failures: Failure) -> list[int]:
    """The number of the incident that each failure joins."""
    groups, found = GroupIndex(()), []
    for number, failure in enumerate(failures):
        name = groups.find(handles(failure), failure.occurred_at) or f"{number:03}"
        groups.put(handles(failure), name, failure.occurred_at)
        found.append(int(name))
    return found


def http(url: str, kind: str = "httpx.ConnectError") -> Failure:
    chain = (ErrorLink(type=kind, message=f"GET {url} failed"), ErrorLink(type="builtins.OSError", errno=111))
    return failed(url, chain=chain)


ONE: dict[str, tuple[Failure, ...]] = {
    "tries of a task": (
        refused(),
        replace(failed(message="boom"), key=TryKey(dag_id="a", run_id="r1", task_id="t", try_number=2)),
    ),
    "mapped siblings": tuple(
        replace(failed(message=f"row {n} is bad"), key=TryKey(dag_id="a", run_id="r1", task_id="t", map_index=n))
        for n in range(3)
    ),
    "silent failures of a run": (failed(task="x"), failed(task="y"), refused(task="z")),
    "a run that says nothing joins what is known of it": (refused(task="x"), failed(task="y")),
    "one source for many Dags": (refused("a"), refused("b"), refused("c", "r9")),
    "one service, whatever was asked of it": (http("http://db:80/a?x=1"), http("http://db:80/b/2", "httpx.ReadError")),
    "dates and ids differ": (
        failed("a", message="no file /in/2026-01-02/9f8e7d6c5b4a.csv of run r1", type="FileNotFoundError"),
        failed("b", "r2", message="no file /in/2026-03-04/112233445566.csv of run r2", type="FileNotFoundError"),
    ),
    "a reader of what the failed task writes": (failed("p", writes=("db/t",)), failed("c", "r2", reads=("db/t",))),
    "the writer after its reader": (failed("c", "r2", reads=("db/t",)), failed("p", writes=("db/t",))),
    "runs of a backfill": tuple(
        failed("a", f"backfill__{n}", message="exit code 1", type="Exception") for n in range(3)
    ),
    "Dag files that lack one package": tuple(
        failed(dag, f"import_error__{n}", "", "No module named 'x'", type="ModuleNotFoundError", kind=FailureKind.IMPORT_ERROR)
        for n, dag in enumerate("ab")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_one_cause(name: str) -> None:
    assert set(together(*ONE[name])) == {0}


TWO: dict[str, tuple[Failure, Failure]] = {
    "two sources": (refused("a", port=5432), refused("b", port=5433)),
    "two services": (http("http://one:80/a"), http("http://two:80/a")),
    "two errors": (failed("a", message="cannot frobnicate"), failed("b", message="cannot spin")),
    "two columns": (failed("a", message='column "x" is gone'), failed("b", message='column "y" is gone')),
    "a message that anything can have": (
        failed("a", message="Bash command failed. The command returned a non-zero exit code 1.", type="AirflowException"),
        failed("b", message="Bash command failed. The command returned a non-zero exit code 1.", type="AirflowException"),
    ),
    "two causes in one run": (refused(task="x"), failed(task="y", message="division by zero", type="ZeroDivisionError")),
    "silence in two runs": (failed("a"), failed("b")),
    "two readers of a table that is well": (failed("a", reads=("db/t",)), failed("b", reads=("db/t",))),
    "two statuses": (
        failed("a", message="the service said status 503", type="X"),
        failed("b", message="the service said status 401", type="X"),
    ),
    "after the window": (
        refused("a"),
        refused("b", occurred_at=AT + (WINDOWS[GroupingKey.SIGNATURE] or timedelta()) + timedelta(seconds=1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWO)
def test_two_causes(name: str) -> None:
    assert together(*TWO[name]) == [0, 1]


def test_a_window_moves_with_its_failures() -> None:
    step = timedelta(minutes=25)
    assert set(together(*(refused(dag, occurred_at=AT + n * step) for n, dag in enumerate("abcd")))) == {0}


def test_the_lineage_root_leads_in_its_newest_try() -> None:
    reader, root = failed("c", reads=("db/t",)), failed("p", "r2", writes=("db/t",))
    again = replace(root, key=replace(root.key, try_number=2))
    assert root_failure([reader, root, again]) is again
    assert root_failure([reader]) is reader
    circle = [failed("x", reads=("1",), writes=("2",)), failed("y", reads=("2",), writes=("1",))]
    assert root_failure(circle) is circle[0]
    own = failed("z", reads=("3",), writes=("3",))
    assert root_failure([own]) is own


def test_a_storm_starts_one_healer_and_others_their_own() -> None:
    assert (
        healer_run_key(refused("a"), "e1")
        == healer_run_key(refused("b"), "e2")
        != healer_run_key(refused(port=1), "e3")
    )
    assert healer_run_key(failed("a"), "e1") == "e1"
    later = refused("a", occurred_at=AT + timedelta(minutes=10))
    assert healer_run_key(later, "e1") != healer_run_key(refused("a"), "e1")


def test_a_gate_and_a_schema_have_their_signature() -> None:
    report = {"table": "db.t", "results": [{"id": "c1", "passed": False}, {"id": "c2", "passed": True}]}
    assert signature(failed(report=report)).text == "gate of db.t: c1"
    assert signature(failed(schema_diff={"sentence": "column x is gone"})).text == "schema: column x is gone"


@pytest.mark.parametrize("report", [{}, {"results": 1}, {"results": [1], "table": "t"}, {"results": [{}]}])
def test_a_report_that_a_task_made_up_says_nothing(report: dict[str, Any]) -> None:
    assert signature(failed(report=report)).text == ""
    assert handles(failed(report=report)).accepts


def test_what_it_reads_and_writes_is_kept() -> None:
    given = failed(reads=("a",), writes=("b",))
    assert from_dict(to_dict(given)) == given
    old = {name: value for name, value in to_dict(given).items() if name not in ("reads", "writes")}
    assert from_dict(old) == replace(given, reads=(), writes=())


def test_a_long_hostile_message_costs_little() -> None:
    assert signature(failed(message="host='" * 100_000)).text
