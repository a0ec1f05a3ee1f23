"""Rows staged in S3: its real client, and moto's server in its place, by way of the fault proxy."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.core.errors import DatabaseUnavailable
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator
from airflow_provider_harness.testing.fixtures import postgres
from airflow_provider_harness.testing.process import ServerProcess, free_port
from tests.demo.breaks import wait_for
from tests.faults.proxy import FaultProxy, Mode
from tests.ports.operators_case import case, context, dag, run, terms
from tests.ports.rows_case import Case
from tests.production.conftest import needs

__all__ = ["case", "dag", "postgres"]
pytestmark = [pytest.mark.slow, needs("moto"), needs("s3fs")]

BUCKET = "staged"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultProxy]:
    """The way to a bucket."""
    import boto3

    port, home = free_port(), tmp_path_factory.mktemp("s3")
    command = [str(Path(sys.executable).with_name("moto_server")), "--host", "127.0.0.1", "--port", str(port)]
    with ServerProcess("moto_server", command, env=dict(os.environ), log=home / "moto.log", cwd=home):
        account = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **account)
        wait_for("object storage", lambda: _made(client), 60)
        with FaultProxy(port) as made:
            yield made


def _made(client: Any) -> bool:
    from botocore.exceptions import BotoCoreError

    try:
        client.create_bucket(Bucket=BUCKET)
    except BotoCoreError:  # it does not answer yet
        return False
    return True


@pytest.fixture
def staged(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> FaultProxy:
    from s3fs import S3FileSystem

    proxy.be(Mode.WELL)
    S3FileSystem.clear_instance_cache()
    config = {"retries": {"max_attempts": 1}, "connect_timeout": 2, "read_timeout": 2}
    extra = {"endpoint_url": f"http://127.0.0.1:{proxy.port}", "region_name": "us-east-1", "config_kwargs": config}
    given = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_S3", json.dumps(given))
    monkeypatch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"s3://s3@{BUCKET}/harness")
    return proxy


def test_a_slice_goes_through_and_again(case: Case, dag: Any, staged: FaultProxy) -> None:
    extract = PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    for number in range(2):
        folder = run(extract, context(case))
        load = PostgresLoadOperator(task_id=f"l{number}", staged=folder, **terms(dag, "wh"))
        run(load, context(case))
        assert case.published() == case.rows()


@pytest.mark.parametrize(
    "mode",
    [Mode.DOWN, Mode.SILENT, Mode.NONSENSE, Mode.STATUS, Mode.EMPTY, Mode.HTML, Mode.OTHER, Mode.DROPPED],
    ids=str,
)
def test_a_slice_is_whole_or_not_there(case: Case, dag: Any, staged: FaultProxy, mode: Mode) -> None:
    extract = PostgresExtractOperator(task_id="e", **terms(dag, "src"))
    folder = run(extract, context(case))
    staged.be(mode, 300 if mode is Mode.DROPPED else 0)
    for work in (extract, PostgresLoadOperator(task_id="l", staged=folder, **terms(dag, "wh"))):
        with pytest.raises(DatabaseUnavailable, match=r"^the object storage of the staged files is unavailable: "):
            run(work, context(case))
    assert case.at_warehouse("SELECT to_regclass('public.orders') IS NOT NULL") == [(False,)]
    staged.be(Mode.WELL)
    load = PostgresLoadOperator(task_id="l2", staged=run(extract, context(case)), **terms(dag, "wh"))
    run(load, context(case))
    assert case.published() == case.rows()
