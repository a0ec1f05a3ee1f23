"""What the account of a connection may do to BigQuery's tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.bigquery.errors import translated
from airflow_provider_harness.core.errors import DatabaseRefused

if TYPE_CHECKING:
    from google.cloud import bigquery

_READ, _WRITE = "bigquery.tables.getData", "bigquery.tables.updateData"


def missing(client: bigquery.Client, wanted: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The rights that an account lacks, as IAM says it (``testIamPermissions``); a table that is not there lacks none.

    :param wanted: table and right: ``SELECT``, or any other for writing it.
    """
    lacking = []
    for table, right in wanted:
        if right == "CREATE":
            continue  # IAM tells what an account may do in a dataset only to who may read its policy
        permission = _READ if right == "SELECT" else _WRITE
        name = table if table.count(".") > 1 else f"{client.project}.{table}"
        if _is_there(client, name):
            with translated(f"the rights on {table}"):
                granted = client.test_iam_permissions(name, [permission]).get("permissions", [])
            if permission not in granted:
                lacking.append((table, right))
    return tuple(lacking)


def _is_there(client: bigquery.Client, name: str) -> bool:
    from google.api_core.exceptions import NotFound

    try:
        with translated(name):
            client.get_table(name)
    except DatabaseRefused as error:
        if isinstance(error.__cause__, NotFound):
            return False
        raise
    return True
