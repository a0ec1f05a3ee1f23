"""The engine ``sql`` on BigQuery.

Nothing is proved from the catalog here: BigQuery enforces no key, and a column may be REQUIRED in name only where the
stand-in keeps it. Only a column's type is what the catalog says it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.adapters.bigquery.jobs import Jobs, labels
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.gx.split import Engine, shared
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql import measure as sql_measure
from airflow_provider_harness.adapters.sql.views import in_bigquery
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Schema, canonical, fits

QUERY = "harness_query"
"""The relation whose place the user's own query takes: it is in BigQuery's words, and is not translated."""


class BigQueryDatabase:
    """Where the gate's statements run.

    :param query: what stands for the relation ``QUERY``.
    """

    dialect = "bigquery"

    def __init__(self, jobs: Jobs, contract: Contract, step: str, query: str = "") -> None:
        from google.api_core.exceptions import BadRequest, NotFound

        self._jobs, self._told, self._query = jobs, labels(contract, None, step), query
        self._others = bool(query) or any(check.sql for check in contract.checks)  # SQL that is not ours
        self.refusals: tuple[type[Exception], ...] = (BadRequest, NotFound)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        whole = self.whole(sql)
        if self._others:
            self._jobs.only_reads(whole)
        return self._jobs.rows(whole, self._told)

    def plan(self, sql: str) -> None:
        self._jobs.dry_run(self.whole(sql))

    def whole(self, sql: str) -> str:
        """A statement with the user's query in its place."""
        return sql.replace(f"`{QUERY}`", f"(\n{self._query}\n)") if self._query else sql

    def view_query(self, name: str) -> str:
        """How a view is defined; empty for a table, and for what is not there."""
        from google.api_core.exceptions import BadRequest, NotFound

        try:
            found = self._jobs.client.get_table(name)
        except (NotFound, BadRequest, ValueError):  # the last: no dataset is named
            return ""
        return str(found.view_query or found.mview_query or "")

    def exists(self, table: str) -> bool:
        from google.api_core.exceptions import NotFound

        try:
            self._jobs.client.get_table(table)
        except NotFound:
            return False
        return True


def measure(
    jobs: Jobs,
    contract: Contract,
    rows: sql_checks.Rows,
    found: Schema | None,
    step: str,
    *,
    query: str = "",
    engine: Engine = Engine.SQL,
) -> Measurements:
    """All checks of a gate, in two statements at most.

    :param found: the columns of the table that the rows are in, which say what their types are.
    :param query: whose rows they are, where they are not those of a table.
    :param engine: who measures what both can; Great Expectations takes all rows into memory.
    """
    database = BigQueryDatabase(jobs, contract, step, query)

    def by_expectations(theirs: Sequence[Check]) -> Measurements:
        """BigQuery is not connected to Great Expectations here, so the rows come to it as a frame."""
        condition = f" WHERE {rows.where}" if rows.where else ""
        text = database.whole(sql_checks.spoken(f"SELECT * FROM {rows.relation}{condition}", "bigquery"))
        return gx.measure_frame(jobs.frame(text, labels(contract, None, step)), contract, rows, theirs)

    return shared(
        contract,
        lambda ours: sql_measure.measure(
            database, ours, rows, _typed(ours, found), in_bigquery(database.view_query, contract)
        ),
        by_expectations,
        engine,
        frame=True,
    )


def _typed(contract: Contract, found: Schema | None) -> dict[str, str]:
    """Check of a type -> what proves it: a column of BigQuery holds values of its type and no others."""
    proved = {}
    for check in contract.checks:
        column = found.get(check.columns[0]) if found and check.kind is CheckKind.TYPE else None
        if column is not None and fits(column.type, canonical(check.type)):
            proved[check.id] = f"column type in {found.table if found else ''}"
    return proved
