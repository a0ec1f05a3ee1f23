"""Whether the chain of events holds, and whether the tables are as the chain says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit.chain import OF_THE_STORE, event_of
from airflow_provider_harness.adapters.store.audit.projections import PIECEMEAL, of_incidents
from airflow_provider_harness.core.incidents import audit as chain
from airflow_provider_harness.core.incidents.audit import Break, Entry, Gap, Ring, StoreEvent, StoreKind
from airflow_provider_harness.core.incidents.kept import (
    HEARTBEATS,
    HELD,
    MARK_NAME,
    WATERMARKS,
    Rows,
    differences,
    put_back,
    replay,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: What reading what somebody else wrote can raise.
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What an audit found.

    :param broken: the first place where the chain does not hold.
    :param rows: one sentence for each row that is not as the chain says.
    :param notes: what cannot be proved, and is no finding.
    """

    broken: Break | None = None
    rows: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return self.broken is None and not self.rows


def entries(connection: Connection) -> Iterator[Entry]:
    """The whole chain, in order.

    :raises ValueError: an event cannot be read.
    """
    from sqlalchemy import select

    with connection.execute(select(t.events).order_by(t.events.c.seq), execution_options=PIECEMEAL) as rows:
        for row in rows:
            yield Entry(seq=row.seq, event=event_of(row), hash=row.hash)


def broken(connection: Connection, ring: Ring, head: str | None) -> Break | None:
    """The first place where the chain does not hold, or None; an event that cannot be read is one."""
    _at_one_moment(connection)
    seen = 0

    def counted() -> Iterator[Entry]:
        nonlocal seen
        for entry in entries(connection):
            seen = entry.seq
            yield entry

    try:
        begins, gaps = _told(connection)
        return chain.verify(ring, counted(), head=head, begins=begins, gaps=gaps)
    except UNREADABLE as error:
        problem = f"event {seen + 1} cannot be read ({type(error).__name__}: {str(error)[:200]})"
        return Break(seq=seen + 1, problem=problem, unreadable=True)


def audit(connection: Connection, ring: Ring, head: str | None) -> Audited:
    """The chain, then each table against it."""
    first = broken(connection, ring, head)
    try:
        events = list(_of_the_store(connection))
        rows, unproved, seen = replay(events)
    except UNREADABLE:
        return Audited(broken=first, notes=("No row is compared: what the chain says of them cannot be read.",))
    if not events:
        return Audited(broken=first, notes=(_NOT_FOUNDED,) if any(_there(connection).values()) else ())
    there = _there(connection)
    wrong = [*differences(rows, there), *put_back(seen, there), *_seals(connection, ring)]
    wrong += of_incidents(connection, _founded_at(connection))
    return Audited(broken=first, rows=tuple(wrong), notes=tuple(_notes(events, unproved)))


_NOT_FOUNDED = (
    "No row is compared: the chain does not hold acts, approvals, grants and marks yet. It takes them over as they stand when the "
    "healer writes next; that they were right before is not proved."
)


def _at_one_moment(connection: Connection) -> None:
    """What is written meanwhile is not seen by half."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ")


def _of_the_store(connection: Connection) -> Iterator[StoreEvent]:
    from sqlalchemy import select

    e = t.events
    for row in connection.execute(select(e).where(e.c.kind.in_(OF_THE_STORE)).order_by(e.c.seq)):
        event = event_of(row)
        assert isinstance(event, StoreEvent)
        yield event


def _told(connection: Connection) -> tuple[str, list[Gap]]:
    """The name of the first key, and what was pruned."""
    from sqlalchemy import select

    e = t.events
    first = select(e.c.body).where(e.c.kind == StoreKind.FOUNDED.value).order_by(e.c.seq).limit(1)
    last = select(e.c.body).where(e.c.kind == StoreKind.PRUNED.value).order_by(e.c.seq.desc()).limit(1)
    founded, pruned = connection.execute(first).scalar(), connection.execute(last).scalar()
    gaps = json.loads(pruned)["gaps"] if pruned else ()
    return str(json.loads(founded)["key"]) if founded else "", [Gap(*gap) for gap in gaps]


def _founded_at(connection: Connection) -> int:
    from sqlalchemy import func, select

    e = t.events
    return int(connection.execute(select(func.min(e.c.seq)).where(e.c.kind.in_(OF_THE_STORE))).scalar_one())


def _there(connection: Connection) -> Rows:
    """The rows as they stand in the tables."""
    from sqlalchemy import select

    found: Rows = {}
    for name, key in (*HELD.items(), (WATERMARKS, MARK_NAME)):
        rows = connection.execute(select(t.metadata.tables[name])).mappings()
        found[name] = {tuple(str(row[column]) for column in key): dict(row) for row in rows}
    found[t.marks.name] = {key: row for key, row in found[t.marks.name].items() if key[0] not in HEARTBEATS}
    return found


def _seals(connection: Connection, ring: Ring) -> Iterator[str]:
    """Marks of passes that the harness did not write itself."""
    from sqlalchemy import select

    for row in connection.execute(select(t.marks).where(t.marks.c.name.in_(HEARTBEATS))):
        seal = chain.seal(ring.current, "mark", row.name, row.value)
        if not compare_digest(seal.encode(), str(row.seal).encode(errors="replace")):
            yield f"{t.marks.name}: row {row.name} was changed: its seal is not the harness's"


def _notes(events: list[StoreEvent], unproved: int) -> Iterator[str]:
    pruned = [event for event in events if event.kind is StoreKind.PRUNED]
    if pruned:
        body, at = pruned[-1].body, pruned[-1].at
        yield f"{body['events']} event(s) older than {body['before'][:10]} were pruned, the last on {at:%Y-%m-%d}; all others are proved."
    if unproved:
        yield (
            f"{unproved} row(s) stood there before the chain held such rows ({events[0].at:%Y-%m-%d}): they have not changed "
            "since, and that they were right then is not proved."
        )
