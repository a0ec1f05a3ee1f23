"""What the health page counts, read from the events in a few statements."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.pages.health import WELL, PromisesKept, Stopped, Told
from airflow_provider_harness.core.incidents.circuit_breaker import is_brake
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.incidents.outbox import Reached

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: Events whose bodies are read; there are few of each in an incident.
_READ = (EventKind.PAGED, EventKind.ASKED, EventKind.ANSWERED, EventKind.MODEL_ANSWERED, EventKind.PROPOSED)


class SqlHealth:
    """:param engine: gives the store; called when it is needed."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def told(self, since: datetime, readable: frozenset[str], dag_id: str = "") -> list[Told]:
        """The incidents of these Dags that were opened since then, oldest first."""
        from sqlalchemy import select

        s = t.summaries
        mine = s.c.opened_at >= text_of(since), s.c.dag_id.in_({dag_id} & readable if dag_id else readable)
        ids = select(s.c.incident_id).where(*mine)
        with transaction(self._engine) as connection:
            rows = connection.execute(select(s.c.body).where(*mine).order_by(s.c.incident_id)).scalars().all()
            first, events = _first_verdicts(connection, ids), _events(connection, ids)
        return [_told(json.loads(row), first, events) for row in rows]

    def promises(
        self, since: datetime, now: datetime, readable: frozenset[str], team: str = "", dag_id: str = ""
    ) -> PromisesKept:
        """What became of the promises of which on-call was told since then.

        :param team: that owns the contract; empty = all.
        """
        from sqlalchemy import select

        p, c = t.promises, t.contracts
        mine = [p.c.told_at >= text_of(since), p.c.dag_id.in_({dag_id} & readable if dag_id else readable)]
        if team:
            mine.append(p.c.table_name.in_(select(c.c.table_name).where(c.c.owner == team)))
        with transaction(self._engine) as connection:
            rows = connection.execute(select(p.c.due_at, p.c.ended_at).where(*mine)).all()
        kept = sum(row.ended_at is not None and row.ended_at <= row.due_at for row in rows)
        opened = sum(row.ended_at is None and row.due_at > text_of(now) for row in rows)
        return PromisesKept(told=len(rows), kept=kept, broken=len(rows) - kept - opened, open=opened)

    def dags(self) -> frozenset[str]:
        """The Dags of which slices were at risk."""
        from sqlalchemy import select

        with transaction(self._engine) as connection:
            return frozenset(connection.execute(select(t.promises.c.dag_id).distinct()).scalars())


def _first_verdicts(connection: Connection, ids: Any) -> dict[str, str]:
    from sqlalchemy import func, select

    e = t.events
    mine = e.c.kind == EventKind.JUDGED.value, e.c.incident_id.in_(ids)
    rows = connection.execute(
        select(e.c.incident_id, func.min(e.c.at).label("at")).where(*mine).group_by(e.c.incident_id)
    )
    return {row.incident_id: row.at for row in rows}


def _events(connection: Connection, ids: Any) -> dict[str, list[tuple[str, str, Mapping[str, Any]]]]:
    """Incident -> kind, time and body of what is counted of it, in order."""
    from sqlalchemy import select

    e, found = t.events, dict[str, list[tuple[str, str, Mapping[str, Any]]]]()
    kinds = e.c.kind.in_([kind.value for kind in _READ])
    wanted = (
        select(e.c.incident_id, e.c.kind, e.c.at, e.c.body).where(kinds, e.c.incident_id.in_(ids)).order_by(e.c.seq)
    )
    for row in connection.execute(wanted):
        found.setdefault(row.incident_id, []).append((row.kind, row.at, json.loads(row.body)))
    return found


def _told(row: Mapping[str, Any], first: Mapping[str, str], events: Mapping[str, Sequence[Any]]) -> Told:
    name, mine = str(row["id"]), events.get(str(row["id"]), ())
    calls = [body for kind, _, body in mine if kind == EventKind.MODEL_ANSWERED]
    well = row["outcome"] in WELL
    return Told(
        id=name,
        day=str(row["opened_at"])[:10],
        outcome=str(row["outcome"]),
        teams=tuple(row["teams"]),
        failures=int(row["failures"]),
        acted=bool(row["acts"]),
        verdict=_seconds(row["opened_at"], first.get(name)),
        recovery=_seconds(row["opened_at"], row["closed_at"]) if well else None,
        pages=tuple(_pages(mine)),
        asked=sum(kind == EventKind.ASKED for kind, _, _ in mine),
        answers=tuple(str(body.get("answer", "")) for kind, _, body in mine if kind == EventKind.ANSWERED),
        cost_usd=sum(float(body.get("cost_usd", 0)) for body in calls),
        calls=len(calls),
        stopped=tuple(_stopped(name, mine)),
    )


def _pages(mine: Sequence[Any]) -> Iterator[str]:
    for kind, _, body in mine:
        if kind == EventKind.PAGED and body.get("action") == "trigger" and body.get("reached") != Reached.NOBODY:
            yield str(body.get("severity", ""))


def _stopped(name: str, mine: Sequence[Any]) -> Iterator[Stopped]:
    for kind, at, body in mine:
        if kind == EventKind.PROPOSED and is_brake(str(body.get("why", ""))):
            yield Stopped(incident=name, at=datetime.fromisoformat(at), why=str(body["why"]))


def _seconds(began: str | None, ended: str | None) -> float | None:
    if not began or not ended:
        return None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
