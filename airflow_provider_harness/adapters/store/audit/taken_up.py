"""What tasks write into the store and the chain takes up when the healer sees it: used grants, and once a day the watermarks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.core.incidents.audit import StoreKind
from airflow_provider_harness.core.incidents.kept import SEEN_AT, WATERMARKS

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.audit.chain import Chain

#: A watermark moves with each slice: a few lines a day for each table keep the chain short.
EVERY = timedelta(days=1)
#: A grant that expired is of no use to anybody, so that its use may go unseen for no longer than this after it.
_LATE = timedelta(days=1)


def take_up(chain: Chain, now: datetime) -> None:
    """Chain what tasks wrote since the last time."""
    from sqlalchemy import select

    _uses(chain, now)
    last = chain.connection.execute(select(t.marks.c.value).where(t.marks.c.name == SEEN_AT)).scalar()
    if last is None or last < text_of(now - EVERY):
        see(chain)
        chain.beat(SEEN_AT, text_of(now))


def see(chain: Chain) -> None:
    """Chain how the watermarks stand."""
    from sqlalchemy import select

    w = t.watermarks
    told = select(w.c.conn_id, w.c.table_name, w.c.slice, w.c.slice_end).order_by(w.c.conn_id, w.c.table_name)
    rows = [dict(row) for row in chain.connection.execute(told).mappings()]
    chain.note(StoreKind.SEEN, {WATERMARKS: rows})


def _uses(chain: Chain, now: datetime) -> None:
    from sqlalchemy import select

    g, u, e = t.grants, t.grant_uses, t.events
    recent = g.c.expires_at > text_of(now - _LATE)
    used = select(u, g.c.incident_id).join(g, g.c.id == u.c.grant_id).where(recent).order_by(u.c.grant_id)
    for row in chain.connection.execute(used).mappings().all():
        of_it = e.c.incident_id == row["incident_id"], e.c.kind.in_((StoreKind.KEPT.value, StoreKind.FOUND.value))
        known = select(e.c.seq).where(*of_it, e.c.body.contains(f'"grant_id": "{row["grant_id"]}"', autoescape=True))
        if chain.connection.execute(known).first() is None:
            use = {column.name: row[column.name] for column in u.c}
            chain.hold(StoreKind.KEPT, u.name, use, row["incident_id"])
