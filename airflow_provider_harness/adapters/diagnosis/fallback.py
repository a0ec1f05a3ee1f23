"""The rules first; the model where they do not know, are unsure, disagree with the facts, or their remedy did not help.

Where it cannot answer, the rules' answer stands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessError


class LadderDiagnoser:
    """A ``Diagnoser`` of two rungs.

    :param model: gives the upper rung; called only when it is asked, so that a wrong setting of it harms nothing else.
    :param tell: is given one line where the model could not answer.
    """

    def __init__(self, floor: Diagnoser, model: Callable[[], Diagnoser], tell: Callable[[str], None]) -> None:
        self._floor, self._model, self._tell = floor, model, tell

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        floor = self._floor.diagnose(failure, evidence)
        failed_before = bool(evidence.facts.get("tries_by_harness"))
        if floor.certainty is not Certainty.UNSURE and not floor.against and not failed_before:
            return floor
        try:
            said = self._model().diagnose(failure, _with(evidence, floor))
        except HarnessError as error:
            self._tell(f"{error}. The rules' answer stands: {floor.category}.")
            return floor
        agreed = floor.basis is Basis.FACT and said.category is floor.category
        return _agreed(floor, said) if agreed else replace(said, against=floor.against)


def _agreed(floor: Diagnosis, said: Diagnosis) -> Diagnosis:
    """What facts say, where a model says the same: its word takes nothing of their weight."""
    return replace(floor, why=f"{floor.why} A model says the same: {said.cause}", wish=said.wish)


def _with(evidence: Evidence, floor: Diagnosis) -> Evidence:
    """The dossier with what the rules made of it; they read text, so their word is no trusted fact."""
    others = ", ".join(floor.alternatives) or "none"
    text = (
        f"the rules say: {floor.category} ({floor.basis}, {floor.certainty}): {floor.cause} Else: {others}. {floor.why}"
    )
    found = Observation(source=Source.RULES, text=text)
    return replace(evidence, observations=(found, *evidence.observations))
