"""The texts of a failure as they may be shown and kept: whoever wrote the row, nothing in them is a secret or hidden."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure
from airflow_provider_harness.core.redaction.escaping import one_line
from airflow_provider_harness.core.redaction.redactor import Redactor

#: Characters of a class's name, of a message, of another short text and of the longest that a report has (a stack trace).
NAME, MESSAGE, SHORT, LONG = 200, 2000, 300, 20_000
#: Exceptions of a chain, classes that one derives from, and texts of a list that are kept.
LINKS, BASES, MANY = 10, 20, 50
_SHOWN = Redactor()


def cleaned(failure: Failure) -> Failure:
    """The failure with its texts masked, made visible and cut.

    A callback has masked them before it wrote the row; any task may have inserted one by hand.
    """
    return replace(
        failure,
        chain=tuple(_link(link) for link in failure.chain[:LINKS]),
        detail={
            one_line(name, NAME): _SHOWN.redact(str(text)[: 2 * LONG], LONG) for name, text in failure.detail.items()
        },
        missing=tuple(_short(text) for text in failure.missing[:MANY]),
        operator=_short(failure.operator, NAME),
        hostname=_short(failure.hostname, NAME),
    )


def _link(link: ErrorLink) -> ErrorLink:
    return replace(
        link,
        type=_short(link.type, NAME),
        bases=tuple(_short(base, NAME) for base in link.bases[:BASES]),
        message=_SHOWN.redact(link.message[: 10 * MESSAGE], MESSAGE),
    )


def _short(text: str, limit: int = SHORT) -> str:
    return one_line(_SHOWN.redact(str(text)[: 10 * limit]), limit)
