"""The lowest rung: where no rule and no fact says anything, whose failures the log resembles. A guess, for a person."""

from __future__ import annotations

from airflow_provider_harness.adapters.diagnosis.matching import evidence_of
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import UNKNOWN, Basis, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.exclusions import ruled_out
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.signatures.resemblance import Resemblance, learnt, resembled


class ResemblingDiagnoser:
    """A ``Diagnoser`` that adds a guess where its floor knows nothing, and is never surer than unsure."""

    def __init__(self, floor: Diagnoser) -> None:
        self._floor = floor

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        floor = self._floor.diagnose(failure, evidence)
        if floor != UNKNOWN:
            return floor
        found = resembled(evidence_of(evidence.log), learnt())
        if found is None or (failure is not None and ruled_out(found.category, failure)):
            return floor
        return guess(found, learnt().labelled[found.category])


def guess(found: Resemblance, labelled: int) -> Diagnosis:
    """What a resemblance is worth: a word to the person who is paged.

    :param labelled: failures of that category that it was learnt from.
    """
    return Diagnosis(
        category=found.category,
        cause=f"No rule matches; its words resemble {labelled} labelled failures of {found.category}, such as: "
        f"{', '.join(found.words)}.",
        basis=Basis.TEXT,
        certainty=Certainty.UNSURE,
        why=f"A guess by the words alone (score {found.score:.2f} of 1); nothing is done for it.",
    )
