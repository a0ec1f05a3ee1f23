"""Questions to people, each of which is answered once."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.records.chained import ChainedRecords, chain_of
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.app.ports.store import Approval, AskState


class ApprovalRecords(ChainedRecords):
    """What people were asked."""

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
            chain_of(connection).write(p.update().where(*mine).values(used_at=text_of(now)))
            return AskState.USED
