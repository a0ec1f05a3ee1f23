"""Autonomy in the store: cases are read from the chain, acceptances are marks that the chain holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.app.pages.autonomy import AutonomyView, Key, cases, counted_from, view
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import Event, EventKind
from airflow_provider_harness.core.policy import autonomy
from airflow_provider_harness.core.policy.autonomy import Acceptance, Bar, Case

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore

#: Under which names acceptances are kept; the category and the act follow.
_MARK = "alone:"
_KINDS = (
    EventKind.DIAGNOSED,
    EventKind.PROPOSED,
    EventKind.ASKED,
    EventKind.ANSWERED,
    EventKind.ACT_STARTED,
    EventKind.SETTLED,
)


class StoreAutonomy:
    """:param bar: the administrator's; None = nothing is ever done alone by a record.
    :param now: the clock.
    """

    def __init__(self, store: SqlIncidentStore, bar: Bar | None, now: Callable[[], datetime]) -> None:
        self._store, self._bar, self._now = store, bar, now

    def earned(self, category: str, action: str) -> str:
        """By whose word the act is made alone now; empty where it is asked for."""
        accepted = self._accepted().get((category, action)) if self._bar else None
        if accepted is None:
            return ""
        failed = autonomy.false_since(self._cases(accepted.at), category, action, accepted.at)
        return autonomy.earned(accepted, failed, self._now())

    def view(self, *, may_accept: bool) -> AutonomyView:
        """Every record, and what is accepted."""
        accepted = self._accepted()
        now = self._now()
        since = min([counted_from(self._bar, now), *(one.at for one in accepted.values())])
        return view(self._cases(since), accepted, self._bar, now, may_accept=may_accept)

    def accept(self, category: str, action: str, by: str, days: int) -> None:
        """A person accepts a proposal, for some days at most as the administrator lets it hold.

        :raises NotAllowed: it is not proposed.
        """
        rows = {(row.category, row.action): row for row in self.view(may_accept=True).rows}
        row = rows.get((category, action))
        if self._bar is None or row is None or not row.proposal:
            why = "no bar is set ([harness] autonomy_bar)" if self._bar is None else row.text if row else "no such act"
            raise NotAllowed(f"{action} against {category} is not proposed: {why}")
        self._keep(category, action, Acceptance.given(by, self._now(), min(days, self._bar.valid)))

    def withdraw(self, category: str, action: str, by: str) -> None:
        """A person takes an acceptance back.

        :raises NotAllowed: nothing is accepted.
        """
        accepted = self._accepted().get((category, action))
        if accepted is None or accepted.withdrawn:
            raise NotAllowed(f"{action} against {category} is not accepted.")
        self._keep(category, action, replace(accepted, withdrawn=by))

    def _keep(self, category: str, action: str, acceptance: Acceptance) -> None:
        body = {
            "by": acceptance.by[:60],
            "at": text_of(acceptance.at),
            "until": text_of(acceptance.until),
            "withdrawn": acceptance.withdrawn[:60],
        }
        self._store.set_value(f"{_MARK}{category}:{action}", json.dumps(body, ensure_ascii=False))

    def _accepted(self) -> dict[Key, Acceptance]:
        from sqlalchemy import select

        k, found = t.marks, dict[Key, Acceptance]()
        with self._store.reading() as connection:
            rows = connection.execute(select(k.c.name, k.c.value).where(k.c.name.startswith(_MARK))).all()
        for row in rows:
            body, (category, _, action) = json.loads(row.value), row.name.removeprefix(_MARK).partition(":")
            moments = {name: datetime.fromisoformat(body[name]) for name in ("at", "until")}
            found[category, action] = Acceptance(by=body["by"], withdrawn=body["withdrawn"], **moments)
        return found

    def _cases(self, since: datetime) -> list[Case]:
        """Cases of incidents of which anything happened since then, however long they have been open."""
        from sqlalchemy import select

        e, i = t.events, t.incidents
        touched = select(i.c.id).where(i.c.touched_at >= text_of(since))
        kinds = e.c.kind.in_([kind.value for kind in _KINDS])
        wanted = select(e.c.incident_id, e.c.kind, e.c.at, e.c.body).where(kinds, e.c.incident_id.in_(touched))
        with self._store.reading() as connection:
            rows = connection.execute(wanted.order_by(e.c.seq)).all()
        return cases(
            [
                Event.read(
                    incident_id=row.incident_id,
                    kind=EventKind(row.kind),
                    at=datetime.fromisoformat(row.at),
                    body=json.loads(row.body),
                )
                for row in rows
            ]
        )
