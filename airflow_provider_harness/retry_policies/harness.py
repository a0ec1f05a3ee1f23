"""A retry policy by rules: no retry is burned on what the next try cannot change."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import RetryDecision, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk import Context


class HarnessRetryPolicy(RetryPolicy):
    """Stops retries that cannot help (schema drift, permissions, a bug) and sets the delay of those that can.

    Only what the exception itself proves (its type, SQLSTATE, HTTP status, errno) stops a retry; text alone never does.
    A delay is what the other side asked for, up to an hour. Everything else is left to the task's own settings.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        from airflow_provider_harness.adapters.diagnose_rules import RuleDiagnoser
        from airflow_provider_harness.adapters.retry_advice import advise

        advice = advise(exception, RuleDiagnoser())
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
