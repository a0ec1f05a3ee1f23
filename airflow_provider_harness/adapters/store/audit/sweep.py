"""Rows that belong to no incident go by their own time: gates, looks of the watch, leases, promises, what on-call was told, what was set aside."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.reports import SOURCE
from airflow_provider_harness.core.incidents.outbox import MessageKind, MessageStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Rows that go in one transaction.
AT_ONCE = 5_000
#: Slices of each table whose gates and looks stay whatever their age: later ones are judged by them.
SLICES = 500


def sweeps(store: SqlIncidentStore, before: str, looked: str, *, trial: bool) -> Iterator[tuple[str, int]]:
    """Table and rows that went, some at a time.

    :param looked: looks of the watch of an earlier moment may go.
    """
    with store.reading() as connection:
        wanted = [*_wanted(connection, before), *_beyond(connection, t.watched, looked)]
    for table, where in wanted:
        if trial:
            with store.reading() as connection:
                yield table.name, _count(connection, table, where)
            continue
        while True:
            with store.chained() as chain:
                some = _some(chain.connection, table, where)
            yield table.name, some
            if some < AT_ONCE:
                break


def _wanted(connection: Connection, before: str) -> Iterator[tuple[Any, Any]]:
    """Table -> which of its rows, in the order in which they go."""
    from sqlalchemy import and_, select

    k, a = t.gate_checks, t.set_aside
    for gates, old in _beyond(connection, t.gates, before):
        yield k, k.c.gate.in_(select(gates.c.key).where(old))
        yield gates, old
    yield t.leases, t.leases.c.expires_at < before
    yield t.promises, t.promises.c.ended_at < before
    yield t.outbox, _told(before)
    aside = select(a.c.key).where(a.c.source == SOURCE, a.c.at < before)
    joined = select(t.memberships.c.failure_key)
    for table in (t.reports, t.failures):
        yield table, and_(table.c.key.in_(aside), table.c.key.not_in(joined))
    yield a, a.c.at < before


def _beyond(connection: Connection, table: Any, before: str) -> Iterator[tuple[Any, Any]]:
    """Which rows of gates, or of looks, are old, and of none of the newest slices of their table."""
    from sqlalchemy import and_, or_

    late = [and_(table.c.table_name == name, table.c.slice_start < at) for name, at in _starts(connection, table)]
    if late:
        yield table, and_(table.c.measured_at < before, or_(*late))


def _starts(connection: Connection, table: Any) -> list[tuple[str, str]]:
    """Table -> the start of the oldest slice whose rows stay; of tables that have more slices."""
    from sqlalchemy import select

    start, found = table.c.slice_start, []
    for name in connection.execute(select(table.c.table_name).distinct()).scalars().all():
        slices = select(start).where(table.c.table_name == name).distinct().order_by(start.desc())
        oldest = connection.execute(slices.offset(SLICES - 1).limit(1)).scalar()
        found += [(name, oldest)] if oldest else []
    return found


def _told(before: str) -> Any:
    """What on-call was told, or will not be; a page that was not resolved stays."""
    from sqlalchemy import and_, func, select

    o = t.outbox
    over = o.c.state.in_((MessageStatus.SENT.value, MessageStatus.UNHEARD.value, MessageStatus.DROPPED.value))
    ends = o.c.kind.in_((MessageKind.TRIGGER.value, MessageKind.RESOLVE.value))
    newest = (
        select(func.max(o.c.id)).where(o.c.state == MessageStatus.SENT.value, ends).group_by(o.c.channel, o.c.dedup_key)
    )
    still = select(o.c.dedup_key).where(o.c.id.in_(newest), o.c.kind == MessageKind.TRIGGER.value)
    return and_(o.c.due_at < before, over, o.c.dedup_key.not_in(still))


def _count(connection: Connection, table: Any, where: Any) -> int:
    from sqlalchemy import func, select

    return int(connection.execute(select(func.count()).select_from(table).where(where)).scalar_one())


def _some(connection: Connection, table: Any, where: Any) -> int:
    from sqlalchemy import select, tuple_

    key = tuple_(*table.primary_key)
    some = select(*table.primary_key).where(where).limit(AT_ONCE)
    return int(connection.execute(table.delete().where(key.in_(some))).rowcount)
