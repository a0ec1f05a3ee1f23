"""BigQuery itself says of a query, without running it, whether it only reads."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest

from airflow_provider_harness.adapters.bigquery.jobs import Jobs
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.bigquery import BigQueryServer


@pytest.fixture
def table(bigquery: BigQueryServer) -> Iterator[str]:
    name = f"reads_{uuid.uuid4().hex[:8]}"
    bigquery.ensure_dataset(name)
    bigquery.client().query(f"CREATE TABLE {name}.t AS SELECT 1 AS n").result()
    yield f"{name}.t"
    bigquery.drop_dataset(name)


WRITES = (
    "DELETE FROM T WHERE true",
    "INSERT INTO T VALUES (2)",
    "MERGE T USING T AS s ON true WHEN MATCHED THEN DELETE",
    "DROP TABLE T",
    "CREATE OR REPLACE TABLE T AS SELECT 1 AS n",
    "SELECT 1; DROP TABLE T",
    "EXPORT DATA OPTIONS(uri='gs://x/*') AS SELECT 1",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "CALL p()",
)


@pytest.mark.attack
def test_what_bigquery_does_not_call_a_select_is_refused(bigquery: BigQueryServer, table: str) -> None:
    client = bigquery.client()
    jobs = Jobs(client)
    jobs.only_reads(f"SELECT count(*) FROM {table}")
    for sql in WRITES:
        with pytest.raises(ConfigurationError, match="one SELECT may be run"):
            jobs.only_reads(re.sub(r"\bT\b", table, sql))
        [(rows,)] = client.query(f"SELECT count(*) FROM {table}").result()
        assert rows == 1, "asked, and not run"
