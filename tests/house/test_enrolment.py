"""Which Dags the cluster policy touches: those that were enrolled, and never the healer's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, BaseNotifier, ExceptionRetryPolicy, TaskInstanceState, task

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


@pytest.mark.parametrize("given", [partial(DiagnoseAndHeal()), [partial(partial(DiagnoseAndHeal()))]])
def test_what_a_partial_calls_is_seen(monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    enrolled(monkeypatch, "none")
    with DAG("authors", schedule=None, on_failure_callback=given) as dag:
        EmptyOperator(task_id="plain")
    assert captures(parsed(dag)) == [1]
    assert ENROLLED_TAG in dag.tags


def test_a_callback_that_could_not_be_seen_says_so_when_it_is_called(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    enrolled(monkeypatch, "none")
    told = []
    for given in (lambda context: DiagnoseAndHeal()(context), DiagnoseAndHeal()):
        with DAG("authors", schedule=None, on_failure_callback=given) as dag:
            EmptyOperator(task_id="plain")
        caplog.clear()
        [called] = [given] if not isinstance(dag.on_failure_callback, list) else dag.on_failure_callback
        called({"dag": parsed(dag), "run_id": "r1", "reason": "task_failure"})
        told.append("Run r1 failed, and none of its failures is captured" in caplog.text)
    assert told == [True, False]


@pytest.mark.parametrize("state", [TaskInstanceState.SUCCESS, TaskInstanceState.UP_FOR_RETRY])
def test_under_another_event_than_a_failure_it_records_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: TaskInstanceState
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    ti = SimpleNamespace(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1, state=state)
    DiagnoseAndHeal()({"ti": ti, "run_id": "r"})
    assert f"was called for a try that is {state.value}, so nothing is recorded" in caplog.text
    assert not list(tmp_path.iterdir())


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


# At the Dag's level, without parentheses, and in whatever an author puts it.


class Subclass(DiagnoseAndHeal):
    """Somebody's own."""


class Notifier(BaseNotifier):
    """Somebody's."""

    def notify(self, context: object) -> None:
        """Tell nobody."""


FORMS: list[object] = [
    DiagnoseAndHeal(),
    DiagnoseAndHeal,
    Subclass,
    Subclass(),
    [DiagnoseAndHeal()],
    (call, DiagnoseAndHeal()),
    [call, DiagnoseAndHeal],
    (DiagnoseAndHeal,),
    [Notifier(), DiagnoseAndHeal(), call],
]


def others(given: object) -> list[object]:
    """What an author has beside ours, in order."""
    listed = list(given) if isinstance(given, list | tuple) else [given]
    return [one for one in listed if one is call or isinstance(one, Notifier)]


@pytest.mark.parametrize("given", FORMS)
def test_at_the_dags_level_it_means_every_task(monkeypatch: pytest.MonkeyPatch, given: object) -> None:
    enrolled(monkeypatch, "none")
    with DAG("authors", schedule=None, on_failure_callback=given) as dag:  # type: ignore[arg-type]
        EmptyOperator(task_id="plain", retries=2)
        EmptyOperator(task_id="own", on_failure_callback=call)
        EmptyOperator(task_id="both", on_failure_callback=[call, DiagnoseAndHeal()])

        @task
        def mapped(number: int) -> int:
            return number

        mapped.override(on_failure_callback=[call]).expand(number=[1, 2])
    parsed(dag)
    assert ENROLLED_TAG in dag.tags
    assert captures(dag) == [1, 1, 1, 1]
    assert [call in dag.get_task(name).on_failure_callback for name in ("own", "both", "mapped")] == [True] * 3
    assert not any(item.retry_policy for item in dag.tasks)
    left = dag.on_failure_callback if isinstance(dag.on_failure_callback, list) else [dag.on_failure_callback]
    assert [one for one in left if not isinstance(one, DiagnoseAndHeal)] == others(given)
    assert all(callable(one) and not isinstance(one, type) for one in left)


@pytest.mark.parametrize("given", FORMS)
@pytest.mark.parametrize("enroll", ["none", "all"])
def test_in_whatever_a_task_has_it(monkeypatch: pytest.MonkeyPatch, given: object, enroll: str) -> None:
    enrolled(monkeypatch, enroll)
    with DAG("authors", schedule=None, default_args={"on_failure_callback": given}) as dag:
        EmptyOperator(task_id="plain")

        @task(on_failure_callback=given)  # type: ignore[arg-type]
        def mapped(number: int) -> int:
            return number

        mapped.expand(number=[1, 2])
    parsed(dag)
    assert captures(dag) == [1, 1]
    assert ENROLLED_TAG in dag.tags
    for item in dag.tasks:
        assert others(item.on_failure_callback) == others(given)


def test_forgotten_parentheses_are_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    enrolled(monkeypatch, "none")
    authors(on_failure_callback=DiagnoseAndHeal)
    assert "plain: on_failure_callback=DiagnoseAndHeal is a class. Write DiagnoseAndHeal()." in caplog.text


@pytest.mark.parametrize("form", [lambda: DiagnoseAndHeal({"mode": "act"}), lambda: DiagnoseAndHeal(mode="act")])
def test_settings_are_refused_where_the_file_is_parsed(form: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="takes no settings"):
        form()


def test_the_healers_own_dags_keep_what_they_have_at_their_level(monkeypatch: pytest.MonkeyPatch) -> None:
    enrolled(monkeypatch, "all")
    with DAG("own", schedule=None, tags={OWN_TAG}, on_failure_callback=DiagnoseAndHeal()) as dag:
        EmptyOperator(task_id="act", retries=2)
    parsed(dag)
    assert (captures(dag), dag.tags) == ([0], {OWN_TAG})


# Whatever a Dag is made of, enrolling it makes no file an import error.

SHAPES = {
    "refuses": """
class Refusing(EmptyOperator):
    def __setattr__(self, name, value):
        if name in ("on_failure_callback", "retry_policy") and getattr(self, "_done", False):
            raise AttributeError(f"{name} is frozen")
        super().__setattr__(name, value)

with DAG("refuses", schedule=None):
    frozen = Refusing(task_id="frozen", retries=1)
    object.__setattr__(frozen, "_done", True)
    EmptyOperator(task_id="plain", retries=1)
""",
    "exits": """
class Exits(EmptyOperator):
    def __setattr__(self, name, value):
        if name == "on_failure_callback" and self.__dict__.get("_done"):
            raise SystemExit(3)
        super().__setattr__(name, value)

with DAG("exits", schedule=None):
    one = Exits(task_id="one")
    object.__setattr__(one, "_done", True)
""",
    "ignores": """
class Ignores(EmptyOperator):
    @property
    def on_failure_callback(self):
        return []

    @on_failure_callback.setter
    def on_failure_callback(self, value):
        pass

with DAG("ignores", schedule=None):
    Ignores(task_id="one", retries=1)
""",
    "unreadable": """
class Unreadable(EmptyOperator):
    def __getattribute__(self, name):
        if name in ("on_failure_callback", "retry_policy", "dag") and object.__getattribute__(self, "__dict__").get("_done"):
            frame = __import__("sys")._getframe(1).f_globals["__name__"]
            if frame.endswith("enrolment"):
                raise RuntimeError("not for you")
        return super().__getattribute__(name)

with DAG("unreadable", schedule=None):
    one = Unreadable(task_id="one", retries=1)
    object.__setattr__(one, "_done", True)
""",
    "class_at_the_dag": """
from airflow_provider_harness.callbacks import DiagnoseAndHeal

with DAG("class_at_the_dag", schedule=None, on_failure_callback=DiagnoseAndHeal):
    EmptyOperator(task_id="one", on_failure_callback=DiagnoseAndHeal)
""",
    "frozen_tags": """
class Full(set):
    def add(self, tag):
        raise RuntimeError("no more tags")

with DAG("frozen_tags", schedule=None) as dag:
    EmptyOperator(task_id="one")
object.__setattr__(dag, "tags", Full({"a"}))
""",
    "groups": """
from airflow.sdk import TaskGroup, setup, task, task_group, teardown

with DAG("groups", schedule=None):
    @setup
    def make():
        pass

    @teardown
    def drop():
        pass

    @task.branch
    def choose():
        return "many.last"

    @task_group(group_id="many")
    def many(number):
        EmptyOperator(task_id="last", retries=3)

    made, gone = make(), drop()
    made >> choose() >> many.expand(number=[1, 2]) >> gone
    with TaskGroup("inner", default_args={"retries": 4}):
        EmptyOperator.partial(task_id="mapped").expand(doc=["a", "b"])
""",
    "one_callback_object": """
def tell(context):
    pass

given = [tell]
with DAG("one_callback_object", schedule=None, default_args={"on_failure_callback": given, "retries": 1}):
    EmptyOperator(task_id="one")
    EmptyOperator(task_id="two")
assert given == [tell]
""",
    "odd_equality": """
class Odd:
    def __eq__(self, other):
        raise RuntimeError("not comparable")

    __hash__ = object.__hash__

    def __call__(self, context):
        pass

with DAG("odd_equality", schedule=None):
    EmptyOperator(task_id="one", on_failure_callback=[Odd()])
""",
}
"""Name of the file and Dag -> what follows the imports."""

IMPORTS = "from airflow.providers.standard.operators.empty import EmptyOperator\nfrom airflow.sdk import DAG\n"

PARSE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

def listed(given):
    return [*given] if isinstance(given, (list, tuple)) else [given] if given else []

bag = DagBag(sys.argv[1])
found = {"errors": {path.rpartition("/")[2]: text for path, text in bag.import_errors.items()}, "dags": {}}
for name, dag in bag.dags.items():
    DagSerialization.to_dict(dag)
    found["dags"][name] = {
        "tags": sorted(dag.tags),
        "tasks": {
            item.task_id: {
                "retries": item.retries,
                "callbacks": [type(one).__name__ for one in listed(object.__getattribute__(item, "on_failure_callback"))],
                "policy": type(object.__getattribute__(item, "retry_policy")).__name__,
            }
            for item in dag.tasks
        },
    }
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow makes of the shapes, where nothing is enrolled and where all is."""
    folder = tmp_path_factory.mktemp("dags")
    for name, text in SHAPES.items():
        (folder / f"{name}.py").write_text(IMPORTS + text)
    home = tmp_path_factory.mktemp("home")
    found = {}
    for enroll in ("none", "all"):
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__HARNESS__ENROLL": enroll,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        command = [sys.executable, "-c", PARSE, str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        found[enroll] = json.loads(done.stdout.partition("FOUND")[2])
    return found


def test_every_shape_is_imported_as_before(bags: dict[str, Any]) -> None:
    assert bags["none"]["errors"] == bags["all"]["errors"] == {}
    assert set(bags["none"]["dags"]) == set(bags["all"]["dags"]) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_an_author_keeps_all_that_was_written(bags: dict[str, Any], name: str) -> None:
    plain, looked_after = bags["none"]["dags"][name], bags["all"]["dags"][name]
    assert set(looked_after["tags"]) - {ENROLLED_TAG} == set(plain["tags"]) - {ENROLLED_TAG}
    for task_id, before in plain["tasks"].items():
        after = looked_after["tasks"][task_id]
        assert after["retries"] == before["retries"]
        assert after["callbacks"][: len(before["callbacks"])] == before["callbacks"]


REFUSED = {("refuses", "frozen"), ("exits", "one"), ("ignores", "one"), ("unreadable", "one")}


def test_all_but_those_that_refuse_are_captured(bags: dict[str, Any]) -> None:
    tasks = {
        (name, task_id): found for name, dag in bags["all"]["dags"].items() for task_id, found in dag["tasks"].items()
    }
    captured = {key for key, found in tasks.items() if found["callbacks"].count("DiagnoseAndHeal") == 1}
    assert captured == set(tasks) - REFUSED
    retrying = {key for key, found in tasks.items() if found["policy"] == "HarnessRetryPolicy"}
    assert {("refuses", "plain"), ("ignores", "one"), ("groups", "many.last"), ("groups", "inner.mapped")} <= retrying
    tagged = {name for name, dag in bags["all"]["dags"].items() if ENROLLED_TAG in dag["tags"]}
    assert tagged == set(SHAPES) - {"frozen_tags"}
