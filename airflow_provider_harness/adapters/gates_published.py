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

from airflow_provider_harness.adapters.airflow_context import WRITERS
from airflow_provider_harness.app.ports import DagFacts, GateResult, TaskState
from airflow_provider_harness.core.contract import Contract, Grain
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.lateness import late_from
from airflow_provider_harness.core.partition import slice_of, slices_of_day, stamp
from airflow_provider_harness.core.report import Report

#: Operators whose rendered ``table`` is one that they publish or judge under ``contract``.
PUBLISHERS = WRITERS | {"ValidateOperator"}
COMPLETENESS = "ContractSensor"
#: Operators whose rendered ``table`` is the source of the slice, with ``sql`` where they have one.
SOURCES = frozenset({"FreshnessSensor", "PostgresExtractOperator"})
LOOK_AGAIN = 30.0  # seconds between two looks at a source for one task
_LENGTHS = {Grain.DAY: timedelta(days=1), Grain.HOUR: timedelta(hours=1)}
Asked = ParamSpec("Asked")
Found = TypeVar("Found")
_FIELDS = ("contract", "conn_id", "table", "slice_key")


class Verify(Protocol):
    def __call__(self, contract_path: str, conn_id: str, table: str, slice_id: str) -> Report: ...


class History(Protocol):
    def __call__(
        self, contract: Contract, key: str, *, conn_id: str, lookback: int, since: date | None
    ) -> Report | None: ...


def _told(ask: Callable[Asked, Found]) -> Callable[Asked, Found]:
    """What a task was given is its author's text: where it is of no form that can be read, that is an error of ours."""

    @wraps(ask)
    def told(*given: Asked.args, **named: Asked.kwargs) -> Found:
        try:
            return ask(*given, **named)
        except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, OSError) as error:
            raise HarnessError(f"what the task was given cannot be used ({type(error).__name__}: {error})") from error

    return told


class PublishedGates:
    """Implements ``app.ports.Gates``.

    :param contract_of: contract file and table -> contract.
    :param arrived: rendered fields of a task that has a source -> whether the source has its slice.
    :param clock: seconds that only grow.
    """

    def __init__(
        self,
        verify: Verify,
        history: History,
        contract_of: Callable[[str, str], Contract],
        arrived: Callable[[Mapping[str, Any]], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verify, self._history, self._contract_of = verify, history, contract_of
        self._arrived, self._clock = arrived, clock
        self._looked: dict[tuple[str, str, str, int], tuple[float, bool]] = {}

    @_told
    def published(self, state: TaskState, dag: DagFacts, slice_start: datetime | None = None) -> GateResult | None:
        given = state.rendered
        wanted = PUBLISHERS if slice_start is None else PUBLISHERS | {COMPLETENESS}
        if state.operator not in wanted or not all(given.get(name) for name in _FIELDS):
            return None
        key = stamp(slice_start) if slice_start else str(given["slice_key"])
        report = self._verify(given["contract"], given["conn_id"], given["table"], key)
        return GateResult(
            table=given["table"], slice_key=key, passed=report.passed, text=report.sentence(), rows=report.rows
        )

    @_told
    def missing(self, state: TaskState, dag: DagFacts) -> Sequence[datetime]:
        given = state.rendered
        if state.operator != COMPLETENESS or not all(given.get(name) for name in (*_FIELDS, "lookback", "since")):
            return ()
        contract = self._contract_of(given["contract"], given["table"])
        report = self._history(
            contract,
            str(given["slice_key"]),
            conn_id=given["conn_id"],
            lookback=int(given["lookback"]),
            since=date.fromisoformat(str(given["since"])),
        )
        days = [day for result in report.results for day in result.facts.get("missing", ())] if report else []
        return tuple(piece.start for day in days for piece in slices_of_day(contract, date.fromisoformat(day)))

    @_told
    def slice_length(self, state: TaskState, dag: DagFacts) -> timedelta:
        given = state.rendered
        if not given.get("contract"):
            return _LENGTHS[Grain.DAY]
        return _LENGTHS[self._contract_of(given["contract"], str(given.get("table") or "")).load.grain]

    @_told
    def late_from(self, state: TaskState, dag: DagFacts) -> datetime | None:
        given = state.rendered
        if not given.get("contract") or not given.get("slice_key"):
            return None
        contract = self._contract_of(given["contract"], str(given.get("table") or ""))
        return late_from(contract.late, slice_of(contract, str(given["slice_key"])))

    @_told
    def arrived(self, state: TaskState) -> bool | None:
        given = state.rendered
        if state.operator not in SOURCES or not all(given.get(name) for name in _FIELDS):
            return None
        mine, now = (state.dag_id, state.run_id, state.task_id, state.map_index), self._clock()
        when, found = self._looked.get(mine, (0.0, False))
        if mine not in self._looked or now >= when + LOOK_AGAIN:
            found = self._arrived(given)
            self._looked[mine] = now, found
        return found

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
