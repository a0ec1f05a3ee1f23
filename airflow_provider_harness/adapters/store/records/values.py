"""Single values under a name, the passes of the reconciler, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.audit import taken_up as store_seen
from airflow_provider_harness.adapters.store.records.chained import ChainedRecords
from airflow_provider_harness.adapters.store.schema import text_of


class ValueRecords(ChainedRecords):
    """Single values."""

    def get_value(self, name: str) -> str | None:
        """A single value that was kept under a name."""
        from sqlalchemy import select

        with self._read() as connection:
            return connection.execute(select(t.marks.c.value).where(t.marks.c.name == name)).scalar()

    def set_value(self, name: str, value: str) -> None:
        """Keep a single value, at most 256 characters, under a name."""
        with self.chained() as chain:
            chain.mark(name, value)

    def last_pass(self) -> datetime | None:
        value = self.get_value("reconciled_at")
        return datetime.fromisoformat(value) if value else None

    def note_pass(self, at: datetime) -> None:
        with self.chained() as chain:
            chain.mark("reconciled_at", text_of(at))
            store_seen.take_up(chain, at)

    def ahead(self) -> timedelta:
        """How far the store's clock is ahead of ours; nothing where the store has none of its own."""
        from sqlalchemy import text

        if self._engine.dialect.name == "sqlite":
            return timedelta(0)
        with self._read() as connection:
            began = datetime.now(UTC)
            theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return theirs - (began + (datetime.now(UTC) - began) / 2)
