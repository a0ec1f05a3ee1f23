"""What the healer asks of whoever diagnoses, and what a diagnosing model may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from airflow_provider_harness.core.diagnosis import Diagnosis
from airflow_provider_harness.core.evidence import Evidence
from airflow_provider_harness.core.failure import Failure


class Diagnoser(Protocol):
    """Names the category and root cause of a failure."""

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """The diagnosis; ``core.diagnosis.UNKNOWN`` where nothing supports one.

        :param failure: None where only a log is known.
        :raises HarnessUnavailable: the diagnoser cannot answer now; ask the next one.
        """
        ...


class ReadTool(Protocol):
    """One thing a model may look at. It holds no credential, writes nothing, and gives redacted text."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """JSON schema of an object; every property is required and strangers are refused."""
        ...

    def read(self, arguments: Mapping[str, Any]) -> str:
        """What was found.

        :raises ValueError: an argument has the wrong type or range; the message says what is valid.
        """
        ...
