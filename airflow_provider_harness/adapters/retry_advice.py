"""What the rules say about trying again, from the exception alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_provider_harness.adapters.exceptions import links_of
from airflow_provider_harness.app.ports_diagnosis import Diagnoser
from airflow_provider_harness.core.diagnosis import LONGEST_WAIT, Basis, Category, Certainty
from airflow_provider_harness.core.evidence import Evidence
from airflow_provider_harness.core.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.redaction import Redactor

#: What the same try repeated cannot change.
HOPELESS = frozenset(
    {
        Category.SCHEMA_DRIFT,
        Category.DATA_QUALITY_VIOLATION,
        Category.DUPLICATE_DATA,
        Category.PERMISSION_DENIED,
        Category.AUTH_EXPIRED_OR_INVALID,
        Category.CODE_BUG,
        Category.CONFIG_ERROR,
        Category.DEPENDENCY_OR_VERSION,
        Category.BAD_INPUT_ENCODING_OR_FORMAT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """:param delay: seconds until the next try, where the other side named them."""

    stop: bool = False
    delay: float | None = None
    reason: str = ""


def advise(error: BaseException, diagnoser: Diagnoser) -> Advice:
    """Stop, wait, or leave it to the task's own settings."""
    nowhere = TryKey(dag_id="", run_id="", task_id="")
    failure = Failure(
        key=nowhere,
        kind=FailureKind.TASK_FAILED,
        origin=Origin.CALLBACK,
        occurred_at=datetime.now(UTC),
        chain=links_of(error, Redactor()),
    )
    found = diagnoser.diagnose(failure, Evidence())
    reason = f"{found.category}: {found.cause}"[:500]
    if found.basis is Basis.FACT and found.certainty is Certainty.SURE and found.category in HOPELESS:
        return Advice(stop=True, reason=reason)
    if found.retry_after is not None and found.retry_after <= LONGEST_WAIT:
        return Advice(delay=found.retry_after, reason=reason)
    return Advice()
