"""Which slice a task works on: the one that it names, or the one that its run owns."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.wiring.rows.connections import no_useless_retries
from airflow_provider_harness.wiring.rows.contracts import contract_of

if TYPE_CHECKING:
    from typing import Protocol

    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.slices.slices import Slice

    class OnSlice(Protocol):
        """A task on a slice, with its fields rendered."""

        contract: str
        table: str
        slice_key: str | None
        slice_end: str | None


log = logging.getLogger(__name__)


def task_of(context: Mapping[str, Any]) -> TryKey:
    """The try that a task's context belongs to."""
    from airflow_provider_harness.adapters.airflow.context import key_of

    return key_of(context["ti"])


def put_slice(task: OnSlice, context: Mapping[str, Any], dag: Any) -> None:
    """Put the id and the end of the slice that a task works on into its fields, where Airflow shows them: the slice that
    ``slice_key`` names, else the run's own.

    What is wrong with either would be wrong at the next try, too.
    """
    from airflow_provider_harness.adapters.airflow.context import run_of
    from airflow_provider_harness.core.slices.slices import slice_of_run

    with no_useless_retries():
        contract = contract_of(task.contract, task.table)
        end_has_a_key(task.slice_key, task.slice_end)
        if task.slice_key:
            piece = piece_of(contract, str(task.slice_key), str(task.slice_end or ""))
        else:
            piece = slice_of_run(contract, run_of(context, dag))
    task.slice_key, task.slice_end = piece.id, piece.end.isoformat()


def end_has_a_key(key: str | None, end: str | None) -> None:
    """
    :raises ConfigurationError: an end is given of a slice whose beginning nobody names.
    """
    if end and not key:
        raise ConfigurationError(
            "slice_end",
            f"is {str(end)!r} and slice_key is not given, so it is not known where the slice begins.",
            fix="Give slice_key, too; or neither, for the slice that the run owns.",
        )


def run_slice(context: Mapping[str, Any]) -> str:
    """The id that a run alone gives its slice; empty where it owns none."""
    from airflow_provider_harness.adapters.airflow.context import slice_of

    return slice_of({"dag_run": context.get("dag_run")}) or ""


def piece_of(contract: Contract, key: str, end: str = "") -> Slice:
    """The slice that an id names under a contract.

    :param end: where it ends, as ISO 8601; empty for as long as the key or the contract's grain says.
    :raises ConfigurationError: the key is no date, or the slice does not end after it begins.
    """
    from airflow_provider_harness.core.slices.keys import read
    from airflow_provider_harness.core.slices.slices import slice_of, whole

    if not end:
        return slice_of(contract, key, datetime.now(UTC) if whole(contract) and read(key) is None else None)
    try:
        moment = datetime.fromisoformat(end)
    except ValueError as error:
        raise ConfigurationError("slice_end", f"is {end!r}, which is not a timestamp.", fix="Use ISO 8601.") from error
    zone = ZoneInfo(contract.load.time_zone)
    piece = slice_of(contract, key, moment if moment.tzinfo else moment.replace(tzinfo=zone))
    if piece.start == piece.end and not whole(contract):
        raise ConfigurationError(
            "slice_end",
            f"is {end!r}, at which slice {key!r} begins, so it can hold no row.",
            fix="Give an end that is later; or none, for a slice as long as the key or the contract's grain says.",
        )
    return piece


def known_piece(contract: Contract, key: str) -> Slice:
    """The slice that a person names, as long as it was when it was judged last; where the store does not know, as the key or
    the contract's grain says."""
    from airflow_provider_harness.core.slices.slices import slice_of
    from airflow_provider_harness.wiring.gates import history

    piece = piece_of(contract, key)
    try:
        end = history().end(contract.table, piece.id)
    except HarnessUnavailable as error:
        log.warning("Where slice %s ends is not known, so %s is taken: %s", piece.id, piece.end.isoformat(), error)
        return piece
    return slice_of(contract, key, end) if end is not None else piece


def slices_of(contract: Contract, schedule: str, first: datetime, own: Slice) -> list[Slice]:
    """The slices that begin from ``first`` on and before a run's own, in order.

    :param schedule: see ``history``.
    """
    from airflow_provider_harness.adapters.airflow import schedule as airflow_schedule
    from airflow_provider_harness.core.slices.slices import slices_between

    if schedule:
        return airflow_schedule.slices(contract, schedule, first, own.start, own.start)
    return list(slices_between(contract, first, own.start - timedelta(microseconds=1)))


def day_of(contract: Contract, moment: datetime) -> date:
    """The date of a moment in the contract's time zone."""
    return moment.astimezone(ZoneInfo(contract.load.time_zone)).date()


def since_text(contract: Contract, moment: datetime) -> str:
    """A moment as ``day_or_moment`` reads it: a date where it is the beginning of one in the contract's time zone."""
    from airflow_provider_harness.core.slices.slices import day_bounds

    day = day_of(contract, moment)
    return day.isoformat() if day_bounds(contract, day)[0] == moment else moment.isoformat()


def slice_day(contract: Contract, key: str, end: str = "") -> date:
    """The date on which a slice begins, in the contract's time zone."""
    return piece_of(contract, key, end).day(contract.load.time_zone)


def schedule_text(dag: Any) -> str:
    """A Dag's timetable as text, by which its slices are known elsewhere; empty where its runs own no time by a clock."""
    from airflow_provider_harness.adapters.airflow.schedule import slicing

    return slicing(dag.timetable) if dag is not None else ""
