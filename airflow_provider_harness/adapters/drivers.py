"""Every driver that a task may meet, at one place: whatever of theirs gets as far as an operator becomes one of our errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from airflow_provider_harness.adapters.bigquery import errors as bq_errors
from airflow_provider_harness.adapters.postgres import errors as pg_errors
from airflow_provider_harness.core.errors import (
    STORAGE,
    STORAGE_FIX,
    DatabaseRefused,
    DatabaseUnavailable,
    HarnessError,
)
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

REASON_LENGTH = 400
"""Characters of a driver's text that are told."""
_LOCAL = (("duckdb", "Error"), ("pyarrow", "ArrowException"))
_STORAGE = (
    ("aiohttp", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("requests.exceptions", "RequestException"),
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("azure.core.exceptions", "AzureError"),
)
"""What object storages raise by way of fsspec."""
_WIRE = (("aiohttp", "ClientError"),)
"""What says that an answer was none, or broke off: its status is the reader's own."""
_LATER = (408, 429)
_PASSING = frozenset(
    {"IOException", "HTTPException", "OutOfMemoryException", "ConnectionException", "ArrowMemoryError"}
)
"""Names of errors of DuckDB and Arrow after which another try can pass: storage that did not answer, memory that was short."""


def kinds() -> tuple[type[Exception], ...]:
    """What the drivers raise that are loaded."""
    return (*pg_errors.drivers(), *bq_errors.clients(), *_loaded(_LOCAL), *_loaded(_STORAGE))


def _loaded(places: Sequence[tuple[str, str]]) -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in places if module in sys.modules)


def translation(error: Exception, where: str = "") -> HarnessError:
    """A driver's error as one of ours.

    :param where: the connection of the task, in words.
    """
    if isinstance(error, pg_errors.drivers()):
        return pg_errors.translation(error, where)
    if isinstance(error, bq_errors.clients()):
        return bq_errors.translation(error, where)
    text = shorten(" ".join(Redactor().redact(str(error)).split()), REASON_LENGTH)
    if isinstance(error, _loaded(_STORAGE)):
        return _of_storage(error, text)
    names = {kind.__name__ for kind in type(error).__mro__}
    place = "rows on their way (" + type(error).__module__.partition(".")[0] + ")"
    if names & _PASSING:
        return DatabaseUnavailable(place, text)
    return DatabaseRefused(place, text, fix="Correct the contract or the rows that the message names.")


def _of_storage(error: Exception, text: str) -> HarnessError:
    """What an object storage refused, or that it did not answer; its status is where its library has it."""
    answer: Any = getattr(error, "response", None)
    told = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, dict) else None
    places = () if isinstance(error, _loaded(_WIRE)) else ("status_code", "status", "code")
    status = told or next((found for name in places if (found := getattr(error, name, None))), None)
    place, said = STORAGE, text or type(error).__name__
    if isinstance(status, int) and status < 500 and status not in _LATER:
        return DatabaseRefused(place, said, code=str(status), fix=STORAGE_FIX)
    return DatabaseUnavailable(place, said)


def closed(error: BaseException | None) -> bool:
    """Whether an error of a driver is about the way to the data and not about a statement."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "OperationalError" in names or isinstance(error, bq_errors.clients())
