"""One slice, published exactly once: its grant is asked for, its lease is held, its gate is open, and what is committed moves the mark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from airflow_provider_harness.app.ports.rows import Permit
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.core.slices.lease import of_slice
from airflow_provider_harness.core.slices.slices import Slice

Result = TypeVar("Result")
StillMine = Callable[[], None]
"""Raises ``SliceBusy`` where a lease is another run's by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is recorded of a slice around its publication; a store that is away costs the record, and not the slice.

    :param granted: the contract as this try may apply it to a slice of this id, and the leave to set rows aside.
    :param leased: holds the lease on a name while its block runs; gives None where there is no store.
    :param gate: opens one gate of one slice, and keeps what it found.
    :param published: moves the high-water mark of a connection's table.
    """

    granted: Callable[[Contract, str, TryKey], tuple[Contract, Permit | None]]
    leased: Callable[[str, TryKey], AbstractContextManager[StillMine | None]]
    gate: Callable[[Contract, Slice, GateSite, Permit | None], AbstractContextManager[Gate]]
    published: Callable[[Contract, Slice, str, TryKey], None]


@dataclass(slots=True, kw_only=True)
class Slot:
    """A slice in the hands of one try.

    :ivar contract: as this try may apply it.
    :ivar still_mine: to be asked right before the publication, where the warehouse itself does not lock; None without a store.
    """

    contract: Contract
    gate: Gate
    still_mine: StillMine | None
    committed: bool = False

    def commit(self, result: Result) -> Result:
        """Say that the slice is published: its table's high-water mark moves when everything is given back."""
        self.committed = True
        return result


@contextmanager
def exactly_once(
    records: Records, contract: Contract, piece: Slice, conn_id: str, task: TryKey, *, folder: str = ""
) -> Iterator[Slot]:
    """Hold what keeps other runs away from a slice of a connection's table, and its gate.

    :param folder: the staged files that are read; empty where there are none.
    :raises SliceBusy: another task instance had the slice, or the files, all the time.
    """
    site = GateSite(place=Place.STAGING, conn_id=conn_id, task=task)
    names = [of_folder(folder)] if folder else []
    with in_hand(records, contract, piece, site, task, *names, of_slice(conn_id, contract.table, piece.id)) as slot:
        yield slot
    if slot.committed:
        records.published(contract, piece, conn_id, task)


@contextmanager
def in_hand(
    records: Records, contract: Contract, piece: Slice, site: GateSite, task: TryKey, *names: str
) -> Iterator[Slot]:
    """Hold the leases on some names, the last of which is the slot's own, and open a gate of a slice."""
    applied, permit = records.granted(contract, piece.id, task)
    with ExitStack() as stack:
        held = [stack.enter_context(records.leased(name, task)) for name in names]
        gate = stack.enter_context(records.gate(applied, piece, site, permit))
        yield Slot(contract=applied, gate=gate, still_mine=held[-1])


def of_folder(folder: str) -> str:
    """The name of the lease on a folder of staged files."""
    return f"staged {folder}"
