"""What a query reads, and which columns its columns are made of: the lineage that operators tell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.wiring.rows.connections import dataset, dialect_of, dsn, is_bigquery, warehouse_of

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.schema import Schema
    from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset


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


def openlineage(**given: Any) -> Any:
    """An ``OperatorLineage`` for Airflow's OpenLineage provider."""
    from airflow_provider_harness.adapters.lineage.openlineage import operator_lineage

    return operator_lineage(**given)
