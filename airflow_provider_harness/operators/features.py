"""Features and training sets: tables that models learn from, made in the warehouse under their contracts."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.operators.slices import log_report
from airflow_provider_harness.operators.sql import SQLTransformOperator
from airflow_provider_harness.wiring import rows as wiring_rows


class FeatureTableOperator(SQLTransformOperator):
    """Publish the result of a query for one slice of a feature table, and its newest rows in the online table.

    The contract's ``harness.features`` names the columns. A version that was published with another definition is
    refused. If the contract names an online table, it is replaced after each slice; the gate requires that it equals
    the newest rows offline. Cut slices by ``knownAt``: then a correction adds rows, and changes no row that a training
    set has used.

    :param sql: see ``SQLTransformOperator``.
    :param max_cost: see ``SQLTransformOperator``; of the slice, not of the online table.
    """

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish the slice, then the online table."""
        from airflow_provider_harness.wiring.learning import features

        with self._working():
            contract, key = self._terms()
            known = features.features_of(contract)
            given: dict[str, Any] = {
                "conn_id": self.conn_id,
                "run": f"{self.dag_id}/{context['run_id']}",
                "task": wiring_rows.slices.task_of(context),
                "running": self._running,
                "end": str(self.slice_end or ""),
            }
            published, report = features.publish(contract, key, self.sql, limit=self.max_cost, **given)
            more = {}
            if known.online:
                there, gate = features.publish_online(contract, key, **given)
                log_report(self.log, gate)
                more["online_rows"] = there.rows
        return {**self._told(context, published, report), **more}


class TrainingSetOperator(SQLTransformOperator):
    """Publish one slice of a training set: a row for each request, with the features that were known at its time.

    The contract's ``harness.trainingSet`` defines it; the operator writes the query for the connection's engine and
    shows it as the field ``sql``. It publishes nothing if a feature would be known after its request, a request has no
    row or several, a label comes from the future, or the same requests had other rows before.

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

            with wiring_rows.connections.no_useless_retries(self.conn_id):
                self.sql = training_sets.query(self._terms()[0], self.conn_id)

    def execute(self, context: Any) -> dict[str, Any]:
        """Make and publish the slice."""
        from airflow_provider_harness.wiring.learning import training_sets

        with self._working():
            contract, key = self._terms()
            published, report = training_sets.publish(
                contract,
                key,
                self.sql,
                conn_id=self.conn_id,
                end=str(self.slice_end or ""),
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring_rows.slices.task_of(context),
                running=self._running,
                limit=self.max_cost,
            )
        return self._told(context, published, report)

    def _lineage_edges(self) -> tuple[Any, ...]:
        from airflow_provider_harness.wiring.learning import training_sets

        return training_sets.edges(self._terms()[0], self.conn_id)
