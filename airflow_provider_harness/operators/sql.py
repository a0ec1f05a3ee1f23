"""SQL in the warehouse: transform a slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import PUBLISHED_LINKS, SliceOperator

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.rows import Definition
    from airflow_provider_harness.core.lineage.graph import Dataset


class SQLTransformOperator(SliceOperator):
    """Publish the result of a query for one slice: staging table, gate, one transaction.

    :param sql: a query with the contract's columns; ``%(slice_start)s`` and ``%(slice_end)s`` are the slice's bounds as
        moments, so write any other percent sign as ``%%``. The operator plans the query first: a query that is wrong,
        or that lacks a column of the contract, fails at once without a retry. Or a pattern
        (``airflow_provider_harness.patterns``): it gives the query for the connection's engine, and the contract must
        have its checks and its mode.
    :param max_cost: limit of the query's cost by the warehouse's own estimate: units of PostgreSQL's planner
        (``EXPLAIN``), or bytes that BigQuery reads; above 0. None for no limit.
    """

    operator_extra_links = PUBLISHED_LINKS
    template_fields: Sequence[str] = (*SliceOperator.template_fields, "sql")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}
    judges_output: ClassVar[bool] = True

    def __init__(self, *, sql: str | Definition, max_cost: float | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if max_cost is not None and max_cost <= 0:
            raise ConfigurationError(
                f"task {self.task_id}", f"has max_cost={max_cost}.", fix="Give a number above 0, or None."
            )
        self.max_cost = max_cost
        self._pattern = None if isinstance(sql, str) else sql
        self.sql = sql if isinstance(sql, str) else sql.sql()

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        """Render; a pattern's query becomes that of the engine to which the rendered connection leads."""
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self and self._pattern is not None:
            self.sql = self._pattern.sql(wiring.rows.connections.dialect_of(self.conn_id))

    def execute(self, context: Any) -> dict[str, Any]:
        """Transform and publish the slice."""
        from airflow_provider_harness.wiring import moves as wiring_moves

        with self._working():
            contract, key = self._terms()
            if self._pattern is not None:
                self._pattern.refuse(contract.id, contract.load.mode, [check.id for check in contract.checks])
            run = f"{self.dag_id}/{context['run_id']}"
            published, report = wiring_moves.transform(
                contract,
                key,
                self.sql,
                conn_id=self.conn_id,
                run=run,
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
                limit=self.max_cost,
            )
        return self._told(context, published, report)

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        return tuple(
            wiring.rows.connections.dataset(self.conn_id, table)
            for table in wiring.rows.queries.query_tables(self.conn_id, self.sql)
        )

    def _lineage_output(self) -> Dataset:
        return wiring.rows.connections.dataset(self.conn_id, self.table)

    def _lineage_edges(self) -> tuple[Any, ...]:
        return self._followed(self.conn_id, self.sql)
