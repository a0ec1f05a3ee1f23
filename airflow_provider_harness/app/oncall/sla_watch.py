"""Page before a promise about time is broken: with the time that is left, and what is in the way."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.oncall.impact import is_about
from airflow_provider_harness.app.oncall.page import (
    DETAIL_LENGTH,
    SUMMARY_LENGTH,
    episode_key,
    for_whom,
    route_of,
    time_left,
)
from airflow_provider_harness.app.ports.airflow import DagFacts, RunState, TaskState
from airflow_provider_harness.app.ports.healing import Healer, Page, PageSeverity
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, SlaAlert, is_own, promise_key
from airflow_provider_harness.core.contracts.contract import Contract, LateAction
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.incidents.severity import Impact, severity
from airflow_provider_harness.core.slices.sla import at_risk_from, promise_of
from airflow_provider_harness.core.slices.slices import Slice, slice_of, stamp

#: When the promises were last looked at; a deadline that passed while nobody looked is told late, one of long ago never.
LOOKED = "promises_looked_at"
#: By how much a day can be longer or shorter than 24 hours.
CLOCKS_TURNED = timedelta(hours=2)
#: How long before the end of its slice a run may be due: those of partition keys are.
DUE_BEFORE = timedelta(days=2)
_UNREADABLE = (HarnessError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError, OSError)
#: How far back the first slice of a table is looked for, and in how many of the newest runs.
REACH, NEWEST = timedelta(days=40), 10
#: Tasks of a run that a page names.
NAMED = 5

_ASK = (
    "See in Airflow what the run waits for (link), and help it, or tell those who wait for the data. This page resolves "
    "itself when the slice is published."
)


def watch(healer: Healer) -> list[str]:
    """Tell on-call of every slice that will soon be late, once; the tables, each with what was told.

    Where an incident in hand is in the way, its page says so and gets worse, and there is no second one.
    """
    now = healer.now()
    since = datetime.fromisoformat(healer.store.get_value(LOOKED) or now.isoformat())
    sure, told, missed = _by_table(healer.promises.borne_out()), list[str](), list[str]()
    for table, mark in _by_table(healer.promises.published()).items():
        try:
            if mark == sure.get(table) or _borne_out(healer, mark):
                sure[table] = mark
            elif table not in sure and (first := _first(healer, mark)) is not None:
                sure[table] = first
        except _UNREADABLE as error:
            missed.append(f"{mark.table}: not looked at, {error}")
    for risk in healer.promises.open_alerts():
        known = sure.get((risk.conn_id, risk.table))
        if known is not None and known.slice_end >= risk.slice_end:
            _kept(healer, risk)
    for mark in sure.values():
        try:
            told += _look(healer, mark, since)
        except _UNREADABLE as error:
            missed.append(f"{mark.table}: not looked at, {error}")
    if not missed or healer.store.get_value(LOOKED) is None:
        healer.store.set_value(LOOKED, now.isoformat())
    return told + missed


def _by_table(marks: Sequence[HighWaterMark]) -> dict[tuple[str, str], HighWaterMark]:
    return {(mark.conn_id, mark.table): mark for mark in marks}


def _borne_out(healer: Healer, mark: HighWaterMark) -> bool:
    """Whether Airflow says that this task published a slice of this table that ends there, and that it is over; then it is kept.

    A mark is what some task told. Without this, one row would keep everybody silent, and resolve what on-call was told.
    """
    if not mark.contract or mark.slice_end > healer.now() or _dag(healer, mark.dag_id) is None:
        return False
    contract = healer.promises.contract(mark)
    for run in healer.airflow.runs(mark.dag_id, mark.slice_end - DUE_BEFORE):
        if run.slice_id and _end(contract, run) == mark.slice_end and _published(healer, mark, run):
            healer.promises.bear_out(mark)
            return True
    return False


def _first(healer: Healer, mark: HighWaterMark) -> HighWaterMark | None:
    """The newest slice of a table of which Airflow bore out nothing yet, as Airflow says it; then it is kept.

    A mark that nobody bears out is none: who forged the first one of a table would else say from when on it is watched. So it
    says no more than who may have published; others told so too, by gates, which no task can change.
    """
    for told in (mark, *healer.promises.tellers(mark)):
        found = _newest(healer, told) if _dag(healer, told.dag_id) is not None else None
        if found is not None:
            healer.promises.bear_out(found)
            return found
    return None


def _newest(healer: Healer, told: HighWaterMark) -> HighWaterMark | None:
    """The newest slice that this task published of this table."""
    now = healer.now()
    runs = [run for run in healer.airflow.runs(told.dag_id, now - REACH) if run.slice_id]
    for run in sorted(runs, key=lambda run: run.slice_id, reverse=True)[:NEWEST]:
        for task, contract in _done(healer, told, run):
            end = _end(contract, run)
            if end is not None and end <= now:
                path = str(task.rendered.get("contract") or told.contract)
                return replace(told, contract=path, slice=run.slice_id, slice_end=end)
    return None


def _published(healer: Healer, mark: HighWaterMark, run: RunState) -> bool:
    return any(_done(healer, mark, run))


def _done(healer: Healer, mark: HighWaterMark, run: RunState) -> Iterator[tuple[TaskState, Contract]]:
    """The tasks of a run that succeeded and publish this table, by their names in Airflow; each with its contract."""
    for task in healer.airflow.tasks(run.dag_id, run.run_id):
        if (task.task_id, task.state, task.rendered.get("conn_id")) != (mark.task_id, "success", mark.conn_id):
            continue
        contract = healer.gates.contract(task)
        if contract is not None and contract.table == mark.table:
            yield task, contract


def _end(contract: Contract, run: RunState) -> datetime | None:
    try:
        return slice_of(contract, run.slice_id, run.slice_end).end
    except HarnessError:
        return None


def _kept(healer: Healer, risk: SlaAlert) -> None:
    if is_own(risk):
        healer.pager.resolve(risk.dedup_key)
    healer.promises.end(risk, healer.now())


def _look(healer: Healer, mark: HighWaterMark, since: datetime) -> list[str]:
    """Tell of the slice after the newest one, if it is time."""
    if not mark.contract:
        return []
    contract, now = healer.promises.contract(mark), healer.now()
    if not contract.slas:
        return []
    dag = _dag(healer, mark.dag_id)
    run = _run_of(healer, contract, mark) if dag else None
    piece = _next(contract, mark, dag, run)
    promise = promise_of(contract, piece)
    warning = healer.limits.promise_warning
    if promise is None or promise.due <= since or now < at_risk_from(promise, piece, warning):
        return []
    if dag is None or not _expected(contract, piece, dag, run):
        return []
    risk = SlaAlert(
        conn_id=mark.conn_id,
        table=mark.table,
        dag_id=mark.dag_id,
        task_id=mark.task_id,
        run_id=run.run_id if run else "",
        slice=piece.id,
        slice_end=piece.end,
        due=promise.due,
        words=promise.words,
        dedup_key=promise_key(mark.conn_id, mark.table, piece.id),
    )
    incident = _in_the_way(healer, risk)
    known = replace(risk, dedup_key=episode_key(incident)) if incident else risk
    if not healer.promises.record_alert(known, now):
        return []
    if incident is not None:
        escalate.at_risk(healer, incident)
    else:
        healer.pager.trigger(_page(healer, contract, risk, dag, _why(healer, dag, run)))
    return [f"{known.sentence()}: told as {known.dedup_key}"]


def _dag(healer: Healer, dag_id: str) -> DagFacts | None:
    """The Dag that publishes; None where it is gone, and nobody waits for it."""
    try:
        return healer.airflow.dag(dag_id)
    except NotAllowed:
        return None


def _next(contract: Contract, mark: HighWaterMark, dag: DagFacts | None, run: RunState | None) -> Slice:
    """The slice after the newest one: the run's own, or the one that the schedule makes next; before Airflow knows either, one
    that is as long as the newest, or as the contract's grain."""
    start = mark.slice_end
    if run is not None:
        return slice_of(contract, run.slice_id, run.slice_end)
    if dag is not None and dag.next_slice == start and dag.next_slice_end is not None and dag.next_slice_end > start:
        return slice_of(contract, stamp(start), dag.next_slice_end)
    by_grain = slice_of(contract, stamp(start))
    if contract.load.grain is not None or not mark.slice:
        return by_grain
    began = _start(contract, mark.slice)
    length = start - began if began is not None else timedelta()
    as_usual = length <= timedelta() or abs(length - timedelta(days=1)) <= CLOCKS_TURNED
    return by_grain if as_usual else slice_of(contract, stamp(start), start + length)


def _run_of(healer: Healer, contract: Contract, mark: HighWaterMark) -> RunState | None:
    """The newest run that owns the slice after the newest one."""
    runs = healer.airflow.runs(mark.dag_id, mark.slice_end)
    return next((run for run in runs if run.slice_id and _start(contract, run.slice_id) == mark.slice_end), None)


def _start(contract: Contract, key: str) -> datetime | None:
    try:
        return slice_of(contract, key).start
    except HarnessError:
        return None


def _expected(contract: Contract, piece: Slice, dag: DagFacts, run: RunState | None) -> bool:
    """Whether the slice will come at all: a schedule can leave it out, and the contract lets a late source skip it."""
    if run is not None:
        return not (run.state == "success" and contract.late.action is LateAction.SKIP)
    return dag.next_slice is None or dag.next_slice <= piece.start


def _in_the_way(healer: Healer, risk: SlaAlert) -> Incident | None:
    """The newest incident in hand that keeps this slice from being published."""
    awaiting_person = [*healer.store.awaiting_person(), *healer.store.open_incidents()]
    found = [item for item in awaiting_person if is_about(healer, risk, healer.store.failures(item.id))]
    return max(found, key=lambda item: item.id, default=None)


def _why(healer: Healer, dag: DagFacts, run: RunState | None) -> str:
    """What is in the way, as Airflow knows it."""
    paused = f"{dag.dag_id} is paused. " if dag.paused else ""
    if run is None:
        when = f"; the next one starts at {dag.next_run:%Y-%m-%d %H:%M} UTC" if dag.next_run else ""
        return f"{paused}Airflow has made no run for this slice{when}."
    if run.state == "success":
        return f"{paused}Run {run.run_id} succeeded, and this slice is not published."
    tasks = [task for task in healer.airflow.tasks(run.dag_id, run.run_id) if task.state not in ("success", "skipped")]
    open_incidents = [f"{task.task_id} is {task.state}" for task in tasks if task.state][:NAMED]
    waiting = Counter(not task.state for task in tasks)[True]
    parts = [*open_incidents, *([f"{waiting} task(s) not started"] if waiting else [])]
    return f"{paused}Run {run.run_id} is {run.state}: {', '.join(parts) or 'all of its tasks are done'}."


def _page(healer: Healer, contract: Contract, risk: SlaAlert, dag: DagFacts, why: str) -> Page:
    left = time_left(risk.due - healer.now())
    level = severity(Impact(contracts=(contract,)))
    end = (
        None
        if level is PageSeverity.CRITICAL
        else healer.limits.maintenance.until(frozenset({risk.dag_id}), healer.now())
    )
    details = {
        "what is at risk": f"{risk.table} slice {risk.slice}, by {risk.dag_id}.{risk.task_id}",
        "for whom": for_whom((contract,)),
        "promised": f"until {risk.due:%Y-%m-%d %H:%M} UTC ({risk.words}), {left}",
        "in the way": why,
        "you are asked to": _ASK,
        "more": f"airflow harness quality {shlex.quote(risk.table)}",
    }
    run = {"The run in Airflow": healer.airflow.run_url(risk.dag_id, risk.run_id)} if risk.run_id else {}
    return Page(
        dedup_key=risk.dedup_key,
        summary=f"{risk.table}: {left} until it is late ({risk.words}); {why}"[:SUMMARY_LENGTH],
        severity=level,
        source=f"airflow:{risk.dag_id}",
        details={name: text[:DETAIL_LENGTH] for name, text in details.items() if text},
        links={**run, "The Dag in Airflow": healer.airflow.dag_url(risk.dag_id)},
        not_before=end,
        route=route_of((contract,), dag.owners),
    )
