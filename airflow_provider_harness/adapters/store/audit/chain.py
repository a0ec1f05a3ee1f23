"""The end of the chain of events, within one transaction of the store: what is appended, and the rows that it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.audit import Recorded, Ring, StoreEvent, StoreKind, recorded
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.core.incidents.kept import HEARTBEATS, HELD

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql.dml import Delete, Insert, Update

Kept = TypeVar("Kept", bound=Recorded | StoreEvent)

#: Kinds of events that are no incident's.
OF_THE_STORE = tuple(kind.value for kind in StoreKind)
_NAMES_A_KEY = (StoreKind.FOUNDED.value, StoreKind.KEY_CHANGED.value)


def ring_of(given: bytes | Callable[[], Ring]) -> Callable[[], Ring]:
    """A ring of one key, where no more is given."""
    return (lambda: Ring(current=given)) if isinstance(given, bytes) else given


class Chain:
    """Appends events; whoever has one has the writers' lock.

    A store that knows no key yet, since it is new or an earlier version wrote it, is founded first: its rows are taken
    over as they stand.

    :raises ConfigurationError: the key that the chain goes on with is not among those at hand.
    """

    def __init__(self, connection: Connection, ring: Ring) -> None:
        from sqlalchemy import select

        self.connection, e = connection, t.events
        last = connection.execute(select(e.c.seq, e.c.hash).order_by(e.c.seq.desc()).limit(1)).first()
        self.seq: int = last.seq if last else 0
        self.head = str(last.hash) if last else audit.GENESIS
        named = select(e).where(e.c.kind.in_(_NAMES_A_KEY)).order_by(e.c.seq.desc()).limit(1)
        row = connection.execute(named).first()
        self.key = _in_use(row, ring) if row else ring.current
        if row is None:
            self._found()

    def append(self, *events: Event | StoreEvent) -> None:
        """Chain events, in order, to the one before."""
        rows = []
        for given in events:
            event = recorded(given) if isinstance(given, Event) else given
            self.seq, self.head = self.seq + 1, audit.link(self.key, self.head, _as_kept(event))
            values = {"incident_id": event.incident_id, "kind": event.kind.value, "at": text_of(event.at)}
            rows.append({"seq": self.seq, **values, "body": json.dumps(event.body), "hash": self.head})
        self.connection.execute(t.events.insert(), rows)

    def note(self, kind: StoreKind, body: Mapping[str, Any], incident_id: str = "") -> None:
        """Chain something that happened to the store, now."""
        self.append(StoreEvent(kind=kind, at=datetime.now(UTC), body=body, incident_id=incident_id))

    def write(self, statement: Insert | Update | Delete) -> int:
        """Change rows that the chain holds; how many."""
        table: Any = statement.table
        rows = self.connection.execute(statement.returning(*table.c)).mappings().all()
        kind = StoreKind.DROPPED if statement.is_delete else StoreKind.KEPT
        for row in rows:
            self.hold(kind, table.name, dict(row))
        return len(rows)

    def hold(self, kind: StoreKind, table: str, row: Mapping[str, Any], incident_id: str = "") -> None:
        """Chain how a row stands."""
        self.note(kind, {"table": table, "row": row}, incident_id or str(row.get("incident_id", "")))

    def beat(self, name: str, value: str) -> None:
        """Keep a mark that only says when a pass took place, under a seal."""
        self._put(name, value=value, seal=audit.seal(self.key, "mark", name, value))

    def mark(self, name: str, value: str) -> None:
        """Keep a single value, at most 256 characters, under a name."""
        if name in HEARTBEATS:
            self.beat(name, value)
            return
        k = t.marks
        if not self.write(k.update().where(k.c.name == name).values(value=value)):
            self.write(k.insert().values(name=name, value=value))

    def _put(self, name: str, **values: str) -> None:
        k = t.marks
        if not self.connection.execute(k.update().where(k.c.name == name).values(**values)).rowcount:
            self.connection.execute(k.insert().values(name=name, **values))

    def _found(self) -> None:
        from sqlalchemy import select

        self.note(StoreKind.FOUNDED, {"key": audit.name_of(self.key)})
        for name in HELD:
            for row in self.connection.execute(select(t.metadata.tables[name])).mappings().all():
                if name == t.marks.name and row["name"] in HEARTBEATS:
                    self.beat(row["name"], row["value"])
                else:
                    self.hold(StoreKind.FOUND, name, dict(row))


def _in_use(row: Any, ring: Ring) -> bytes:
    body = json.loads(row.body)
    name = str(body["new" if row.kind == StoreKind.KEY_CHANGED else "key"])
    key = ring.find(name)
    if key is None:
        raise ConfigurationError(
            ring.place,
            f"does not hold key {name}, with which the chain of the store goes on.",
            fix="Copy the file of the key, and those beside it, from a machine where the healer runs.",
        )
    return key


def as_kept(event: Event) -> Event:
    """The event as it will be read again."""
    return _as_kept(recorded(event)).event()


def _as_kept(event: Kept) -> Kept:
    return replace(event, at=datetime.fromisoformat(text_of(event.at)), body=json.loads(json.dumps(event.body)))


def event_of(row: Any) -> Recorded | StoreEvent:
    """An event as it was recorded.

    :raises ValueError: it cannot be read, or its text is not as the harness writes it.
    """
    at, body = datetime.fromisoformat(row.at), json.loads(row.body)
    if json.dumps(body) != row.body or text_of(at) != row.at:
        raise ValueError("its text is not as it was written")
    given = {"incident_id": row.incident_id, "at": at, "body": body}
    if row.kind in OF_THE_STORE:
        return StoreEvent(kind=StoreKind(row.kind), **given)
    return Recorded(kind=EventKind(row.kind), **given)
