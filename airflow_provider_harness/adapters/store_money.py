"""What models cost, kept as events of the incident: reserved before each call, settled after it, bounded by two limits."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters import store_schema as t
from airflow_provider_harness.adapters.store_sql import SqlStore, text_of
from airflow_provider_harness.adapters.ulid import ulid
from airflow_provider_harness.app.ports_diagnosis import ModelCall
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incident import Event, EventKind, ImpossibleEvent, Incident

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


class StorePurse(SqlStore):
    """Implements ``app.ports_diagnosis.Purse``.

    :param per_incident: US dollars that calls on one incident may cost.
    :param per_day: US dollars that calls on all incidents may cost in a UTC day.
    """

    def __init__(
        self,
        engine: Engine,
        audit_key: bytes,
        *,
        per_incident: float,
        per_day: float,
        now: Callable[[], datetime],
        heard: Callable[[Incident, Event], None] | None = None,
    ) -> None:
        super().__init__(engine, audit_key, heard)
        self._per_incident, self._per_day, self._now = per_incident, per_day, now

    def reserve(self, failure: str, usd: float) -> str:
        """See ``Purse.reserve``."""
        now = self._now()
        with self._write() as connection:
            incident_id = self._incident_of(connection, failure)
            on_incident, today = self._spent(connection, incident_id, now)
            for spent, most, where in (
                (on_incident, self._per_incident, "on this incident"),
                (today, self._per_day, "today"),
            ):
                if spent + usd > most:
                    raise NotAllowed(f"The model may cost {most:g} USD {where}; {spent:.4f} are spent or reserved.")
            call = ulid(now)
            left = {
                "incident": round(self._per_incident - on_incident - usd, 6),
                "day": round(self._per_day - today - usd, 6),
            }
            body = {"call": call, "reserved_usd": usd, "left_usd": left}
            try:
                self._append(connection, Event(incident_id=incident_id, kind=EventKind.MODEL_ASKED, at=now, body=body))
            except ImpossibleEvent as error:
                raise NotAllowed("The incident is not being diagnosed any more.") from error
        return call

    def settle(self, failure: str, call: str, ended: ModelCall) -> None:
        """See ``Purse.settle``."""
        with self._write() as connection:
            incident_id = self._incident_of(connection, failure)
            now, body = self._now(), {"call": call, **asdict(ended)}
            self._append(connection, Event(incident_id=incident_id, kind=EventKind.MODEL_ANSWERED, at=now, body=body))

    @staticmethod
    def _incident_of(connection: Connection, failure: str) -> str:
        from sqlalchemy import select

        m = t.memberships
        found = connection.execute(select(m.c.incident_id).where(m.c.failure_key == failure)).scalar()
        if found is None:
            raise NotAllowed("A model is asked for an incident only: something must bear its cost.")
        return str(found)

    @staticmethod
    def _spent(connection: Connection, incident_id: str, now: datetime) -> tuple[float, float]:
        """US dollars spent or still reserved: on the incident, and by all calls of this UTC day."""
        from sqlalchemy import or_, select

        e, i = t.events, t.incidents
        day = text_of(now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
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
