"""PostgreSQL to PostgreSQL: a slice straight from one server to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_harness import wiring_rows as wiring
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation

from .slices import SliceOperator

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage import Dataset


class PostgresTransferOperator(SliceOperator):
    """Publish one slice of a PostgreSQL table or query in another PostgreSQL: binary COPY from one snapshot into a staging
    table, gate, one transaction.

    Contract, source and published table are compared before any row moves. Nothing is kept in between: where files should
    stay, or a column is to be hashed, extract and load.
    The XCom is ``{"slice", "rows", "before", "quarantined": {check id: rows}}``.

    :param conn_id: connection of the warehouse; ``table`` is the published table there.
    :param source_conn_id: connection of the source.
    :param source_table: ``schema.table`` of the source; without it, the same name as the published one.
    :param sql: a query with the contract's columns, instead of the whole table.
    """

    template_fields: Sequence[str] = (*SliceOperator.template_fields, "source_conn_id", "source_table", "sql")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}
    judges_output: ClassVar[bool] = True

    def __init__(self, *, source_conn_id: str, source_table: str = "", sql: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if source_table and sql:
            raise ConfigurationError(
                f"task {self.task_id}",
                "is given source_table and sql to read; it needs at most one.",
                valid=("source_table", "sql"),
            )
        self.source_conn_id, self.source_table, self.sql = source_conn_id, source_table, sql

    def execute(self, context: Any) -> dict[str, Any]:
        """Transfer and publish the slice."""
        with wiring.no_useless_retries():
            contract, key = self._terms()
            try:
                published, report = wiring.transfer(
                    contract,
                    key,
                    conn_id=self.conn_id,
                    source_conn_id=self.source_conn_id,
                    source_table="" if self.sql else self.source_table or contract.table,
                    sql=self.sql,
                    run=f"{self.dag_id}/{context['run_id']}",
                    task=wiring.task_of(context),
                    running=self._running,
                )
            except ContractViolation as error:
                self._report = error.report
                raise
        return self._told(context, published, report)

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        tables = wiring.query_tables(self.sql) if self.sql else (self.source_table or self._terms()[0].table,)
        return tuple(wiring.dataset(self.source_conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        return wiring.dataset(self.conn_id, self.table)

    def _lineage_edges(self) -> tuple[Any, ...]:
        from airflow_provider_harness.core.lineage import identity_edges

        contract, _ = self._terms()
        return () if self.sql else identity_edges(self._lineage_inputs()[0], contract.names)
