"""The rows' side put together: Airflow's connections and context in, contracts, sources and warehouses out.

Heavy parts are imported when they are used: operators import this module when a Dag file is parsed.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.errors import (
    ConfigurationError,
    DatabaseRefused,
    HarnessError,
    HarnessUnavailable,
)

if TYPE_CHECKING:
    from typing import Protocol

    from airflow_provider_harness.adapters.bigquery.subject import BigQueryRows
    from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
    from airflow_provider_harness.adapters.conversion.draft import Made
    from airflow_provider_harness.adapters.postgres.subject import PostgresRows
    from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
    from airflow_provider_harness.adapters.postgres.write.quarantine import PostgresQuarantine
    from airflow_provider_harness.app.rows.quarantine import Released
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.readiness import Live
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.contracts.schema import Schema
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset
    from airflow_provider_harness.core.slices.slices import Slice

    class OnSlice(Protocol):
        """A task on a slice, with its fields rendered."""

        contract: str
        table: str
        slice_key: str | None
        slice_end: str | None


log = logging.getLogger(__name__)

Cancel = Callable[[], None]
CONNECT_SECONDS = 10
"""How long a database may take to answer a connection attempt, unless the connection's extra says otherwise."""
BIGQUERY = "google_cloud_platform"
"""The type of connection that leads to BigQuery."""
POSTGRES = ("postgres", "postgresql", "redshift", "alloydb", "generic", "")
"""Types of connection that lead to PostgreSQL, or to what speaks as it does; or that do not say where they lead."""
LIBPQ_EXTRAS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options", "target_session_attrs")
"""What a connection's extra may hand to libpq."""


def check_contract(path: str, table: str = "") -> None:
    """Fail, with every finding, if a contract file is missing or wrong. Called when a Dag file is parsed.

    :param table: which table of a file with several is meant; empty: all are looked at.
    """
    from airflow_provider_harness.adapters.contracts.odcs import NoSuchTable, SeveralTables

    try:
        contract_of(path, like=table)
    except SeveralTables as error:
        if table or isinstance(error, NoSuchTable):
            raise


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


def contract_path(path: str, dag: Any) -> str:
    """The contract's file; a relative path starts at the Dag file's folder."""
    return path if Path(path).is_absolute() or dag is None else str(Path(dag.fileloc).parent / path)


def check_when_parsed(path: str, dag: Any, table: str = "", *, by_run: bool = True) -> None:
    """A wrong or missing contract is an import error of the Dag, not a failure at night; so is one of several tables that
    has none of the task's, and a schedule whose runs would leave rows out. What else does not fit is a warning.

    :param by_run: the run says which slice the task works on.
    """
    from airflow_provider_harness import config
    from airflow_provider_harness.adapters.contracts.compile_cache import check_once

    if "{{" not in path and (dag is not None or Path(path).is_absolute()):
        about = "" if "{{" in table else table
        folder, found = Path(config.airflow_home("harness_contracts")), contract_path(path, dag)
        check_once(found, folder, lambda file: check_contract(file, about), about=about)
        if by_run and dag is not None:
            _check_schedule(found, dag, about, folder)


def _check_schedule(path: str, dag: Any, table: str, folder: Path) -> None:
    """Whether the runs of a Dag own the slices of a contract; a Dag that no schedule starts is asked when it runs.

    Here alone a contract is taken as it was compiled before: whoever judges rows compiles it.

    :param folder: where it is noted that they do; a timetable of an author's own is asked each time.
    """
    from airflow_provider_harness.adapters.contracts.compile_cache import check_once

    if not getattr(dag.timetable, "can_be_scheduled", True):
        return
    told = _told(dag.timetable)
    if told:
        check_once(path, folder, lambda file: _fits(file, dag, table, folder), about=f"{table}|{told}")
    else:
        _fits(path, dag, table, folder)


def _told(timetable: Any) -> str:
    """All that makes one of Airflow's own timetables what it is; empty of others, which may look elsewhere."""
    driven = getattr(timetable, "timetable", timetable)  # by the clock, where assets drive it too
    if not all(type(part).__module__.startswith("airflow.") for part in (timetable, driven)):
        return ""
    import json

    from airflow.serialization.encoders import encode_timetable

    try:
        return f"{type(timetable).__name__} {json.dumps(encode_timetable(driven), sort_keys=True, default=str)}"
    except ValueError:  # of assets that Airflow cannot write down
        return ""


def _fits(path: str, dag: Any, table: str, folder: Path) -> bool:
    """Whether nothing is to be said of a contract and a Dag's schedule; what does not fit at all is an error."""
    import warnings

    from airflow_provider_harness.adapters.airflow.schedule import schedule_of
    from airflow_provider_harness.adapters.contracts.odcs import load_contract
    from airflow_provider_harness.core.slices.schedule_fit import ScheduleWarning, misfits, refused

    contract = load_contract(path, table, cache=folder)
    schedule = schedule_of(contract, dag.timetable)
    found = list(misfits(contract, schedule)) if schedule else []
    worst = refused(found)
    if worst is not None:
        raise ConfigurationError(f"Dag {dag.dag_id}", worst.text, fix=worst.fix)
    for one in found:
        warnings.warn_explicit(f"Dag {dag.dag_id}: {one.sentence()}", ScheduleWarning, str(dag.fileloc), 1)
    return not found


def contract_of(path: str, table: str = "", *, like: str = "") -> Contract:
    """The contract in a file, for the table that it is applied to; compiled from the file, whatever is kept on disk.

    :param like: a table by whose name one of several in a file is chosen; the contract stays one of its own table.
    """
    from airflow_provider_harness.adapters.contracts.odcs import load_contract, of_several
    from airflow_provider_harness.adapters.contracts.rules.sql import named

    contract = load_contract(path, table or like)
    if contract.features is not None and table and table == contract.features.online:
        from airflow_provider_harness.adapters.learning.online import online

        return online(contract, contract.features)
    if not table or ("." not in table and of_several(contract)):
        return contract
    return named(contract.at(table if "." in table else f"public.{table}"))


def task_of(context: Mapping[str, Any]) -> TryKey:
    """The try that a task's context belongs to."""
    from airflow_provider_harness.adapters.airflow.context import key_of

    return key_of(context["ti"])


def put_slice(task: OnSlice, context: Mapping[str, Any], dag: Any) -> None:
    """Put the id and the end of the slice that a task works on into its fields, where Airflow shows them: the slice that
    ``slice_key`` names, else the run's own.

    What is wrong with either would be wrong at the next try, too.
    """
    from airflow_provider_harness.adapters.airflow.context import run_of
    from airflow_provider_harness.core.slices.slices import slice_of_run

    with no_useless_retries():
        contract = contract_of(task.contract, task.table)
        end_has_a_key(task.slice_key, task.slice_end)
        if task.slice_key:
            piece = piece_of(contract, str(task.slice_key), str(task.slice_end or ""))
        else:
            piece = slice_of_run(contract, run_of(context, dag))
    task.slice_key, task.slice_end = piece.id, piece.end.isoformat()


def end_has_a_key(key: str | None, end: str | None) -> None:
    """
    :raises ConfigurationError: an end is given of a slice whose beginning nobody names.
    """
    if end and not key:
        raise ConfigurationError(
            "slice_end",
            f"is {str(end)!r} and slice_key is not given, so nobody knows where the slice begins.",
            fix="Give slice_key, too; or neither, for the slice that the run owns.",
        )


def run_slice(context: Mapping[str, Any]) -> str:
    """The id that a run alone gives its slice; empty where it owns none."""
    from airflow_provider_harness.adapters.airflow.context import slice_of

    return slice_of({"dag_run": context.get("dag_run")}) or ""


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
            f"is of type {connection.conn_type!r}, which leads to no database that is known here.",
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


def staging_folder(dag_id: str, task_id: str, key: str, map_index: int = -1) -> str:
    """Where one task stages one slice; each instance of a mapped task has a place of its own.

    :param map_index: of the instance; negative for a task that is not mapped.
    """
    from airflow_provider_harness import config

    base = config.read().staging_path or f"file://{config.airflow_home('staging')}"
    instance = f"/{map_index}" if map_index >= 0 else ""
    return f"{base.rstrip('/')}/{dag_id}/{task_id}{instance}/{key}"


def verify_published(
    contract_path: str, conn_id: str, table: str, slice_id: str, slice_end: str = "", expected_rows: int | None = None
) -> Report:
    """Judge one published slice, read back from where it was published; for the healer, so nothing is kept.

    :param contract_path: absolute, or relative to the working directory.
    :param slice_end: see ``piece_of``.
    :param expected_rows: rows that the publication said it left there (``rows`` of the task's XCom), where known.
    """
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    contract = contract_of(contract_path, table)
    rows = rows_of(conn_id, f"harness verify {contract.table}")
    here = gate(contract, piece_of(contract, slice_id, slice_end), GateSite(place=Place.PUBLISHED, conn_id=conn_id))
    with reachable(conn_id), here as judge:
        return validate.verify(judge, rows, expected_rows=expected_rows)


def validate(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    sql: str,
    path: str,
    engine: str,
    prove: bool,
    docs: str,
    task: TryKey,
    running: list[Cancel],
    end: str = "",
) -> Report:
    """Judge the rows of one slice: those of files, else those that a query gives, else those of the contract's table."""
    from airflow_provider_harness.adapters.duckdb.file_subject import FileRows
    from airflow_provider_harness.adapters.gx.split import Engine
    from airflow_provider_harness.adapters.postgres.subject import columns_of
    from airflow_provider_harness.app.ports.rows import RowsUnderTest
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    name = f"harness validate {contract.table}"
    if path:
        known = (lambda table, columns: columns_of(dsn(conn_id, name), table, columns)) if conn_id else None
        subject: RowsUnderTest = FileRows(path, engine=Engine(engine), columns_of=known, docs=docs)
        post = GateSite(place=Place.FILE, task=task)
    else:
        rows = rows_of(conn_id, name, sql=sql, engine=engine, prove=prove, docs=docs)
        running.append(rows.cancel)
        subject, post = rows, GateSite(place=Place.QUERY if sql else Place.PUBLISHED, conn_id=conn_id, task=task)
    with gate(contract, piece_of(contract, key, end), post) as here:
        return validate.verify(here, subject)


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


def place(conn_id: str, table: str) -> str:
    """Where a table is, for people: server, database and connection."""
    with reachable(conn_id):
        found = dataset(conn_id, table)
    return f"{found.namespace}/{found.name}, {named(conn_id)}"


def live(contract: Contract, conn_id: str, at: datetime | None = None) -> Live:
    """A contract's live table: its columns, and the contract's checks on every row.

    :param at: moment as of which its freshness is judged; None means now.
    """
    from airflow_provider_harness.core.contracts.readiness import Live
    from airflow_provider_harness.core.contracts.report import judge
    from airflow_provider_harness.core.contracts.schema import Side, compare

    warehouse = warehouse_of(conn_id, f"harness check {contract.table}")
    found = warehouse.columns(contract.table)
    if found is None:
        return Live(drift=None, report=None)
    report = judge(contract, warehouse.measure_published(contract, None, at), where=contract.table)
    return Live(drift=compare(contract, found, Side.TARGET), report=report)


def quarantine(contract: Contract, conn_id: str) -> PostgresQuarantine:
    """The rows of a contract's table that were set aside."""
    from airflow_provider_harness.adapters.postgres.write.quarantine import PostgresQuarantine

    return PostgresQuarantine(dsn(conn_id, f"harness quarantine {contract.table}"), name=named(conn_id))


def release(contract: Contract, conn_id: str, key: str, check: str) -> Released:
    """Publish the rows of a slice that were set aside and pass now."""
    from airflow_provider_harness.app.rows import quarantine as app
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.wiring.gates import gate

    piece = known_piece(contract, key)
    with gate(contract, piece, GateSite(place=Place.PUBLISHED, conn_id=conn_id)) as here:
        released, _ = app.release(here, quarantine(contract, conn_id), check)
    return released


def draft(conn_id: str, table: str) -> str:
    """A first contract of a live table, as the text of a file."""
    from airflow_provider_harness.adapters.postgres.contract_draft import draft as write

    return write(dsn(conn_id, f"harness draft {table}"), table, named(conn_id))


def imported(conn_id: str, table: str) -> Made:
    """The contract of a live table with all that the catalog knows, and what a contract cannot say of it."""
    from airflow_provider_harness.adapters.conversion.database import from_database

    return from_database(dsn(conn_id, f"harness import {table}"), table, named(conn_id))


def missing_slices(contract_path: str, conn_id: str, table: str, first: date, last: date) -> list[date]:
    """The days from ``first`` to ``last``, both included, of which no row is published."""
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.wiring.gates import empty

    contract = contract_of(contract_path, table)
    warehouse = warehouse_of(conn_id, f"harness completeness {contract.table}")
    return validate.missing_slices(contract, warehouse, first, last, empty(contract, conn_id))


def history(
    contract: Contract,
    key: str,
    *,
    conn_id: str,
    lookback: int,
    since: date | datetime | None,
    slice_end: str = "",
    schedule: str = "",
    running: list[Cancel] | None = None,
) -> Report | None:
    """The search for missing slices in the ``lookback`` days before a run's own; None if no slice lies there.

    :param since: the first day, or moment, of which a slice should be there.
    :param slice_end: see ``piece_of``.
    :param schedule: the Dag's timetable as text, whose runs own the slices; empty: they are as long as the contract's grain.
    """
    from airflow_provider_harness.app.rows import validate
    from airflow_provider_harness.core.slices.slices import day_bounds
    from airflow_provider_harness.wiring.gates import empty

    piece = piece_of(contract, key, slice_end)
    first = day_bounds(contract, piece.day(contract.load.time_zone) - timedelta(days=lookback))[0]
    if since is not None:
        first = max(first, since if isinstance(since, datetime) else day_bounds(contract, since)[0])
    pieces = slices_of(contract, schedule, first, piece)
    if not pieces:
        return None
    warehouse = warehouse_of(conn_id, f"harness completeness {contract.table}")
    if running is not None:
        running.append(warehouse.cancel)
    missing = validate.absent(contract, warehouse, pieces, empty(contract, conn_id))
    return validate.completeness(contract, piece, pieces, missing)


def slices_of(contract: Contract, schedule: str, first: datetime, own: Slice) -> list[Slice]:
    """The slices that begin from ``first`` on and before a run's own, in order.

    :param schedule: see ``history``.
    """
    from airflow_provider_harness.adapters.airflow import schedule as airflow_schedule
    from airflow_provider_harness.core.slices.slices import slices_between

    if schedule:
        return airflow_schedule.slices(contract, schedule, first, own.start, own.start)
    return list(slices_between(contract, first, own.start - timedelta(microseconds=1)))


def day_of(contract: Contract, moment: datetime) -> date:
    """The date of a moment in the contract's time zone."""
    return moment.astimezone(ZoneInfo(contract.load.time_zone)).date()


def since_text(contract: Contract, moment: datetime) -> str:
    """A moment as ``day_or_moment`` reads it: a date where it is the beginning of one in the contract's time zone."""
    from airflow_provider_harness.core.slices.slices import day_bounds

    day = day_of(contract, moment)
    return day.isoformat() if day_bounds(contract, day)[0] == moment else moment.isoformat()


def slice_day(contract: Contract, key: str, end: str = "") -> date:
    """The date on which a slice begins, in the contract's time zone."""
    return piece_of(contract, key, end).day(contract.load.time_zone)


def schedule_text(dag: Any) -> str:
    """A Dag's timetable as text, by which its slices are known elsewhere; empty where its runs own no time by a clock."""
    from airflow_provider_harness.adapters.airflow.schedule import slicing

    return slicing(dag.timetable) if dag is not None else ""


def query_tables(conn_id: str, sql: str) -> tuple[str, ...]:
    """The tables that a query reads; empty where it cannot be parsed."""
    from airflow_provider_harness.adapters.lineage import sql as lineage_sql

    return lineage_sql.tables(sql, dialect_of(conn_id), _homes(conn_id, sql))


def query_lineage(conn_id: str, sql: str) -> tuple[tuple[ColumnEdge, ...], dict[Dataset, Schema]]:
    """Which columns a query's columns are made of (empty where not known), and what the catalog says of its tables."""
    from airflow_provider_harness.adapters.lineage import sql as lineage_sql
    from airflow_provider_harness.adapters.lineage.places import is_described

    warehouse, dialect, home = warehouse_of(conn_id, "harness lineage"), dialect_of(conn_id), _homes(conn_id, sql)

    def columns(table: str) -> Schema | None:
        try:
            return warehouse.columns(table) if dialect != "bigquery" or is_described(table) else None
        except _refused():  # a project of somebody's, whose catalog is not ours to read
            return None

    schemas = {table: columns(table) for table in lineage_sql.tables(sql, dialect, home)}
    edges = lineage_sql.edges(sql, schemas, lambda table: dataset(conn_id, table), dialect, home=home)
    return edges, {dataset(conn_id, table): schema for table, schema in schemas.items() if schema is not None}


def _homes(conn_id: str, sql: str) -> Callable[[str], str]:
    """The schema of a table that a query names without one: as the connection's search path has it, ``public`` where nobody
    can be asked, or it is BigQuery."""
    import psycopg

    from airflow_provider_harness.adapters.lineage import places as lineage_places
    from airflow_provider_harness.adapters.lineage import sql as lineage_sql
    from airflow_provider_harness.adapters.lineage import tables as lineage_tables

    names = () if is_bigquery(conn_id) else lineage_sql.unplaced(sql)
    try:
        found = lineage_places.homes(dsn(conn_id, "harness lineage"), names) if names else {}
    except psycopg.OperationalError:
        found = {}
    return lambda name: found.get(name, lineage_tables.HOME)


def _refused() -> tuple[type[Exception], ...]:
    """What BigQuery's client raises where a catalog may not be read; nothing of it where it was not even loaded."""
    module = sys.modules.get("google.api_core.exceptions")
    return (module.Forbidden, module.BadRequest) if module is not None else ()


def dialect_of(conn_id: str) -> str:
    """The word of sqlglot for the SQL of a connection's database."""
    return "bigquery" if is_bigquery(conn_id) else "postgres"


def openlineage(**given: Any) -> Any:
    """An ``OperatorLineage`` for Airflow's OpenLineage provider."""
    from airflow_provider_harness.adapters.lineage.openlineage import operator_lineage

    return operator_lineage(**given)


def known_piece(contract: Contract, key: str) -> Slice:
    """The slice that a person names, as long as it was when it was judged last; where the store does not know, as the key or
    the contract's grain says."""
    from airflow_provider_harness.core.slices.slices import slice_of
    from airflow_provider_harness.wiring.gates import history

    piece = piece_of(contract, key)
    try:
        end = history().end(contract.table, piece.id)
    except HarnessUnavailable as error:
        log.warning("Where slice %s ends is not known, so %s is taken: %s", piece.id, piece.end.isoformat(), error)
        return piece
    return slice_of(contract, key, end) if end is not None else piece


def piece_of(contract: Contract, key: str, end: str = "") -> Slice:
    """The slice that an id names under a contract.

    :param end: where it ends, as ISO 8601; empty for as long as the key or the contract's grain says.
    :raises ConfigurationError: the key is no date, or the slice does not end after it begins.
    """
    from airflow_provider_harness.core.slices.keys import read
    from airflow_provider_harness.core.slices.slices import slice_of, whole

    if not end:
        return slice_of(contract, key, datetime.now(UTC) if whole(contract) and read(key) is None else None)
    try:
        moment = datetime.fromisoformat(end)
    except ValueError as error:
        raise ConfigurationError("slice_end", f"is {end!r}, which is not a timestamp.", fix="Use ISO 8601.") from error
    zone = ZoneInfo(contract.load.time_zone)
    piece = slice_of(contract, key, moment if moment.tzinfo else moment.replace(tzinfo=zone))
    if piece.start == piece.end and not whole(contract):
        raise ConfigurationError(
            "slice_end",
            f"is {end!r}, at which slice {key!r} begins, so it can hold no row.",
            fix="Give an end that is later; or none, for a slice as long as the key or the contract's grain says.",
        )
    return piece
