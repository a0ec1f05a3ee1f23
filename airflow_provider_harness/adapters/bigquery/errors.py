"""What Google's clients raise, in the harness's words: what was refused, and whether another try helps."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from airflow_provider_harness.core.errors import DatabaseRefused, DatabaseUnavailable, HarnessError
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

REASON_LENGTH = 400
"""Characters of a service's text that are told."""

PASSING = frozenset(
    {
        *("rateLimitExceeded", "jobRateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "tableUnavailable"),
        *(
            "backendError",
            "jobBackendError",
            "internalError",
            "jobInternalError",
            "resourceInUse",
            "stopped",
            "timeout",
        ),
    }
)
"""Reasons that pass (BigQuery's "Error messages"): a limit is a 403 there, and so is a permission that lacks."""

FIXES: Mapping[str, str] = {
    "accessDenied": "Grant the connection's service account what it lacks, or use another connection.",
    "billingNotEnabled": "Enable billing in the project, or name another one in the connection's extra.",
    "bytesBilledLimitExceeded": "Narrow the query, or raise maximum_bytes_billed.",
    "invalid": "Correct the contract, the query or the file that the message names.",
    "invalidQuery": "Correct the statement, or the contract that it was made of.",
    "notFound": "Create it, or correct its name; the project is in the connection's extra.",
    "resourcesExceeded": "Narrow the query, or cut the slice smaller.",
    "responseTooLarge": "Narrow the query.",
}
"""Reason -> what a person does about it; other reasons have none."""

_TRY_STATUS = (408, 429)
_PLACES = (
    ("google.api_core.exceptions", "GoogleAPIError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("requests.exceptions", "RequestException"),
)
_COLUMN = re.compile(r"(?:field|column|Unrecognized name:?|name) [`'\"]?(?P<column>[A-Za-z_][\w.]*)", re.IGNORECASE)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """What Google's clients raise in here becomes one of our errors; ours pass as they are.

    :param where: the connection, in words.
    """
    try:
        yield
    except clients() as error:
        raise translation(error, where) from error


def clients() -> tuple[type[Exception], ...]:
    """What Google's clients raise; of one that was not loaded, nothing."""
    return tuple(getattr(sys.modules[module], name) for module, name in _PLACES if module in sys.modules)


def translation(error: Exception, where: str = "") -> HarnessError:
    """A client's error as one of ours."""
    where, reason = where or "BigQuery", reason_of(error)
    text = shorten(" ".join(Redactor().redact(str(getattr(error, "message", "") or error)).split()), REASON_LENGTH)
    if _passes(error, reason):
        return DatabaseUnavailable(where, text, code=reason)
    found = _COLUMN.search(text)
    names = {"column": found["column"]} if found else {}
    return DatabaseRefused(where, text, fix=FIXES.get(reason, ""), code=reason, names=names)


def reason_of(error: Exception) -> str:
    """The service's own word for what is wrong; empty where it gave none."""
    told = getattr(error, "errors", None)
    first: Any = told[0] if isinstance(told, list | tuple) and told else {}
    return str(first.get("reason", "")) if isinstance(first, Mapping) else ""


def _passes(error: Exception, reason: str) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    if "GoogleAuthError" in names:
        return "TransportError" in names or bool(getattr(error, "retryable", False))
    if reason:
        return reason in PASSING
    status = getattr(error, "code", None)
    if not isinstance(status, int):
        return True  # no answer at all: the network, or a wait that was too long
    return (
        status in _TRY_STATUS or status >= 500 or status == HTTPStatus.NOT_FOUND
    )  # what BigQuery lacks, it gives a reason for
