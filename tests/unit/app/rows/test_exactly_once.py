"""The order around a publication: grant, leases, gate, the work, and only then the mark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_provider_harness.app.rows.exactly_once import Records, exactly_once
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import SliceBusy
from airflow_provider_harness.core.slices.gate_run import Place
from airflow_provider_harness.core.slices.slices import Slice

CONTRACT = Contract(id="c", name="c", version="1", table="public.t", columns=())
PIECE = Slice(id="2026-01-01", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
TASK = TryKey(dag_id="d", run_id="r", task_id="t", map_index=-1, try_number=1)
FIRST = ["grant", "lease staged /f", "lease wh public.t 2026-01-01", "gate staging"]
LAST = ["gate closed", "given back wh public.t 2026-01-01", "given back staged /f"]


class Book:
    """Records that write down what is asked of them."""

    def __init__(self, busy: str = "") -> None:
        self.said: list[str] = []
        self._busy = busy
        self.records = Records(granted=self._granted, leased=self._leased, gate=self._gate, published=self._published)

    def _granted(self, contract: Contract, slice_id: str, task: TryKey) -> tuple[Contract, None]:
        self.said.append("grant")
        return replace(contract, version="as granted"), None

    @contextmanager
    def _leased(self, name: str, task: TryKey) -> Iterator[Any]:
        if name == self._busy:
            raise SliceBusy(name)
        self.said.append(f"lease {name}")
        try:
            yield lambda: None
        finally:
            self.said.append(f"given back {name}")

    @contextmanager
    def _gate(self, contract: Contract, piece: Slice, site: Any, permit: Any) -> Iterator[Any]:
        assert contract.version == "as granted" and site.place is Place.STAGING and site.task == TASK
        self.said.append("gate staging")
        try:
            yield "the gate"
        finally:
            self.said.append("gate closed")

    def _published(self, contract: Contract, piece: Slice, conn_id: str, task: TryKey) -> None:
        self.said.append(f"mark {conn_id} {contract.table} {piece.id}")


def test_the_mark_moves_when_all_is_given_back() -> None:
    book = Book()
    with exactly_once(book.records, CONTRACT, PIECE, "wh", TASK, folder="/f") as slot:
        assert (slot.contract.version, slot.gate) == ("as granted", "the gate")
        assert slot.commit("result") == "result"
    assert book.said == [*FIRST, *LAST, "mark wh public.t 2026-01-01"]


def test_what_ends_the_work_moves_no_mark() -> None:
    book = Book()
    with pytest.raises(ZeroDivisionError), exactly_once(book.records, CONTRACT, PIECE, "wh", TASK, folder="/f"):
        raise ZeroDivisionError
    assert book.said == [*FIRST, *LAST]


def test_what_was_not_committed_moves_no_mark() -> None:
    book = Book()
    with exactly_once(book.records, CONTRACT, PIECE, "wh", TASK, folder="/f"):
        pass
    assert book.said == [*FIRST, *LAST]


def test_a_busy_slice_gives_the_files_back_and_opens_no_gate() -> None:
    book = Book(busy="wh public.t 2026-01-01")
    with pytest.raises(SliceBusy), exactly_once(book.records, CONTRACT, PIECE, "wh", TASK, folder="/f"):
        raise AssertionError("nobody may write it")
    assert book.said == ["grant", "lease staged /f", "given back staged /f"]


def test_without_staged_files_the_slice_alone_is_leased() -> None:
    book = Book()
    with exactly_once(book.records, CONTRACT, PIECE, "wh", TASK) as slot:
        slot.commit(None)
    assert [one for one in book.said if one.startswith("lease")] == ["lease wh public.t 2026-01-01"]
