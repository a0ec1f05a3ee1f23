"""A slice while it is written: its lease before, its high-water mark after. Without a store, the warehouse's own locks stay."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import HarnessUnavailable, SliceBusy
from airflow_provider_harness.core.slices.lease import LEASE_SECONDS, holder_of
from airflow_provider_harness.wiring.store import task_engine

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.slices.lease import Lease
    from airflow_provider_harness.core.slices.slices import Slice

log = logging.getLogger(__name__)

RENEW_SECONDS = 15
"""A quarter of ``core.slices.lease.LEASE_SECONDS``."""
WAIT_SECONDS = 90
"""How long a run waits for another one's lease: longer than a lease that nobody renews."""
POLL_SECONDS = 1.0


def slices() -> SqlLeases:
    """The store's record of leases and marks."""
    from airflow_provider_harness.adapters.store.rows.leases import SqlLeases

    return SqlLeases(task_engine)


class HeldLease:
    """A lease that this task has taken; call it to make sure that it still has it.

    A process that was stopped for a while, and goes on, does not know that another run has taken its slice over.
    """

    def __init__(self, store: SqlLeases, name: str, token: str) -> None:
        self._store, self._name, self._token = store, name, token
        self._until = datetime.now(UTC) + timedelta(seconds=LEASE_SECONDS)

    def __call__(self) -> None:
        """
        :raises SliceBusy: it is another run's now, or has ended and the store does not say whose it is.
        """
        try:
            mine = self.renew()
        except HarnessUnavailable as error:
            if datetime.now(UTC) < self._until:
                return
            raise SliceBusy(f"the lease on {self._name} has ended, and was not renewed: {error}") from error
        if not mine:
            raise SliceBusy(f"the lease on {self._name} is another run's now; nothing was published")

    def renew(self) -> bool:
        """Prolong it; False if it is another's now."""
        now = datetime.now(UTC)
        mine = self._store.renew(self._name, self._token, now)
        if mine:
            self._until = now + timedelta(seconds=LEASE_SECONDS)
        return mine

    def keep(self, over: threading.Event) -> None:
        """Prolong it again and again until the work is over."""
        while not over.wait(RENEW_SECONDS):
            try:
                if not self.renew():
                    log.warning("The lease on %s is another run's now; the warehouse's own locks stay", self._name)
                    return
            except HarnessUnavailable as error:
                log.warning("The lease on %s was not renewed: %s", self._name, error)


@contextmanager
def leased(name: str, task: TryKey) -> Iterator[HeldLease | None]:
    """Hold the lease on a name, renewed while the block runs; None where there is no store.

    A lease of another task instance is waited for, longer than one lasts whose holder was killed. The lease is for people and for
    runs on different machines to see; what keeps two publications apart in PostgreSQL is a lock there. In BigQuery it is the
    lease, which is looked at again right before the publication.

    :raises SliceBusy: another task instance held it all the time.
    """
    store, token = slices(), uuid.uuid4().hex
    taken = _taken(store, name, holder_of(task), token)
    with _renewed(store, name, token) if taken else nullcontext() as held:
        yield held


@contextmanager
def _renewed(store: SqlLeases, name: str, token: str) -> Iterator[HeldLease]:
    held, over = HeldLease(store, name, token), threading.Event()
    renewal = threading.Thread(target=held.keep, args=(over,), daemon=True, name="harness lease")
    renewal.start()
    try:
        yield held
    finally:
        over.set()
        renewal.join(RENEW_SECONDS)
        _quietly("The lease was not given back, and ends by itself", lambda: store.release(name, token))


def _taken(store: SqlLeases, name: str, holder: str, token: str) -> bool:
    """False where there is no store; an error of the work itself must not look as if that had led to it."""
    try:
        _take(store, name, holder, token)
    except HarnessUnavailable as error:
        log.warning("No lease was taken on %s; only the warehouse's own locks protect it: %s", name, error)
        return False
    return True


def _take(store: SqlLeases, name: str, holder: str, token: str) -> None:
    end, told = time.monotonic() + WAIT_SECONDS, False
    while True:
        lease: Lease = store.take(name, holder, token, datetime.now(UTC))
        if lease.token == token:
            return
        if time.monotonic() > end:
            raise SliceBusy(f"{lease.sentence()}; waited for {WAIT_SECONDS} s")
        if not told:
            log.info("Waiting: %s", lease.sentence())
            told = True
        time.sleep(POLL_SECONDS)


def published(contract: Contract, piece: Slice, conn_id: str, task: TryKey) -> None:
    """Move the table's high-water mark once a slice is committed; a slice before the mark is a re-run, and the log says so."""

    def move() -> None:
        store = slices()
        if store.advance_high_water_mark(
            conn_id, contract.table, piece, datetime.now(UTC), task=task, contract=contract.place
        ):
            log.info("The high-water mark of %s is slice %s, until %s", contract.table, piece.id, piece.end.isoformat())
        elif (mark := store.high_water_mark(conn_id, contract.table)) is not None:
            log.info("Slice %s lies before the high-water mark of %s, slice %s", piece.id, contract.table, mark[0])

    _quietly("The high-water mark was not moved", move)


def _quietly(what: str, step: Callable[[], None]) -> None:
    """A store that is away costs the record, and the task nothing but a warning."""
    try:
        step()
    except HarnessUnavailable as error:
        log.warning("%s: %s", what, error)
