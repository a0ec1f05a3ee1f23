"""A source or a warehouse fails in every way: a task ends with a sentence and may be tried again, and what is published is whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY

from airflow_provider_harness.adapters.bigquery import jobs
from airflow_provider_harness.core.errors import DatabaseUnavailable, HarnessUnavailable
from airflow_provider_harness.operators import (
    PostgresExtractOperator,
    PostgresLoadOperator,
    ValidateOperator,
)
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.rows import judging
from tests.faults.proxy import HTTP, NETWORK, FaultProxy, Mode
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import CONTRACT, Case

AT_ONCE = [(mode, 0) for mode in NETWORK if mode not in (Mode.SILENT, Mode.FLAPPING)]
BREAKS = [(Mode.DROPPED, after) for after in (900, 1500, 2500, 4000, 7000, 12_000)]
"""From the end of PostgreSQL's handshake on, to the middle of rows and to the answer of a COMMIT."""
AWAY = r"^connection (src|wh) is unavailable: .{5,}"


@pytest.fixture(scope="module")
def before_postgres(postgres: PostgresServer) -> Iterator[FaultProxy]:
    with FaultProxy(postgres.port) as proxy:
        yield proxy


@pytest.fixture
def away(before_postgres: FaultProxy) -> FaultProxy:
    before_postgres.be(Mode.WELL)
    return before_postgres


def lead(monkeypatch: pytest.MonkeyPatch, conn_id: str, proxy: FaultProxy) -> None:
    """From now on, the connection goes by way of the proxy."""
    name = f"AIRFLOW_CONN_{conn_id.upper()}"
    given = json.loads(os.environ[name]) | {"port": proxy.port, "extra": {"connect_timeout": "2"}}
    monkeypatch.setenv(name, json.dumps(given))


def extract(case: Case, dag: Any, task_id: str) -> Any:
    return run(PostgresExtractOperator(task_id=task_id, **terms(dag, "src")), context(case))


@pytest.mark.parametrize(("mode", "after"), [*AT_ONCE, *BREAKS, (Mode.SILENT, 0)], ids=str)  # 2 s: connect_timeout
def test_a_source_that_fails_leaves_nothing_half(
    case: Case, dag: Any, away: FaultProxy, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    lead(monkeypatch, "src", away)
    away.be(mode, after)
    folder = _away_or_done(lambda: extract(case, dag, "e1"), sure=after < 4000)
    if folder is None:
        assert not [name for name in case.staged() if name.endswith("_manifest.json")]
        away.be(Mode.WELL)
        folder = extract(case, dag, "e2")
    run(PostgresLoadOperator(task_id="l", staged=folder, **terms(dag, "wh")), context(case))
    assert case.published() == case.rows()


@pytest.mark.parametrize(("mode", "after"), [*AT_ONCE, *BREAKS, (Mode.SILENT, 0)], ids=str)
def test_a_warehouse_that_fails_publishes_a_slice_whole_or_not_at_all(
    case: Case, dag: Any, away: FaultProxy, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    folder = extract(case, dag, "e")
    lead(monkeypatch, "wh", away)
    away.be(mode, after)
    load = {"staged": folder, **terms(dag, "wh")}
    told = _away_or_done(lambda: run(PostgresLoadOperator(task_id="l1", **load), context(case)), sure=after < 1500)
    if told is None:
        there = case.at_warehouse("SELECT to_regclass('public.orders') IS NOT NULL")
        assert there == [(False,)] or case.published() in ([], case.rows())
        away.be(Mode.WELL)
        run(PostgresLoadOperator(task_id="l2", **load), context(case))
    assert case.published() == case.rows()
    assert case.target.leftovers() == []


@pytest.mark.parametrize(("mode", "after"), [*AT_ONCE, *BREAKS[:2]], ids=str)
def test_a_gate_that_cannot_look_does_not_pass(
    case: Case, dag: Any, away: FaultProxy, monkeypatch: pytest.MonkeyPatch, mode: Mode, after: int
) -> None:
    load, _, _ = moved(case, dag)
    lead(monkeypatch, "wh", away)
    away.be(mode, after)
    with pytest.raises(DatabaseUnavailable, match=AWAY):
        run(ValidateOperator(task_id="v", **terms(dag, "wh")), context(case))
    with pytest.raises(HarnessUnavailable, match="connection wh"):
        judging.verify_published(load.contract, "wh", "public.orders", str(load.slice_key))


@pytest.fixture(scope="module")
def before_bigquery(bigquery: BigQueryServer) -> Iterator[FaultProxy]:
    with FaultProxy(int(bigquery.endpoint.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def dataset(case: Case, bigquery: BigQueryServer, before_bigquery: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A dataset behind the proxy, and a client that has no patience."""
    before_bigquery.be(Mode.WELL)
    name = case.folder.parent.name.replace("-", "_")
    bigquery.ensure_dataset(name)
    given = json.loads(bigquery.airflow_connection())
    given["extra"] |= {"api_endpoint": f"http://127.0.0.1:{before_bigquery.port}"}
    monkeypatch.setenv("AIRFLOW_CONN_BQ", json.dumps(given))
    (case.folder.parent / "orders.odcs.yaml").write_text(CONTRACT.replace("public.", f"{name}."))
    for retry in (DEFAULT_RETRY, DEFAULT_JOB_RETRY):
        monkeypatch.setattr(retry, "_timeout", 0.2)
    for limit in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(jobs, limit, 0.3)
    yield name
    before_bigquery.be(Mode.WELL)
    bigquery.drop_dataset(name)


LEFT_OUT = (Mode.FLAPPING, Mode.TRICKLE, Mode.OTHER)
"""What Google's client makes up for, what only the task's execution_timeout ends, and what it answers with an error of its own code."""


@pytest.mark.bigquery
@pytest.mark.parametrize("mode", [mode for mode in (*NETWORK, *HTTP) if mode not in LEFT_OUT])
def test_a_gate_that_cannot_look_at_bigquery_does_not_pass(
    dag: Any, case: Case, dataset: str, before_bigquery: FaultProxy, mode: Mode
) -> None:
    before_bigquery.be(mode)
    gate = ValidateOperator(task_id="v", **terms(dag, "bq", f"{dataset}.orders"))
    with pytest.raises(DatabaseUnavailable, match=r"^connection bq is unavailable: "):
        run(gate, context(case))


def _away_or_done(work: Any, *, sure: bool) -> Any:
    """What a task gives; None where it says that the database is unavailable, which it must where the break comes early."""
    try:
        done = work()
    except DatabaseUnavailable as error:
        assert str(error).startswith("connection ") and "Another try can pass." in str(error)
        return None
    assert not sure, "it cannot have been done"
    return done
