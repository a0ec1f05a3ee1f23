"""One conversation with one model, in a bounded loop of our own: it reads, proposes, drafts, and answers by one typed call."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.model.answer import (
    PROPOSE_SCHEMA,
    SUBMIT_SCHEMA,
    Rejected,
    Shown,
    accept,
    check,
    proposal,
)
from airflow_provider_harness.adapters.model.log_tools import Excerpt
from airflow_provider_harness.adapters.model.prompt import PROMPT, dossier, fenced, prompt, told
from airflow_provider_harness.adapters.model.request import LAST_TURN, most, request_of
from airflow_provider_harness.adapters.model.wire import Answer, Broken, Refused
from airflow_provider_harness.app.healing.model_proposals import foreign_targets
from airflow_provider_harness.app.ports.diagnosis import ModelCall, ModelProposal, ReadTool
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Source
from airflow_provider_harness.core.diagnosis.exclusions import ruled_out
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.models import model_of
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.redaction.redactor import shorten

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.model.diagnoser import Effort, ModelDiagnoser

SUBMIT, PROPOSE = "submit_diagnosis", "propose_action"

#: HTTP statuses by which a server says that it cannot serve now; what it refused costs nothing.
LATER = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
LONGEST_PAUSE = 20.0  # seconds between two attempts
LONGEST_ANSWER = 12_000  # characters of what one tool found
MOST_PROPOSALS = 12  # of one diagnosis: each is an event
MOST_REFUSED = 20  # refused calls that the record tells one by one; all are counted
#: Stops after which the conversation goes on.
_GOES_ON = frozenset({"tool_use", "end_turn", "stop_sequence", "pause_turn"})

#: Tool -> where its lines come from, for a citation of them. What is not here cannot be cited: runbooks are advice, no evidence.
_SOURCES: Mapping[str, Source] = {
    "get_pipeline_logs": Source.LOG,
    "search_logs": Source.LOG,
    "get_whole_log": Source.LOG,
    "get_previous_try_log": Source.LOG,
    "get_failed_task_log": Source.LOG,
    "get_task_states": Source.RUN,
    "get_rendered_fields": Source.RUN,
    "get_connection_hosts": Source.RUN,
    "get_dag_source": Source.RUN,
    "get_run_history": Source.HISTORY,
    "find_similar_incidents": Source.HISTORY,
    "check_data_quality": Source.REPORT,
    "get_schema_diff": Source.SCHEMA,
    "get_lineage": Source.LINEAGE,
    "query_readonly": Source.WAREHOUSE,
}
#: The number by which a line of a result was shown.
_NUMBERED = re.compile(r"\s*(\d{1,12})[|:] ")


class Talk:
    """One conversation.

    :param effort: what all conversations of one diagnosis share: its record, its time, its one further try.
    """

    def __init__(
        self, asked: ModelDiagnoser, model: str, failure: Failure | None, evidence: Evidence, effort: Effort
    ) -> None:
        self._asked, self._model, self._failure, self._evidence = asked, model, failure, evidence
        self._effort, self._record, self._known = effort, effort.record, model_of(model)
        self._mark = f"log-{hashlib.sha256(evidence.log.encode('utf-8', 'replace')).hexdigest()[:12]}"
        lines = evidence.log.split("\n")
        readers: tuple[ReadTool, ...] = (*Excerpt(lines).tools(), *asked.tools(failure, evidence))
        self._readers = {tool.name: tool for tool in readers}
        self._places: dict[str, Sequence[Shown]] = {
            "log": [Shown(Source.LOG, number, line) for number, line in enumerate(lines, 1)],
            "dossier": told(failure, evidence),
        }
        self._messages: list[dict[str, Any]] = []
        self._kept = 0  # messages that the journal has
        self._seen: set[str] = set()
        self._called: dict[str, Mapping[str, Any]] = {}  # id of a call -> the call
        self._proposed = 0
        self._wish: ActionKind | None = None
        self._turns = 0
        self._refuses_force = False

    def run(self) -> Diagnosis:
        """The diagnosis.

        :raises HarnessUnavailable: no valid one within the limits.
        :raises NotAllowed: there is no money left.
        """
        done = self._resume()
        if not self._messages:
            text = dossier(self._failure, self._evidence, self._mark, self._asked.offers(self._mark))
            self._messages.append(_user([{"type": "text", "text": self._asked.redactor.redact(text)}]))
        limits = self._asked.limits
        mends = 0
        while done is None:
            if self._turns >= limits.turns:
                mends += 1
                if mends > limits.mends:
                    raise self._over("out_of_turns", f"it gave no valid diagnosis in {limits.turns} turns")
            done = self._take(self._call(last=self._turns + 1 >= limits.turns or self._near_the_limit()))
        return done

    def _take(self, content: Sequence[Mapping[str, Any]]) -> Diagnosis | None:
        """The diagnosis, if the turn ends with a valid one; else the messages have what is said to the model."""
        results: list[dict[str, Any]] = []
        for call in [block for block in content if block["type"] == "tool_use"]:
            done, result = self._answer(call)
            if done is not None:
                return done
            results.append(result)
        if not content:
            self._record.counts["empty"] += 1
        elif results:
            self._messages.append(_user(results))
        else:
            self._record.counts["no_call"] += 1
            text = f"Answer with {SUBMIT}, or read with a tool."
            self._messages.append(_user([{"type": "text", "text": text}]))
        return None

    def _over(self, counted: str, why: str) -> HarnessUnavailable:
        self._record.counts[counted] += 1
        return HarnessUnavailable("The model", why)

    # --- asking ---

    def _call(self, last: bool) -> Sequence[Mapping[str, Any]]:
        """One turn, attempted again while the server cannot serve and time is left; what it said is in the messages then."""
        if last and self._turns:
            self._messages[-1] = _user([*self._messages[-1]["content"], {"type": "text", "text": LAST_TURN}])
        self._turns += 1
        self._record.turns += 1
        left = self._asked.limits.attempts
        while True:
            try:
                return self._attempt(self._request(last))
            except Refused as error:
                if not self._again(error, last):
                    left -= 1
                    if error.status not in LATER:
                        raise HarnessUnavailable("The model", str(error)) from error
                    if not left:
                        why = f"it could not serve in {self._asked.limits.attempts} attempts"
                        raise HarnessUnavailable("The model", why) from error
                    self._asked.sleep(min(error.pause, LONGEST_PAUSE, self._in_time()))
            except Broken as error:
                if not self._effort.spare():
                    raise HarnessUnavailable("The model", str(error)) from error
                self._record.counts["further_try"] += 1

    def _again(self, error: Refused, last: bool) -> bool:
        """Whether the server refused a forced call that it is not made to serve another time."""
        if error.status != 400 or "tool_choice" not in str(error) or not last or self._refuses_force:
            return False
        self._refuses_force = True
        return True

    def _request(self, last: bool) -> dict[str, Any]:
        return request_of(
            self._model,
            self._known,
            system=prompt(),
            tools=self._tools(),
            messages=self._messages,
            answer_tokens=self._asked.limits.answer_tokens,
            force=SUBMIT if last and not self._refuses_force else "",
        )

    def _in_time(self) -> float:
        """Seconds that are left."""
        if (left := self._effort.left()) <= 0:
            raise self._over("out_of_time", f"no answer within {self._asked.limits.seconds:g} s")
        return left

    def _near_the_limit(self) -> bool:
        """Whether one more turn after the next would pass the limit of tokens."""
        used = self._record.input_tokens + self._record.output_tokens
        return used + 2 * self._effort.newest > self._asked.limits.tokens

    def _attempt(self, request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """One request, reserved before and settled after.

        :raises Refused: the server refused it.
        :raises Broken: no usable answer came, or it stopped before its answer was whole.
        """
        limits = self._asked.limits
        if self._record.input_tokens + self._record.output_tokens >= limits.tokens:
            raise self._over("out_of_tokens", f"more than {limits.tokens} tokens were used")
        left, reserved = self._in_time(), most(self._known, request)
        try:
            call = self._asked.purse.reserve(self._record.failure, reserved)
        except NotAllowed:
            self._record.counts["out_of_money"] += 1
            raise
        try:
            answer = self._asked.wire(request, self._effort.share(left))
        except Refused as error:
            self._record.counts[f"http_{error.status}"] += 1
            self._settle(call, ended=f"http_{error.status}", cost_usd=0.0)
            raise
        except Broken as error:
            self._record.counts[error.kind] += 1  # it may have been served: what was reserved is spent
            self._settle(call, ended=error.kind, cost_usd=reserved)
            raise
        return self._paid(call, answer)

    def _paid(self, call: str, answer: Answer) -> Sequence[Mapping[str, Any]]:
        """The content of an answer that came whole; it is in the journal then, with all that was said since the last one. One
        without a word is no part of the conversation: no server takes it back."""
        tokens, record, price = answer.tokens, self._record, self._known.price
        record.input_tokens += tokens.prompt
        record.output_tokens += tokens.output
        self._effort.newest = tokens.total
        goes_on = answer.stop in _GOES_ON
        heard = goes_on and bool(answer.content)
        if heard:
            self._messages.append({"role": "assistant", "content": [dict(block) for block in answer.content]})
        kept, exact = self._asked.journal(self._messages[self._kept :])
        self._settle(
            call,
            ended=answer.stop,
            cost_usd=price.of(tokens) if price else 0.0,
            priced=price is not None,
            input_tokens=tokens.input,
            cache_written=tokens.cache_written,
            cache_read=tokens.cache_read,
            output_tokens=tokens.output,
            reasoning=tuple(_thoughts(answer.content)),
            messages=kept if heard else (),
            exact=exact,
        )
        if not goes_on:
            record.counts[f"stopped_{answer.stop}"] += 1
            raise Broken(f"stopped_{answer.stop}", f"it stopped with {answer.stop}")
        if heard:
            self._kept = len(self._messages)
        return answer.content

    def _settle(self, call: str, **ended: Any) -> None:
        self._record.cost_usd += ended["cost_usd"]
        given = ModelCall(failure=self._record.failure, model=self._model, prompt=PROMPT, **ended)
        self._asked.purse.settle(self._record.failure, call, given)

    # --- going on ---

    def _resume(self) -> Diagnosis | None:
        """Go on where an interrupted healer stopped: what was paid is not asked again. Its diagnosis, if it had one."""
        calls = self._asked.purse.answered(self._record.failure)
        if not calls or any(call.model != self._model or call.prompt != PROMPT or not call.exact for call in calls):
            return None
        for call in calls:
            self._messages += [dict(message) for message in call.messages]
            self._turns += bool(call.messages)
            self._record.input_tokens += call.input_tokens + call.cache_written + call.cache_read
            self._record.output_tokens += call.output_tokens
            self._record.cost_usd += call.cost_usd
        self._kept = len(self._messages)
        self._record.turns += self._turns
        self._record.counts["resumed"] += 1
        for message in self._messages[:-1]:
            self._remember(message)
        return self._take(self._messages[-1]["content"]) if self._messages else None

    def _remember(self, message: Mapping[str, Any]) -> None:
        """What was read, proposed and shown before."""
        for block in message["content"]:
            if block["type"] == "tool_use":
                self._seen.add(_canonical(block["name"], block["input"]))
                self._called[block["id"]] = block
            elif block["type"] == "tool_result" and not block["is_error"]:
                call = self._called[block["tool_use_id"]]
                if call["name"] == PROPOSE:
                    self._bind(proposal(call["input"]))
                self._show(call["name"], block["content"])

    # --- answering ---

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
        }
        propose = {
            "name": PROPOSE,
            "description": "What the policy says of a remedy against a cause. Nothing is executed. What it would touch is not "
            "yours to name. Your last proposal counts.",
            "input_schema": dict(PROPOSE_SCHEMA),
            "strict": True,
        }
        return [*tools, *([propose] if self._proposes else []), submit]

    def _answer(self, call: Mapping[str, Any]) -> tuple[Diagnosis | None, dict[str, Any]]:
        """The diagnosis, if the call is a valid one; else what is said to the model."""
        name, given = call["name"], call["input"]
        try:
            if name == SUBMIT:
                return self._accept(given), {}
            proposes = name == PROPOSE and self._proposes
            text, error = self._propose(given) if proposes else self._read(name, given), False
        except Rejected as e:
            self._record.counts[e.kind] += 1
            if len(self._record.refused) < MOST_REFUSED:
                self._record.refused.append(self._told(f"{e.kind}: {name} {json.dumps(given)}"))
            text, error = str(e), True
        return None, {"type": "tool_result", "tool_use_id": call["id"], "content": text, "is_error": error}

    def _accept(self, answer: Any) -> Diagnosis:
        accepted = accept(answer, self._places)
        found = accepted.diagnosis
        if self._failure and (why := ruled_out(found.category, self._failure)):
            raise Rejected("against_facts", f"category: {why} rules {found.category} out. Name another, or unknown.")
        self._record.counts.update({name: count for name, count in accepted.counts.items() if count})
        return replace(found, wish=self._wish or found.wish)

    @property
    def _proposes(self) -> bool:
        return self._asked.judge is not None and self._failure is not None

    def _bind(self, proposed: ModelProposal) -> bool:
        """The last proposal binds, and one about another failure leads to a person; whether it is about another one."""
        assert self._failure is not None
        strange = bool(foreign_targets(proposed, self._failure.key))
        self._proposed += 1
        self._wish = ActionKind.ESCALATE_TO_HUMAN if strange else proposed.action
        return strange

    def _propose(self, arguments: Any) -> str:
        """What the policy says."""
        assert self._asked.judge is not None
        assert self._failure is not None
        proposed = proposal(arguments)
        self._once(PROPOSE, arguments)
        if self._proposed == MOST_PROPOSALS:
            raise Rejected("too_many_proposals", f"{MOST_PROPOSALS} proposals were judged. Answer with {SUBMIT}.")
        verdict = self._asked.judge(self._failure, self._evidence, proposed)
        strange = self._bind(proposed)
        self._record.counts["proposed_elsewhere" if strange else f"proposed_{verdict.kind}"] += 1
        return json.dumps({"verdict": verdict.kind, "rule": verdict.rule, "reason": verdict.reason, "executed": False})

    def _once(self, name: str, arguments: Any) -> str:
        call = _canonical(name, arguments)
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
        return self._show(name, fenced(self._asked.redactor.redact(found, LONGEST_ANSWER), self._mark))

    def _show(self, name: str, text: str) -> str:
        """A result as the model is shown it, and by its id its lines can be cited, if the tool shows evidence."""
        if name not in _SOURCES:
            return text
        result = f"r{len(self._places) - 1}"
        source = _SOURCES[name]
        self._places[result] = [
            Shown(source, _number(line), _NUMBERED.sub("", line, count=1)) for line in text.split("\n")
        ]
        return text if text.startswith("result ") else f"result {result}:\n{text}"


def _user(content: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def _canonical(name: str, arguments: Any) -> str:
    return f"{name} {json.dumps(arguments, sort_keys=True)}"


def _number(line: str) -> int:
    found = _NUMBERED.match(line)
    return int(found[1]) if found else 0


def _thoughts(content: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a model thought and wrote beside its calls, in short."""
    texts = (block.get("text") or block.get("thinking") for block in content if block["type"] in ("text", "thinking"))
    return [shorten(str(text), 500) for text in texts if text]
