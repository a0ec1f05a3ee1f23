"""What a task's page in Airflow links to: the published table, and the rows that were set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

__all__ = ["PublishedTableLink", "QuarantineLink"]


class PublishedTableLink(BaseOperatorLink):
    """The table that the task published in; without a page of its own, the asset that the task updates."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Published table"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Its address; empty where there is none."""
        from airflow_provider_harness.wiring import links as wiring

        task: Any = operator
        page = wiring.table_page(task.conn_id, task.table) if task.table else ""
        return page or next((wiring.asset_page(outlet.name) for outlet in task.outlets if hasattr(outlet, "name")), "")


class QuarantineLink(BaseOperatorLink):
    """The table with the rows that were set aside, where the contract lets rows be set aside."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Quarantine"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Its address; empty where there is none."""
        from airflow_provider_harness.wiring import links as wiring

        task: Any = operator
        table = wiring.quarantine_of(task.contract, task.table)
        return wiring.table_page(task.conn_id, table) if table else ""
