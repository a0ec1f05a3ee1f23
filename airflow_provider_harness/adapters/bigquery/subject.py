"""Rows in BigQuery that a gate looks at where they are: a table's slice, or what a query gives for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.bigquery import types as bq_types
from airflow_provider_harness.adapters.bigquery.measure import QUERY, BigQueryDatabase, measure
from airflow_provider_harness.adapters.bigquery.publish import bound
from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse, table_of
from airflow_provider_harness.adapters.gx.split import Engine
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.authored import guard as sql_guard
from airflow_provider_harness.adapters.sql.checks import ident, in_slice
from airflow_provider_harness.adapters.sql.unsliced import counted
from airflow_provider_harness.app.rows.unsliced import in_no_slice
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import CheckResult, Measurements
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    from google.cloud import bigquery


class BigQueryRows(BigQueryWarehouse):
    """Implements ``app.ports.rows.RowsUnderTest``.

    :param sql: a query with the contract's columns, which may use ``%(slice_start)s`` and ``%(slice_end)s``; empty: the
        contract's table.
    :param engine: who measures what both can; Great Expectations is not connected to BigQuery here, so it takes all the
        rows into memory.
    """

    def __init__(
        self, client: bigquery.Client, *, limit: int | None = None, sql: str = "", engine: Engine = Engine.SQL
    ) -> None:
        super().__init__(client, limit=limit)
        self._sql, self._engine = sql, engine

    @property
    def where(self) -> str:
        return "query" if self._sql else "published table"

    def measure(self, contract: Contract, piece: Slice) -> tuple[Measurements, tuple[CheckResult, ...]]:
        """All checks of the contract on the rows of the slice; on all rows where the contract knows no slices."""
        whole = contract.load.mode is LoadMode.FULL
        rows = sql_checks.Rows(
            relation=ident(QUERY if self._sql else contract.table),
            where="" if whole else in_slice(contract, piece),
            piece=None if whole else piece,
            at=piece.end,
            whole=ident(contract.table),
        )
        found = None if self._sql else table_of(self._jobs.client, contract.table)
        known = bq_types.schema(contract.table, found.schema, contract) if found else None
        query = sql_guard.query(bound(self._sql, piece, contract), "bigquery") if self._sql else ""
        measured = measure(self._jobs, contract, rows, known, "validate", query=query, engine=self._engine)
        asked, lost = counted(contract, known, rows.relation, endless=False), 0
        if asked:
            database = BigQueryDatabase(self._jobs, contract, "validate", query)
            lost = database.rows(sql_checks.spoken(asked, "bigquery"))[0][0]
        return measured, in_no_slice(contract, int(lost))
