"""What the databases of a Dag's connections say of its queries and rights; nothing of it is run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.adapters.dags.costs import DryRun
from airflow_provider_harness.adapters.dags.rights import Right
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable


def explain(conn_id: str, query: str) -> Any:
    """PostgreSQL's plan of a query, which is not run."""
    from airflow_provider_harness.adapters.postgres.session import session
    from airflow_provider_harness.wiring import rows

    with (
        rows.connections.reachable(conn_id),
        session(rows.connections.dsn(conn_id, "harness check"), rows.connections.named(conn_id)) as connection,
    ):
        (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {query.rstrip().rstrip(';')}".encode()).fetchone() or (
            "[]",
        )
        return plan


def in_bigquery(conn_id: str) -> bool:
    """Whether a connection leads to BigQuery; one that is not there does not."""
    from airflow_provider_harness.adapters.airflow.connections import find
    from airflow_provider_harness.wiring.rows.connections import BIGQUERY

    try:
        found = find(conn_id)
    except HarnessError:
        return False
    return found is not None and found.conn_type == BIGQUERY


def dry_run(conn_id: str, query: str) -> DryRun:
    """What BigQuery says of a query that it does not run."""
    from airflow_provider_harness.adapters.bigquery.jobs import Jobs
    from airflow_provider_harness.wiring import rows

    with rows.connections.in_our_words(conn_id):
        client, limit = _bigquery(conn_id)
        job = Jobs(client).dry_run(query)
        return DryRun(bytes=int(job.total_bytes_processed or 0), limit=limit)


def missing(conn_id: str, wanted: Sequence[Right]) -> tuple[Right, ...]:
    """The rights that a connection's login does not have, of those that are wanted."""
    from airflow_provider_harness.wiring import rows

    if in_bigquery(conn_id):
        from airflow_provider_harness.adapters.bigquery import rights as bigquery

        with rows.connections.in_our_words(conn_id):
            return bigquery.missing(_bigquery(conn_id)[0], wanted)
    from airflow_provider_harness.adapters.postgres import rights as postgres
    from airflow_provider_harness.adapters.postgres.session import session

    with rows.connections.reachable(conn_id):
        dsn = rows.connections.dsn(conn_id, "harness check")
        with session(dsn, rows.connections.named(conn_id)) as connection:
            return postgres.missing(connection, wanted)


def _bigquery(conn_id: str) -> tuple[Any, int | None]:
    """A client of BigQuery, and the bytes that the connection lets one query bill.

    :raises HarnessUnavailable: the connection's credentials are none.
    """
    from airflow.sdk.exceptions import AirflowException

    from airflow_provider_harness.adapters.bigquery.jobs import connect

    try:
        return connect(conn_id)
    except (AirflowException, ValueError, KeyError) as error:  # a key file that is none
        reason = f"its credentials cannot be used ({type(error).__name__}: {error})"
        raise HarnessUnavailable(f"connection {conn_id}", reason) from error
