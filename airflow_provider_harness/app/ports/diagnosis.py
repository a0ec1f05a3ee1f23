"""What the healer asks of whoever diagnoses, and what a diagnosing model may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Category, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.policy.policy import Verdict


class Diagnoser(Protocol):
    """Names the category and root cause of a failure."""

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """The diagnosis; ``core.diagnosis.diagnosis.UNKNOWN`` where nothing supports one.

        :param failure: None where only a log is known.
        :raises HarnessUnavailable: the diagnoser cannot answer now; ask the next one.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTry:
    """How a task ended in one of its Dag's runs.

    :param run_after: UTC; when the run was due. The run's id is somebody's text; this is not.
    :param seconds: how long it ran; None where it did not.
    :param dag_version: number of the Dag's version; None where Airflow does not know it.
    """

    run_id: str
    map_index: int
    state: str
    try_number: int
    run_after: datetime
    started_at: datetime | None
    seconds: float | None
    dag_version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One call of a model, as it is recorded.

    :param prompt: name of the versioned prompt.
    :param ended: stop reason, or what went wrong.
    :param input_tokens: neither written to the cache nor read from it.
    :param cost_usd: what it cost; what was reserved for it where nobody knows.
    :param reasoning: what the model thought and wrote beside its calls, shortened.
    :param failure: identity of the failure that is diagnosed.
    :param priced: False where nobody here knows the model's price, and the cost is not counted.
    :param messages: what was said since the call before, the answer included, without secrets; it is the journal.
    :param exact: whether the messages are word for word what was said, so that the conversation can go on from them.
    """

    model: str
    prompt: str
    ended: str
    cost_usd: float
    input_tokens: int = 0
    cache_written: int = 0
    cache_read: int = 0
    output_tokens: int = 0
    reasoning: tuple[str, ...] = ()
    failure: str = ""
    priced: bool = True
    messages: tuple[Mapping[str, Any], ...] = ()
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProposal:
    """A row of the closed table that a model would take; its arguments are never the model's.

    :param category: the cause that it would name with it.
    :param why: one sentence of the model; somebody's text.
    :param named: the Dag, run or task that it means ("dag_id", "run_id", "task_id"), where it says so.
    :param draft: for a person: "of" (what it would change), "diff", and "checked" (what was found to hold of it); nobody executes it.
    """

    action: ActionKind
    category: Category
    why: str
    named: Mapping[str, str]
    draft: Mapping[str, str] = field(default_factory=dict)


class ModelBudget(Protocol):
    """What models may cost. Nothing is called that was not reserved; what is reserved counts until it is settled."""

    def reserve(self, failure: str, usd: float) -> str:
        """Set the most that one call can cost aside, in one step with looking whether it is there; the call's id.

        :param failure: identity of the failure that is diagnosed.
        :raises NotAllowed: the limit of its incident or of the day would be passed.
        """
        ...

    def settle(self, failure: str, call: str, ended: ModelCall) -> None:
        """Record what the call came to, in place of what was reserved."""
        ...

    def answered(self, failure: str) -> Sequence[ModelCall]:
        """The calls of a diagnosis of this failure that began and did not come to an end, in order."""
        ...


class ProposalJudge(Protocol):
    """What the policy says of a model's proposal. It records the proposal, and neither reserves nor does anything."""

    def __call__(self, failure: Failure, evidence: Evidence, proposed: ModelProposal) -> Verdict: ...


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
