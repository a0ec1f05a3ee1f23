"""Whether the source has the run's slice, and what the contract says if it is late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import wiring_rows as wiring

from .waiting import SliceSensor


class FreshnessSensor(SliceSensor):
    """Succeeds when the source has the run's slice: enough rows, and as fresh as the contract promises, as of the slice's end.

    A slice that is late ends as the contract's ``harness.late`` says: ``wait`` waits on until the timeout, ``skip`` skips the
    task and notes why, ``page`` fails it, and the failure is about a late source. In a backfill, history is late at once.

    :param conn_id: connection of the source.
    :param table: ``schema.table`` of the source; with ``sql``, only the name of the data.
    :param sql: a query instead of the whole table, as in ``ValidateOperator``.
    :param min_rows: rows that the slice must have, 1 or more.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "sql")
    template_ext: Sequence[str] = (".sql",)
    look = "arrived"
    looks_at = ("sql", "min_rows")

    def __init__(self, *, sql: str = "", min_rows: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min_rows < 1:
            raise ValueError(f"min_rows is {min_rows}; it must be 1 or more")
        self.sql, self.min_rows = sql, min_rows

    def _late_from(self) -> datetime | None:
        from airflow_provider_harness import wiring_looks

        return wiring_looks.late_from(self.contract, self.table, str(self.slice_key))

    def _give_up(self, context: Mapping[str, Any], late: datetime) -> None:
        from airflow_provider_harness.core.contract import LateAction

        if wiring.contract_of(self.contract).late.action is not LateAction.SKIP:
            self._fail()
        text = f"{self.table} slice {self.slice_key} was skipped: its source was late at {late.isoformat()}, and the contract says skip"
        _note(context, text)
        raise AirflowSkipException(f"{text}. {self._found.sentence if self._found else ''}")


def _note(context: Mapping[str, Any], text: str) -> None:
    """Tell the harness that a slice was skipped: people get a note, nobody a page."""
    from airflow_provider_harness import wiring as harness

    harness.quietly("Noting the skip", lambda: harness.notice(context, "skipped", text))
