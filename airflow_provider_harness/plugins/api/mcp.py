"""The server for coding agents below ``/harness/mcp``: each request is answered with the rights of the token that it bears."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.core_api.security import GetUserDep, requires_authenticated
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response

from airflow_provider_harness.adapters.airflow import server
from airflow_provider_harness.core.errors import MissingExtra

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser

PATH = "/mcp"


def own_token(request: Request) -> None:
    """Refuse whoever bears no token of their own: a cookie would come along with a foreign page."""
    if not request.headers.get("authorization", "").lower().startswith("bearer "):
        raise HTTPException(401, "Send a token of Airflow's API: Authorization: Bearer TOKEN.")


router = APIRouter(dependencies=[Depends(own_token), Depends(requires_authenticated())])


class ServerCaller:
    """Implements ``mcp.callers.Caller`` for whoever calls the api-server."""

    local = False

    def __init__(self, user: BaseUser) -> None:
        self._user = user

    def readable(self, dag_ids: Iterable[str]) -> frozenset[str]:
        return server.readable(self._user, dag_ids)

    def oversees(self) -> bool:
        return server.may_see(self._user)


class _Handed(Response):
    """An answer that another app gives."""

    def __init__(self, app: Any, caller: ServerCaller) -> None:
        super().__init__()
        self._app, self._caller = app, caller

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        state = {**scope.get("state", {}), "caller": self._caller}
        await self._app({**scope, "path": PATH, "root_path": "", "state": state}, receive, send)


@router.post(PATH, include_in_schema=False)
async def answered(request: Request, user: GetUserDep) -> Response:
    """A message of the Model Context Protocol, over its streamable HTTP."""
    app = request.app.state.agents
    if app is None:
        raise MissingExtra("The server for coding agents", "mcp")
    return _Handed(app, ServerCaller(user))


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[None]:
    """The server for as long as the api-server runs; none where the extra is not installed."""
    app.state.agents = agents = _made()
    if agents is None:
        yield
        return
    async with agents.router.lifespan_context(agents):
        yield


def _made() -> Any:
    from airflow_provider_harness.mcp.server import make_server

    try:
        made = make_server(lambda context: context.request_context.request.state.caller)
    except MissingExtra:
        return None
    from mcp.server.transport_security import TransportSecuritySettings

    # Which names the server has is known to its proxy alone; no page can send another's bearer token.
    hosts = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return made.streamable_http_app(
        streamable_http_path=PATH, stateless_http=True, json_response=True, transport_security=hosts
    )
