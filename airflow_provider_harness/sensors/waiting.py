"""The common part of all sensors on contracts: they look, wait in the triggerer, and decide in the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.wiring import mapped as wiring_mapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_harness.app.rows.probe import ProbeResult

GRACE = timedelta(minutes=5)
"""How long after its time a deferred task waits for a triggerer that does not answer."""


class SliceSensor(BaseSensorOperator, metaclass=wiring_mapped.FailsOnce):
    """Waits for a condition on one slice of one table under one contract; while it waits, it holds no worker slot.

    Of Airflow's own arguments, ``poke_interval`` (seconds between two looks), ``timeout`` (seconds in all) and
    ``soft_fail`` (skip rather than fail) work as usual.

    :param contract: ODCS file, absolute or relative to the Dag file's folder; of several tables in it, the one with the
        name of ``table``, or that ``file.yaml#name`` names.
    :param conn_id: Airflow connection of the database.
    :param table: ``schema.table``.
    :param slice_key: id of the slice, or a date or time that names it; by default, the slice of the run.
    :param slice_end: end of that slice, as ISO 8601; by default, ``slice_key`` or the contract's grain decides.
    :param wait: False looks once, and fails at once.
    :param deferrable: False waits in the task itself, by Airflow's ``mode``.
    """

    template_fields: Sequence[str] = ("contract", "conn_id", "table", "slice_key", "slice_end")
    ui_color = "#d5e0e8"
    look: str
    looks_at: tuple[str, ...] = ()
    on_slice = True
    """Whether it looks at a slice, so that its run must own one."""

    def __init__(
        self,
        *,
        contract: str,
        conn_id: str,
        table: str,
        slice_key: str | None = None,
        slice_end: str | None = None,
        wait: bool = True,
        deferrable: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contract, self.conn_id, self.table = contract, conn_id, table
        self.slice_key, self.slice_end = slice_key, slice_end
        wiring.rows.slices.end_has_a_key(slice_key, slice_end)
        self.wait, self.deferrable = wait, deferrable
        self._running: list[Callable[[], None]] = []
        self._found: ProbeResult | None = None
        wiring.rows.contracts.check_when_parsed(
            contract, self.get_dag(), table, by_run=self.on_slice and slice_key is None
        )

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """A mapped task in the making: its contract is looked at when the Dag is parsed, as that of any other task."""
        return wiring_mapped.Mapped(super().partial(**kwargs), by_run=cls.on_slice)

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        """Render, and put the slice where Airflow shows it; also for each instance of a mapped task."""
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self:
            self.contract = wiring.rows.contracts.contract_path(self.contract, self.get_dag())
            if self.on_slice:
                wiring.rows.slices.put_slice(self, context, self.get_dag())
            else:
                self.slice_key = self.slice_key or wiring.rows.slices.run_slice(context)
                self.slice_end = self.slice_end or ""

    def execute(self, context: Any) -> Any:
        """Look, and wait if waiting can help."""
        if self.wait and self.deferrable:
            return self.resume(context, datetime.now(UTC).isoformat())
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            self._fail()

    def resume(self, context: Any, began: str, event: Any = None) -> None:
        """Look again after the triggerer's call, and decide.

        :param began: moment of the first look, as ISO 8601 with zone.
        """
        if self.poke(context):
            return
        now, end = datetime.now(UTC), datetime.fromisoformat(began) + timedelta(seconds=self.timeout)
        if now >= end:
            self._fail()
        until = min(end, self._late_from() or end)
        self.log.info("Waiting in the triggerer until %s at the latest", until.isoformat(timespec="seconds"))
        from airflow_provider_harness.triggers import LookTrigger

        trigger = LookTrigger(look=self.look, given=self._given(), every=self.poke_interval, until=until.isoformat())
        self.defer(
            trigger=trigger,
            method_name="resume",
            kwargs={"began": began},
            timeout=max(until - now, timedelta()) + GRACE,
        )

    def poke(self, context: Any) -> bool:
        """Whether the condition holds; ends the task if the slice is late, or if the task must not wait."""
        from airflow_provider_harness.wiring import probes as wiring_looks

        with wiring.rows.connections.no_useless_retries(self.conn_id):
            self._found = wiring_looks.take(self.look, self._given(), self._running)
            late = self._late_from()
        if self._found.ready:
            self.log.info("%s", self._found.sentence)
            return True
        self.log.warning("%s", self._found.sentence)
        if late is not None and datetime.now(UTC) >= late:
            self._give_up(context, late)
        if not self.wait:
            self._fail()
        return False

    def on_kill(self) -> None:
        """Cancel what runs on the server."""
        for cancel in self._running:
            cancel()

    def _given(self) -> dict[str, Any]:
        """The look's arguments, as rendered."""
        return {name: getattr(self, name) for name in (*SliceSensor.template_fields, *self.looks_at)}

    def _late_from(self) -> datetime | None:
        """The moment from which waiting is given up, whatever the timeout; None where there is none."""
        return None

    def _give_up(self, context: Mapping[str, Any], late: datetime) -> None:
        self._fail()

    def _fail(self) -> NoReturn:
        """End with what the last look found, which no retry would mend. It is raised first: Airflow's log leaves out a
        cause that has no traceback, and the healer believes only what the log shows."""
        assert self._found is not None and self._found.error is not None
        ended = AirflowSkipException if self.soft_fail else AirflowFailException
        try:
            raise self._found.error
        except HarnessError as cause:
            raise ended(str(cause)) from cause
