"""Reports of failures in the store: which wait, which of several is read, and what is set aside since nobody can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from json import dumps
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.core.diagnosis.failure import Failure, to_dict
from airflow_provider_harness.core.diagnosis.reported import (
    LONGEST_BELIEVED,
    LONGEST_BODY,
    YEARS,
    Reported,
    Unreadable,
    read,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: What stands in ``harness_reports`` for the report that is in ``harness_failures``: by it, the same one is known again.
FIRST = "{}"
#: Under which failures that were set aside are listed; other tables have their own name.
SOURCE = "failures"
REASON_LENGTH = 500
_AT_ONCE = 500
#: Bytes of bodies that one batch reads, and other reports of one failure that are looked at: the oldest and the newest ones.
BATCH_BYTES = 8_000_000
MOST_REPORTS = 4
Seal = Callable[[str, str, str], str]


def content(failure: Failure) -> str:
    """What tells one report of a try from another; not by whom and when it was made."""
    body = {**to_dict(failure), "occurred_at": "", "origin": ""}
    return sha256(dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def moment(text: Any) -> datetime | None:
    """A moment as the store keeps it; None where somebody wrote something else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and found.year in YEARS else None


def waiting(
    connection: Connection, seal: Seal, most: int, after: tuple[str, str], handed: str | None = None
) -> tuple[list[Reported], dict[str, tuple[int, str]]]:
    """Reports that joined no incident, oldest first, at most so many bytes; and the keys that nobody can read, each with how many
    other reports it has and why.

    :param after: ``recorded_at`` and key of the last one that was given before.
    :param handed: only those that were made with this incident id.
    """
    from sqlalchemy import and_, func, or_, select

    f, r = t.failures, t.reports
    later = or_(f.c.recorded_at > after[0], and_(f.c.recorded_at == after[0], f.c.key > after[1]))
    wanted, others = _unjoined()
    if handed is not None:
        mine = select(r.c.key).where(r.c.incident_id == handed)
        wanted = wanted.where(or_(f.c.incident_id == handed, f.c.key.in_(mine)))
    columns = (f.c.key, func.length(f.c.body).label("size"), others.label("others"))
    ordered = wanted.add_columns(*columns).where(later).order_by(f.c.recorded_at, f.c.key).limit(most)
    places = _up_to(connection.execute(ordered).all(), BATCH_BYTES)
    firsts = _firsts(connection, [row.key for row in places])
    found, bad = list[Reported](), dict[str, tuple[int, str]]()
    for key, others_of in ((row.key, row.others) for row in places):
        try:
            found.append(_best(firsts[key], _others(connection, key) if others_of else (), others_of, seal))
        except Unreadable as error:
            bad[key] = others_of, str(error)
    return found, bad


def undecided(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these keys are reported, and neither believed nor set aside."""
    wanted, _ = _unjoined()
    key, found = t.failures.c.key, set[str]()
    for start in range(0, len(keys), _AT_ONCE):
        found.update(
            connection.execute(wanted.add_columns(key).where(key.in_(keys[start : start + _AT_ONCE]))).scalars()
        )
    return found


def _unjoined() -> tuple[Any, Any]:
    """The reported failures that are neither believed nor set aside, without a column yet, and how many other reports each has."""
    from sqlalchemy import and_, func, or_, select

    f, m, r, s = t.failures, t.memberships, t.reports, t.set_aside
    others = select(func.count()).select_from(r).where(r.c.key == f.c.key, r.c.body != FIRST).scalar_subquery()
    aside = and_(s.c.key == f.c.key, s.c.source == SOURCE)
    joins = f.outerjoin(m, m.c.failure_key == f.c.key).outerjoin(s, aside)
    wanted = select().select_from(joins).where(m.c.failure_key.is_(None), or_(s.c.key.is_(None), others > s.c.reports))
    return wanted, others


def _up_to(rows: Sequence[Any], most: int) -> list[Any]:
    """The first rows that are no longer than that together; at least one."""
    found, size = list[Any](), 0
    for row in rows:
        size += row.size
        if found and size > most:
            break
        found.append(row)
    return found


def _firsts(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    """The first report of each of these failures."""
    from sqlalchemy import select

    f, found = t.failures, dict[str, Any]()
    for start in range(0, len(keys), _AT_ONCE):
        for row in connection.execute(select(f).where(f.c.key.in_(keys[start : start + _AT_ONCE]))):
            found[row.key] = row
    return found


def _others(connection: Connection, key: str) -> list[Any]:
    """Some other reports of a failure: the oldest and the newest ones, and none that is too long to be read."""
    from sqlalchemy import func, select

    r = t.reports
    mine = select(r).where(r.c.key == key, r.c.body != FIRST, func.length(r.c.body) <= LONGEST_BODY)
    ends = (r.c.recorded_at.asc(), r.c.recorded_at.desc())
    rows = [row for end in ends for row in connection.execute(mine.order_by(end, r.c.report).limit(MOST_REPORTS))]
    return list({row.report: row for row in rows}.values())


def told(connection: Connection, key: str, seal: Seal) -> list[Reported]:
    """The reports of one failure that can be read: the first one and some others; nothing where there is but one."""
    others = _others(connection, key)
    first = _firsts(connection, [key]).get(key) if others else None
    found = []
    for row, report in [] if first is None else [(first, ""), *((row, row.report) for row in others)]:
        try:
            found.append(_reported(row, report, _failure(row, seal), len(others)))
        except Unreadable:
            continue
    return found


def _reported(row: Any, report: str, failure: Failure, others: int) -> Reported:
    return Reported(
        key=row.key,
        failure=failure,
        incident_id=row.incident_id,
        report=report,
        reports=others,
        recorded_at=moment(row.recorded_at),
    )


def _best(first: Any, others: Iterable[Any], count: int, seal: Seal) -> Reported:
    """The report that is read: the reconciler's own, else the newest that can be read.

    :param others: some of the other reports, of which there are ``count``.
    :raises Unreadable: none can; the reason is that of the first.
    """
    rows = [(first, ""), *((row, row.report) for row in others)]
    read_, why = [], ""
    for row, report in rows:
        try:
            read_.append((_failure(row, seal), row, report))
        except Unreadable as error:
            why = why or str(error)
    if not read_:
        raise Unreadable(why)
    best, row, report = max(read_, key=lambda one: (one[0].origin == "reconciler", one[1].recorded_at))
    return replace(_reported(row, report, best, count), place=(first.recorded_at, first.key))


def _failure(row: Any, seal: Seal) -> Failure:
    sealed = bool(row.seal) and compare_digest(row.seal, seal(row.key, row.kind, row.body))
    return read(row.body, key=row.key, kind=row.kind, sealed=sealed)


def set_aside(connection: Connection, source: str, why: Mapping[str, tuple[int, str]], now: str) -> None:
    """Note what is left alone from now on.

    :param why: key -> how many other reports of it there were, and the reason.
    """
    s = t.set_aside
    keys = list(why)
    for start in range(0, len(keys), _AT_ONCE):
        connection.execute(s.delete().where(s.c.source == source, s.c.key.in_(keys[start : start + _AT_ONCE])))
    rows = [
        {"source": source, "key": key, "reports": reports, "reason": reason[:REASON_LENGTH], "at": now}
        for key, (reports, reason) in why.items()
    ]
    if rows:
        connection.execute(s.insert(), rows)


def joined(connection: Connection, incident_id: str, seal: Seal, pool: dict[str, Any]) -> list[Failure]:
    """The failures of an incident as they were believed, oldest first; one that cannot be read any more is left out.

    :param pool: values that many failures share are kept once.
    """
    from sqlalchemy import and_, select

    f, m, r = t.failures, t.memberships, t.reports
    other = and_(r.c.key == m.c.failure_key, r.c.report == m.c.report)
    wanted = (
        select(f, m.c.report, m.c.failed_at, r.c.body.label("b"), r.c.kind.label("k"), r.c.seal.label("s"))
        .join(m, m.c.failure_key == f.c.key)
        .outerjoin(r, other)
        .where(m.c.incident_id == incident_id)
        .order_by(f.c.recorded_at, f.c.key)
    )
    found = []
    for row in connection.execution_options(yield_per=1000).execute(wanted):
        chosen = (row.b, row.k, row.s) if row.report and row.b else (row.body, row.kind, row.seal)
        try:
            failure = _believed(row.key, *chosen, seal)
        except Unreadable:
            continue
        at = moment(row.failed_at)
        found.append(_shared(replace(failure, occurred_at=at) if at else failure, pool))
    return found


def _believed(key: str, body: str, kind: str, sealed: str, seal: Seal) -> Failure:
    """A report that was believed before; of an earlier version, the reconciler's bears no seal."""
    if sealed and compare_digest(sealed, seal(key, kind, body)):
        return read(body, key=key, kind=kind, sealed=True, longest=LONGEST_BELIEVED)
    try:
        return read(body, key=key, kind=kind, longest=LONGEST_BELIEVED)
    except Unreadable:
        return read(body, key=key, sealed=True, longest=LONGEST_BELIEVED)


def _shared(failure: Failure, pool: dict[str, Any]) -> Failure:
    """The failure with what it has in common with others as the same objects."""

    def once(value: Any) -> Any:
        return pool.setdefault(repr(value), value)

    key = replace(
        failure.key, dag_id=once(failure.key.dag_id), run_id=once(failure.key.run_id), task_id=once(failure.key.task_id)
    )
    names = ("operator", "owner", "tags", "hostname", "chain", "missing", "reads", "writes")
    return replace(failure, key=key, **{name: once(getattr(failure, name)) for name in names})
