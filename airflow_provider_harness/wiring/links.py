"""Where a person can look at what a task has written: pages of tables and assets. Imported when a task runs."""

from __future__ import annotations

from urllib.parse import quote

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.wiring.rows.connections import BIGQUERY
from airflow_provider_harness.wiring.rows.contracts import contract_of

CONSOLE = "https://console.cloud.google.com/bigquery?project={database}&p={database}&d={schema}&t={table}&page=table"
"""BigQuery's page of a table."""


def table_page(conn_id: str, table: str) -> str:
    """Where a person can look at a table: BigQuery's console, else what the connection's extra ``table_url`` says.

    Its places are ``{host}``, ``{port}``, ``{database}``, ``{schema}`` and ``{table}``. Empty where there is no page.
    """
    from airflow.sdk import Connection

    connection = Connection.get(conn_id)
    extra = connection.extra_dejson
    schema, _, name = table.rpartition(".")
    given = {
        "host": connection.host or "",
        "port": str(connection.port or ""),
        "database": extra.get("project", "") if connection.conn_type == BIGQUERY else connection.schema or "",
        "schema": schema,
        "table": name,
    }
    page = str(extra.get("table_url") or "")
    if not page and connection.conn_type == BIGQUERY and not extra.get("api_endpoint") and given["database"]:
        page = CONSOLE
    try:
        return page.format(**{place: quote(value, safe="") for place, value in given.items()})
    except (KeyError, IndexError, ValueError) as error:
        raise ConfigurationError(
            f"connection {conn_id}: extra table_url", f"has a place that is not known ({error}).", valid=tuple(given)
        ) from error


def asset_page(name: str) -> str:
    """Where Airflow shows the assets of a name."""
    return _in_airflow(f"assets?name_pattern={quote(name, safe='')}")


def incidents_page(dag_id: str, task_id: str) -> str:
    """Where the harness shows the incidents of a task."""
    return _in_airflow(
        f"plugin/harness/incidents?state=all&dag_id={quote(dag_id, safe='')}&task_id={quote(task_id, safe='')}"
    )


def incident_page(incident_id: str) -> str:
    """Where the harness shows an incident."""
    return _in_airflow(f"plugin/harness/incidents/{quote(incident_id, safe='')}")


def _in_airflow(path: str) -> str:
    """A page of Airflow, below its own address; empty where that is not known."""
    from airflow.configuration import conf

    base = str(conf.get("api", "base_url", fallback="") or "").rstrip("/")
    return f"{base}/{path}" if base else ""


def quarantine_of(contract_path: str, table: str) -> str:
    """The table with the rows that a contract lets be set aside; empty where it lets none."""
    contract = contract_of(contract_path, table)
    return f"{contract.table}__quarantine" if contract.quarantine.possible else ""
