"""The object storage of staged files fails in every way: a task ends with a sentence and may be tried again, and what is published
is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import gcsfs
import pytest
from airflow.sdk.exceptions import AirflowFailException
from gcsfs import core, retry

from airflow_provider_harness.core.errors import DatabaseUnavailable
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator
from tests.faults.proxy import HTTP, NETWORK, FaultProxy, Mode
from tests.faults.storage import BUCKET, Storage
from tests.ports.operators_case import context, run, terms
from tests.ports.rows_case import Case


@pytest.fixture(scope="module")
def storage() -> Iterator[Storage]:
    with Storage() as server:
        yield server


@pytest.fixture(scope="module")
def before_storage(storage: Storage) -> Iterator[FaultProxy]:
    with FaultProxy(storage.port) as proxy:
        yield proxy


@pytest.fixture
def staged(storage: Storage, before_storage: FaultProxy, case: Case, monkeypatch: pytest.MonkeyPatch) -> FaultProxy:
    """Files are staged by way of the proxy, and the client has no patience."""
    before_storage.be(Mode.WELL)
    storage.objects.clear()
    extra = {"is_anonymous": True, "project": "p", "gcs.endpoint": f"http://127.0.0.1:{before_storage.port}"}
    monkeypatch.setenv("AIRFLOW_CONN_GCS", json.dumps({"conn_type": "google_cloud_platform", "extra": extra}))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"gs://gcs@{BUCKET}/harness")
    monkeypatch.setattr(gcsfs, "GCSFileSystem", core.GCSFileSystem)  # the other asks by gRPC which kind of bucket it is
    monkeypatch.setattr(retry, "asyncio", SimpleNamespace(sleep=_at_once))
    core.GCSFileSystem.clear_instance_cache()
    return before_storage


async def _at_once(seconds: float) -> None:
    """Between two tries of the client."""


def extract(case: Case, dag: Any) -> Any:
    task = dag.task_dict.get("e") or PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    return run(task, context(case))


def load(case: Case, dag: Any, task_id: str, folder: Any) -> Any:
    return run(PostgresLoadOperator(task_id=task_id, staged=folder, **terms(dag, "wh")), context(case))


def test_it_works_while_nothing_fails(case: Case, dag: Any, staged: FaultProxy, storage: Storage) -> None:
    folder = extract(case, dag)
    assert [name.rpartition("/")[2] for name in sorted(storage.objects)] == ["_manifest.json", "part-00000.parquet"]
    load(case, dag, "l", folder)
    assert case.published() == case.rows()


WALKED = [
    *((mode, 0) for mode in (*NETWORK, *HTTP) if mode not in (Mode.SILENT, Mode.TRICKLE)),
    *((Mode.DROPPED, after) for after in (300, 900, 2_000, 5_000)),
]
"""Not: silent and never-ending, which only the task's execution_timeout ends."""
ALWAYS = ((Mode.DOWN, 0), (Mode.HTML, 0), (Mode.OTHER, 0), (Mode.DROPPED, 900))
MODES = [pytest.param(*each, marks=() if each in ALWAYS else pytest.mark.slow) for each in WALKED]
UNLIKE_ITS_OWN = [one for one in MODES if one.values[0] is not Mode.NOT_FOUND]


@pytest.mark.parametrize(("mode", "after"), MODES, ids=str)
def test_an_extract_is_whole_or_not_there(
    case: Case, dag: Any, staged: FaultProxy, storage: Storage, mode: Mode, after: int
) -> None:
    staged.be(mode, after)
    folder = _away_or_done(lambda: extract(case, dag))
    if folder is None:
        assert not [name for name in storage.objects if name.endswith("_manifest.json")]
        staged.be(Mode.WELL)
        folder = extract(case, dag)
    staged.be(Mode.WELL)
    load(case, dag, "l", folder)
    assert case.published() == case.rows()


@pytest.mark.parametrize(("mode", "after"), UNLIKE_ITS_OWN, ids=str)
def test_a_load_publishes_a_slice_whole_or_not_at_all(
    case: Case, dag: Any, staged: FaultProxy, mode: Mode, after: int
) -> None:
    folder = extract(case, dag)
    staged.be(mode, after)
    if _away_or_done(lambda: load(case, dag, "l1", folder)) is None:
        there = case.at_warehouse("SELECT to_regclass('public.orders') IS NOT NULL")
        assert there == [(False,)] or case.published() == []
        staged.be(Mode.WELL)
        load(case, dag, "l2", folder)
    assert case.published() == case.rows()
    assert case.target.leftovers() == []


def test_a_404_of_another_publishes_nothing(case: Case, dag: Any, staged: FaultProxy) -> None:
    """The client tells no 404 from another; what is said names the folder."""
    folder = extract(case, dag)
    staged.be(Mode.NOT_FOUND)
    with pytest.raises(AirflowFailException, match=r"^folder gs://gcs@staged/.*: has no _manifest\.json: it holds no"):
        load(case, dag, "l", folder)
    assert case.at_warehouse("SELECT to_regclass('public.orders') IS NOT NULL") == [(False,)]


def _away_or_done(work: Any) -> Any:
    """What a task gives; None where it says that the storage is unavailable."""
    try:
        return work()
    except DatabaseUnavailable as error:
        assert str(error).startswith("the object storage of the staged files is unavailable: "), error
        assert "Another try can pass." in str(error)
        return None
