"""The proposals of a model: one conversation, one typed call for each, every request paid for before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from airflow_provider_harness.adapters.model.answer import Rejected, check, said
from airflow_provider_harness.adapters.model.promotion.brief import became, mark_of, told
from airflow_provider_harness.adapters.model.prompt import prompt
from airflow_provider_harness.adapters.model.request import most, request_of
from airflow_provider_harness.adapters.model.talk import LATER, LONGEST_PAUSE
from airflow_provider_harness.adapters.model.wire import Answer, Broken, Refused, Wire
from airflow_provider_harness.app.ports.promotion import Brief, Draft, Tried
from airflow_provider_harness.core.diagnosis.models import model_of
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.redaction.redactor import Redactor

PROMPT = "promote_v1"
SUBMIT = "submit_proposal"
ANSWER_TOKENS = 12_000
"""Tokens of one proposal beside what the model thinks: a contract of a hundred columns."""
ATTEMPTS = 3

#: JSON schema of a proposal.
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sql", "contract", "said"],
    "properties": {
        "sql": {"type": "string", "description": "One SELECT for PostgreSQL that gives the promoted table."},
        "contract": {"type": "string", "description": "The whole contract, as YAML."},
        "said": {"type": "string", "description": "What a person should know of it, in two sentences."},
    },
}


class Money(Protocol):
    """What a conversation may spend."""

    def reserve(self, usd: float) -> None:
        """
        :raises NotAllowed: there is not as much left.
        """
        ...

    def settle(self, reserved: float, spent: float) -> None: ...


class ModelDrafter:
    """Implements ``app.ports.promotion.Drafter``.

    :param left: seconds that are left of the whole promotion.
    :param sleep: waits for a server that asks for it.
    """

    def __init__(
        self,
        *,
        wire: Wire,
        model: str,
        money: Money,
        left: Callable[[], float],
        sleep: Callable[[float], None],
        redactor: Redactor,
    ) -> None:
        self._wire, self._model, self._known = wire, model, model_of(model)
        self._money, self._left, self._sleep, self._redactor = money, left, sleep, redactor
        self._messages: list[dict[str, Any]] = []

    @property
    def name(self) -> str:
        """See ``app.ports.promotion.Drafter``."""
        return self._model

    def draft(self, brief: Brief, tried: Sequence[Tried]) -> Draft:
        """See ``app.ports.promotion.Drafter``."""
        if not self._messages:
            text = told(brief, tried, self._redactor)
            self._messages.append({"role": "user", "content": [{"type": "text", "text": text}]})
        else:
            self._messages.append({"role": "user", "content": self._results(brief, tried[-1])})
        answer = self._asked()
        self._messages.append({"role": "assistant", "content": [dict(block) for block in answer.content]})
        return _draft(answer)

    def _results(self, brief: Brief, newest: Tried) -> list[dict[str, Any]]:
        """An answer to each call of the newest turn, or a word where it called nothing."""
        text = became(newest, mark_of(brief), self._redactor)
        calls = [block for block in self._messages[-1]["content"] if block["type"] == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": one["id"], "content": text, "is_error": True} for one in calls
        ]
        return results or [{"type": "text", "text": f"{text}\n\nAnswer with {SUBMIT}."}]

    def _asked(self) -> Answer:
        """One turn, attempted again while the server cannot serve.

        :raises HarnessUnavailable: it gives no answer.
        :raises NotAllowed: there is no money left.
        """
        why = ""
        for _ in range(ATTEMPTS):
            try:
                return self._attempt()
            except Refused as error:
                why = str(error)
                if error.status not in LATER:
                    break
                self._sleep(min(error.pause, LONGEST_PAUSE, max(0.0, self._left())))
            except Broken as error:
                why = str(error)
        raise HarnessUnavailable("The model", why)

    def _attempt(self) -> Answer:
        if (left := self._left()) <= 0:
            raise HarnessUnavailable("The model", "the time is used up")
        request = request_of(
            self._model,
            self._known,
            system=prompt(PROMPT),
            tools=[{"name": SUBMIT, "description": "Your proposal.", "input_schema": dict(SCHEMA), "strict": True}],
            messages=self._messages,
            answer_tokens=ANSWER_TOKENS,
        )
        reserved = most(self._known, request)
        self._money.reserve(reserved)
        try:
            answer = self._wire(request, left)
        except Refused:
            self._money.settle(reserved, 0.0)
            raise
        price = self._known.price  # of what broke, all that was reserved is spent: it may have been served
        self._money.settle(reserved, price.of(answer.tokens) if price else 0.0)
        if not answer.content:
            raise Broken("empty", f"it stopped with {answer.stop} and said nothing")
        return answer


def _draft(answer: Answer) -> Draft:
    """The last proposal of a turn. One that is none is told to the model as every other that is refused."""
    calls = [block for block in answer.content if block["type"] == "tool_use" and block["name"] == SUBMIT]
    if not calls:
        return Draft(sql="", contract="", said=f"It called no {SUBMIT}, and stopped with {said(answer.stop)}.")
    given = calls[-1]["input"]
    try:
        check(given, SCHEMA, "proposal")
    except Rejected as error:
        return Draft(sql="", contract="", said=said(str(error)))
    return Draft(sql=given["sql"], contract=given["contract"], said=said(given["said"]))
