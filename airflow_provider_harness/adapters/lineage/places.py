"""Where the tables that a query names are: in which schema, in which project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from airflow_provider_harness.adapters.lineage.tables import HOME

_HOMES = """
SELECT name, coalesce(
    (SELECT n.nspname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = to_regclass(quote_ident(name))),
    current_schema())
FROM unnest(%s::text[]) AS name
"""
_METADATA = "INFORMATION_SCHEMA."


@lru_cache(maxsize=256)
def homes(dsn: str, names: tuple[str, ...]) -> Mapping[str, str]:
    """The schema of each relation of PostgreSQL that is named without one, by the search path that its session has; of one
    that is not there, the schema in which it would be made.

    :raises psycopg.Error: nobody can be asked.
    """
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.read_only = True
        return {name: home or HOME for name, home in connection.execute(_HOMES, (list(names),)).fetchall()}


def in_project(table: str, project: str) -> str:
    """A table of BigQuery as OpenLineage names it, ``project.dataset.table``: the project that is written, else this one."""
    home = table.partition(f".{_METADATA}")[0] if f".{_METADATA}" in table else table.rpartition(".")[0]
    return table if "." in home else f"{project}.{table}".strip(".")


def is_described(table: str) -> bool:
    """Whether BigQuery's catalog can say which columns a table has: not of its own views, nor of several tables at once."""
    return _METADATA not in table.upper() and not table.endswith("*")


def project_of(extra: Mapping[str, Any]) -> str:
    """The project of a Google connection, as far as its extra says it; empty where only its credentials know."""
    for name in ("project", "extra__google_cloud_platform__project"):
        if extra.get(name):
            return str(extra[name])
    try:
        key = extra.get("keyfile_dict") or "{}"
        held = json.loads(key) if isinstance(key, str) else key
        return str(held.get("project_id") or "")
    except (ValueError, AttributeError):
        return ""
