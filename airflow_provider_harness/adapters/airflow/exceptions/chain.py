"""An exception and what caused it, as plain values: the types and codes that a program set, and redacted texts."""

from __future__ import annotations

import builtins
import errno
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

from airflow_provider_harness.adapters.airflow.attributes import attribute
from airflow_provider_harness.adapters.airflow.exceptions.reasons import reasons_of, wait_of
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.redaction.redactor import Redactor

#: Characters of a message that are kept.
MESSAGE_LENGTH = 2000
#: Characters of a message that are looked at: Airflow ends a callback after 20 s, and redacting a megabyte takes one.
READ_LENGTH = 20_000
#: Characters of a class's qualified name that are kept, and classes that it derives from.
NAME_LENGTH, BASES = 200, 20
#: Links of a chain that are followed; longer ones repeat themselves.
CHAIN_LENGTH = 10


def links_of(error: BaseException, redactor: Redactor) -> tuple[ErrorLink, ...]:
    """The chain of this exception, outermost first."""
    return tuple(_link(item, redactor) for item in chain_of(error))


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, then what it was raised from, as Python's traceback shows it; SQLAlchemy's ``orig`` included."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen and len(seen) < CHAIN_LENGTH:
        seen.add(id(error))
        yield error
        implicit = None if error.__suppress_context__ else error.__context__
        causes = (error.__cause__, _original(error), implicit)
        error = next((cause for cause in causes if cause is not None), None)


def _original(error: BaseException) -> BaseException | None:
    original = vars(error).get("orig")
    return original if isinstance(original, BaseException) else None


def _link(error: BaseException, redactor: Redactor) -> ErrorLink:
    response = attribute(error, "response")
    return ErrorLink(
        type=_name(type(error), redactor),
        bases=tuple(_name(base, redactor) for base in type(error).__mro__[1:-1][:BASES]),
        message=redactor.redact(_head(_text(error)), MESSAGE_LENGTH),
        sqlstate=_sqlstate(error),
        http_status=_status(response) or (None if _is_no_answer(error) else _status(error)),
        retry_after=wait if (wait := _retry_after(response)) is not None else wait_of(error, attribute),
        errno=error.errno if isinstance(error, OSError) and not _numbers_its_own(error) else None,
        reasons=tuple(redactor.redact(reason) for reason in reasons_of(error, attribute)),
    )


#: What the operating system says by a class of Python's own.
_ERRNO: Mapping[str, int] = {
    "ConnectionRefusedError": errno.ECONNREFUSED,
    "ConnectionResetError": errno.ECONNRESET,
    "FileNotFoundError": errno.ENOENT,
}


def known_classes(chain: Sequence[ErrorLink]) -> dict[str, ErrorLink]:
    """What is known here of classes that are only told by their name: Python's own, and those that PostgreSQL's codes have.

    :returns: name -> its bases and code; a name that is not known here is left out.
    """
    import psycopg.errors

    found = {}
    for name in {link.type.rpartition(".")[2] for link in chain}:
        kind = getattr(builtins, name, None) or getattr(psycopg.errors, name, None)
        if isinstance(kind, type) and issubclass(kind, BaseException):
            bases = tuple(_qualified(base) for base in kind.__mro__[1:-1])
            code = getattr(kind, "sqlstate", None)
            found[name] = ErrorLink(type=_qualified(kind), bases=bases, sqlstate=code, errno=_ERRNO.get(name))
    return found


def _numbers_its_own(error: OSError) -> bool:
    """Whether its ``errno`` is none of the operating system's: OpenSSL's 1 is no EPERM, nor is the resolver's."""
    return any(kind.__name__ in ("SSLError", "gaierror", "herror") for kind in type(error).__mro__)


def _name(kind: type, redactor: Redactor) -> str:
    """The qualified name of a class, as text: whoever makes a class chooses it, with line feeds, escapes and all."""
    return shown_name(_qualified(kind), redactor)


def _qualified(kind: type) -> str:
    name, module = str(kind.__qualname__), str(kind.__module__)
    return name if module == "builtins" else f"{module}.{name}"


def shown_name(name: str, redactor: Redactor) -> str:
    """A name that a program gives, on one line, masked and cut."""
    return redactor.redact(" ".join(name[: 10 * NAME_LENGTH].split()), NAME_LENGTH)


def _head(text: str) -> str:
    """The beginning of a text, cut between two words, so that no half of a secret escapes its pattern; only in a text of
    hardly any words is a word cut."""
    if len(text) <= READ_LENGTH:
        return text
    head = text[:READ_LENGTH]
    return head[: max(head.rfind(" "), head.rfind("\n"), READ_LENGTH // 2)]


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # noqa: BLE001  somebody's __str__ may fail; the type still speaks
        return f"(its message cannot be read: {type(broken).__name__})"


def _sqlstate(error: BaseException) -> str | None:
    for name in ("sqlstate", "pgcode"):
        code = attribute(error, name)
        if isinstance(code, str) and len(code) == 5 and code.isalnum():
            return code.upper()
    return None


def _status(holder: Any) -> int | None:
    """The HTTP status of a response, or of an exception; botocore's response is a mapping."""
    if isinstance(holder, Mapping):
        held = holder.get("ResponseMetadata")
        holder = SimpleNamespace(status=held.get("HTTPStatusCode")) if isinstance(held, Mapping) else None
    for name in ("status_code", "status", "code"):
        value = attribute(holder, name)
        if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
            return int(value)
    return None


def _is_no_answer(error: BaseException) -> bool:
    """Whether a number on this exception is no HTTP status of another side: Airflow's exceptions, and whatever derives
    from them, carry what its own web server would answer with, and the code of SystemExit is a process's."""
    return isinstance(error, SystemExit) or any(kind.__module__.startswith("airflow.") for kind in type(error).__mro__)


def _retry_after(response: Any) -> float | None:
    """Seconds from a ``Retry-After``: a number, or the moment in HTTP's form."""
    try:
        text = str(response.headers["Retry-After"])
        seconds = float(text) if _is_number(text) else _until(text)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _until(text: str) -> float:
    moment = parsedate_to_datetime(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()
