"""Where an incident stands in the chain of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.pages.incidents.parts import Signed

if TYPE_CHECKING:
    from sqlalchemy import Engine


def signed(engine: Callable[[], Engine], incident_id: str) -> Signed:
    """How many events of the incident the chain holds, and its newest one's place; the chain is not proved here."""
    from sqlalchemy import func, select

    e = t.events
    mine = e.c.incident_id == incident_id
    with transaction(engine) as connection:
        count = connection.execute(select(func.count()).select_from(e).where(mine)).scalar_one()
        last = connection.execute(select(e.c.seq, e.c.hash).where(mine).order_by(e.c.seq.desc()).limit(1)).first()
    text = f"The chain holds {count} events of this incident, each signed together with the one before it."
    return Signed(
        events=count,
        last_seq=last.seq if last else 0,
        head=str(last.hash) if last else "",
        holds=None,
        text=f"{text} `airflow harness audit verify` proves the whole chain.",
    )
