"""Airflow's connections in; sources, warehouses and the names of tables out. What a driver raises becomes an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import ConfigurationError, DatabaseRefused, HarnessError, HarnessUnavailable

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.bigquery.subject import BigQueryRows
    from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
    from airflow_provider_harness.adapters.postgres.subject import PostgresRows
    from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
    from airflow_provider_harness.core.lineage.graph import Dataset

Cancel = Callable[[], None]
CONNECT_SECONDS = 10
"""How long a database may take to answer a connection attempt, unless the connection's extra says otherwise."""
BIGQUERY = "google_cloud_platform"
"""The type of connection that leads to BigQuery."""
POSTGRES = ("postgres", "postgresql", "redshift", "alloydb", "generic", "")
"""Types of connection that lead to PostgreSQL, or to what speaks as it does; or that do not say where they lead."""
LIBPQ_EXTRAS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options", "target_session_attrs")
"""What a connection's extra may hand to libpq."""


def dsn(conn_id: str, application: str = "harness") -> str:
    """An Airflow connection as a libpq connection string; what it lacks is left to libpq."""
    from psycopg.conninfo import make_conninfo

    from airflow_provider_harness.wiring.access import opened, reaches

    connection = opened(conn_id)
    if connection.conn_type == BIGQUERY:
        raise ConfigurationError(
            f"connection {conn_id}",
            "leads to BigQuery, where this cannot be done yet.",
            fix="Give a connection to PostgreSQL; BigQuery can be loaded, transformed, validated and watched.",
        )
    if (connection.conn_type or "") not in POSTGRES:
        raise ConfigurationError(
            f"connection {conn_id}",
            f"is of type {connection.conn_type!r}, which is not a supported type of database.",
            valid=("postgres", BIGQUERY),
            fix="Give a connection to PostgreSQL or BigQuery.",
        )
    extra = connection.extra_dejson
    given = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    wanted = {"connect_timeout": CONNECT_SECONDS} | {name: extra[name] for name in LIBPQ_EXTRAS if name in extra}
    wanted |= {name: value for name, value in given.items() if value}
    return reaches(conn_id, make_conninfo("", application_name=application[:63], **wanted))


def named(conn_id: str) -> str:
    """A connection in the words of errors."""
    return f"connection {conn_id}"


def is_bigquery(conn_id: str) -> bool:
    """Whether a connection leads to BigQuery; every other one leads to PostgreSQL."""
    from airflow_provider_harness.wiring.access import opened

    return bool(opened(conn_id).conn_type == BIGQUERY)


def dialect_of(conn_id: str) -> str:
    """The word of sqlglot for the SQL of a connection's database."""
    return "bigquery" if is_bigquery(conn_id) else "postgres"


def dataset(conn_id: str, table: str) -> Dataset:
    """A table by OpenLineage's naming specification."""
    from airflow_provider_harness.core.lineage.graph import Dataset
    from airflow_provider_harness.wiring.access import opened

    connection = opened(conn_id)
    if is_bigquery(conn_id):
        from airflow_provider_harness.adapters.lineage.places import in_project, project_of

        return Dataset(namespace="bigquery", name=in_project(table, project_of(connection.extra_dejson)))
    namespace = f"postgres://{connection.host or 'localhost'}:{connection.port or 5432}"
    return Dataset(namespace=namespace, name=f"{connection.schema or 'postgres'}.{table}")


def place(conn_id: str, table: str) -> str:
    """Where a table is, for people: server, database and connection."""
    with reachable(conn_id):
        found = dataset(conn_id, table)
    return f"{found.namespace}/{found.name}, {named(conn_id)}"


def warehouse_of(
    conn_id: str, purpose: str, limit: int | None = None, held: Callable[[], None] | None = None
) -> PostgresWarehouse | BigQueryWarehouse:
    """The warehouse that a connection leads to.

    :param purpose: what PostgreSQL shows as the session's name.
    :param limit: bytes that one query may bill in BigQuery; None for the connection's own limit.
    :param held: see ``BigQueryWarehouse``; PostgreSQL's own lock ends with its session, and needs none.
    """
    if is_bigquery(conn_id):
        from airflow_provider_harness.adapters.bigquery import jobs as bq_jobs
        from airflow_provider_harness.adapters.bigquery import warehouse as bigquery

        client, own = bq_jobs.connect(conn_id)
        return bigquery.BigQueryWarehouse(client, limit=limit or own, held=held)
    from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse

    return PostgresWarehouse(dsn(conn_id, purpose), name=named(conn_id))


def rows_of(
    conn_id: str, purpose: str, *, sql: str = "", engine: str = "sql", prove: bool = True, docs: str = ""
) -> PostgresRows | BigQueryRows:
    """The rows of a table, or of a query, in the warehouse that a connection leads to."""
    from airflow_provider_harness.adapters.gx.split import Engine

    if is_bigquery(conn_id):
        from airflow_provider_harness.adapters.bigquery import jobs as bq_jobs
        from airflow_provider_harness.adapters.bigquery import subject as bq_rows

        client, limit = bq_jobs.connect(conn_id)
        return bq_rows.BigQueryRows(client, limit=limit, sql=sql, engine=Engine(engine))
    from airflow_provider_harness.adapters.postgres.subject import PostgresRows

    return PostgresRows(
        dsn(conn_id, purpose), sql=sql, engine=Engine(engine), prove=prove, docs=docs, name=named(conn_id)
    )


def staging_folder(dag_id: str, task_id: str, key: str, map_index: int = -1) -> str:
    """Where one task stages one slice; each instance of a mapped task has a place of its own.

    :param map_index: of the instance; negative for a task that is not mapped.
    """
    from airflow_provider_harness import config

    base = config.read().staging_path or f"file://{config.airflow_home('staging')}"
    instance = f"/{map_index}" if map_index >= 0 else ""
    return f"{base.rstrip('/')}/{dag_id}/{task_id}{instance}/{key}"


@contextmanager
def no_useless_retries(conn_id: str = "") -> Iterator[None]:
    """What would fail again in the same way fails at once; the error stays as the cause. What a driver raised is said in our
    words, if no adapter has said it yet.

    :param conn_id: the connection that is named then.
    """
    from airflow.sdk.exceptions import AirflowFailException

    try:
        with in_our_words(conn_id):
            yield
    except HarnessError as error:
        if error.retryable:
            raise
        raise AirflowFailException(str(error)) from error


@contextmanager
def in_our_words(conn_id: str) -> Iterator[None]:
    """No bare error of a driver gets out of here."""
    from airflow_provider_harness.adapters import drivers as driver_errors

    try:
        yield
    except driver_errors.kinds() as error:
        raise driver_errors.translation(error, named(conn_id) if conn_id else "") from error


@contextmanager
def reachable(conn_id: str) -> Iterator[None]:
    """For the command line and the healer: what the database says becomes one sentence instead of a traceback.

    Whoever refuses the connection itself, or a whole service, says nothing about the data: that is unavailable, too.
    """
    from airflow.sdk.exceptions import AirflowNotFoundException

    from airflow_provider_harness.adapters import drivers as driver_errors

    try:
        with in_our_words(conn_id):
            yield
    except AirflowNotFoundException as error:
        fix = "See `airflow connections list`, or add it with `airflow connections add`."
        raise ConfigurationError(f"connection {conn_id}", "does not exist.", fix=fix) from error
    except DatabaseRefused as error:
        if not driver_errors.closed(error.__cause__):
            raise
        raise HarnessUnavailable(named(conn_id), error.reason) from error
