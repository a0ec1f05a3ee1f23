"""Which Dags the cluster policy touches: those that were enrolled, and never the healer's own."""

from __future__ import annotations

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, ExceptionRetryPolicy, task

from airflow_provider_harness import config
from airflow_provider_harness.callbacks import DiagnoseAndHeal
from airflow_provider_harness.config import ENROLLED_TAG, OWN_TAG
from airflow_provider_harness.enrolment import dag_policy, task_policy
from airflow_provider_harness.retry_policies import HarnessRetryPolicy


def enrolled(monkeypatch: pytest.MonkeyPatch, enroll: str) -> None:
    monkeypatch.setenv("AIRFLOW__HARNESS__ENROLL", enroll)


def parsed(dag: DAG) -> DAG:
    """The Dag after the policies, in Airflow's order."""
    dag_policy(dag)
    for item in dag.tasks:
        task_policy(item)
    return dag


def authors(*tags: str, **task_arguments: object) -> DAG:
    with DAG("authors", schedule=None, tags=set(tags)) as dag:
        EmptyOperator(task_id="plain", **({"retries": 2} | task_arguments))

        @task(retries=2)
        def mapped(number: int) -> int:
            return number

        mapped.expand(number=[1, 2])
    return parsed(dag)


def captures(dag: DAG) -> list[int]:
    """How many of our callbacks each task has."""
    found = []
    for item in dag.tasks:
        given = item.on_failure_callback or []
        found.append(
            sum(isinstance(call, DiagnoseAndHeal) for call in (given if isinstance(given, list | tuple) else [given]))
        )
    return found


ENROLL = [
    ("none", (), False),
    ("none", ("critical",), False),
    ("all", (), True),
    ("tag:critical", ("critical",), True),
    ("tag:critical", ("other",), False),
    ("tag:critical", (), False),
    ("tag:critical", ("critical-not",), False),
]


@pytest.mark.parametrize(("enroll", "tags", "touched"), ENROLL)
def test_who_is_enrolled(monkeypatch: pytest.MonkeyPatch, enroll: str, tags: tuple[str, ...], touched: bool) -> None:
    enrolled(monkeypatch, enroll)
    dag = authors(*tags)
    assert captures(dag) == [touched, touched]
    assert [isinstance(item.retry_policy, HarnessRetryPolicy) for item in dag.tasks] == [touched, touched]
    assert (ENROLLED_TAG in dag.tags) is touched
    assert set(tags) <= dag.tags


@pytest.mark.parametrize("enroll", ["none", "all", f"tag:{OWN_TAG}"])
def test_the_healers_own_dags_are_never_enrolled(monkeypatch: pytest.MonkeyPatch, enroll: str) -> None:
    enrolled(monkeypatch, enroll)
    with DAG("own", schedule=None, tags={OWN_TAG}) as dag:
        EmptyOperator(task_id="act", retries=2)
        EmptyOperator(task_id="callback", on_failure_callback=DiagnoseAndHeal())
    parsed(dag)
    assert ENROLLED_TAG not in dag.tags
    assert captures(dag) == [0, 1]
    assert not any(item.retry_policy for item in dag.tasks)


def test_the_healer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_provider_harness.dags import healer_dag

    enrolled(monkeypatch, "all")
    dag = parsed(healer_dag())
    assert dag.tags == {OWN_TAG}
    assert not any(captures(dag))


def test_an_author_who_added_the_callback_is_looked_after(monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(monkeypatch, "none")
    dag = authors(on_failure_callback=DiagnoseAndHeal())
    assert ENROLLED_TAG in dag.tags
    assert captures(dag) == [1, 0]
    assert not any(isinstance(item.retry_policy, HarnessRetryPolicy) for item in dag.tasks)


def test_it_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(monkeypatch, "all")
    dag = authors(on_failure_callback=DiagnoseAndHeal())
    assert captures(parsed(parsed(dag))) == [1, 1]


def call(context: object) -> None:
    """Somebody's callback."""


@pytest.mark.parametrize("given", [call, [call], (call,)])
def test_an_authors_callbacks_stay(monkeypatch: pytest.MonkeyPatch, given: object) -> None:
    enrolled(monkeypatch, "all")
    plain = authors(on_failure_callback=given).get_task("plain")
    assert list(plain.on_failure_callback) == [call, DiagnoseAndHeal()]


def test_an_authors_retry_policy_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(monkeypatch, "all")
    own = ExceptionRetryPolicy(rules=[])
    assert authors(retry_policy=own).get_task("plain").retry_policy is own


def test_without_retries_no_policy_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(monkeypatch, "all")
    assert authors(retries=0).get_task("plain").retry_policy is None


def test_a_wrong_setting_keeps_no_dag_from_being_imported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    enrolled(monkeypatch, "everything")
    with pytest.raises(ValueError, match="enroll"):
        config.read()
    assert captures(authors()) == [0, 0]
    assert "enroll" in caplog.text
