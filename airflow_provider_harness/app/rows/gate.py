"""One gate of one slice: it judges as of the slice, by the history of the slices before."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from airflow_provider_harness.app.ports.rows import History, Permit
from airflow_provider_harness.core.contracts.anomaly import CheckHistory
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Measurements, Report, judge
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.slices.gate_run import GateSite, history_checks, unreadable
from airflow_provider_harness.core.slices.slices import Slice


class Gate:
    """Where one slice is judged.

    :param permit: by which alone rows may be set aside; None where the contract itself lets them be.
    :param clock: seconds since any moment; by it the gate notes when it judged. As it is, it stands still.
    :ivar report: the last judgement; whoever adds a result to it puts the new report here, since this is what is kept.
    """

    def __init__(
        self,
        contract: Contract,
        piece: Slice,
        post: GateSite,
        history: History,
        clock: Callable[[], float] = float,
        permit: Permit | None = None,
    ) -> None:
        self.contract, self.piece, self.post = contract, piece, post
        self._history, self._clock, self._permit = history, clock, permit
        self.report: Report | None = None
        self.judged_at = 0.0

    def judge(self, measured: Measurements, where: str, left: Collection[str] = ()) -> Report:
        """Compare what was measured with the contract, and with what is normal as of the slice.

        :param left: ids of the checks that a later gate of the slice measures.
        """
        self.judged_at = self._clock()
        report = self._judged(measured, where, left)
        self.report = report if self._permits(report) else replace(report, decision=Decision.BLOCK)
        return self.report

    def judge_rest(self, report: Report, rest: Measurements) -> Report:
        """The report once its malformed rows are set aside: what held of all rows holds of the rest, or blocks.

        :param rest: what the checks that set no row aside found without these rows.
        """
        own = [check.id for check in self.contract.checks if check.quarantines]
        failed = {result.id: result for result in self._judged(rest, report.where, own).results if not result.passed}
        results = tuple(
            _of_the_rest(failed[result.id], report.malformed) if result.passed and result.id in failed else result
            for result in report.results
        )
        blocks = any(result.blocking and not result.quarantines for result in results)
        decision = Decision.BLOCK if blocks else report.decision
        spent = report.milliseconds + rest.milliseconds
        self.report = replace(report, results=results, decision=decision, milliseconds=spent)
        return self.report

    def _judged(self, measured: Measurements, where: str, left: Collection[str]) -> Report:
        past = None
        if history_checks(self.contract):
            try:
                past = self._past()
            except HarnessUnavailable as error:
                measured, past = unreadable(self.contract, measured, str(error)), self._nothing()
        return judge(self.contract, measured, where=where, slice_id=self.piece.id, past=past, left=left)

    def _permits(self, report: Report) -> bool:
        """A permit is for the checks that it names; other failing rows block as ever."""
        if self._permit is None or report.decision is not Decision.QUARANTINE:
            return True
        return {result.id for result in report.results if result.blocking} <= {*self._permit.checks}

    def quarantines(self, report: Report) -> Report:
        """The report as it is acted on: where rows are to be set aside by a permit, it is used up now, or blocks."""
        if report.decision is Decision.QUARANTINE and self._permit is not None and not self._permit.use():
            self.report = replace(report, decision=Decision.BLOCK)
            return self.report
        return report

    def _past(self) -> CheckHistory:
        points = self._history.points(self.contract, self.piece, self.post)
        return CheckHistory(at=self.piece.start, zone=self.contract.load.time_zone, points=points)

    def _nothing(self) -> CheckHistory:
        return CheckHistory(at=self.piece.start, zone=self.contract.load.time_zone, points={})


def _of_the_rest(result: CheckResult, aside: int) -> CheckResult:
    """A check that held of all rows, and does not hold of those that would be published."""
    actual = f"{result.actual} once {aside} malformed rows are set aside"
    return replace(result, actual=actual, facts={**result.facts, "set_aside": aside})
