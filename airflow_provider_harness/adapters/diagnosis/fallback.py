"""The rules first; the model where they do not know, are unsure, disagree with the facts, would act alone on words, call a
person, or did not help.

Where it cannot answer, the rules' answer stands. Its answer has to be borne out: a line that it cites speaks for its category by
a rule, or the answer is unsure. It narrows what sure rules would do, and never widens it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.app.ports.diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis.diagnosis import (
    PERSON_NEEDED,
    Basis,
    Category,
    Certainty,
    Diagnosis,
    first_remedy,
    safe_action,
)
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Observation, Source
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessError


class ModelFallback:
    """A ``Diagnoser`` of two rungs.

    :param model: gives the upper rung; called only when it is asked, so that a wrong setting of it harms nothing else.
    :param log: is given one line where the model could not answer.
    :param always: whether it is asked of every failure.
    """

    def __init__(
        self, floor: Diagnoser, model: Callable[[], Diagnoser], log: Callable[[str], None], always: bool = False
    ) -> None:
        self._floor, self._model, self._log, self._always = floor, model, log, always

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        floor = self._floor.diagnose(failure, evidence)
        shaken = is_shaken(floor, evidence)
        if not (self._always or shaken or is_worth_asking(floor)):
            return floor
        try:
            said = self._model().diagnose(failure, _with(evidence, floor))
        except HarnessError as error:
            self._log(f"{error}. The rules' answer stands: {floor.category}.")
            return floor
        return _agreed(floor, said) if said.category is floor.category else _chosen(floor, _borne_out(said), shaken)


def is_shaken(floor: Diagnosis, evidence: Evidence) -> bool:
    """Whether the rules do not know, are unsure, disagree with the facts, or their remedy did not help."""
    failed_before = bool(evidence.facts.get("tries_by_harness"))
    return floor.certainty is Certainty.UNSURE or bool(floor.against) or failed_before


def is_worth_asking(floor: Diagnosis) -> bool:
    """Whether sure rules would act alone on words, or a person is called: who reads better helps there most."""
    alone = _acts_alone(floor)
    return (alone and floor.basis is not Basis.FACT) or safe_action(first_remedy(floor)) == "escalate_to_human"


def _acts_alone(diagnosis: Diagnosis) -> bool:
    return safe_action(first_remedy(diagnosis)) not in PERSON_NEEDED and diagnosis.wish is None


def _borne_out(said: Diagnosis) -> Diagnosis:
    """The model's answer; unsure, where no rule finds its category in what it cites."""
    if said.category is Category.UNKNOWN or any(_speaks(said.category, one.text) for one in said.citations):
        return said
    why = f"{said.why} No rule finds {said.category} in the lines that it cites."
    return replace(said, certainty=Certainty.UNSURE, why=why)


def _speaks(category: Category, line: str) -> bool:
    found = RuleDiagnoser().diagnose(None, Evidence(log=line))
    return category in (found.category, *found.alternatives)


def _agreed(floor: Diagnosis, said: Diagnosis) -> Diagnosis:
    """What the rules say, where a model says the same: its word takes nothing of their weight, and may only narrow the remedy."""
    same = replace(floor, why=f"{floor.why} A model says the same: {said.cause}", wish=said.wish)
    if floor.basis is Basis.NONE:
        return replace(same, cause=said.cause)
    better = replace(same, traits=floor.traits | said.traits, retry_after=floor.retry_after or said.retry_after)
    return same if _acts_alone(better) and not _acts_alone(floor) else better


def _chosen(floor: Diagnosis, said: Diagnosis, shaken: bool) -> Diagnosis:
    """Of two answers the one that holds: of sure rules, the model may take an act away and add none; a fact that nothing shook
    stays, and so does the rules' category where the model itself is unsure."""
    sure = floor.certainty is not Certainty.UNSURE
    wider = sure and _acts_alone(said) and not _acts_alone(floor)
    firm = sure and not shaken and (floor.basis is Basis.FACT or said.category is Category.UNKNOWN)
    if wider or firm:
        return _beside(floor, said)
    if sure and not shaken and said.certainty is Certainty.UNSURE:
        doubted = _beside(floor, said)
        return replace(doubted, certainty=Certainty.UNSURE) if _acts_alone(floor) else doubted
    return replace(said, against=floor.against)


def _beside(floor: Diagnosis, said: Diagnosis) -> Diagnosis:
    """The rules' answer with the model's beside it, for whoever reads it."""
    other = () if said.category in (Category.UNKNOWN, *floor.alternatives) else (said.category,)
    why = f"{floor.why} A model says {said.category}: {said.cause}"
    return replace(floor, why=why, alternatives=(*other, *floor.alternatives)[:3])


def _with(evidence: Evidence, floor: Diagnosis) -> Evidence:
    """The dossier with what the rules made of it; they read text, so their word is no trusted fact."""
    others = ", ".join(floor.alternatives) or "none"
    text = (
        f"the rules say: {floor.category} ({floor.basis}, {floor.certainty}): {floor.cause} Else: {others}. {floor.why}"
    )
    found = Observation(source=Source.RULES, text=text)
    return replace(evidence, observations=(found, *evidence.observations))
