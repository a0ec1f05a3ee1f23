"""Any model that Airflow's ``common.ai`` provider connects to, by pydantic-ai, as a ``Wire``: requests and answers are translated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.model.wire import Answer, Broken, Refused, waited
from airflow_provider_harness.core.diagnosis.models import Tokens
from airflow_provider_harness.core.errors import MissingExtra
from airflow_provider_harness.core.redaction.redactor import shorten

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelRequestPart, ModelResponse, ModelResponsePart
    from pydantic_ai.models import Model

#: Types of connections whose model is asked through pydantic-ai begin with this.
CONNECTIONS = "pydanticai"
#: pydantic-ai's word for why a model stopped -> the one that the loop knows.
_STOPS: Mapping[str | None, str] = {
    "stop": "end_turn",
    "tool_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "refusal",
}


def model_behind(conn_id: str, model: str) -> Model:
    """The model of a connection of type ``pydanticai``, or of one of its kinds.

    :param model: its id, with or without its provider's prefix.
    :raises MissingExtra: the provider is not installed.
    """
    try:
        from airflow.providers.common.ai.hooks.pydantic_ai import PydanticAIHook
    except ImportError as error:
        raise MissingExtra("Diagnosis by a model of another provider", "common-ai") from error
    found: Model = PydanticAIHook.get_hook(conn_id, hook_params={"model_id": model}).get_conn()
    return found


class PydanticAIWire:
    """A ``Wire`` over pydantic-ai. A call is never forced, and what only one provider knows (thinking, effort, the cache) is left out.

    :param model: makes a model of pydantic-ai of its id.
    """

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, request: Mapping[str, Any], seconds: float) -> Answer:
        """See ``adapters.model.wire.Wire``."""
        return _answer(waited(lambda: self._ask(request, seconds), seconds, _told))

    def _ask(self, request: Mapping[str, Any], seconds: float) -> ModelResponse:
        from pydantic_ai.direct import model_request
        from pydantic_ai.models import ModelRequestParameters
        from pydantic_ai.tools import ToolDefinition

        tools = [
            ToolDefinition(
                name=tool["name"],
                description=tool["description"],
                parameters_json_schema=tool["input_schema"],
                strict=True,
            )
            for tool in request["tools"]
        ]
        asked = model_request(
            self._model(request["model"]),
            list(_messages(request)),
            model_settings={"max_tokens": request["max_tokens"], "timeout": seconds + 1},
            model_request_parameters=ModelRequestParameters(function_tools=tools, allow_text_output=True),
        )
        return asyncio.run(asked)


def _messages(request: Mapping[str, Any]) -> Iterator[ModelMessage]:
    """The conversation in pydantic-ai's words."""
    from pydantic_ai.messages import ModelRequest, ModelResponse

    instructions = "\n".join(block["text"] for block in request["system"])
    names: dict[str, str] = {}
    for message in request["messages"]:
        if message["role"] == "user":
            parts = [_asked(block, names) for block in message["content"]]
            yield ModelRequest(parts=parts, instructions=instructions)
        else:
            names |= {block["id"]: block["name"] for block in message["content"] if block["type"] == "tool_use"}
            yield ModelResponse(parts=[_said(block) for block in message["content"]])


def _asked(block: Mapping[str, Any], names: Mapping[str, str]) -> ModelRequestPart:
    from pydantic_ai.messages import ToolReturnPart, UserPromptPart

    if block["type"] == "text":
        return UserPromptPart(content=block["text"])
    call = block["tool_use_id"]
    return ToolReturnPart(tool_name=names.get(call, ""), content=block["content"], tool_call_id=call)


def _said(block: Mapping[str, Any]) -> ModelResponsePart:
    from pydantic_ai.messages import TextPart, ThinkingPart, ToolCallPart

    if block["type"] == "tool_use":
        return ToolCallPart(tool_name=block["name"], args=dict(block["input"]), tool_call_id=block["id"])
    if block["type"] == "thinking":
        return ThinkingPart(
            content=block["thinking"], signature=block.get("signature"), provider_name=block.get("data")
        )
    return TextPart(content=block["text"])


def _answer(response: ModelResponse) -> Answer:
    blocks = [block for part in response.parts if (block := _block(part)) is not None]
    used = response.usage
    cached = used.cache_read_tokens + used.cache_write_tokens
    calls = any(block["type"] == "tool_use" for block in blocks)
    stop = _STOPS.get(response.finish_reason, "tool_use" if calls else str(response.finish_reason))
    return Answer(
        content=tuple(blocks),
        stop=stop,
        tokens=Tokens(
            input=max(0, used.input_tokens - cached),
            cache_written=used.cache_write_tokens,
            cache_read=used.cache_read_tokens,
            output=used.output_tokens,
        ),
    )


def _block(part: Any) -> dict[str, Any] | None:
    """A part in the words of the loop; None where it has none for it.

    :raises Broken: a call whose arguments are no object.
    """
    from pydantic_ai.messages import TextPart, ThinkingPart, ToolCallPart

    if isinstance(part, ToolCallPart):
        try:
            given = part.args_as_dict()
        except (ValueError, AssertionError) as error:
            raise Broken("malformed", "its answer is malformed: a call without an object of arguments") from error
        return {"type": "tool_use", "id": part.tool_call_id, "name": part.tool_name, "input": given}
    if isinstance(part, ThinkingPart):
        known = {"signature": part.signature, "data": part.provider_name}
        return {"type": "thinking", "thinking": part.content} | {name: value for name, value in known.items() if value}
    return {"type": "text", "text": part.content} if isinstance(part, TextPart) else None


def _told(error: Exception) -> Exception:
    """What pydantic-ai raised, as one of ours; anything else as it is."""
    import httpx
    from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError

    why = f"{type(error).__name__}: {shorten(str(error), 300)}"
    if isinstance(error, ModelHTTPError):
        return Refused(error.status_code, why, getattr(error, "retry_after", None) or 1.0)
    if isinstance(error, AgentRunError | UserError | httpx.HTTPError | ValueError | OSError):
        return Broken(type(error).__name__, why)
    return error
