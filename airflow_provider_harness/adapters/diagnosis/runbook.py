"""The rules first; where they do not know, what earlier incidents taught."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.runbook import Entry, known, recall
from airflow_provider_harness.core.errors import HarnessError


class RunbookDiagnoser:
    """A ``Diagnoser`` that never contradicts a floor that knows, nor a trusted fact.

    :param entries: gives the runbook; called only when it is asked, so that a wrong file harms nothing else.
    :param log: is given one line where the runbook could not be read.
    """

    def __init__(self, floor: Diagnoser, entries: Callable[[], Sequence[Entry]], log: Callable[[str], None]) -> None:
        self._floor, self._entries, self._log = floor, entries, log

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        floor = self._floor.diagnose(failure, evidence)
        if floor.against:
            return floor
        try:
            entries = self._entries()
        except HarnessError as error:
            self._log(f"{error} The rules' answer stands: {floor.category}.")
            return floor
        if floor.certainty is not Certainty.UNSURE:
            return known(entries, floor)
        return recall(entries, evidence) or floor
