"""Who works on a slice now, for a while that has to be prolonged: what makes a second run wait, and say for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_provider_harness.core.diagnosis.failure import TryKey

LEASE_SECONDS = 60
"""How long a lease lasts without being renewed; so long a slice stays closed after its holder was killed, unless the
same task instance tries again."""


def of_slice(conn_id: str, table: str, slice_id: str) -> str:
    """What a lease on a slice is called.

    :param table: ``schema.table``; without a schema, one of ``public``.
    """
    return f"{conn_id} {table if '.' in table else f'public.{table}'} {slice_id}"


def holder_of(key: TryKey) -> str:
    """Who holds a lease: the task instance, whatever its try."""
    return str(key).rpartition("#")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write one slice of one table, or to stage it in one folder.

    :param name: what it is on, such as ``warehouse public.flights 20130101T050000Z``.
    :param holder: the task instance, as ``dag/run/task``; its next try takes the lease over at once.
    :param token: tells this lease from the holder's next one.
    """

    name: str
    holder: str
    token: str
    taken_at: datetime
    expires_at: datetime

    def sentence(self) -> str:
        """Who holds what, since when, and until when without a sign of life."""
        since, until = (moment.isoformat(timespec="seconds") for moment in (self.taken_at, self.expires_at))
        return f"{self.name} is being written by {self.holder} since {since}; unless renewed, until {until}"
