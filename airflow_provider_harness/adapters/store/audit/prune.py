"""What is old leaves the store, and the chain goes on: a checkpoint in it bears the hash from which each gap is crossed.

An incident goes whole, when it is over and nothing of it counts any more. What bears no incident goes by its own time.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit.chain import event_of
from airflow_provider_harness.adapters.store.audit.projections import folded
from airflow_provider_harness.adapters.store.audit.sweep import sweeps
from airflow_provider_harness.adapters.store.audit.taken_up import see
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.incidents.audit import Gap, StoreKind, closed_up
from airflow_provider_harness.core.incidents.kept import named

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_provider_harness.adapters.store.audit.chain import Chain
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Incidents that go in one transaction.
AT_ONCE = 200
#: A watermark says of a yearly table which slice is missed next; it stays longer than that, whatever is asked for.
WATERMARKS = timedelta(days=400)

#: The watch compares a slice with those of half a year before it, since months turn seldom; what it saw of them stays longer than that, whatever is asked for.
WATCHED = timedelta(weeks=28)

#: Tables of which rows go with their incident, by the column that names it.
_OF_INCIDENTS: Mapping[str, str] = {
    "harness_acts": "incident_id",
    "harness_approvals": "incident_id",
    "harness_causes": "incident_id",
    "harness_grants": "incident_id",
    "harness_memberships": "incident_id",
    "harness_summaries": "incident_id",
    "harness_incidents": "id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far it is.

    :param removed: table -> rows, of this step.
    :param done: incidents that were looked at, of ``among``.
    """

    removed: Mapping[str, int]
    done: int
    among: int


class _NotReally(Exception):
    """A trial is rolled back."""


def prune(store: SqlIncidentStore, before: datetime, now: datetime, *, trial: bool = False) -> Iterator[Step]:
    """Remove what is older, step by step; each step is a transaction of its own, so that it may be stopped between two.

    :param trial: count what would go, and remove nothing.
    """
    with store.reading() as connection:
        old = _old(connection, text_of(before), text_of(now), before)
    for start in range(0, len(old), AT_ONCE):
        removed = Counter[str]()
        try:
            with store.chained() as chain:
                _incidents(chain, old[start : start + AT_ONCE], removed, before)
                if trial:
                    raise _NotReally
        except _NotReally:
            pass
        yield Step(removed=removed, done=min(start + AT_ONCE, len(old)), among=len(old))
    for table, some in sweeps(store, text_of(before), text_of(min(before, now - WATCHED)), trial=trial):
        yield Step(removed={table: some}, done=len(old), among=len(old))
    removed = Counter[str]()
    try:
        with store.chained() as chain:
            _watermarks(chain, text_of(min(before, now - WATERMARKS)), removed)
            _of_the_store(chain, text_of(before), removed, before)
            if trial:
                raise _NotReally
    except _NotReally:
        pass
    yield Step(removed=removed, done=len(old), among=len(old))


def _old(connection: Connection, before: str, now: str, moment: datetime) -> list[str]:
    """Incidents that ended before and were not touched since, and of which nothing counts any more."""
    from sqlalchemy import select

    i, p, g, a = t.incidents, t.approvals, t.grants, t.acts
    unspent = select(p.c.incident_id).where(p.c.used_at.is_(None), p.c.expires_at > now)
    granted = select(g.c.incident_id).where(g.c.expires_at > now)
    counted = select(a.c.incident_id).where(a.c.day >= moment.date().isoformat())
    wanted = select(i.c.id).where(i.c.closed_at < before, i.c.touched_at < before).order_by(i.c.id)
    for still in (unspent, granted, counted):
        wanted = wanted.where(i.c.id.not_in(still))
    return list(connection.execute(wanted).scalars())


def _incidents(chain: Chain, ids: Sequence[str], removed: Counter[str], before: datetime) -> None:
    """Remove those of these incidents that are over; what waits for a person stays, and what cannot be read."""
    from sqlalchemy import select

    connection, m, u = chain.connection, t.memberships, t.grant_uses
    over = [incident.id for incident, _ in folded(connection, ids) if not incident.is_open]
    keys = connection.execute(select(m.c.failure_key).where(m.c.incident_id.in_(over))).scalars().all()
    for start in range(0, len(keys), 500):
        for table in (t.failures, t.reports):
            _remove(connection, table, table.c.key.in_(keys[start : start + 500]), removed)
    _remove(connection, u, u.c.grant_id.in_(select(t.grants.c.id).where(t.grants.c.incident_id.in_(over))), removed)
    for name, column in _OF_INCIDENTS.items():
        table = t.metadata.tables[name]
        _remove(connection, table, table.c[column].in_(over), removed)
    _events(chain, t.events.c.incident_id.in_(over), removed, before)


def _watermarks(chain: Chain, before: str, removed: Counter[str]) -> None:
    """Tables that nobody has published for long, and of which nothing is promised that was not kept."""
    from sqlalchemy import and_, exists

    w, p = t.watermarks, t.promises
    at_risk = exists().where(and_(p.c.conn_id == w.c.conn_id, p.c.table_name == w.c.table_name, p.c.ended_at.is_(None)))
    if _remove(chain.connection, w, and_(w.c.moved_at < before, ~at_risk), removed):
        see(chain)


def _of_the_store(chain: Chain, before: str, removed: Counter[str], moment: datetime) -> None:
    """Events of rows that a later event overtook, and of what went with a grant."""
    from sqlalchemy import select

    e, u = t.events, t.grant_uses
    kinds = [kind.value for kind in (StoreKind.KEPT, StoreKind.FOUND, StoreKind.DROPPED, StoreKind.SEEN)]
    newest: dict[tuple[str, ...], Any] = {}
    overtaken: list[int] = []
    uses = set(chain.connection.execute(select(u.c.grant_id)).scalars())
    for row in chain.connection.execute(select(e).where(e.c.incident_id == "", e.c.kind.in_(kinds)).order_by(e.c.seq)):
        body = event_of(row).body
        key = (row.kind,) if row.kind == StoreKind.SEEN else (body["table"], *named(body["table"], body["row"]))
        last = newest.get(key)
        overtaken += [last.seq] if last is not None and last.at < before else []
        newest[key] = row
    gone = [row.seq for key, row in newest.items() if key[0] == u.name and key[1] not in uses]
    gone += [row.seq for row in newest.values() if row.kind == StoreKind.DROPPED and row.at < before]
    for start in range(0, len(overtaken := overtaken + gone), 500):
        _events(chain, e.c.seq.in_(overtaken[start : start + 500]), removed, moment)


def _remove(connection: Connection, table: Any, where: Any, removed: Counter[str]) -> int:
    count = connection.execute(table.delete().where(where)).rowcount
    if count:
        removed[table.name] += count
    return int(count)


def _events(chain: Chain, where: Any, removed: Counter[str], before: datetime) -> None:
    """Remove events; the checkpoint says with which hash each gap ends, and takes the place of the one before."""
    from sqlalchemy import or_, select

    e = t.events
    last = chain.connection.execute(select(e).where(e.c.kind == StoreKind.PRUNED.value)).first()
    told: dict[str, Any] = json.loads(last.body) if last else {"gaps": [], "events": 0}
    going = select(e.c.seq, e.c.hash).where(or_(where, e.c.kind == StoreKind.PRUNED.value)).order_by(e.c.seq)
    gaps = [Gap(row.seq, row.seq, row.hash) for row in chain.connection.execute(going)]
    if len(gaps) == bool(last):
        return
    count = chain.connection.execute(e.delete().where(or_(where, e.c.kind == StoreKind.PRUNED.value))).rowcount - bool(
        last
    )
    removed[e.name] += count
    whole = closed_up([*(Gap(*gap) for gap in told["gaps"]), *gaps])
    body = {"before": text_of(before), "events": told["events"] + count}
    chain.note(StoreKind.PRUNED, {**body, "gaps": [[gap.first, gap.last, gap.hash] for gap in whole]})
