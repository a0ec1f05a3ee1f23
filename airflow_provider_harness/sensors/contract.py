"""Whether the slices before a run's own are all published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from airflow_provider_harness import wiring_rows as wiring
from airflow_provider_harness.core.errors import ContractViolation

BACKFILL = "backfill"


class ContractSensor(BaseSensorOperator):
    """Succeeds when each of the ``lookback`` slices before this run's own has at least one published row.

    It says nothing about the run's own slice, so it stands beside the tasks that publish that, not before them.
    In a backfill it skips: filling history is what a backfill is for.

    :param lookback: days before the run's own slice, in the contract's time zone, 1 or more.
    :param since: first day that should be published, as an ISO date; without it, the Dag's start date.
    :param wait: poke until the timeout for what is missing; False fails at the first look.
    """

    template_fields: Sequence[str] = ("contract", "conn_id", "table", "slice_key", "lookback", "since")

    def __init__(
        self,
        *,
        contract: str,
        conn_id: str,
        table: str,
        lookback: int = 7,
        since: str | None = None,
        wait: bool = True,
        slice_key: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if lookback < 1:
            raise ValueError(f"lookback is {lookback}; it must be 1 or more days")
        self.contract, self.conn_id, self.table, self.slice_key = contract, conn_id, table, slice_key
        self.lookback, self.since, self.wait = lookback, since, wait
        self._violation: ContractViolation | None = None
        wiring.check_when_parsed(contract, self.get_dag())

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        """Render, and put the run's own slice where none is given; also for each instance of a mapped task."""
        if parent is self and self.slice_key is None:
            self.slice_key = wiring.slice_key(context)
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self:
            self.contract = wiring.contract_path(self.contract, self.get_dag())
            self.since = self.since or self._first_day().isoformat()

    def execute(self, context: Any) -> Any:
        """Poke, and say at the end which slices are missing rather than that time is up."""
        if context["dag_run"].run_type == BACKFILL:
            raise AirflowSkipException("Not checked in a backfill: filling history is what a backfill is for.")
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            if self._violation is None:
                raise
            raise AirflowFailException(str(self._violation)) from self._violation.with_traceback(error.__traceback__)

    def poke(self, context: Any) -> bool:
        """Whether no slice is missing."""
        with wiring.no_useless_retries():
            report = wiring.history(
                wiring.contract_of(self.contract, self.table),
                str(self.slice_key),
                conn_id=self.conn_id,
                lookback=int(self.lookback),
                since=date.fromisoformat(str(self.since)),
            )
        if report is None or report.passed:
            self.log.info("%s", report.sentence() if report else "No slice lies before this one.")
            return True
        self._violation = ContractViolation(report)
        self.log.warning("%s", self._violation)
        if not self.wait:
            raise AirflowFailException(str(self._violation)) from self._violation
        return False

    def _first_day(self) -> date:
        """The Dag's first day in the contract's time zone; without one, the first that the lookback reaches."""
        contract = wiring.contract_of(self.contract, self.table)
        start = getattr(self.get_dag(), "start_date", None) or self.start_date
        if start is not None:
            return wiring.day_of(contract, start)
        return wiring.slice_day(contract, str(self.slice_key)) - timedelta(days=int(self.lookback))
