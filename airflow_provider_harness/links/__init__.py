"""Links on a task's page in Airflow: to the published table, the quarantine, and its incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

__all__ = ["IncidentLink", "IncidentsLink", "PublishedTableLink", "QuarantineLink"]


class PublishedTableLink(BaseOperatorLink):
    """The table in which the task published; if the table has no page, the asset that the task updates."""

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
    """The quarantine table, if the contract has one."""

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


class IncidentsLink(BaseOperatorLink):
    """All incidents of the task, on the harness's own page."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Incidents"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Its address; empty where Airflow has none of its own."""
        from airflow_provider_harness.wiring import links as wiring

        return wiring.incidents_page(ti_key.dag_id, ti_key.task_id)


class IncidentLink(BaseOperatorLink):
    """The incident that a run of the healer is about."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "The incident"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Its address; empty where the run led no incident."""
        from airflow_provider_harness.wiring import links as wiring

        task: Any = operator
        return wiring.incident_page(task.incident_id) if task.incident_id else ""
