"""The engine ``sql`` on BigQuery.

Nothing is proved from the catalog here: BigQuery enforces no key, and a column may be REQUIRED in name only where the
stand-in keeps it. Only a column's type is what the catalog says it is.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.core.checks import CheckKind
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.report import Measurements
from airflow_provider_harness.core.schema import Schema, canonical, fits

from . import sql_checks, sql_measure
from .bq_jobs import Jobs, labels


class BigQueryDatabase:
    """Where the gate's statements run."""

    dialect = "bigquery"

    def __init__(self, jobs: Jobs, contract: Contract, step: str) -> None:
        from google.api_core.exceptions import BadRequest

        self._jobs, self._told = jobs, labels(contract, None, step)
        self.refusals: tuple[type[Exception], ...] = (BadRequest,)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._jobs.rows(sql, self._told)

    def plan(self, sql: str) -> None:
        self._jobs.estimate(sql)

    def exists(self, table: str) -> bool:
        from google.api_core.exceptions import NotFound

        try:
            self._jobs.client.get_table(table)
        except NotFound:
            return False
        return True


def measure(jobs: Jobs, contract: Contract, rows: sql_checks.Rows, found: Schema | None, step: str) -> Measurements:
    """All checks of a gate, in two statements at most.

    :param found: the columns of the table that the rows are in, which say what their types are.
    """
    return sql_measure.measure(BigQueryDatabase(jobs, contract, step), contract, rows, _typed(contract, found))


def _typed(contract: Contract, found: Schema | None) -> dict[str, str]:
    """Check of a type -> what proves it: a column of BigQuery holds values of its type and no others."""
    proved = {}
    for check in contract.checks:
        column = found.get(check.columns[0]) if found and check.kind is CheckKind.TYPE else None
        if column is not None and fits(column.type, canonical(check.type)):
            proved[check.id] = f"column type in {found.table if found else ''}"
    return proved
