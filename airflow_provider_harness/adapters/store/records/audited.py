"""The chain as a whole, and the tables against it."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit import rotate as store_keys
from airflow_provider_harness.adapters.store.audit import verify as store_audit
from airflow_provider_harness.adapters.store.records.chained import ChainedRecords
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import Event


class AuditedRecords(ChainedRecords):
    """What an auditor asks."""

    def head(self) -> str:
        from sqlalchemy import select

        e = t.events
        with self._read() as connection:
            return str(connection.execute(select(e.c.hash).order_by(e.c.seq.desc()).limit(1)).scalar() or audit.GENESIS)

    def key(self) -> bytes:
        """The key with which the chain goes on."""
        with self.chained() as chain:
            return chain.key

    def change_key(self, new: bytes) -> None:
        """The chain goes on with another key from now on."""
        with self.chained() as chain:
            store_keys.change_key(chain, new)

    def audit_entries(self) -> Iterator[audit.Entry]:
        """The whole chain, in order."""
        with self._read() as connection:
            yield from store_audit.entries(connection)

    def chain_length(self) -> int:
        """How many events the chain holds."""
        from sqlalchemy import func, select

        with self._read() as connection:
            return connection.execute(select(func.count()).select_from(t.events)).scalar_one()

    def audit_events(self) -> Iterator[Event]:
        """The events of all incidents, in order."""
        return (entry.event.event() for entry in self.audit_entries() if isinstance(entry.event, audit.Recorded))

    def audit_break(self, head: str | None = None) -> audit.Break | None:
        """The first place where the audit chain does not hold, or None."""
        with self._read() as connection:
            return store_audit.broken(connection, self._ring(), head)

    def audit(self, head: str | None = None) -> store_audit.Audited:
        """Whether the chain holds, and the tables are as it says."""
        with self._read() as connection:
            return store_audit.audit(connection, self._ring(), head)
