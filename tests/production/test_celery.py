"""CeleryExecutor with Redis and two workers, logs in object storage: one heal alone, one after an answer, and a worker that is
lost with its task."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from airflow_provider_harness.testing.process import ServerProcess, free_port
from airflow_provider_harness.testing.supervise import descendants
from tests.airflow.conftest import HEARTBEAT_TIMEOUT
from tests.demo.breaks import FLIGHTS, Run, approve, refuse_connections, task, trigger, wait_closed, wait_for
from tests.demo.world import HARNESS, World, world
from tests.production.conftest import bodies, needs, outcomes

pytestmark = [
    pytest.mark.slow,
    needs("airflow.providers.celery"),
    needs("moto"),
    pytest.mark.skipif(which("redis-server") is None, reason="redis-server is not installed"),
]

WORKERS = ("worker-1", "worker-2")


def worker(name: str) -> tuple[str, ...]:
    """Arguments of ``airflow`` that start one of two workers on one machine."""
    return (
        "celery",
        "worker",
        "--celery-hostname",
        f"{name}@here",
        "--pid",
        f"{name}.pid",
        "--concurrency",
        "2",
        "--skip-serve-logs",
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's world, where every task is run by a Celery worker."""
    home, port = tmp_path_factory.mktemp("celery"), free_port()
    env = {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{port}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"redis://127.0.0.1:{port}/1",
    }
    more = {name: worker(name) for name in WORKERS}
    with (
        redis(home, port),
        object_storage(home) as logs,
        world(home, heartbeat_timeout=HEARTBEAT_TIMEOUT, env=env | logs, more=more) as found,
    ):
        yield found


def redis(home: Path, port: int) -> ServerProcess:
    """A Redis that keeps nothing."""
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return ServerProcess("redis-server", command, env=dict(os.environ), log=home / "redis.log", cwd=home)


@contextmanager
def object_storage(home: Path) -> Iterator[dict[str, str]]:
    """A stand-in of S3, and the settings with which logs are there and nowhere else once a task has ended."""
    import boto3

    port = free_port()
    url, bucket = f"http://127.0.0.1:{port}", "task-logs"
    command = [str(Path(sys.executable).with_name("moto_server")), "--host", "127.0.0.1", "--port", str(port)]
    account = {"endpoint_url": url, "region_name": "us-east-1"}
    with ServerProcess("moto_server", command, env=dict(os.environ), log=home / "moto.log", cwd=home):
        client = boto3.client("s3", aws_access_key_id="key", aws_secret_access_key="secret", **account)
        wait_for("object storage", lambda: _made(client, bucket), 60)
        connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": account}
        yield {
            "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
            "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{bucket}/airflow",
            "AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "aws_default",
            "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "True",
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        }


def _made(client: Any, bucket: str) -> bool:
    from botocore.exceptions import BotoCoreError

    try:
        client.create_bucket(Bucket=bucket)
    except BotoCoreError:  # it does not answer yet
        return False
    return True


def test_one_heals_alone_and_one_after_an_answer(place: World) -> None:
    runs = list(refuse_connections(place, date(2013, 1, 1)))
    assert outcomes(place, runs) == ["healed", "recovered"]
    for run in runs:
        [evidence, *_] = bodies(place, run, "evidence")
        assert "log" in {line["source"] for line in evidence["context"]}
        assert not list((place.stack.home / "logs").rglob(f"dag_id={run.dag_id}/run_id={run.run_id}/**/attempt=1.log"))


def test_a_task_whose_worker_is_lost_is_found_and_healed_on_the_other_one(place: World) -> None:
    day = date(2013, 1, 2)
    with place.warehouse.busy(place.postgres.url(HARNESS), day):
        run = trigger(place, FLIGHTS, day, "lost")
        name, processes = wait_for("a worker to have the load", partial(_worker_of, place, run), 180)
        for pid in processes:  # the whole machine is gone, with the worker, its children and the task
            os.kill(pid, signal.SIGKILL)
    approve(place, run, 240)
    wait_closed(place, run, 300)
    assert outcomes(place, [run]) == ["healed"]
    assert not place.stack.processes[name].running()


def _worker_of(place: World, run: Run) -> tuple[str, list[int]] | None:
    """The worker whose task waits, and its processes."""
    found = task(place, run, "load")
    if found["state"] != "running" or not place.warehouse.waits(
        place.postgres.url(HARNESS), f"{run.dag_id}/{run.run_id}"
    ):
        return None
    trees = {name: descendants(place.stack.processes[name].supervisor.pid) for name in WORKERS}
    return next(((name, pids) for name, pids in trees.items() if found["pid"] in pids), None)
