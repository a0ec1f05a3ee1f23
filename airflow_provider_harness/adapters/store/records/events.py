"""The events of incidents, and the look-up rows that are drawn from them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit.chain import OF_THE_STORE, as_kept
from airflow_provider_harness.adapters.store.pages import summaries
from airflow_provider_harness.adapters.store.records.chained import ChainedRecords, chain_of, written_in
from airflow_provider_harness.adapters.store.records.spend import spent_usd
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.actions import ActionKind, Parameter, beginning
from airflow_provider_harness.core.incidents.circuit_breaker import PAST, IncidentSummary, past_of
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.core.incidents.incident import IN_HAND_OF_A_PERSON, ImpossibleEvent, Incident, State, fold
from airflow_provider_harness.core.incidents.remembered import KINDS

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: From so many failures on, an incident is a storm, and is not read anew each time.
MANY = 1_000


class EventRecords(ChainedRecords):
    """What happened to incidents."""

    @staticmethod
    def _opening(connection: Connection, incident_id: str) -> Event:
        from sqlalchemy import select

        e = t.events
        mine = e.c.incident_id == incident_id, e.c.kind == EventKind.OPENED.value
        return _event(connection.execute(select(e).where(*mine)).one())

    @staticmethod
    def _projection(connection: Connection, **equal: str | None) -> Any:
        from sqlalchemy import select

        i = t.incidents
        wanted = [i.c[name].is_(None) if value is None else i.c[name] == value for name, value in equal.items()]
        return connection.execute(select(i).where(*wanted)).first()

    @staticmethod
    def _events(connection: Connection, incident_id: str, after: int = 0) -> Iterator[tuple[int, Event]]:
        """The events of an incident in order, each with its place in the chain; a part at a time."""
        from sqlalchemy import select

        e = t.events
        of_it = e.c.incident_id == incident_id, e.c.kind.not_in(OF_THE_STORE)
        mine = select(e).where(*of_it).order_by(e.c.seq).limit(MANY)
        while rows := connection.execute(mine.where(e.c.seq > after)).all():
            for row in rows:
                yield row.seq, _event(row)
            if len(rows) < MANY:
                return
            after = rows[-1].seq

    def _folded(self, connection: Connection, incident_id: str, *, committed: bool = True) -> Incident:
        """What the events of an incident add up to. Of a storm's, what was read before is not read again: events only come.

        :param committed: whether everything that this connection sees will stay.
        """
        seq, before = self._storms.get(incident_id, (0, Incident(id=incident_id)))
        last = seq

        def newer() -> Iterator[Event]:
            nonlocal last
            for place, event in self._events(connection, incident_id, seq):
                last = place
                yield event

        incident = fold(before, newer())
        if committed and len(incident.failures) > MANY:
            self._storms[incident_id] = last, incident
        return incident

    def _append(self, connection: Connection, event: Event) -> Incident:
        event = as_kept(event)
        before = self._folded(connection, event.incident_id, committed=False)
        after = before.after(event)
        if event.kind is EventKind.RETURNED and before.outcome is not None:
            there = self._projection(connection, episode=after.episode, closed_at=None)
            if there is not None:
                raise ImpossibleEvent(f"incident {there.id} of the same cause is open already")
        chain_of(connection).append(event)
        written_in(connection).append((after, event))
        self._project(connection, after, text_of(event.at))
        summaries.after_event(connection, after)
        if event.kind is EventKind.RESOLVED or after.outcome not in (None, *IN_HAND_OF_A_PERSON):
            connection.execute(t.causes.delete().where(t.causes.c.incident_id == after.id))
        return after

    @staticmethod
    def _project(connection: Connection, incident: Incident, at: str) -> None:
        i = t.incidents
        values = {
            "state": incident.state.value,
            "touched_at": at,
            "closed_at": text_of(incident.closed_at) if incident.closed_at else None,
        }
        if connection.execute(i.update().where(i.c.id == incident.id).values(**values)).rowcount == 0:
            connection.execute(i.insert().values(id=incident.id, episode=incident.episode, opened_at=at, **values))

    def append(self, *events: Event) -> None:
        with self._write() as connection:
            for event in events:
                self._append(connection, event)

    def incident(self, incident_id: str) -> Incident:
        with self._read() as connection:
            return self._folded(connection, incident_id)

    def events(self, incident_id: str) -> Sequence[Event]:
        with self._read() as connection:
            return [event for _, event in self._events(connection, incident_id)]

    def incidents(self, *, open_only: bool = False) -> Sequence[Incident]:
        """Every incident, oldest first.

        :param open_only: only where something is left to do, for the healer or for a person (``Incident.is_open``).
        """
        from sqlalchemy import select

        i = t.incidents
        wanted = select(i.c.id).order_by(i.c.id)
        if open_only:
            wanted = wanted.where(_perhaps_open())
        with self._read() as connection:
            keys = connection.execute(wanted).scalars().all()
            found = [self._folded(connection, key) for key in keys]
        return [item for item in found if item.is_open or not open_only]

    def ids(self, beginning: str) -> Sequence[str]:
        """The ids of incidents that begin like this, in order."""
        from sqlalchemy import func, select

        i = t.incidents
        same = func.substr(i.c.id, 1, len(beginning)) == beginning
        with self._read() as connection:
            return connection.execute(select(i.c.id).where(same).order_by(i.c.id)).scalars().all()

    def unsettled(self, before: datetime) -> Sequence[Incident]:
        from sqlalchemy import select

        i = t.incidents
        wanted = select(i.c.id).where(
            i.c.closed_at.is_(None), i.c.touched_at < text_of(before), i.c.state != State.TAKEN.value
        )
        with self._read() as connection:
            return [self._folded(connection, key) for key in connection.execute(wanted).scalars().all()]

    def open_incidents(self) -> Sequence[Incident]:
        from sqlalchemy import select

        i = t.incidents
        with self._read() as connection:
            keys = connection.execute(select(i.c.id).where(i.c.closed_at.is_(None)).order_by(i.c.id)).scalars().all()
            return [self._folded(connection, key) for key in keys]

    def retries(self, dag_id: str, since: datetime) -> Sequence[Event]:
        from sqlalchemy import or_, select

        e, i, a, p = t.events, t.incidents, t.acts, t.approvals
        first = beginning(ActionKind.RETRY_TASK, Parameter.DAG, dag_id)
        asked = select(p.c.incident_id).where(p.c.act.startswith(first, autoescape=True))
        made = select(a.c.incident_id).where(a.c.dag_id == dag_id, a.c.kind == ActionKind.RETRY_TASK.value)
        touched = select(i.c.id).where(i.c.touched_at >= text_of(since), or_(i.c.id.in_(asked), i.c.id.in_(made)))
        kinds = e.c.kind.in_([kind.value for kind in KINDS])
        with self._read() as connection:
            rows = connection.execute(select(e).where(kinds, e.c.incident_id.in_(touched)).order_by(e.c.seq)).all()
        return [_event(row) for row in rows]

    def healer_runs(self, episode: str) -> int:
        from sqlalchemy import func, select

        i = t.incidents
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(i).where(i.c.episode == episode)).scalar_one()

    def past(self, since: datetime) -> Sequence[IncidentSummary]:
        from sqlalchemy import select

        e, i = t.events, t.incidents
        kinds = PAST
        wanted = (
            select(e)
            .where(e.c.kind.in_([kind.value for kind in kinds]))
            .where(e.c.incident_id.in_(select(i.c.id).where(i.c.opened_at >= text_of(since))))
            .order_by(e.c.seq)
        )
        with self._read() as connection:
            return past_of(_event(row) for row in connection.execute(wanted))

    def spent(self, incident_id: str, now: datetime) -> tuple[float, float]:
        with self._read() as connection:
            return spent_usd(connection, incident_id, now)


def _perhaps_open() -> Any:
    """Every open incident, and few others: the events decide, and most of what is over need not be read for that."""
    from sqlalchemy import and_, or_, select

    e, i = t.events, t.incidents
    ends = or_(*(e.c.body.contains(f'"outcome": "{outcome.value}"') for outcome in IN_HAND_OF_A_PERSON))
    with_a_person = select(e.c.incident_id).where(e.c.kind == EventKind.CLOSED.value, ends)
    resolved = select(e.c.incident_id).where(e.c.kind == EventKind.RESOLVED.value)
    return or_(i.c.closed_at.is_(None), and_(i.c.id.in_(with_a_person), i.c.id.not_in(resolved)))


def _event(row: Any) -> Event:
    return Event.read(
        incident_id=row.incident_id,
        kind=EventKind(row.kind),
        at=datetime.fromisoformat(row.at),
        body=json.loads(row.body),
    )
