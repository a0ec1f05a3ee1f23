"""What a person is asked to do about what the harness does not mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import FailureKind
from airflow_provider_harness.core.diagnosis.next_steps import NEXT

#: What a person is asked to do, by cause.
_ASKS: Mapping[str, str] = {
    Category.SCHEMA_DRIFT: "Decide on the schema difference: undo it at the source, or change the contract and apply the "
    "suggested statement (it has not been run). Then clear the failed task in Airflow.",
    Category.DATA_QUALITY_VIOLATION: "This run published nothing of the slice; what an earlier run published of it stands "
    "as it was. Correct the rows at the source, or change the contract; then clear the failed task in Airflow.",
    Category.DUPLICATE_DATA: "This run published nothing of the slice; what an earlier run published of it stands as it "
    "was. Decide which of the rows with the same key is right, correct the source, then clear the failed task in Airflow.",
}
#: The same by kind of failure, where that decides.
_ASKS_OF_KIND: Mapping[FailureKind, str] = {
    FailureKind.IMPORT_ERROR: "Mend the Dag file. Until it can be imported, nothing of it that changed is run, and a new "
    "file runs nothing at all.",
    FailureKind.QUIET: "No task failed, so there is nothing that the harness runs again. See what the numbers say (airflow harness "
    "quality TABLE), begin at the table's roots, and correct the rows or what fills the table. If the slice is right as it is, "
    "close the incident; what stays unusual for a week is usual from then on.",
    FailureKind.RUN_FAILED: "No task of this run failed, so there is nothing that the harness could run again. See which "
    "task was slow or stuck, then clear the run in Airflow.",
}
_ASK = "Look at the evidence, correct the cause, then clear the failed task in Airflow."


def instructions_for(kinds: Sequence[FailureKind], category: str) -> str:
    """What to do, by the kind of failure where that decides, else by the cause.

    :param category: of the diagnosis; empty where there is none.
    """
    return next(
        (_ASKS_OF_KIND[kind] for kind in kinds if kind in _ASKS_OF_KIND), _ASKS.get(category) or _next(category)
    )


def _next(category: str) -> str:
    """What is done about a cause; the task is always cleared at the end."""
    if category not in tuple(Category):
        return _ASK
    step = NEXT[Category(category)]
    return step if "clear the failed task in Airflow" in step else f"{step} Then clear the failed task in Airflow."


#: What to do about a run that owns no slice.
NO_SLICE = (
    "No data are missing: this run owns no slice, and moved nothing. Delete it in Airflow; if it was meant for a slice, trigger "
    "the Dag with a logical date."
)
#: Said before anything else where an act did harm.
AFTER_HARM = "Set right first what the harness's act did (see what was done). Then:"


def answer(incident_id: str) -> str:
    """How an open question is answered."""
    return f"Answer the required action in Airflow (link), or: airflow harness approve {incident_id} (or: refuse)"
