"""The needs of a load: does the source have the slice, and does it have the columns?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import wiring
from airflow_provider_harness.sensors.waiting import SliceSensor


class FreshnessSensor(SliceSensor):
    """Succeeds when the source has the run's slice: enough rows, and as fresh as the contract promises, as of the
    slice's end.

    If the slice is late, the contract's ``harness.late`` decides: ``wait`` waits until the timeout, ``skip`` skips the
    task and records why, ``page`` fails it with a failure about a late source. Old slices, such as those of a backfill,
    are late at once.

    :param conn_id: connection of the source.
    :param table: ``schema.table`` of the source; with ``sql``, only the name of the data.
    :param sql: a query instead of the whole table, as in ``ValidateOperator``.
    :param min_rows: rows that the slice must have, 1 or more.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "sql", "min_rows")
    template_ext: Sequence[str] = (".sql",)
    look = "arrived"
    looks_at = ("sql", "min_rows")

    def __init__(self, *, sql: str = "", min_rows: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min_rows < 1:
            raise ValueError(f"min_rows is {min_rows}; it must be 1 or more")
        self.sql, self.min_rows = sql, min_rows

    def _late_from(self) -> datetime | None:
        from airflow_provider_harness.wiring import probes as wiring_looks

        return wiring_looks.late_from(self.contract, self.table, str(self.slice_key), str(self.slice_end or ""))

    def _give_up(self, context: Mapping[str, Any], late: datetime) -> None:
        from airflow_provider_harness.core.contracts.contract import LateAction

        if wiring.rows.contracts.contract_of(self.contract, self.table).late.action is not LateAction.SKIP:
            self._fail()
        text = (
            f"{self.table} slice {self.slice_key} was skipped: its source was late at {late.isoformat()}, and "
            f"the contract says skip"
        )
        _note(context, text)
        raise AirflowSkipException(f"{text}. {self._found.sentence if self._found else ''}")


class SchemaDriftSensor(SliceSensor):
    """Compares contract, source and published table, and fails before a load would break.

    Additive and widening changes that break no load are warnings in the log. A change that breaks a load fails the task
    with the statements that a person could run; the harness never runs them.

    :param conn_id: connection of the source.
    :param table: ``schema.table`` of the source; with ``sql``, only the name of the data.
    :param sql: a query instead of the whole table, as in ``PostgresExtractOperator``.
    :param target_conn_id: connection of the warehouse; without it, only the source is compared.
    :param target_table: ``schema.table`` as published; without it, the contract's own.
    :param wait: True waits until the schema agrees; False, the default, fails at the first look.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "sql", "target_conn_id", "target_table")
    template_ext: Sequence[str] = (".sql",)
    look = "undrifted"
    on_slice = False
    looks_at = ("sql", "target_conn_id", "target_table")

    def __init__(
        self, *, sql: str = "", target_conn_id: str = "", target_table: str = "", wait: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(wait=wait, **kwargs)
        self.sql, self.target_conn_id, self.target_table = sql, target_conn_id, target_table


def _note(context: Mapping[str, Any], text: str) -> None:
    """Tell the harness that a slice was skipped: people get a note, nobody a page."""
    from airflow_provider_harness.wiring import healing as harness

    harness.log_failures("Noting the skip", lambda: harness.notice(context, "skipped", text))
