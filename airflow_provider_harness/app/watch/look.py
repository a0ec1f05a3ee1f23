"""Look at a watched table: every slice that is new is measured, judged, and kept; what is wrong with it opens an incident."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.app.ports.watch import Progress, WatchedSlice, WatchedTable, Watches
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode, Watching
from airflow_provider_harness.core.diagnosis.failure import WATCHED, Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.core.slices.slices import Slice, following, grain_of, grain_start, slice_of, stamp
from airflow_provider_harness.core.watch.examples import alike, examples
from airflow_provider_harness.core.watch.judge import Quiet, QuietFailure, announced, failures, judge, usual_rows
from airflow_provider_harness.core.watch.profile import Looked, Profile, numbers

#: Slices that one look reads, so that a long history is read in several.
MOST_AT_ONCE = 60
#: How far back a slice is compared: hours so many weeks, days so many, so that they have earlier turns of a month; longer ones so many slices.
HOURS, DAYS, LONG_SLICES = timedelta(weeks=8), timedelta(weeks=27), 24
#: Earlier slices of the same weekday and hour whose values are the reference of a distribution.
REFERENCE = 8
#: Earlier slices that are counted again where rows are missing: they may have gone there.
RECOUNTED = 7
_MISSING = 0.5
"""Of the rows that are missing so many have to be elsewhere, before it is said that they are there."""

_A_DAY, _LONGEST_DAY = timedelta(hours=23), timedelta(hours=25)
"""The shortest day, when clocks go forward, and the longest."""

_AMONG_QUIET = "watched:"
"""Before the names of tables: quiet failures find each other by them, and no failure of a task, whose heal would prove nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """What the lineage says of a table.

    :param names: the table itself, as tasks and lineage name it.
    :param feeds: the tables that feed it, nearest first; ``roots`` are those that nothing feeds.
    :param writers: tasks that write it, as ``dag.task``.
    """

    names: tuple[str, ...]
    feeds: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a look needs.

    :param table: connection id -> its tables, read only.
    :param upstream: connection id and table -> what the lineage says.
    :param show: keeps what was found where gates are, for people.
    """

    healer: Healer
    slices: Watches
    table: Callable[[str], WatchedTable]
    upstream: Callable[[str, str], Upstream]
    show: Callable[[Contract, WatchedSlice], None]


def sliced(contract: Contract) -> Contract:
    """The same contract, cut in slices by the column by which it is watched, whatever publishes it.

    >>> from airflow_provider_harness.core.contracts.contract import Watching
    >>> given = Contract(id="t", version="1", name="t", table="t", columns=(), watch=Watching(conn_id="w", column="at"))
    >>> sliced(given).load.slice_column
    'at'
    """
    return replace(contract, load=replace(contract.load, mode=LoadMode.APPEND, slice_column=_rule(contract).column))


def look(watch: Watch, contract: Contract) -> tuple[WatchedSlice, ...]:
    """Read and judge the slices that are new, the oldest first; empty where nothing is due.

    :param contract: one that asks to be watched.
    """
    contract = sliced(contract)
    found: list[WatchedSlice] = []
    progress = watch.slices.progress(_rule(contract).conn_id, contract.table)
    piece = _first(contract, progress, watch.healer.now())
    while len(found) < MOST_AT_ONCE and _due(watch, contract, piece):
        one = _one(watch, contract, piece, progress)
        if one is None:
            break
        found.append(one)
        if one.profile is None:
            break
        progress = progress or Progress(end=None, began=one.measured_at)
        piece = _after(contract, piece.end)
    return tuple(found)


def _rule(contract: Contract) -> Watching:
    assert contract.watch is not None, "only a contract that asks for it is watched"
    return contract.watch


def _first(contract: Contract, progress: Progress | None, now: datetime) -> Slice:
    """The slice after the newest one that was read; at the beginning, the first of the history that the contract wants, and at
    least the newest that is over: without it, a watch without a history would wait for ever."""
    if progress is not None and progress.end is not None:
        return _after(contract, progress.end)
    grain, zone = grain_of(contract), ZoneInfo(contract.load.time_zone)
    over = grain_start(grain, now, zone) - timedelta(microseconds=1)
    return _after(contract, grain_start(grain, min(over, now - _rule(contract).history), zone))


def _after(contract: Contract, start: datetime) -> Slice:
    end = following(grain_of(contract), start, ZoneInfo(contract.load.time_zone))
    return slice_of(contract, stamp(start), end)


def _due(watch: Watch, contract: Contract, piece: Slice) -> bool:
    """Whether a slice is over, and its producer has run since, or was given its time."""
    rule, now = _rule(contract), watch.healer.now()
    if now < piece.end:
        return False
    if now >= piece.end + rule.within:
        return True
    if rule.after_dag:
        return _ran(watch, rule.after_dag, piece)
    return bool(rule.after_asset) and _updated(watch, rule.after_asset, piece)


def _ran(watch: Watch, dag_id: str, piece: Slice) -> bool:
    try:
        runs = watch.healer.airflow.runs(dag_id, piece.start)
    except NotAllowed:
        return False  # no such Dag, or none that may be seen: the slice is looked at when its time is over
    return any(run.state == "success" and run.ended_at is not None and run.ended_at >= piece.end for run in runs)


def _updated(watch: Watch, asset: str, piece: Slice) -> bool:
    try:
        at = watch.healer.airflow.asset_updated(asset)
    except NotAllowed:
        return False  # likewise
    return at is not None and at >= piece.end


def _one(watch: Watch, contract: Contract, piece: Slice, progress: Progress | None) -> WatchedSlice | None:
    """One look at one slice; None where it cannot be read now, and perhaps soon."""
    rule, now = _rule(contract), watch.healer.now()
    try:
        found = watch.table(rule.conn_id).profile(contract, piece)
        seen = _judged(watch, contract, piece, found)
    except HarnessError as error:
        if error.retryable and now < piece.end + 2 * max(rule.within, timedelta(hours=1)):
            return None
        gone = QuietFailure(kind=Quiet.UNREAD, metric="", text=f"it cannot be watched: {error}")
        seen = _seen(watch, contract, piece, None, failures=(gone,))
    if seen.failures and _is_news(contract, seen, progress):
        watch.healer.store.found(quiet_failure(watch, contract, seen), watch.healer.new_id())
    watch.slices.keep(seen)
    watch.show(contract, seen)
    return seen


def _is_news(contract: Contract, seen: WatchedSlice, progress: Progress | None) -> bool:
    """Whether nobody knows yet: a slice that cannot be read, the first time; else one that ended since the watch began, or just
    before. What is wrong with older ones is history."""
    piece, rule = seen.piece, _rule(contract)
    if seen.profile is None:
        return progress is None or piece.start not in progress.unread
    began = progress.began if progress is not None else seen.measured_at
    return piece.end + rule.within + (piece.end - piece.start) > began


def _judged(watch: Watch, contract: Contract, piece: Slice, found: Profile) -> WatchedSlice:
    """A slice beside its history."""
    rule, length = _rule(contract), piece.end - piece.start
    since = piece.start - (max(DAYS, LONG_SLICES * length) if length >= _A_DAY else HOURS)
    history = watch.slices.history(rule.conn_id, contract.table, since)
    history = [one for one in history if one.at < piece.start and not _announced(contract, one.at, length)]
    zone = contract.load.time_zone
    kept = watch.slices.profiles(rule.conn_id, contract.table, _reference(history, piece, zone))
    judged = judge(
        numbers(found, tuple(kept.values())), history, piece.start, length, zone, sensitivity=rule.sensitivity
    )
    judged = announced(judged) if _announced(contract, piece.start, length) else judged
    wrong = failures(judged)
    if wrong and wrong[0].kind in (Quiet.STALE, Quiet.COLLAPSED):
        wrong = (_elsewhere(watch, contract, piece, found, usual_rows(judged)) or wrong[0], *wrong[1:])
    return replace(_seen(watch, contract, piece, found, failures=wrong), judged=judged)


def _announced(contract: Contract, at: datetime, length: timedelta) -> bool:
    """Whether a slice that begins then is of a day that the contract says is not like others; one of several days is of no such day."""
    day = at.astimezone(ZoneInfo(contract.load.time_zone)).date()
    return length <= _LONGEST_DAY and day.isoformat() in _rule(contract).announced


def _reference(history: Sequence[Looked], piece: Slice, zone: str) -> list[datetime]:
    """Starts of the newest examples of the same weekday and hour."""
    length = piece.end - piece.start
    return alike([one.at for one in examples(history, length, zone)], piece.start, length, zone)[-REFERENCE:]


def _elsewhere(watch: Watch, contract: Contract, piece: Slice, found: Profile, usual: float) -> QuietFailure | None:
    """Where the missing rows are, if earlier slices grew by them since they were read, or they are in the future."""
    rule = _rule(contract)
    history = watch.slices.history(rule.conn_id, contract.table, piece.start - RECOUNTED * (piece.end - piece.start))
    starts = [one.at for one in history if one.at < piece.start][-RECOUNTED:]
    kept = watch.slices.profiles(rule.conn_id, contract.table, starts)
    pieces = [_after(contract, start) for start in sorted(kept)]
    rows, later = watch.table(rule.conn_id).counts(contract, pieces, max(watch.healer.now(), piece.end))
    least = max(_MISSING * (usual - found.rows), 1)
    grown = [(one.id, n - kept[one.start].rows) for one, n in zip(pieces, rows, strict=True)]
    places = [f"slice {name} has {more:,} more than when it was read" for name, more in grown if more >= least]
    places += [f"{later:,} rows are in the future"] if later >= least else []
    if not places:
        return None
    text = f"{found.rows:,} rows, where {usual:,.0f} are usual, and {'; '.join(places)}"
    return QuietFailure(kind=Quiet.WRONG_PARTITION, metric="rows", text=text)


def _seen(
    watch: Watch, contract: Contract, piece: Slice, found: Profile | None, failures: tuple[QuietFailure, ...]
) -> WatchedSlice:
    return WatchedSlice(
        conn_id=_rule(contract).conn_id,
        table=contract.table,
        contract=contract.id,
        piece=piece,
        measured_at=watch.healer.now(),
        profile=found,
        failures=failures,
    )


def quiet_failure(watch: Watch, contract: Contract, seen: WatchedSlice) -> Failure:
    """What is wrong with a slice, as a failure of no task; the healer read it itself."""
    upstream = watch.upstream(seen.conn_id, seen.table)
    dag_id = (
        _rule(contract).after_dag or watch.healer.healer_dag_id
    )  # never a writer's that a task told: who reads a Dag sees this
    told = {
        "quiet": ", ".join(dict.fromkeys(one.kind.value for one in seen.failures)),
        "text": f"{seen.table} slice {seen.piece.id}: {'; '.join(one.text for one in seen.failures)}",
        "contract": contract.place,
        "table": seen.table,
        "conn_id": seen.conn_id,
        "roots": ", ".join(upstream.roots) or "not known",
        "writers": ", ".join(upstream.writers) or "not known",
    }
    return Failure(
        key=TryKey(dag_id=dag_id, run_id=f"{WATCHED}{seen.conn_id}.{seen.table}"[:250], task_id=""),
        kind=FailureKind.QUIET,
        origin=Origin.RECONCILER,
        occurred_at=seen.measured_at,
        slice_id=seen.piece.id,
        detail=told,
        missing=("exception", "which task was at fault"),
        reads=tuple(_AMONG_QUIET + name for name in upstream.feeds),
        writes=tuple(_AMONG_QUIET + name for name in (f"{seen.conn_id}/{seen.table}", *upstream.names)),
    )
