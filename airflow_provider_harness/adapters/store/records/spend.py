"""What models have cost, added up from the events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.core.incidents.events import EventKind

if TYPE_CHECKING:
    from sqlalchemy import Connection


def spent_usd(connection: Connection, incident_id: str, now: datetime) -> tuple[float, float]:
    """US dollars spent or still reserved: on the incident, and by all calls of this UTC day."""
    from sqlalchemy import or_, select

    e, i = t.events, t.incidents
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0).isoformat(timespec="microseconds")
    touched = select(i.c.id).where(or_(i.c.touched_at >= day, i.c.id == incident_id))
    kinds = (EventKind.MODEL_ASKED.value, EventKind.MODEL_ANSWERED.value)
    wanted = select(e).where(e.c.kind.in_(kinds), e.c.incident_id.in_(touched)).order_by(e.c.seq)
    usd: dict[str, float] = {}
    whose: dict[str, tuple[str, str]] = {}
    for row in connection.execute(wanted):
        body = json.loads(row.body)
        if row.kind == EventKind.MODEL_ASKED:
            whose[body["call"]] = (row.incident_id, row.at)
            usd[body["call"]] = body["reserved_usd"]
        else:
            usd[body["call"]] = body["cost_usd"]
    on_incident = sum(usd[call] for call, (incident, _) in whose.items() if incident == incident_id)
    return on_incident, sum(usd[call] for call, (_, at) in whose.items() if at >= day)
