"""What models cost, kept as events of the incident: reserved before each call, settled after it, bounded by two limits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore
from airflow_provider_harness.adapters.store.records.spend import spent_usd
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.diagnosis import ModelCall
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import Diagnosed, Event, ModelAnswered, ModelAsked, ModelEnded
from airflow_provider_harness.core.incidents.incident import ImpossibleEvent, Incident

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, Engine

    from airflow_provider_harness.core.incidents.audit import Ring


class SqlModelBudget(SqlIncidentStore):
    """Implements ``app.ports.diagnosis.ModelBudget``.

    :param per_incident: US dollars that calls on one incident may cost.
    :param per_day: US dollars that calls on all incidents may cost in a UTC day.
    """

    def __init__(
        self,
        engine: Engine,
        audit_key: bytes | Callable[[], Ring],
        *,
        per_incident: float,
        per_day: float,
        now: Callable[[], datetime],
        heard: Callable[[Incident, Event], None] | None = None,
    ) -> None:
        super().__init__(engine, audit_key, heard)
        self._per_incident, self._per_day, self._now = per_incident, per_day, now

    def reserve(self, failure: str, usd: float) -> str:
        """See ``ModelBudget.reserve``."""
        now = self._now()
        with self._write() as connection:
            incident_id = self._incident_of(connection, failure)
            on_incident, today = spent_usd(connection, incident_id, now)
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
            body = ModelAsked(call=call, reserved_usd=usd, left_usd=left)
            try:
                self._append(connection, Event(incident_id=incident_id, at=now, body=body))
            except ImpossibleEvent as error:
                raise NotAllowed("The incident is not being diagnosed any more.") from error
        return call

    def settle(self, failure: str, call: str, ended: ModelCall) -> None:
        """See ``ModelBudget.settle``."""
        with self._write() as connection:
            incident_id = self._incident_of(connection, failure)
            body = ModelAnswered(
                call=call,
                model=ended.model,
                prompt=ended.prompt,
                ended=ended.ended,
                cost_usd=ended.cost_usd,
                input_tokens=ended.input_tokens,
                cache_written=ended.cache_written,
                cache_read=ended.cache_read,
                output_tokens=ended.output_tokens,
                reasoning=ended.reasoning,
                failure=failure,
                priced=ended.priced,
                messages=ended.messages or None,
                exact=ended.exact,
            )
            self._append(connection, Event(incident_id=incident_id, at=self._now(), body=body))

    def answered(self, failure: str) -> Sequence[ModelCall]:
        """See ``ModelBudget.answered``: the calls on this failure that came after the newest end of a diagnosis."""
        with self._read() as connection:
            incident_id = self._incident_of(connection, failure)
        calls: list[ModelCall] = []
        for event in self.events(incident_id):
            if isinstance(event.body, ModelEnded | Diagnosed):
                calls.clear()  # a healer run that begins anew has a new one
            elif isinstance(event.body, ModelAnswered) and event.body.failure == failure:
                calls.append(_call(event.body))
        return calls

    @staticmethod
    def _incident_of(connection: Connection, failure: str) -> str:
        from sqlalchemy import select

        m = t.memberships
        found = connection.execute(select(m.c.incident_id).where(m.c.failure_key == failure)).scalar()
        if found is None:
            raise NotAllowed("A model is asked only for an incident, because its cost is counted there.")
        return str(found)


def _call(body: ModelAnswered) -> ModelCall:
    """A call as it was recorded."""
    return ModelCall(
        model=body.model,
        prompt=body.prompt,
        ended=body.ended,
        cost_usd=body.cost_usd,
        input_tokens=body.input_tokens,
        cache_written=body.cache_written,
        cache_read=body.cache_read,
        output_tokens=body.output_tokens,
        reasoning=tuple(body.reasoning),
        failure=body.failure or "",
        priced=body.priced is not False,
        messages=tuple(body.messages or ()),
        exact=body.exact is not False,
    )
