"""One gate of one slice: it judges as of the slice, by the history of the slices before."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_harness.app.ports_rows import History
from airflow_provider_harness.core.anomaly import Past
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.gates import Post, by_past, unreadable
from airflow_provider_harness.core.partition import Slice
from airflow_provider_harness.core.report import Measurements, Report, judge


class Gate:
    """Where one slice is judged.

    :param clock: seconds since any moment; by it the gate notes when it judged. As it is, it stands still.
    :ivar report: the last judgement; whoever adds a result to it puts the new report here, since this is what is kept.
    """

    def __init__(
        self, contract: Contract, piece: Slice, post: Post, history: History, clock: Callable[[], float] = float
    ) -> None:
        self.contract, self.piece, self.post = contract, piece, post
        self._history, self._clock = history, clock
        self.report: Report | None = None
        self.judged_at = 0.0

    def judge(self, measured: Measurements, where: str) -> Report:
        """Compare what was measured with the contract, and with what is normal as of the slice."""
        past, self.judged_at = None, self._clock()
        if by_past(self.contract):
            try:
                past = self._past()
            except HarnessUnavailable as error:
                measured, past = unreadable(self.contract, measured, str(error)), self._nothing()
        self.report = judge(self.contract, measured, where=where, slice_id=self.piece.id, past=past)
        return self.report

    def _past(self) -> Past:
        points = self._history.points(self.contract, self.piece, self.post)
        return Past(at=self.piece.start, zone=self.contract.load.time_zone, points=points)

    def _nothing(self) -> Past:
        return Past(at=self.piece.start, zone=self.contract.load.time_zone, points={})
