"""The app below ``/harness``: the JSON API, the server for coding agents, and the pages' own files."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from airflow_provider_harness.plugins.api import incidents, mcp, overview, small, tables
from airflow_provider_harness.plugins.api.answers import explain_errors
from airflow_provider_harness.plugins.api.callers import text_only

UI = Path(__file__).parents[1] / "ui"
#: Every router of the API; each is closed to whoever is not logged in, and names what else it asks for.
ROUTERS = (
    small.router,
    incidents.router,
    incidents.writes,
    tables.router,
    overview.router,
    overview.questions,
    overview.writes,
)


def make_app() -> FastAPI:
    """The app. Its own documentation is closed, since it would be open to anybody: docs/reference/api.md has it."""
    app = FastAPI(
        title="airflow-provider-harness",
        version=version("airflow-provider-harness"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=mcp.running,
    )
    api = APIRouter(prefix="/api", dependencies=[Depends(requires_authenticated()), Depends(text_only)])
    for router in ROUTERS:
        api.include_router(router)
    app.include_router(api)
    app.include_router(mcp.router)
    app.add_api_route("/static/icon.svg", _icon, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=UI / "dist", check_dir=False), name="static")
    explain_errors(app)
    return app


def _icon() -> FileResponse:
    return FileResponse(UI / "icon.svg", media_type="image/svg+xml")
