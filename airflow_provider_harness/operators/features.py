"""Features and training sets: tables that models learn from, made in the warehouse under their contracts."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.operators.sql import SQLTransformOperator
from airflow_provider_harness.wiring import rows as wiring_rows


class TrainingSetOperator(SQLTransformOperator):
    """Publish one slice of a training set: a row for each request, with the features that were known at its time.

    The contract's ``harness.trainingSet`` says how it is made; the query is written for the connection's engine and shown as the
    field ``sql``. Nothing is published where a feature would be known after its request, a request has no row or several, a label
    comes from the future, or the same requests had other rows before.

    :param max_cost: see ``SQLTransformOperator``.
    """

    def __init__(self, *, max_cost: float | None = None, **kwargs: Any) -> None:
        super().__init__(sql="", max_cost=max_cost, **kwargs)

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        """Render; the query is that of the rendered contract."""
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self:
            from airflow_provider_harness.wiring.learning import training_sets

            with wiring_rows.no_useless_retries(self.conn_id):
                self.sql = training_sets.query(self._terms()[0], self.conn_id)

    def execute(self, context: Any) -> dict[str, Any]:
        """Make and publish the slice."""
        from airflow_provider_harness.wiring.learning import training_sets

        with self._working():
            contract, key = self._terms()
            published, report = training_sets.publish(
                contract,
                key,
                conn_id=self.conn_id,
                end=str(self.slice_end or ""),
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring_rows.task_of(context),
                running=self._running,
                limit=self.max_cost,
            )
        return self._told(context, published, report)
