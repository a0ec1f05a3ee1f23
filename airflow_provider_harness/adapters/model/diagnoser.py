"""Asks a model for the root cause: one conversation, a further one with another model where the first fails, then nothing.

The model reads through tools that hold no credential, and answers by one typed call. Whatever goes wrong on the wire or
in its answers ends in ``HarnessUnavailable``, and the floor decides.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from airflow_provider_harness.adapters.model.prompt import PROMPT
from airflow_provider_harness.adapters.model.talk import Talk
from airflow_provider_harness.adapters.model.wire import Wire
from airflow_provider_harness.app.ports.diagnosis import ModelBudget, ProposalJudge, ReadTool
from airflow_provider_harness.core.diagnosis.diagnosis import Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable
from airflow_provider_harness.core.incidents.events import ModelEnded
from airflow_provider_harness.core.redaction.redactor import Redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """Where the loop ends.

    :param turns: calls of a model, 1 to 20; the last one is told that it is that.
    :param mends: further turns to mend an answer of the last one that did not hold.
    :param tokens: input and output of all turns together; no further turn begins beyond it, and an answer that passed it is used.
    :param answer_tokens: output of one turn beside what the model thinks.
    :param seconds: wall time of the whole diagnosis, all tries and models together.
    :param attempts: of one call, where the server says that it cannot serve now; 1 to 5.
    """

    turns: int = 5
    mends: int = 1
    tokens: int = 60_000
    answer_tokens: int = 2_000
    seconds: float = 120.0
    attempts: int = 3


@dataclass(slots=True, kw_only=True)
class ModelRecord:
    """What one diagnosis took; kept as an event of its incident.

    :param model: the one that was asked last.
    :param failure: identity of the failure; empty where only a log is known.
    :param input_tokens: uncached, written to and read from the cache.
    :param cost_usd: of calls whose price is known.
    :param reads: calls of tools that were answered, in order.
    :param refused: calls that were refused: why, and the call.
    :param counts: what was refused, mended or went wrong -> how often.
    """

    model: str
    failure: str = ""
    prompt: str = PROMPT
    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    reads: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    ended: str = ""

    def event(self) -> ModelEnded:
        """The record as an event of its incident keeps it."""
        given: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        return ModelEnded(**given | {"counts": dict(self.counts)})


@dataclass(slots=True, kw_only=True)
class Effort:
    """What the conversations of one diagnosis share.

    :param deadline: by ``clock``, in seconds.
    :param spares: further tries after a break, a refusal or an answer that was cut off.
    :param others: models that can be asked after this one.
    :param newest: tokens of the newest call.
    """

    record: ModelRecord
    clock: Callable[[], float]
    deadline: float
    spares: int = 1
    others: int = 0
    newest: int = 0

    def left(self) -> float:
        """Seconds that are left."""
        return self.deadline - self.clock()

    def share(self, left: float) -> float:
        """Seconds for one request: while something else can be tried after it, half of what is left."""
        return left / 2 if self.spares or self.others else left

    def spare(self) -> bool:
        """Use a further try; False where none is left."""
        if not self.spares:
            return False
        self.spares -= 1
        return True


def _no_tools(_failure: Failure | None, _evidence: Evidence) -> Sequence[ReadTool]:
    return ()


def _unrecorded(_: ModelRecord) -> None:
    return None


def nothing(_mark: str) -> Sequence[str]:
    """No further part of a dossier."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDiagnoser:
    """A ``Diagnoser`` that asks a model.

    :param model: the model's id.
    :param fallback: the model that is asked where the first one gives no answer; empty = none.
    :param tools: what it may read of one failure beside the excerpt; a tool takes the place of one with its name.
    :param offers: further parts of the dossier, by the mark between which somebody's text stands.
    :param redactor: what a tool found goes through it before it is cut and leaves the process, and so does the journal.
    :param purse: what every call is reserved in and settled with, and where the conversation is kept.
    :param judge: what the policy says of a remedy that it proposes; None = it cannot propose one.
    :param record: is given the record of every diagnosis that came to an end.
    """

    wire: Wire
    model: str
    purse: ModelBudget
    fallback: str = ""
    tools: Callable[[Failure | None, Evidence], Sequence[ReadTool]] = _no_tools
    offers: Callable[[str], Sequence[str]] = nothing
    redactor: Redactor = field(default_factory=Redactor)
    limits: ModelLimits = ModelLimits()
    judge: ProposalJudge | None = None
    record: Callable[[ModelRecord], None] = _unrecorded
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``.

        :raises HarnessUnavailable: no valid answer within the limits, whatever the reason: ask the floor.
        :raises NotAllowed: there is no money left for it.
        """
        record = ModelRecord(model=self.model, failure=failure.identity if failure else "")
        try:
            found = self._ask(failure, evidence, record)
        except HarnessError as e:
            record.ended = self.redactor.redact(str(e), 400)
            self.record(record)
            raise
        record.ended = "answered"
        self.record(record)
        return found

    def _ask(self, failure: Failure | None, evidence: Evidence, record: ModelRecord) -> Diagnosis:
        effort = Effort(record=record, clock=self.clock, deadline=self.clock() + self.limits.seconds)
        if not self.fallback:
            return Talk(self, self.model, failure, evidence, effort).run()
        effort.others = 1
        try:
            return Talk(self, self.model, failure, evidence, effort).run()
        except HarnessUnavailable:
            if effort.left() <= 0:
                raise
        record.counts["fell_back"] += 1
        record.model, effort.others = self.fallback, 0
        return Talk(self, self.fallback, failure, evidence, effort).run()

    def journal(self, messages: Sequence[Mapping[str, Any]]) -> tuple[tuple[Mapping[str, Any], ...], bool]:
        """What was said as it may be kept, and whether that is word for word what was said."""
        kept = tuple(_clean(message, self.redactor) for message in messages)
        return kept, list(kept) == list(messages)


#: What a provider signs or encrypts: it means nothing to anybody else, and is sent back as it came.
_OPAQUE = frozenset({"signature", "data", "id", "tool_use_id", "type", "role"})


def _clean(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.redact(value)
    if isinstance(value, Mapping):
        return {name: item if name in _OPAQUE else _clean(item, redactor) for name, item in value.items()}
    return [_clean(item, redactor) for item in value] if isinstance(value, list | tuple) else value
