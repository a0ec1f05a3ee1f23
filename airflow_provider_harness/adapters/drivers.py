"""Every driver that a task may meet, at one place: whatever of theirs gets as far as an operator becomes one of our errors."""

from __future__ import annotations

import sys

from airflow_provider_harness.adapters.bigquery import errors as bq_errors
from airflow_provider_harness.adapters.postgres import errors as pg_errors
from airflow_provider_harness.core.errors import DatabaseRefused, DatabaseUnavailable, HarnessError
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

REASON_LENGTH = 400
"""Characters of a driver's text that are told."""
_LOCAL = (("duckdb", "Error"), ("pyarrow", "ArrowException"))
_PASSING = frozenset(
    {"IOException", "HTTPException", "OutOfMemoryException", "ConnectionException", "ArrowMemoryError"}
)
"""Names of errors of DuckDB and Arrow after which another try can pass: storage that did not answer, memory that was short."""


def kinds() -> tuple[type[Exception], ...]:
    """What the drivers raise that are loaded."""
    local = tuple(getattr(sys.modules[module], name) for module, name in _LOCAL if module in sys.modules)
    return (*pg_errors.drivers(), *bq_errors.clients(), *local)


def translation(error: Exception, where: str = "") -> HarnessError:
    """A driver's error as one of ours.

    :param where: the connection of the task, in words.
    """
    if isinstance(error, pg_errors.drivers()):
        return pg_errors.translation(error, where)
    if isinstance(error, bq_errors.clients()):
        return bq_errors.translation(error, where)
    text = shorten(" ".join(Redactor().redact(str(error)).split()), REASON_LENGTH)
    names = {kind.__name__ for kind in type(error).__mro__}
    place = "rows on their way (" + type(error).__module__.partition(".")[0] + ")"
    if names & _PASSING:
        return DatabaseUnavailable(place, text)
    return DatabaseRefused(place, text, fix="Correct the contract or the rows that the message names.")


def closed(error: BaseException | None) -> bool:
    """Whether an error of a driver is about the way to the data and not about a statement."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "OperationalError" in names or isinstance(error, bq_errors.clients())
