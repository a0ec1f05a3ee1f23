"""A retry policy by rules: no retry is burned on what the next try cannot change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk import Context


class HarnessRetryPolicy(RetryPolicy):
    """Stops retries that cannot help (schema drift, permissions, a bug) and sets the delay of those that can.

    Only what the exception itself proves (its type, SQLSTATE, HTTP status, errno, the reason that a service names beside
    its status) stops a retry; text alone never does, nor does a status that speaks of the moment (408, 425, 429, 500 and
    above), a reason that passes (a rate limit told as 403 or 400) or is not known, an exception that says of itself that it
    is ``retryable``. A unique key that is broken, or a file that breaks off, stops at the second failed try, since a race
    or a transfer is over by then; a foreign key never does, since its parent may come late; nor do credentials that ran out. A delay is what the other side asked for, up to an hour. Everything else
    is left to the task's own settings.
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
    """Which try it is since the task was started or cleared: Airflow counts on, and adds the task's retries to the most that
    it allows."""
    retries = getattr((context or {}).get("task"), "retries", None)
    return max(1, try_number - max(0, max_tries - retries)) if isinstance(retries, int) else try_number
