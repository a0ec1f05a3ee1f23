"""Gates run again on published data, by what Airflow says the tasks were given (their rendered template fields).

Nothing is taken from what the failed task said of itself: contract, connection, table and slice are read from Airflow,
the rows from where they were published.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

from airflow_provider_harness.adapters.airflow.schedule import slices
from airflow_provider_harness.app.ports.airflow import DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import GateResult
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.grain import Grain
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.operators import operator_of
from airflow_provider_harness.core.slices.lateness import late_from
from airflow_provider_harness.core.slices.moments import day_or_moment
from airflow_provider_harness.core.slices.slices import (
    Slice,
    day_bounds,
    grain_of,
    slice_of,
    slices_between,
    slices_of_day,
    stamp,
)

LOOK_AGAIN = 30.0  # seconds between two looks at a source for one task
Asked = ParamSpec("Asked")
Found = TypeVar("Found")
_FIELDS = ("contract", "conn_id", "table", "slice_key")


class Verify(Protocol):
    def __call__(
        self, contract_path: str, conn_id: str, table: str, slice_id: str, /, *, slice_end: str = ...
    ) -> Report: ...


class History(Protocol):
    def __call__(
        self,
        contract: Contract,
        key: str,
        *,
        conn_id: str,
        lookback: int,
        since: date | datetime | None,
        slice_end: str = ...,
        schedule: str = ...,
    ) -> Report | None: ...


def _told(ask: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """What a task was given is its author's text: where it is of no form that can be read, that is an error of ours."""

    @wraps(ask)
    def told(*given: Asked.args, **named: Asked.kwargs) -> Found:
        try:
            return ask(*given, **named)
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, OSError) as error:
            raise HarnessError(f"the task's arguments cannot be used ({type(error).__name__}: {error})") from error

    return told


class PublishedGates:
    """Implements ``app.ports.healing.Gates``.

    :param contract_of: contract file and table -> contract.
    :param arrived: rendered fields of a task that has a source -> whether the source has its slice.
    :param clock: seconds that only grow.
    :param place: a table, and by which connection -> where it is.
    """

    def __init__(
        self,
        verify: Verify,
        history: History,
        contract_of: Callable[[str, str], Contract],
        arrived: Callable[[Mapping[str, Any]], bool],
        clock: Callable[[], float] = time.monotonic,
        place: Callable[..., str] = lambda **_: "",
    ) -> None:
        self._verify, self._history, self._contract_of = verify, history, contract_of
        self._arrived, self._place, self._clock = arrived, place, clock
        self._looked: dict[tuple[str, str, str, int], tuple[float, bool]] = {}

    @_told
    def published(self, state: TaskState, dag: DagFacts, slice_start: datetime | None = None) -> GateResult | None:
        given = state.rendered
        mine = operator_of(state.operator)
        judges = mine.gate or (mine.completeness and slice_start is not None)
        if not judges or not all(given.get(name) for name in _FIELDS):
            return None
        key, known = str(given["slice_key"]), _known(given, "slice_end")
        if slice_start is not None:
            key, known = stamp(slice_start), self._end(state, slice_start)
        report = self._verify(given["contract"], given["conn_id"], given["table"], key, **known)
        return GateResult(
            table=given["table"], slice_key=key, passed=report.passed, text=report.sentence(), rows=report.rows
        )

    @_told
    def missing(self, state: TaskState, dag: DagFacts) -> Sequence[datetime]:
        given = state.rendered
        if not operator_of(state.operator).completeness or not all(
            given.get(name) for name in (*_FIELDS, "lookback", "since")
        ):
            return ()
        contract = self._contract_of(given["contract"], given["table"])
        report = self._history(
            contract,
            str(given["slice_key"]),
            conn_id=given["conn_id"],
            lookback=int(given["lookback"]),
            since=day_or_moment(str(given["since"])),
            **_known(given, "slice_end", "schedule"),
        )
        names = [name for result in report.results for name in result.facts.get("missing", ())] if report else []
        by_schedule = bool(given.get("schedule"))
        return tuple(start for name in names for start in _starts(contract, str(name), by_schedule=by_schedule))

    @_told
    def slices(self, state: TaskState, dag: DagFacts, first: datetime, last: datetime) -> Sequence[datetime]:
        return [piece.start for piece in self._slices(state, first, last)]

    def _slices(self, state: TaskState, first: datetime, last: datetime) -> Sequence[Slice]:
        """By the schedule that the task shows, else by the contract's grain."""
        given = state.rendered
        contract = self._contract_of(str(given.get("contract")), str(given.get("table") or ""))
        schedule = str(given.get("schedule") or "")
        if not schedule:
            return list(slices_between(contract, first, last))
        own = slice_of(contract, str(given["slice_key"]), _end_of(given))
        return slices(contract, schedule, first, last + timedelta(microseconds=1), own.start)

    def _end(self, state: TaskState, start: datetime) -> dict[str, str]:
        """Where the slice ends that begins then; nothing where no schedule says so."""
        found = self._slices(state, start, start) if state.rendered.get("schedule") else ()
        return {"slice_end": found[0].end.isoformat()} if found else {}

    @_told
    def slice_length(self, state: TaskState, dag: DagFacts) -> timedelta:
        given, end = state.rendered, _end_of(state.rendered)
        if not given.get("contract"):
            return timedelta(seconds=Grain.DAY.usual_seconds)
        contract = self._contract_of(given["contract"], str(given.get("table") or ""))
        if end is not None and given.get("slice_key"):
            own = slice_of(contract, str(given["slice_key"]), end)
            if own.end > own.start:
                return own.end - own.start
        return timedelta(seconds=grain_of(contract).usual_seconds)

    @_told
    def late_from(self, state: TaskState, dag: DagFacts) -> datetime | None:
        given = state.rendered
        if not given.get("contract") or not given.get("slice_key"):
            return None
        contract = self._contract_of(given["contract"], str(given.get("table") or ""))
        return late_from(contract.late, slice_of(contract, str(given["slice_key"]), _end_of(given)))

    @_told
    def arrived(self, state: TaskState) -> bool | None:
        given = state.rendered
        if not operator_of(state.operator).source or not all(given.get(name) for name in _FIELDS):
            return None
        mine, now = (state.dag_id, state.run_id, state.task_id, state.map_index), self._clock()
        when, found = self._looked.get(mine, (0.0, False))
        if mine not in self._looked or now >= when + LOOK_AGAIN:
            found = self._arrived(given)
            self._looked[mine] = now, found
        return found

    def place(self, conn_id: str, table: str) -> str:
        try:
            return self._place(conn_id=conn_id, table=table)
        except HarnessError:
            return ""

    def contract(self, state: TaskState) -> Contract | None:
        given = state.rendered
        if not given.get("contract"):
            return None
        try:
            return self._contract(given)
        except HarnessError:
            return None

    @_told
    def _contract(self, given: Mapping[str, Any]) -> Contract:
        return self._contract_of(str(given["contract"]), str(given.get("table") or ""))

    @_told
    def alone_limit(self, state: TaskState, dag: DagFacts) -> int:
        return self._contract_of(state.rendered["contract"], state.rendered["table"]).backfill_alone


def _known(given: Mapping[str, Any], *names: str) -> dict[str, str]:
    """Of some rendered fields those that a task has: one that was made by an earlier version has not all."""
    return {name: str(given[name]) for name in names if given.get(name)}


def _end_of(given: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(str(given["slice_end"])) if given.get("slice_end") else None


def _starts(contract: Contract, name: str, *, by_schedule: bool) -> Sequence[datetime]:
    """When a missing slice begins; of a date, all slices of it, unless a schedule makes one of a day."""
    if "T" in name:
        return [datetime.fromisoformat(name)]
    day = date.fromisoformat(name)
    if by_schedule:
        return [day_bounds(contract, day)[0]]
    return [piece.start for piece in slices_of_day(contract, day)]
