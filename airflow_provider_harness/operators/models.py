"""Promote a version of a model, or roll it back, under the terms of a contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow_provider_harness.app.learning.models import Changed
    from airflow_provider_harness.core.contracts.contract import Contract


class ModelOperator(BaseOperator):
    """The common part of both operators.

    :param contract: ODCS file with ``harness.model``, absolute or relative to the Dag file's folder.
    :param registry_conn_id: connection of an MLflow server (type ``http`` or ``mlflow``; extra ``alias``, which is
        ``champion`` unless it is given); empty = the registry in the harness's own store.
    """

    template_fields: Sequence[str] = ("contract", "registry_conn_id")
    ui_color = "#e1d5e7"

    def __init__(self, *, contract: str, registry_conn_id: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        self.registry_conn_id = registry_conn_id
        wiring.rows.contracts.check_when_parsed(contract, self.get_dag(), by_run=False)

    def _terms(self) -> Contract:
        return wiring.rows.contracts.contract_of(wiring.rows.contracts.contract_path(self.contract, self.get_dag()))

    def _told(self, changed: Changed) -> dict[str, Any]:
        words = "is in use already" if changed.already else f"is in use; before it was {changed.before or 'none'}"
        self.log.info("Model %s: version %s %s", changed.model, changed.version, words)
        for step in changed.steps:
            self.log.warning("The plan's next step is a person's: %s", step)
        return {
            "model": changed.model,
            "version": changed.version,
            "before": changed.before,
            "already": changed.already,
            "steps": list(changed.steps),
        }


class PromoteModelOperator(ModelOperator):
    """Promote a version of a model if it meets the terms of ``harness.model``; otherwise fail without a retry, and the
    version in use stays. The operator refuses a metric that is missing, is not a number, or does not meet its
    threshold; metrics of another holdout; a version that is worse than the one in use by more than the tolerance, or
    cannot be compared with it; a version that was rolled back. The store keeps the verdict before the act, and the
    outcome after the registry was read back.

    :param version: as the registry names it.
    :param metrics: name -> value, of the holdout; only for the registry of the harness's own store, which keeps them.
    :param holdout_hash: fingerprint of the data on which the metrics were measured; required with ``metrics``.
    :param uri: address of the model; for cards.
    """

    template_fields: Sequence[str] = (*ModelOperator.template_fields, "version", "metrics", "holdout_hash", "uri")

    def __init__(
        self,
        *,
        version: str,
        metrics: Mapping[str, float] | str | None = None,
        holdout_hash: str | None = None,
        uri: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (metrics is None) != (holdout_hash is None):
            fix = "Give both: metrics mean nothing without the data on which they were measured."
            raise ConfigurationError(f"task {self.task_id}", "has only one of metrics and holdout_hash.", fix=fix)
        self.version, self.metrics, self.holdout_hash, self.uri = version, metrics, holdout_hash, uri

    def execute(self, context: Any) -> dict[str, Any]:
        """Judge the version, and put it into use."""
        from airflow_provider_harness.wiring.learning import models

        with wiring.rows.connections.no_useless_retries():
            return self._told(
                models.promote(
                    self._terms(),
                    str(self.version),
                    conn_id=self.registry_conn_id,
                    given=self._given(),
                    context=context,
                )
            )

    def _given(self) -> dict[str, Any] | None:
        if self.metrics is None:
            return None
        metrics = self.metrics
        if isinstance(metrics, str):  # a template without render_template_as_native_obj
            import ast
            import re

            try:
                metrics = ast.literal_eval(re.sub(r"\b(nan|inf)\b", r"'\1'", metrics))
            except (ValueError, SyntaxError) as error:
                problem = f"has metrics {metrics[:80]!r}, which are not a mapping."
                raise ConfigurationError(f"task {self.task_id}", problem, fix="For example {'auc': 0.81}.") from error
        if not isinstance(metrics, Mapping):
            raise ConfigurationError(f"task {self.task_id}", "has metrics that are not a mapping.")
        return {"metrics": dict(metrics), "holdout_hash": str(self.holdout_hash), "uri": str(self.uri or "")}


class RollbackModelOperator(ModelOperator):
    """Roll back to the version that was in use before, by the plan of ``harness.model``, and verify it.

    The plan's steps for people are in the log and the XCom.

    :param reason: why, for the record in the store.
    :param version: the version to restore; empty = the one that was in use before this one.
    :param only_when_due: roll back only if, in the newest gate of the contract's table, a check named in the plan's
        conditions did not pass; otherwise the task is skipped.
    """

    template_fields: Sequence[str] = (*ModelOperator.template_fields, "reason", "version")

    def __init__(self, *, reason: str = "", version: str = "", only_when_due: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not reason and not only_when_due:
            fix = "Give reason, or only_when_due=True, whose reason is the check that does not pass."
            raise ConfigurationError(f"task {self.task_id}", "gives no reason.", fix=fix)
        self.reason, self.version, self.only_when_due = reason, version, only_when_due

    def execute(self, context: Any) -> dict[str, Any]:
        """Put the earlier version back into use, and prove it."""
        from airflow_provider_harness.wiring.learning import models

        with wiring.rows.connections.no_useless_retries():
            contract, reason = self._terms(), self.reason
            if self.only_when_due:
                met = models.due(contract)
                if not met:
                    raise AirflowSkipException("No condition of the rollback plan is met.")
                reason = " ".join(filter(None, (reason, *met)))
            return self._told(
                models.roll_back(contract, reason, to=self.version, conn_id=self.registry_conn_id, context=context)
            )
