"""The server as the SDK of the protocol has it: every tool with its limit, its errors in one sentence, and nothing that writes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

from airflow_provider_harness.core.errors import HarnessError, MissingExtra
from airflow_provider_harness.mcp import answers, reference
from airflow_provider_harness.mcp.callers import Caller

if TYPE_CHECKING:
    from mcp.server import MCPServer

    CallerOf = Callable[[Any], Caller]

_ABOUT = (
    "Data contracts, gates, lineage and incidents of an Airflow installation. Everything here only reads. Before a Dag is written, take "
    "the prompt write_a_gated_dag; when something failed, why_is_it_red. An answer that is too long is cut, and says how to get the rest."
)


def make_server(caller_of: CallerOf) -> MCPServer[Any]:
    """The server with all tools, resources and prompts.

    :param caller_of: who asks, by the context of a request.
    :raises MissingExtra: the extra ``mcp`` is not installed.
    """
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.resources import FunctionResource
        from mcp.types import ToolAnnotations
    except ImportError as error:
        raise MissingExtra("The server for coding agents", "mcp") from error
    from airflow_provider_harness.mcp.tools import TOOLS

    own = version("airflow-provider-harness")
    server: MCPServer[Any] = _strict(MCPServer)(
        name="airflow-harness", instructions=_ABOUT, version=own, log_level="WARNING", subscriptions=False
    )
    reads = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
    for tool in TOOLS:
        server.add_tool(_answered(tool, caller_of), annotations=reads, structured_output=False)
    for uri, page in reference.PAGES.items():
        server.add_resource(
            FunctionResource(uri=uri, name=uri.partition("://")[2], description=page.about, fn=page.read)
        )
    for prompt in reference.PROMPTS:
        server.prompt()(prompt)
    return server


def _answered(tool: Callable[..., Any], caller_of: CallerOf) -> Callable[..., str]:
    """A tool as the SDK takes it: it is given the caller, and its answer is held to its tokens."""
    from mcp.server.mcpserver import Context
    from mcp.server.mcpserver.exceptions import ToolError
    from pydantic import Field

    _, *own = inspect.signature(tool, eval_str=True).parameters.values()

    def answered(context: Context[Any, Any], part: str, start: int, max_tokens: int, **given: Any) -> str:
        try:
            return answers.told(tool(caller_of(context), **given), part, start, max_tokens)
        except (HarnessError, ValueError, OSError) as error:
            raise ToolError(" ".join(str(error).split())) from error

    shape = {
        "part": (Annotated[str, Field(max_length=2_000, description="only this part, as an entry of `cut` says")], ""),
        "start": (Annotated[int, Field(ge=0, description="only from here on in that part")], 0),
        "max_tokens": (Annotated[int, Field(ge=answers.LEAST, le=answers.MOST)], answers.MOST),
    }
    only = inspect.Parameter.KEYWORD_ONLY
    more = [inspect.Parameter(name, only, annotation=kind, default=usual) for name, (kind, usual) in shape.items()]
    first = inspect.Parameter("context", only, annotation=Context)
    parameters = [first, *(one.replace(kind=only) for one in own), *more]
    answered.__signature__ = inspect.Signature(parameters, return_annotation=str)  # type: ignore[attr-defined]
    answered.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": str}
    answered.__name__, answered.__doc__ = tool.__name__, " ".join((tool.__doc__ or "").split())
    return answered


def _strict(kind: type[MCPServer[Any]]) -> type[MCPServer[Any]]:
    """The SDK's server, that says in one sentence what is wrong with arguments, and refuses those that a tool does not have."""
    from mcp.server.mcpserver.exceptions import ToolError
    from pydantic import ValidationError

    class Strict(kind):  # type: ignore[misc, valid-type]
        async def call_tool(self, name: str, arguments: Mapping[str, Any], context: Any = None) -> Any:
            known = {one.name: one.input_schema.get("properties", {}) for one in await self.list_tools()}
            if name not in known:
                raise ToolError(f"There is no tool {name[:100]}. Valid: {', '.join(known)}.")
            if strange := [one for one in arguments if one not in known[name]]:
                raise ToolError(f"{name} has no {', '.join(strange)[:200]}. Valid: {', '.join(known[name])}.")
            try:
                return await super().call_tool(name, dict(arguments), context)
            except ToolError as error:
                if isinstance(error.__cause__, ValidationError):
                    said = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.__cause__.errors())
                    raise ToolError(f"{name}: {'; '.join(said)}.") from error
                raise

    return Strict
