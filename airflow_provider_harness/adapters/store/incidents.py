"""The harness store on SQLAlchemy: PostgreSQL for teams, SQLite (WAL) for one machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import intake as intake
from airflow_provider_harness.adapters.store import reports as reported
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit import rotate as store_keys
from airflow_provider_harness.adapters.store.audit import taken_up as store_seen
from airflow_provider_harness.adapters.store.audit import verify as store_audit
from airflow_provider_harness.adapters.store.audit.chain import OF_THE_STORE, Chain, as_kept, ring_of
from airflow_provider_harness.adapters.store.pages import summaries
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.spend import spent_usd
from airflow_provider_harness.app.ports.healing import Approval, AskState, Joined
from airflow_provider_harness.core.actions import ActionKind, Proposal
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import Reported, body_of
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.circuit_breaker import PAST, Past, past_of
from airflow_provider_harness.core.incidents.events import ActStarted, Event, EventKind, Followed, Opened
from airflow_provider_harness.core.incidents.incident import (
    IN_HAND_OF_A_PERSON,
    ImpossibleEvent,
    Incident,
    State,
    episode_of,
    fold,
)
from airflow_provider_harness.core.policy.policy import Limit, Usage

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.exc import DBAPIError, IntegrityError

_TAKE_TURNS = "LOCK TABLE harness_marks IN SHARE ROW EXCLUSIVE MODE"
"""Writers of one store take turns: by a lock that needs rights on a table of the healer's own. An advisory lock is anybody's."""


def misshapen(error: IntegrityError) -> bool:
    """Whether the table takes no row of this form, in contrast to one that is there already."""
    return getattr(error.orig, "sqlstate", "") == "23514" or "CHECK constraint failed" in str(error.orig)


#: Under which a connection keeps what its transaction recorded.
_WRITTEN = "harness_written"
#: Under which it keeps the end of the chain.
_CHAIN = "harness_chain"

#: From so many failures on, an incident is a storm, and is not read anew each time.
_MANY = 1_000

#: A task waits for a store that does not answer, and does its work without it; a URL can say otherwise.
CONNECT = {"connect_timeout": "5"}

#: Who holds a lock on the store's tables, or a transaction open, keeps nobody waiting for longer.
LIMITS = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"


def open_engine(url: str) -> Engine:
    """An engine for a store; SQLite gets WAL, a busy timeout of 10 s, and transactions that lock when they begin."""
    from sqlalchemy import create_engine, event, make_url

    place = make_url(url)
    if place.get_backend_name() == "postgresql":
        given = dict(place.query)
        place = place.update_query_dict(CONNECT | given | {"options": f"{given.get('options', '')} {LIMITS}".strip()})
    engine = create_engine(place, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name != "sqlite":
        return engine
    if engine.url.database and Path(engine.url.database).parent.is_dir():
        Path(engine.url.database).touch(mode=0o600)  # evidence is for its owner only

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy emits BEGIN below; the driver's own would come too late
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA busy_timeout=10000")
        connection.text_factory = _text

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _text(raw: bytes) -> str:
    """Odd bytes in a text are found by whoever reads it, and stop no query."""
    return raw.decode(errors="surrogateescape")


def unavailable(error: DBAPIError) -> HarnessUnavailable:
    """A database's error as ours, with the fix where its tables are missing."""
    text = str(error.orig).strip()
    missing = "no such table: harness_" in text or ("harness_" in text and "does not exist" in text)
    return HarnessUnavailable("the harness store", f"{text}. Run: airflow harness db upgrade" if missing else text)


#: How long a report waits for another session that wrote its key and does not commit; a callback has 20 s for all that it does.
CAPTURE_WAIT = "1s"


class SqlFailureLog:
    """Inserts failures; works with a role that may do nothing else."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, failure: Failure, incident_id: str) -> bool:
        return self._record(failure, incident_id)

    def _record(self, failure: Failure, incident_id: str, seal: Callable[[str, str, str], str] | None = None) -> bool:
        """The first report of a key, or another one of other content; False where this very report was made before."""
        row = {
            "key": failure.identity,
            "incident_id": incident_id,
            "kind": failure.kind.value,
            "recorded_at": text_of(datetime.now(UTC)),
            "body": body_of(failure),
        }
        if seal is not None:
            row["seal"] = seal(row["key"], row["kind"], row["body"])
        first = t.failures.insert().values(episode=episode_of(failure.key), **row)
        other = {"report": reported.content(failure), **row}
        if self._insert(first, t.reports.insert().values(**{**other, "body": reported.FIRST})):
            return True
        return self._insert(t.reports.insert().values(**other))

    def _insert(self, statement: Any, marker: Any = None) -> bool:
        """False where such a row is there.

        :param marker: is written in the same transaction, so that nobody sees the one without the other; not by a role of an
            earlier version, which may not: then a repeat is kept, and harms nothing.
        """
        from sqlalchemy.exc import DBAPIError, IntegrityError

        try:
            with self._engine.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{CAPTURE_WAIT}'")
                connection.execute(statement)
                if marker is not None:
                    with suppress(DBAPIError), connection.begin_nested():
                        connection.execute(marker)
        except IntegrityError as error:
            if misshapen(error):
                raise unavailable(error) from error
            return False
        except DBAPIError as error:
            raise unavailable(error) from error
        return True


class SqlStore(SqlFailureLog):
    """Everything the healer reads and writes.

    :param audit_key: the key of the audit chain, at least 32 bytes, or what gives the keys; none is written to the store.
    :param heard: is told each event that was recorded, with the incident after it; of a failure that joins, with the incident
        as it was opened.
    """

    def __init__(
        self,
        engine: Engine,
        audit_key: bytes | Callable[[], audit.Ring],
        heard: Callable[[Incident, Event], None] | None = None,
    ) -> None:
        super().__init__(engine)
        self._ring, self._heard = ring_of(audit_key), heard
        self._storms: dict[str, tuple[int, Incident]] = {}
        self._shared: dict[str, tuple[tuple[int, ...], Sequence[Failure]]] = {}

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise unavailable(error) from error

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        from sqlalchemy import text
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.begin() as connection:
                if self._engine.dialect.name == "postgresql":
                    connection.execute(text(_TAKE_TURNS))
                written: list[tuple[Incident, Event]] = []
                connection.info[_WRITTEN] = written
                connection.info[_CHAIN] = Chain(connection, self._ring())
                yield connection
        except DBAPIError as error:
            raise unavailable(error) from error
        if self._heard is not None:
            for incident, event in written:
                self._heard(incident, event)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that only reads."""
        with self._read() as connection:
            yield connection

    @contextmanager
    def chained(self) -> Iterator[Chain]:
        """One transaction that changes rows which the chain holds."""
        with self._write() as connection:
            yield _chain(connection)

    def found(self, failure: Failure, incident_id: str) -> bool:
        return self._record(failure, incident_id, self._seal)

    def _seal(self, key: str, kind: str, body: str) -> str:
        return audit.seal(self._ring().current, "failure", key, kind, body)

    def waiting(self, most: int = 1_000, after: Reported | None = None) -> Sequence[Reported]:
        return self._waiting(most, after.place if after is not None else ("", ""))

    def handed(self, incident_id: str) -> Sequence[Reported]:
        return self._waiting(_MANY, ("", ""), incident_id)

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
            _chain(connection).append(*events)
            connection.execute(t.memberships.insert(), members)
            self._project_many(connection, events, text_of(now))
        return joined

    def _project_many(self, connection: Connection, events: Sequence[Event], at: str) -> None:
        """Look-up rows of incidents that were opened or joined."""
        i, written = t.incidents, connection.info[_WRITTEN]
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

    @staticmethod
    def _opening(connection: Connection, incident_id: str) -> Event:
        from sqlalchemy import select

        e = t.events
        mine = e.c.incident_id == incident_id, e.c.kind == EventKind.OPENED.value
        return _event(connection.execute(select(e).where(*mine)).one())

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

    def in_hand(self) -> Sequence[Incident]:
        from sqlalchemy import select

        c, i = t.causes, t.incidents
        wanted = select(i.c.id).where(i.c.closed_at.is_not(None), i.c.id.in_(select(c.c.incident_id))).order_by(i.c.id)
        with self._read() as connection:
            return [self._folded(connection, key) for key in connection.execute(wanted).scalars().all()]

    def let_go(self, incident_id: str) -> None:
        with self._write() as connection:
            connection.execute(t.causes.delete().where(t.causes.c.incident_id == incident_id))

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
        mine = select(e).where(*of_it).order_by(e.c.seq).limit(_MANY)
        while rows := connection.execute(mine.where(e.c.seq > after)).all():
            for row in rows:
                yield row.seq, _event(row)
            if len(rows) < _MANY:
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
        if committed and len(incident.failures) > _MANY:
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
        _chain(connection).append(event)
        written: list[tuple[Incident, Event]] = connection.info[_WRITTEN]
        written.append((after, event))
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

    def at_work(self) -> Sequence[Incident]:
        from sqlalchemy import select

        i = t.incidents
        with self._read() as connection:
            keys = connection.execute(select(i.c.id).where(i.c.closed_at.is_(None)).order_by(i.c.id)).scalars().all()
            return [self._folded(connection, key) for key in keys]

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
            if len(found) > _MANY:
                self._shared[incident_id] = now, found
        return found

    def known(self, keys: Sequence[str]) -> set[str]:
        with self._read() as connection:
            return intake.known(connection, keys)

    def usage(self, incident_id: str, dag_id: str, kind: ActionKind, now: datetime, target: str = "") -> Usage:
        with self._read() as connection:
            return self._usage(connection, incident_id, dag_id, kind, now, target)

    @staticmethod
    def _usage(
        connection: Connection, incident_id: str, dag_id: str, kind: ActionKind, now: datetime, target: str
    ) -> Usage:
        from sqlalchemy import func, select

        a = t.acts
        same = select(func.count()).select_from(a).where(a.c.kind == kind.value)
        today = same.where(a.c.dag_id == dag_id, a.c.day == now.date().isoformat())
        mine = same.where(a.c.incident_id == incident_id)
        if target:
            mine = mine.where(a.c.target.in_(("", target)))  # what an earlier version recorded counts for every task
        return Usage(
            on_incident=connection.execute(mine).scalar_one(),
            on_dag_today=connection.execute(today).scalar_one(),
        )

    def reserve_act(
        self,
        incident_id: str,
        dag_id: str,
        proposal: Proposal,
        limit: Limit,
        now: datetime,
        started: ActStarted | Followed | None = None,
    ) -> bool:
        from sqlalchemy import select

        act, a = proposal.canonical(), t.acts
        with self._write() as connection:
            mine = select(a.c.act).where(a.c.incident_id == incident_id, a.c.act == act)
            if connection.execute(mine).first():
                return False
            usage = self._usage(connection, incident_id, dag_id, proposal.kind, now, proposal.target)
            for used, most in ((usage.on_incident, limit.per_incident), (usage.on_dag_today, limit.per_dag_per_day)):
                if most is not None and used >= most:
                    raise NotAllowed(f"The limit of {most} for {proposal.kind} is used up.", used=used)
            _chain(connection).write(
                a.insert().values(
                    incident_id=incident_id,
                    act=act,
                    dag_id=dag_id,
                    kind=proposal.kind.value,
                    day=now.date().isoformat(),
                    target=proposal.target,
                )
            )
            body = replace(started or ActStarted(act=act), left=_left(limit, usage))
            self._append(connection, Event(incident_id=incident_id, at=now, body=body))
        return True

    def give_back(self, incident_id: str, proposal: Proposal) -> None:
        a = t.acts
        with self.chained() as chain:
            chain.write(a.delete().where(a.c.incident_id == incident_id, a.c.act == proposal.canonical()))

    def ask(self, approval: Approval) -> None:
        values = asdict(approval) | {
            "assigned": json.dumps(approval.assigned),
            "expires_at": text_of(approval.expires_at),
        }
        with self.chained() as chain:
            chain.write(t.approvals.insert().values(**values))

    def approval(self, incident_id: str, healer_run: str) -> Approval | None:
        from sqlalchemy import select

        p = t.approvals
        wanted = select(p).where(p.c.incident_id == incident_id, p.c.healer_run == healer_run)
        with self._read() as connection:
            row = connection.execute(wanted.order_by(p.c.id.desc())).mappings().first()
        if row is None:
            return None
        values = {name: row[name] for name in Approval.__dataclass_fields__}
        values |= {
            "assigned": tuple(json.loads(row["assigned"])),
            "expires_at": datetime.fromisoformat(row["expires_at"]),
        }
        return Approval(**values)

    def use_approval(self, approval: Approval, now: datetime) -> AskState:
        from sqlalchemy import select

        p = t.approvals
        mine = p.c.id == approval.id, p.c.act == approval.act, p.c.incident_id == approval.incident_id
        with self._write() as connection:
            row = connection.execute(select(p.c.used_at, p.c.expires_at).where(*mine)).first()
            if row is None:
                return AskState.ABSENT
            if row.used_at is not None:
                return AskState.SPENT
            if row.expires_at <= text_of(now):
                return AskState.EXPIRED
            _chain(connection).write(p.update().where(*mine).values(used_at=text_of(now)))
            return AskState.USED

    def spent(self, incident_id: str, now: datetime) -> tuple[float, float]:
        with self._read() as connection:
            return spent_usd(connection, incident_id, now)

    def healer_runs(self, episode: str) -> int:
        from sqlalchemy import func, select

        i = t.incidents
        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(i).where(i.c.episode == episode)).scalar_one()

    def past(self, since: datetime) -> Sequence[Past]:
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

    def last_pass(self) -> datetime | None:
        value = self.mark("reconciled_at")
        return datetime.fromisoformat(value) if value else None

    def note_pass(self, at: datetime) -> None:
        with self.chained() as chain:
            chain.mark("reconciled_at", text_of(at))
            store_seen.take_up(chain, at)

    def ahead(self) -> timedelta:
        """How far the store's clock is ahead of ours; nothing where the store has none of its own."""
        from sqlalchemy import text

        if self._engine.dialect.name == "sqlite":
            return timedelta(0)
        with self._read() as connection:
            began = datetime.now(UTC)
            theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return theirs - (began + (datetime.now(UTC) - began) / 2)

    def mark(self, name: str) -> str | None:
        """A single value that was kept under a name."""
        from sqlalchemy import select

        with self._read() as connection:
            return connection.execute(select(t.marks.c.value).where(t.marks.c.name == name)).scalar()

    def set_mark(self, name: str, value: str) -> None:
        """Keep a single value, at most 256 characters, under a name."""
        with self.chained() as chain:
            chain.mark(name, value)

    def head(self) -> str:
        from sqlalchemy import select

        e = t.events
        with self._read() as connection:
            return str(connection.execute(select(e.c.hash).order_by(e.c.seq.desc()).limit(1)).scalar() or audit.GENESIS)

    def key(self) -> bytes:
        """The key with which the chain goes on."""
        with self.chained() as chain:
            return chain.key

    def change_key(self, new: bytes) -> None:
        """The chain goes on with another key from now on."""
        with self.chained() as chain:
            store_keys.change_key(chain, new)

    def audit_entries(self) -> Iterator[audit.Entry]:
        """The whole chain, in order."""
        with self._read() as connection:
            yield from store_audit.entries(connection)

    def audit_events(self) -> Iterator[Event]:
        """The events of all incidents, in order."""
        return (entry.event.event() for entry in self.audit_entries() if isinstance(entry.event, audit.Recorded))

    def audit_break(self, head: str | None = None) -> audit.Break | None:
        """The first place where the audit chain does not hold, or None."""
        with self._read() as connection:
            return store_audit.broken(connection, self._ring(), head)

    def audit(self, head: str | None = None) -> store_audit.Audited:
        """Whether the chain holds, and the tables are as it says."""
        with self._read() as connection:
            return store_audit.audit(connection, self._ring(), head)


def _perhaps_open() -> Any:
    """Every open incident, and few others: the events decide, and most of what is over need not be read for that."""
    from sqlalchemy import and_, or_, select

    e, i = t.events, t.incidents
    ends = or_(*(e.c.body.contains(f'"outcome": "{outcome.value}"') for outcome in IN_HAND_OF_A_PERSON))
    with_a_person = select(e.c.incident_id).where(e.c.kind == EventKind.CLOSED.value, ends)
    resolved = select(e.c.incident_id).where(e.c.kind == EventKind.RESOLVED.value)
    return or_(i.c.closed_at.is_(None), and_(i.c.id.in_(with_a_person), i.c.id.not_in(resolved)))


def _chain(connection: Connection) -> Chain:
    """The end of the chain, in a transaction that writes."""
    chain: Chain = connection.info[_CHAIN]
    return chain


def _left(limit: Limit, usage: Usage) -> dict[str, int]:
    """How often the same may be done again after this once, where the policy says how often."""
    both = {"task": (limit.per_incident, usage.on_incident), "dag_today": (limit.per_dag_per_day, usage.on_dag_today)}
    return {scope: most - used - 1 for scope, (most, used) in both.items() if most is not None}


def _event(row: Any) -> Event:
    return Event.read(
        incident_id=row.incident_id,
        kind=EventKind(row.kind),
        at=datetime.fromisoformat(row.at),
        body=json.loads(row.body),
    )
