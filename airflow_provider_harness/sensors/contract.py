"""Wait until a published slice keeps its contract, or until all slices before a run's own are published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import wiring
from airflow_provider_harness.sensors.waiting import SliceSensor

BACKFILL = "backfill"


class ContractSensor(SliceSensor):
    """Waits until the run's slice is published and keeps its contract; with ``lookback``, until none before it is
    missing.

    With ``lookback`` it does not check the run's own slice, so it can run beside the tasks that publish it. With
    ``lookback``, it is skipped in a backfill, because a backfill fills the history.

    :param lookback: days before the run's own slice in which each slice must have a published row, 1 or more; None
        checks the run's own slice. The Dag's schedule gives the slices; without a schedule, the contract's grain.
    :param since: first day (an ISO date) or moment that should be published; without it, the Dag's start date.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "lookback", "since", "schedule")
    look = "kept"

    def __init__(self, *, lookback: int | None = None, since: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if lookback is not None and lookback < 1:
            raise ValueError(f"lookback is {lookback}; it must be 1 or more days, or None")
        self.lookback, self.since = lookback, since
        self.schedule = ""
        self._by_run = self.slice_key is None
        if lookback is not None:
            self.look, self.looks_at = "complete", ("lookback", "since", "schedule")

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self and self.lookback is not None:
            self.since = self.since or self._first()
            self.schedule = wiring.rows.slices.schedule_text(self.get_dag()) if self._by_run else ""

    def execute(self, context: Any) -> Any:
        """Look; at the timeout, report the missing condition rather than the timeout alone."""
        if self.lookback is not None and context["dag_run"].run_type == BACKFILL:
            raise AirflowSkipException("Not checked in a backfill, because a backfill fills the history.")
        return super().execute(context)

    def _first(self) -> str:
        """When the Dag begins; without that, the first day that the lookback reaches, in the contract's time zone."""
        contract = wiring.rows.contracts.contract_of(self.contract, self.table)
        start = getattr(self.get_dag(), "start_date", None) or self.start_date
        if start is not None:
            return wiring.rows.slices.since_text(contract, start)
        first = wiring.rows.slices.slice_day(contract, str(self.slice_key), str(self.slice_end or "")) - timedelta(
            days=int(self.lookback or 1)
        )
        return first.isoformat()
