"""Which tables a warehouse has, as its catalog says; nothing is read but the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud import bigquery

_POSTGRES = """
SELECT n.nspname::text || '.' || c.relname::text FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
"""


def of_postgres(dsn: str, name: str = "") -> list[str]:
    """The relations of a database that its user may read, as ``schema.table``, sorted; a partition is part of its table.

    :param name: the connection in words, for errors.
    """
    from airflow_provider_harness.adapters.postgres.session import session

    with session(dsn, name) as connection:
        found = [str(row[0]) for row in connection.execute(_POSTGRES).fetchall()]
    return sorted(table for table in found if not _own(table))


def of_bigquery(client: bigquery.Client) -> list[str]:
    """The tables of a project that its user may list, as ``dataset.table``, sorted."""
    datasets = client.list_datasets()
    found = (table for dataset in datasets for table in client.list_tables(dataset.reference))
    return sorted(name for table in found if not _own(name := f"{table.dataset_id}.{table.table_id}"))


def _own(name: str) -> bool:
    """Whether a table is one that this package makes beside another: of staging, or of rows set aside."""
    return name.endswith("__quarantine") or "__stg_" in name.rpartition(".")[2]
