"""Wait for a published slice, and succeed if it drifted, so that later tasks run, such as the training of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_provider_harness import wiring
from airflow_provider_harness.sensors.waiting import SliceSensor

TOLD = "drift"
"""Key of the XCom that says when this task last let through what comes after it."""
LEVELS = ("warning", "error")
"""Levels of ``core.contracts.drift`` at which something may follow."""


class DriftSensor(SliceSensor):
    """Waits until the run's slice is published, and succeeds where it drifted from the reference of the contract's
    ``drift`` checks.

    If it did not drift, or if this task succeeded less than ``cool_down`` before, the task is skipped, and so are later
    tasks: a drift that stays starts one training and not one a day. Without rows in the slice it waits like the other
    sensors; a check that cannot run fails the task. Give the same contract to ``ValidateOperator`` to block or report;
    this sensor only decides which tasks run next.

    :param level: ``warning`` or ``error``: how much a column must have drifted.
    :param cool_down: how long after the slice of one success the slices of later runs are skipped, 0 or more.
    """

    template_fields: Sequence[str] = (*SliceSensor.template_fields, "level")
    look = "published_drift"

    def __init__(self, *, level: str = "error", cool_down: timedelta = timedelta(days=7), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if level not in LEVELS and "{{" not in level:
            raise ValueError(f"level is {level!r}; it must be one of {', '.join(LEVELS)}")
        if cool_down < timedelta():
            raise ValueError(f"cool_down is {cool_down}; it must be 0 or more")
        self.level, self.cool_down = level, cool_down

    def poke(self, context: Any) -> bool:
        """Whether the slice is published; ends the task as skipped where nothing is to follow."""
        if not super().poke(context):
            return False
        self._decide(context)
        return True

    def _decide(self, context: Mapping[str, Any]) -> None:
        from airflow_provider_harness.core.contracts.drift import DriftLevel

        assert self._found is not None
        least = DriftLevel(self.level)
        far = sorted(name for name, level in self._found.levels.items() if level.reaches(least))
        terms = wiring.rows.contracts.contract_of(self.contract, self.table)
        begin = wiring.rows.slices.piece_of(terms, str(self.slice_key), str(self.slice_end or "")).start
        last = context["ti"].xcom_pull(task_ids=self.task_id, key=TOLD, include_prior_dates=True)
        told = datetime.fromisoformat(last) if last else None
        rests = told is not None and told <= begin < told + self.cool_down and told != begin
        context["ti"].xcom_push(key=TOLD, value=last if rests or not far else begin.isoformat())
        if not far:
            raise AirflowSkipException(f"No drift: {self._found.sentence}")
        if rests:
            until = told + self.cool_down if told else begin
            raise AirflowSkipException(
                f"Drifted: {', '.join(far)}. Skipped until the slice of {until}, because this task succeeded for "
                f"the slice of {told}."
            )
        self.log.warning("Drifted: %s", ", ".join(far))
