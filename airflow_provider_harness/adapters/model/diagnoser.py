"""Asks a model for the root cause, in a bounded loop of our own on the ``anthropic`` SDK's ``messages.create``.

The model reads through tools that hold no credential, and answers by one typed call. Whatever goes wrong on the wire or
in its answers ends in ``HarnessUnavailable``, and the floor decides.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from airflow_provider_harness.adapters.model.client import malformed, pause_of
from airflow_provider_harness.adapters.model.prompt import PROMPT, dossier, fenced, prompt
from airflow_provider_harness.adapters.model.tools import (
    PROPOSE_SCHEMA,
    SUBMIT_SCHEMA,
    GetPipelineLogs,
    Rejected,
    SearchLogs,
    accept,
    check,
    proposal,
)
from airflow_provider_harness.app.healing.model_proposals import elsewhere
from airflow_provider_harness.app.ports.diagnosis import ModelCall, ProposalJudge, Purse, ReadTool
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.exclusions import ruled_out
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.models import Tokens, price_of
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.events import ModelEnded
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

SUBMIT, PROPOSE = "submit_diagnosis", "propose_action"

#: Bytes of a request that hold a token at most: texts have three or four, so that what is reserved is not too little.
BYTES_PER_TOKEN = 2
#: HTTP statuses by which a server says that it cannot serve now; what it refused costs nothing.
LATER = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
LONGEST_PAUSE = 20.0  # seconds between two attempts
LONGEST_ANSWER = 12_000  # characters of what one tool found
MOST_PROPOSALS = 12  # of one diagnosis: each is an event
MOST_REFUSED = 20  # refused calls that the record tells one by one; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """Where the loop ends.

    :param turns: calls of the model, 1 to 20.
    :param tokens: input and output of all turns together.
    :param answer_tokens: output of one turn.
    :param seconds: wall time of the whole diagnosis.
    :param attempts: of one call, where the server says that it cannot serve now; 1 to 5.
    """

    turns: int = 5
    tokens: int = 60_000
    answer_tokens: int = 2_000
    seconds: float = 120.0
    attempts: int = 3


@dataclass(slots=True, kw_only=True)
class ModelRecord:
    """What one diagnosis took; kept as an event of its incident.

    :param failure: identity of the failure; empty where only a log is known.
    :param input_tokens: uncached, written to and read from the cache.
    :param reads: calls of tools that were answered, in order.
    :param refused: calls that were refused: why, and the call.
    :param counts: what was refused or went wrong -> how often.
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


def _no_tools(_failure: Failure | None, _evidence: Evidence) -> Sequence[ReadTool]:
    return ()


def _unrecorded(_: ModelRecord) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDiagnoser:
    """A ``Diagnoser`` that asks a model.

    :param client: a ready ``anthropic.Anthropic`` that makes no retries of its own: each would cost without being counted.
    :param model: the model's id.
    :param tools: what it may read of one failure beside the excerpt; a tool takes the place of one with its name.
    :param redactor: what a tool found goes through it before it is cut and leaves the process.
    :param purse: what every call is reserved in and settled with.
    :param judge: what the policy says of a remedy that it proposes; None = it cannot propose one.
    :param record: is given the record of every diagnosis, whatever its end.
    """

    client: Any
    model: str
    purse: Purse
    tools: Callable[[Failure | None, Evidence], Sequence[ReadTool]] = _no_tools
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
            return _Talk(self, failure, evidence, record).run()
        except HarnessError as e:
            record.ended = self.redactor.redact(str(e), 400)
            raise
        finally:
            self.record(record)


class _Talk:
    """One diagnosis."""

    def __init__(self, asked: ModelDiagnoser, failure: Failure | None, evidence: Evidence, record: ModelRecord) -> None:
        self._asked, self._failure, self._evidence, self._record = asked, failure, evidence, record
        self._price = price_of(asked.model)
        self._deadline = asked.clock() + asked.limits.seconds
        self._mark = f"log-{hashlib.sha256(evidence.log.encode('utf-8', 'replace')).hexdigest()[:12]}"
        lines = evidence.log.split("\n")
        readers: tuple[ReadTool, ...] = (GetPipelineLogs(lines), SearchLogs(lines), *asked.tools(failure, evidence))
        self._readers = {tool.name: tool for tool in readers}
        self._seen: set[str] = set()
        self._proposed = 0
        self._wish: ActionKind | None = None

    def run(self) -> Diagnosis:
        told = dossier(self._failure, self._evidence, self._mark)
        messages: list[dict[str, Any]] = [{"role": "user", "content": told}]
        limits = self._asked.limits
        for turn in range(1, limits.turns + 1):
            answer = self._call(messages, last=turn == limits.turns)
            calls = [block for block in answer.content if block.type == "tool_use"]
            if answer.stop_reason not in ("tool_use", "end_turn", "stop_sequence", "pause_turn"):
                raise self._over(f"stopped_{answer.stop_reason}", f"it stopped with {answer.stop_reason}")
            messages.append({"role": "assistant", "content": answer.content})
            results: list[dict[str, Any]] = []
            for call in calls:
                done, result = self._answer(call)
                if done is not None:
                    self._record.ended = "answered"
                    return done
                results.append(result)
            if not answer.content:
                self._record.counts["empty"] += 1
                messages.pop()
            elif results:
                messages.append({"role": "user", "content": results})
            elif answer.stop_reason != "pause_turn":
                self._record.counts["no_call"] += 1
                messages.append({"role": "user", "content": f"Answer with {SUBMIT}, or read with a tool."})
        raise self._over("out_of_turns", f"it gave no valid diagnosis in {limits.turns} turns")

    def _over(self, counted: str, why: str) -> HarnessUnavailable:
        self._record.counts[counted] += 1
        return HarnessUnavailable("The model", why)

    def _call(self, messages: list[dict[str, Any]], last: bool) -> Any:
        """One turn, attempted again while the server cannot serve and time is left."""
        request = {
            "model": self._asked.model,
            "max_tokens": self._asked.limits.answer_tokens,
            "system": [{"type": "text", "text": prompt(), "cache_control": {"type": "ephemeral"}}],
            "tools": self._tools(),
            "tool_choice": {"type": "tool", "name": SUBMIT} if last else {"type": "auto"},
            "messages": messages,
        }
        self._in_time()
        self._record.turns += 1
        for left in reversed(range(self._asked.limits.attempts)):
            pause, answer = self._attempt(request)
            if answer is not None:
                return answer
            if left:
                self._asked.sleep(min(pause, LONGEST_PAUSE))
        raise HarnessUnavailable("The model", f"it could not serve in {self._asked.limits.attempts} attempts")

    def _in_time(self) -> float:
        """Seconds that are left."""
        if (left := self._deadline - self._asked.clock()) <= 0:
            raise self._over("out_of_time", f"no answer within {self._asked.limits.seconds:g} s")
        return left

    def _attempt(self, request: Mapping[str, Any]) -> tuple[float, Any]:
        """One request, reserved before and settled after; seconds to wait where the server cannot serve now."""
        import anthropic
        import httpx2

        left = self._in_time()
        identity = self._failure.identity if self._failure else ""
        most = self._most(request)
        try:
            call = self._asked.purse.reserve(identity, most)
        except NotAllowed:
            self._record.counts["out_of_money"] += 1
            raise
        try:
            answer = self._asked.client.messages.create(**request, timeout=left)
        except anthropic.APIStatusError as e:
            self._record.counts[f"http_{e.status_code}"] += 1
            self._settle(identity, call, ended=f"http_{e.status_code}", cost_usd=0.0)
            if e.status_code in LATER:
                return pause_of(e.response.headers.get("retry-after", "")), None
            raise HarnessUnavailable("The model", f"{type(e).__name__}: {shorten(str(e), 300)}") from e
        except (anthropic.AnthropicError, httpx2.HTTPError, ValueError, OSError) as e:
            self._record.counts[type(e).__name__] += 1  # it may have been served: what was reserved is spent
            self._settle(identity, call, ended=type(e).__name__, cost_usd=most)
            raise HarnessUnavailable("The model", f"{type(e).__name__}: {shorten(str(e), 300)}") from e
        if why := malformed(answer):
            self._settle(identity, call, ended="malformed", cost_usd=most)
            raise self._over("malformed", f"its answer is malformed: {why}")
        self._spend(identity, call, answer)
        return 0.0, answer

    def _most(self, request: Mapping[str, Any]) -> float:
        """The most that a request can cost, in US dollars."""
        size = len(json.dumps(request, default=lambda block: block.model_dump()).encode())
        written = Tokens(cache_written=math.ceil(size / BYTES_PER_TOKEN), output=request["max_tokens"])
        return self._price.of(written)

    def _settle(self, identity: str, call: str, **ended: Any) -> None:
        self._record.cost_usd += ended["cost_usd"]
        given = ModelCall(model=self._asked.model, prompt=PROMPT, **ended)
        self._asked.purse.settle(identity, call, given)

    def _spend(self, identity: str, call: str, answer: Any) -> None:
        usage, record, limits = answer.usage, self._record, self._asked.limits
        tokens = Tokens(
            input=usage.input_tokens,
            cache_written=usage.cache_creation_input_tokens or 0,
            cache_read=usage.cache_read_input_tokens or 0,
            output=usage.output_tokens,
        )
        self._settle(
            identity,
            call,
            ended=str(answer.stop_reason),
            cost_usd=self._price.of(tokens),
            input_tokens=tokens.input,
            cache_written=tokens.cache_written,
            cache_read=tokens.cache_read,
            output_tokens=tokens.output,
            reasoning=tuple(shorten(block.text, 500) for block in answer.content if block.type == "text"),
        )
        record.input_tokens += tokens.total - tokens.output
        record.output_tokens += tokens.output
        if record.input_tokens + record.output_tokens > limits.tokens:
            raise self._over("out_of_tokens", f"more than {limits.tokens} tokens were used")

    def _tools(self) -> list[dict[str, Any]]:
        tools: list[dict[str, Any]] = [
            {"name": t.name, "description": t.description, "input_schema": dict(t.parameters), "strict": True}
            for t in self._readers.values()
        ]
        submit = {
            "name": SUBMIT,
            "description": "Your one answer. It ends the diagnosis.",
            "input_schema": dict(SUBMIT_SCHEMA),
            "strict": True,
            "cache_control": {"type": "ephemeral"},
        }
        propose = {
            "name": PROPOSE,
            "description": "What the policy says of a remedy against a cause. Nothing is executed. What it would touch is not "
            "yours to name. Your last proposal counts.",
            "input_schema": dict(PROPOSE_SCHEMA),
            "strict": True,
        }
        return [*tools, *([propose] if self._proposes else []), submit]

    def _answer(self, call: Any) -> tuple[Diagnosis | None, dict[str, Any]]:
        """The diagnosis, if the call is a valid one; else what is said to the model."""
        try:
            if call.name == SUBMIT:
                return self._accept(call.input), {}
            proposes = call.name == PROPOSE and self._proposes
            text, error = self._propose(call.input) if proposes else self._read(call.name, call.input), False
        except Rejected as e:
            self._record.counts[e.kind] += 1
            if len(self._record.refused) < MOST_REFUSED:
                self._record.refused.append(self._told(f"{e.kind}: {call.name} {json.dumps(call.input)}"))
            text, error = str(e), True
        return None, {"type": "tool_result", "tool_use_id": call.id, "content": text, "is_error": error}

    def _accept(self, answer: Any) -> Diagnosis:
        found = accept(answer, self._evidence)
        if self._failure and (why := ruled_out(found.category, self._failure)):
            raise Rejected("against_facts", f"category: {why} rules {found.category} out. Name another, or unknown.")
        return replace(found, wish=self._wish)

    @property
    def _proposes(self) -> bool:
        return self._asked.judge is not None and self._failure is not None

    def _propose(self, arguments: Any) -> str:
        """What the policy says; the last proposal binds, and one about another failure leads to a person."""
        assert self._asked.judge is not None
        assert self._failure is not None
        proposed = proposal(arguments)
        self._once(PROPOSE, arguments)
        if self._proposed == MOST_PROPOSALS:
            raise Rejected("too_many_proposals", f"{MOST_PROPOSALS} proposals were judged. Answer with {SUBMIT}.")
        self._proposed += 1
        verdict = self._asked.judge(self._failure, self._evidence, proposed)
        strange = elsewhere(proposed, self._failure.key)
        self._wish = ActionKind.ESCALATE_TO_HUMAN if strange else proposed.action
        self._record.counts["proposed_elsewhere" if strange else f"proposed_{verdict.kind}"] += 1
        return json.dumps({"verdict": verdict.kind, "rule": verdict.rule, "reason": verdict.reason, "executed": False})

    def _once(self, name: str, arguments: Any) -> str:
        call = f"{name} {json.dumps(arguments, sort_keys=True)}"
        if call in self._seen:
            raise Rejected("repeat", "You made this call before; its answer is above. Read something else, or answer.")
        self._seen.add(call)
        return call

    def _told(self, call: str) -> str:
        return self._asked.redactor.redact(call, 300)

    def _read(self, name: str, arguments: Any) -> str:
        if (tool := self._readers.get(name)) is None:
            valid = [*self._readers, *([PROPOSE] if self._proposes else []), SUBMIT]
            raise Rejected("unknown_tool", f"No tool {name}. Valid: {', '.join(valid)}.")
        check(arguments, tool.parameters)
        call = self._once(name, arguments)
        try:
            found = tool.read(arguments)
        except ValueError as e:
            raise Rejected("wrong_type", str(e)) from e
        except HarnessError as e:
            self._record.counts["unread"] += 1
            found = f"This could not be read: {e}"
        self._record.reads.append(self._told(call))
        return fenced(self._asked.redactor.redact(found, LONGEST_ANSWER), self._mark)
