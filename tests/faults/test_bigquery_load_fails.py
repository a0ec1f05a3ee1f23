"""BigQuery fails while a slice is loaded: it is published whole or not at all, and a second try leaves it once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY
from google.resumable_media import common

from airflow_provider_harness.adapters.bigquery import jobs
from airflow_provider_harness.core.errors import DatabaseUnavailable
from airflow_provider_harness.operators import BigQueryLoadOperator, PostgresExtractOperator
from airflow_provider_harness.testing.bigquery import BigQueryServer
from tests.faults.proxy import FaultProxy, Mode
from tests.ports.operators_case import context, run
from tests.ports.rows_case import CONTRACT, CUSTOMERS, Case
from tests.ports.targets import BigQueryTarget

pytestmark = pytest.mark.bigquery

WALKED = [
    *((mode, 0) for mode in (Mode.DOWN, Mode.DROPPED, Mode.NONSENSE, Mode.STATUS, Mode.EMPTY, Mode.HTML, Mode.CUT)),
    *((Mode.DROPPED, after) for after in (400, 1_200, 3_000)),
]
"""Not: silent, flapping and never-ending, as for a gate; a 404 of another and JSON of another form, below."""
ALWAYS = ((Mode.DROPPED, 1_200),)
MODES = [pytest.param(*each, marks=() if each in ALWAYS else pytest.mark.slow) for each in WALKED]


@pytest.fixture(scope="module")
def proxy(bigquery: BigQueryServer) -> Iterator[FaultProxy]:
    with FaultProxy(int(bigquery.endpoint.rpartition(":")[2])) as made:
        yield made


@pytest.fixture
def there(
    case: Case, bigquery: BigQueryServer, proxy: FaultProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BigQueryTarget]:
    """A dataset, and a client that goes by way of the proxy and has no patience."""
    proxy.be(Mode.WELL)
    name = case.folder.parent.name.replace("-", "_")
    bigquery.ensure_dataset(name)
    given = json.loads(bigquery.airflow_connection())
    given["extra"] |= {"api_endpoint": f"http://127.0.0.1:{proxy.port}"}
    monkeypatch.setenv("AIRFLOW_CONN_BQ", json.dumps(given))
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("public.", f"{name}."))
    for retry in (DEFAULT_RETRY, DEFAULT_JOB_RETRY):
        monkeypatch.setattr(retry, "_timeout", 0.2)
    monkeypatch.setattr(common, "MAX_CUMULATIVE_RETRY", 0.2)
    for limit in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(jobs, limit, 2)
    target = BigQueryTarget(server=bigquery, home=name)
    target.run(CUSTOMERS.replace("public.", f"{name}."))
    yield target
    proxy.be(Mode.WELL)
    bigquery.drop_dataset(name)


def _terms(dag: Any, conn_id: str, table: str) -> dict[str, Any]:
    return {"contract": "orders.odcs.yaml", "conn_id": conn_id, "table": table, "dag": dag}


@pytest.mark.parametrize(("mode", "after"), MODES, ids=str)
def test_a_slice_is_published_whole_or_not_at_all(
    case: Case, dag: Any, there: BigQueryTarget, proxy: FaultProxy, mode: Mode, after: int
) -> None:
    folder = run(PostgresExtractOperator(task_id="e", **_terms(dag, "src", "public.orders")), context(case))
    load = BigQueryLoadOperator(task_id="l", staged=folder, **_terms(dag, "bq", f"{there.home}.orders"))
    proxy.be(mode, after)
    try:
        run(load, context(case))
    except DatabaseUnavailable as error:
        assert str(error).startswith("connection bq is unavailable: ") and "Another try can pass." in str(error)
        assert _rows(there) in (0, 303)
    proxy.be(Mode.WELL)
    run(load, context(case, try_number=2))
    assert _rows(there) == 303


def _rows(there: BigQueryTarget) -> int:
    """Of the published table; 0 where there is none."""
    from google.api_core.exceptions import NotFound

    try:
        [(count,)] = there.run(f"SELECT count(*) FROM {there.home}.orders")
    except NotFound:
        return 0
    return int(count)
