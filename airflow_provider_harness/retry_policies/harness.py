"""A retry policy by rules: it stops retries that cannot change the result."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk import Context


class HarnessRetryPolicy(RetryPolicy):
    """Stops retries that cannot help (schema drift, permissions, a bug) and sets the delay of those that can.

    Only what the exception itself proves (its type, SQLSTATE, HTTP status, errno, the reason that a service names
    beside its status) stops a retry; text alone never does. These never stop a retry either: a status of a temporary
    problem (408, 425, 429, 500 and above), a temporary reason (a rate limit that is reported as 403 or 400) or an
    unknown one, and an exception that calls itself ``retryable``. A violation of a unique key, or a truncated file,
    stops retries at the second failed try, because a race or a transfer has ended by then. A violation of a foreign key
    never stops retries, because the parent row may come late; expired credentials do not either. A delay is the time
    that the other side asked for, up to an hour. The task's own settings decide everything else.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        from airflow_provider_harness.adapters.diagnosis.retry_advice import advise
        from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser

        advice = advise(exception, RuleDiagnoser(), _of_its_series(try_number, max_tries, context))
        if advice.stop:
            return RetryDecision.fail(reason=advice.reason)
        if advice.delay is not None:
            return RetryDecision.retry(delay=timedelta(seconds=advice.delay), reason=advice.reason)
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> HarnessRetryPolicy:
        return cls()


def _of_its_series(try_number: int, max_tries: int, context: Context | None) -> int:
    """Which try it is since the task was started or cleared: Airflow counts on, and adds the task's retries to the most
    that it allows."""
    retries = getattr((context or {}).get("task"), "retries", None)
    return max(1, try_number - max(0, max_tries - retries)) if isinstance(retries, int) else try_number
