"""How every route answers: with an entity tag, and with errors that say what to do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from airflow_provider_harness.core.errors import ConfigurationError, HarnessError, HarnessUnavailable, NotAllowed

#: When an answer was made, and of which time before, is no part of what it says.
_NOW = re.compile(rb'"(now|since|until)":"[^"]*"')


class Tagged(APIRoute):
    """A route whose answers bear an entity tag: who has the same already gets none again."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def tagged(request: Request) -> Response:
            response = await handler(request)
            if request.method != "GET" or response.status_code != 200:
                return response
            tag = f'W/"{hashlib.sha256(_NOW.sub(b"", bytes(response.body))).hexdigest()[:32]}"'
            headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization"}
            if tag in request.headers.get("If-None-Match", ""):
                return Response(status_code=304, headers=headers)
            response.headers.update(headers)
            return response

        return tagged


def problem(status: int, detail: str, fix: str = "") -> JSONResponse:
    """One sentence, and what to do."""
    return JSONResponse({"detail": detail, "fix": fix}, status_code=status)


def _unavailable(_: Request, error: Exception) -> Response:
    return problem(503, str(error), "See `airflow harness doctor` where the api-server runs.")


def _not_allowed(_: Request, error: Exception) -> Response:
    return problem(409, str(error))


def _wrong(_: Request, error: Exception) -> Response:
    assert isinstance(error, ConfigurationError)
    valid = f" Valid: {', '.join(error.valid)}." if error.valid else ""
    return problem(400, f"{error.place}: {error.problem}{valid}", error.fix)


def _other(_: Request, error: Exception) -> Response:
    return problem(409, str(error))


def explain_errors(app: FastAPI) -> None:
    """What the harness raises becomes an answer; the nearest class decides."""
    app.add_exception_handler(HarnessUnavailable, _unavailable)
    app.add_exception_handler(NotAllowed, _not_allowed)
    app.add_exception_handler(ConfigurationError, _wrong)
    app.add_exception_handler(HarnessError, _other)
