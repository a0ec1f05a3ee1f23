"""Which reports are believed, and which incident each failure joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import intake as intake
from airflow_provider_harness.adapters.store import reports as reported
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.pages import summaries
from airflow_provider_harness.adapters.store.records.chained import chain_of, written_in
from airflow_provider_harness.adapters.store.records.events import MANY, EventRecords
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.app.ports.store import Joined
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import Reported
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import Event, EventKind, Opened
from airflow_provider_harness.core.incidents.incident import Incident, State, fold

if TYPE_CHECKING:
    from sqlalchemy import Connection


class JoinedFailures(EventRecords):
    """Reports of failures, and what became of them."""

    def _seal(self, key: str, kind: str, body: str) -> str:
        return audit.seal(self._ring().current, "failure", key, kind, body)

    def found(self, failure: Failure, incident_id: str) -> bool:
        return self._record(failure, incident_id, self._seal)

    def waiting(self, most: int = 1_000, after: Reported | None = None) -> Sequence[Reported]:
        return self._waiting(most, after.place if after is not None else ("", ""))

    def handed(self, incident_id: str) -> Sequence[Reported]:
        return self._waiting(MANY, ("", ""), incident_id)

    def _waiting(self, most: int, place: tuple[str, str], handed: str | None = None) -> Sequence[Reported]:
        while True:
            with self._read() as connection:
                found, bad = reported.waiting(connection, self._seal, most, place, handed)
            if bad:
                with self._write() as connection:
                    reported.set_aside(connection, reported.SOURCE, bad, text_of(datetime.now(UTC)))
            if found or not bad:
                return found

    def told(self, key: str) -> Sequence[Reported]:
        with self._read() as connection:
            return reported.told(connection, key, self._seal)

    def believe(self, report: Reported) -> None:
        m = t.memberships
        with self._write() as connection:
            connection.execute(m.update().where(m.c.failure_key == report.key).values(report=report.report))
        self._shared.clear()

    def undecided(self, keys: Sequence[str]) -> set[str]:
        with self._read() as connection:
            return reported.undecided(connection, keys)

    def set_aside(self, why: Sequence[tuple[Reported, str]], now: datetime) -> None:
        rows = {item.key: (item.reports, reason) for item, reason in why}
        with self._write() as connection:
            reported.set_aside(connection, reported.SOURCE, rows, text_of(now))

    def left_alone(self) -> Mapping[str, Sequence[str]]:
        """What tasks wrote and the harness leaves alone: the table or folder -> keys with reasons, the newest first."""
        from sqlalchemy import select

        s = t.set_aside
        found: dict[str, list[str]] = {}
        with self._read() as connection:
            for row in connection.execute(select(s).order_by(s.c.at.desc())):
                found.setdefault(row.source, []).append(f"{row.key}: {row.reason}")
        return found

    def intake(self, now: datetime, believed: Sequence[Reported]) -> Sequence[Joined]:
        if not believed:
            return []
        with self._write() as connection:
            there = intake.known(connection, [item.key for item in believed])
            new = [item for item in believed if item.key not in there]
            if not new:
                return []
            joined, events, members = intake.joined(connection, new, now)
            chain_of(connection).append(*events)
            connection.execute(t.memberships.insert(), members)
            self._project_many(connection, events, text_of(now))
        return joined

    def _project_many(self, connection: Connection, events: Sequence[Event], at: str) -> None:
        """Look-up rows of incidents that were opened or joined."""
        i, written = t.incidents, written_in(connection)
        opened = {event.incident_id: event.body for event in events if isinstance(event.body, Opened)}
        older = sorted({event.incident_id for event in events} - set(opened))
        rows = [
            {"id": name, "episode": body.episode, "state": State.OPEN.value, "opened_at": at, "touched_at": at}
            for name, body in opened.items()
        ]
        if rows:
            connection.execute(i.insert(), rows)
        for start in range(0, len(older), intake.AT_ONCE):
            some = i.c.id.in_(older[start : start + intake.AT_ONCE])
            connection.execute(i.update().where(some).values(touched_at=at))
        summaries.after_joins(connection, events, datetime.fromisoformat(at))
        if self._heard is None:
            return
        first = [event for event in events if event.kind is EventKind.OPENED]
        first += [self._opening(connection, name) for name in older]
        as_opened = {event.incident_id: fold(event.incident_id, [event]) for event in first}
        written += [(as_opened[event.incident_id], event) for event in events]

    def resolve(self, handed: str) -> str:
        from sqlalchemy import select

        m = t.memberships
        with self._read() as connection:
            if self._projection(connection, id=handed) is not None:
                return handed
            for rows in (t.failures, t.reports):
                joined = select(m.c.incident_id).join(rows, rows.c.key == m.c.failure_key)
                found = connection.execute(joined.where(rows.c.incident_id == handed)).scalar()
                if found:
                    return str(found)
        return handed

    def incident_of(self, failure: str) -> str | None:
        from sqlalchemy import select

        m = t.memberships
        with self._read() as connection:
            return connection.execute(select(m.c.incident_id).where(m.c.failure_key == failure)).scalar()

    def awaiting_person(self) -> Sequence[Incident]:
        from sqlalchemy import select

        c, i = t.causes, t.incidents
        wanted = select(i.c.id).where(i.c.closed_at.is_not(None), i.c.id.in_(select(c.c.incident_id))).order_by(i.c.id)
        with self._read() as connection:
            return [self._folded(connection, key) for key in connection.execute(wanted).scalars().all()]

    def stop_grouping(self, incident_id: str) -> None:
        with self._write() as connection:
            connection.execute(t.causes.delete().where(t.causes.c.incident_id == incident_id))

    def failures(self, incident_id: str) -> Sequence[Failure]:
        """The failures that joined, oldest first; of a storm, read anew only when another joined or more is known of lineage."""
        from sqlalchemy import func, select

        m = t.memberships
        counts = (
            select(func.count()).where(m.c.incident_id == incident_id),
            select(func.count()).select_from(t.lineage),
        )
        with self._read() as connection:
            now = tuple(connection.execute(count).scalar_one() for count in counts)
            then, found = self._shared.get(incident_id, ((), ()))
            if then != now:
                self._shared.pop(incident_id, None)
                found = intake.with_lineage(connection, reported.joined(connection, incident_id, self._seal, {}))
            if len(found) > MANY:
                self._shared[incident_id] = now, found
        return found

    def known(self, keys: Sequence[str]) -> set[str]:
        with self._read() as connection:
            return intake.known(connection, keys)
