"""Acts, counted against the policy's limits in the transaction that starts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.records.chained import chain_of
from airflow_provider_harness.adapters.store.records.events import EventRecords
from airflow_provider_harness.core.actions import ActionKind, Proposal
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.core.incidents.events import ActStarted, Event, Followed
from airflow_provider_harness.core.policy.policy import Limit, Usage

if TYPE_CHECKING:
    from sqlalchemy import Connection


class ActRecords(EventRecords):
    """What was done."""

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
            chain_of(connection).write(
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


def _left(limit: Limit, usage: Usage) -> dict[str, int]:
    """How often the same may be done again after this once, where the policy says how often."""
    both = {"task": (limit.per_incident, usage.on_incident), "dag_today": (limit.per_dag_per_day, usage.on_dag_today)}
    return {scope: most - used - 1 for scope, (most, used) in both.items() if most is not None}
