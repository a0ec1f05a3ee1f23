"""The chain goes on with another key, and so do the seals that still count."""

from __future__ import annotations

from datetime import UTC, datetime
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.kept import HEARTBEATS

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.audit.chain import Chain


def change_key(chain: Chain, new: bytes) -> None:
    """Chain the change with the old key, with the new one's proof, and go on with the new one."""
    old = chain.key
    chain.append(audit.change_of_key(old, new, chain.head, datetime.now(UTC)))
    chain.key = new
    _reseal_marks(chain, old)
    for table in (t.failures, t.reports):
        _reseal(chain, table, old)


def _reseal_marks(chain: Chain, old: bytes) -> None:
    from sqlalchemy import select

    for row in chain.connection.execute(select(t.marks).where(t.marks.c.name.in_(HEARTBEATS))).all():
        if compare_digest(row.seal, audit.seal(old, "mark", row.name, row.value)):
            chain.beat(row.name, row.value)


def _reseal(chain: Chain, table: Any, old: bytes) -> None:
    """What the reconciler reported and no incident has taken up yet: a seal of the old key counts no more."""
    from sqlalchemy import select

    m = t.memberships
    waiting = table.c.key.not_in(select(m.c.failure_key)), table.c.seal != ""
    for row in chain.connection.execute(select(table).where(*waiting)).all():
        sealed = "failure", row.key, row.kind, row.body
        if compare_digest(row.seal, audit.seal(old, *sealed)):
            mine = [column == getattr(row, column.name) for column in table.primary_key]
            chain.connection.execute(table.update().where(*mine).values(seal=audit.seal(chain.key, *sealed)))
