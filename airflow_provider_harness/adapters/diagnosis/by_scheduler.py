"""The cause of a try that Airflow's scheduler ended itself: its own record, and no line of a log."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import (
    PERSON_NEEDED,
    Basis,
    Category,
    Certainty,
    Diagnosis,
    first_remedy,
    safe_action,
)
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.diagnosis.failure import SchedulerWord
from airflow_provider_harness.core.signatures.error_codes import Trait

_LOST = Category.WORKER_LOST
#: What the scheduler recorded -> the cause, and the sentence for a person.
WORDS: Mapping[SchedulerWord, tuple[Category, str]] = {
    SchedulerWord.HEARTBEAT_LOST: (_LOST, "The task's heartbeat stopped while it was running: its process, pod or host is gone, or was too busy."),
    SchedulerWord.KILLED: (_LOST, "The executor says that the task ended, and the task had not said so: it was killed from outside, or never got to run."),
    SchedulerWord.OUT_OF_MEMORY: (Category.RESOURCE_EXHAUSTED_MEMORY, "The executor says that the task's container was killed since its memory ran out."),
    SchedulerWord.NEVER_STARTED: (_LOST, "No worker took the task from its queue, as often as Airflow tried: look at the workers of that queue."),
}  # fmt: skip


def by_scheduler(facts: Mapping[str, Fact], said: Diagnosis, *, reported: bool) -> Diagnosis | None:
    """What the scheduler's word says; None where there is none, or where something closer to the failure says more.

    :param facts: of the dossier; ``scheduler_said`` is one of ``SchedulerWord``.
    :param said: what the log says.
    :param reported: the log shows what the task itself ended with.
    """
    named = facts.get("scheduler_said")
    if reported or named not in set(SchedulerWord):
        return None
    word = SchedulerWord(str(named))
    category, cause = WORDS[word]
    if category is _LOST and says_why(said):
        return None
    return Diagnosis(
        category=category,
        cause=cause,
        basis=Basis.FACT,
        certainty=Certainty.SURE,
        why=f"Airflow's scheduler recorded it for this try: {word}.",
        citations=said.citations,
        alternatives=(Category.RESOURCE_EXHAUSTED_MEMORY,) if category is _LOST else (),
        traits=frozenset({Trait.KILLED_UNKNOWN}) if category is _LOST else frozenset(),
    )


def says_why(said: Diagnosis) -> bool:
    """Whether the log of a try that ended without reporting says why, by a cause for which a person is needed anyway."""
    if said.category in (Category.WORKER_LOST, Category.UNKNOWN) or said.certainty is Certainty.UNSURE:
        return False
    return safe_action(first_remedy(said)) in PERSON_NEEDED
