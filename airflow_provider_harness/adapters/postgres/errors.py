"""What PostgreSQL's drivers raise, in the harness's words: what was refused, and whether another try helps.

The driver's own error stays as the cause, with its class and SQLSTATE. Its texts are not repeated where they hold values of
rows: the details of constraints, and the literals of data exceptions.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.core.errors import DatabaseRefused, DatabaseUnavailable, HarnessError, TableLocked
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

SOMEWHERE = "the database"
REASON_LENGTH = 400
"""Characters of a driver's text that are told."""
LOCK_TIMEOUT = "55P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code means for the task.

    :param retry: whether another try can pass without anybody changing anything.
    :param fix: what a person does about it.
    """

    retry: bool
    fix: str = ""


_AGAIN = Meaning(retry=True)
_STATEMENT = Meaning(retry=False, fix="Correct the statement, or the contract that it was made of.")
_LOGIN = Meaning(retry=False, fix="Correct login and password of the Airflow connection, or let the server admit it.")
_DATA = Meaning(retry=False, fix="Correct the rows at the source, or the type in the contract.")
_NUL = Meaning(
    retry=False,
    fix="PostgreSQL keeps the character of number 0 in no text and no jsonb: take it out at the source, or where it is read (sql=), "
    "with replace(..., '\\u0000', '') of a document's text.",
)
_CONSTRAINT = Meaning(
    retry=False,
    fix="Correct the rows at the source, or give the contract the same rule, so that its gate names the rows.",
)
_SETTING = Meaning(retry=False, fix="Let an administrator of the database look at this setting.")

MEANINGS: Mapping[str, Meaning] = {
    "08": _AGAIN,
    "08P01": _STATEMENT,
    "21": _STATEMENT,
    "22": _DATA,
    "22012": _STATEMENT,
    "22021": _NUL,
    "22P05": _NUL,
    "23": _CONSTRAINT,
    "25": _STATEMENT,
    "25006": Meaning(retry=False, fix="Give a connection to a server that can be written to, not to a replica."),
    "25P03": _AGAIN,
    "28": _LOGIN,
    "3D": Meaning(retry=False, fix="Correct the database (schema) of the Airflow connection."),
    "3F": Meaning(retry=False, fix="Create the schema, or correct the table's name."),
    "40": _AGAIN,
    "40002": _CONSTRAINT,
    "42": _STATEMENT,
    "42501": Meaning(retry=False, fix="Grant the connection's user what it lacks, or use another connection."),
    "42703": Meaning(retry=False, fix="Correct the column's name in the query or the contract."),
    "42P01": Meaning(retry=False, fix="Create the table, or correct its name."),
    "44": _CONSTRAINT,
    "53": _AGAIN,
    "53400": _SETTING,
    "55": _STATEMENT,
    "55006": _AGAIN,
    LOCK_TIMEOUT: _AGAIN,
    "57": _AGAIN,
    "57P04": Meaning(retry=False, fix="Correct the database (schema) of the Airflow connection."),
    "58": _AGAIN,
    "58P01": _SETTING,
    "58P02": _SETTING,
    "72": _AGAIN,
    "HV": _STATEMENT,
    "HV00N": _AGAIN,
    "P0": Meaning(retry=False, fix="Look at the trigger or function that raised it."),
    "XX": _SETTING,
    "XX000": _AGAIN,
}
"""SQLSTATE, or its class, -> what it means; the longer one counts. From PostgreSQL's appendix A."""

_OTHER_CLASSES = Meaning(retry=False)
"""Classes of SQLSTATE that are not named: programs and statements that are wrong."""

_LOGIN_WORDS: Mapping[str, str] = {
    r"password authentication failed|authentication failed|no password supplied|role .* does not exist"
    r"|not permitted to log in|no pg_hba\.conf entry|fe_sendauth": "28",
    r"database .* does not exist": "3D",
    r"too many (clients|connections)|connection slots": "53",
    r"invalid (port|sslmode|connection option|integer value)|certificate|sslmode value": "28",
}
"""What a refused connection says -> its class; libpq gives no SQLSTATE for it. Any other text: no answer."""

_COPIED = re.compile(r"COPY (?P<table>[^,\n]+), line \d+, column (?P<column>[^:\n,]+)")
_RAISED = re.compile(r"^PL/\w+ function (?P<function>[^\n]+?\)) line \d+ at RAISE", re.MULTILINE)
_REFERENCED = re.compile(
    r'^update or delete on table "(?P<gone>.+)" violates .*foreign key constraint "(?P<name>.+)" on table "(?P<other>.+)"'
)
_VALUE = re.compile(r"(?<!column )(?<!type )(?<!relation )(?<!constraint )\"[^\"]*\"")
"""What is quoted and no name."""


@contextmanager
def translated(where: str = "", seen: Callable[[], Sequence[str]] = tuple) -> Iterator[None]:
    """What a driver raises in here becomes one of our errors; ours pass as they are.

    :param where: the connection, in words.
    :param seen: who held the lock that was waited for.
    """
    try:
        yield
    except drivers() as error:
        raise translation(error, where, seen()) from error


def drivers() -> tuple[type[Exception], ...]:
    """What PostgreSQL's drivers raise; of one that was not loaded, nothing."""
    return tuple(sys.modules[name].Error for name in ("psycopg", "adbc_driver_manager") if name in sys.modules)


def translation(error: Exception, where: str = "", holders: Sequence[str] = (), table: str = "") -> HarnessError:
    """A driver's error as one of ours.

    :param table: what was written to, where the driver may not say so.
    """
    where, code = where or SOMEWHERE, str(getattr(error, "sqlstate", None) or "")
    if code == LOCK_TIMEOUT:
        return TableLocked(where, "its lock_timeout", holders)
    reason, meaning = _reason(error), _meaning(error, code)
    if meaning.retry:
        return DatabaseUnavailable(where, reason, code=code)
    fix = _still_referenced(error) or meaning.fix
    return DatabaseRefused(where, reason, fix=fix, code=code, names=_names(error, table))


def _still_referenced(error: Exception) -> str:
    """What to do where rows of another table refer to rows that go; empty where that is not what was refused."""
    found = _REFERENCED.search(_said(str(getattr(getattr(error, "diag", None), "message_primary", None) or error)))
    if found is None or found["gone"] == found["other"]:
        return ""
    return (
        f"Rows of table {found['other']} refer to rows that would be replaced, by its constraint {found['name']}: publish by "
        "mode merge, which deletes no row, or let the constraint be NO ACTION DEFERRABLE INITIALLY DEFERRED."
    )


def _meaning(error: Exception, code: str) -> Meaning:
    if code:
        return MEANINGS.get(code, MEANINGS.get(code[:2], _OTHER_CLASSES))
    for words, kind in _LOGIN_WORDS.items():
        if re.search(words, str(error)):
            return MEANINGS[kind]
    names = {kind.__name__ for kind in type(error).__mro__}
    broken = names & {"OperationalError", "InternalError"}
    return _AGAIN if broken or not names & {"ProgrammingError", "DataError", "NotSupportedError"} else _STATEMENT


def _reason(error: Exception) -> str:
    """The first sentence of a driver's text, without the value that a data exception quotes."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    text = str(primary or _said(str(error))).strip() or type(error).__name__
    code = str(getattr(error, "sqlstate", None) or "")
    if code.startswith("22"):
        text = _VALUE.sub('"..."', re.sub(r':\s*".*$', "", text, flags=re.DOTALL))
    return shorten(" ".join(Redactor().redact(text).split()), REASON_LENGTH)


def _said(text: str) -> str:
    """What the server said, of ADBC's text, which has the whole statement before it."""
    found = re.search(
        r"(?:ERROR|FATAL|PANIC):\s*(.*?)(?:\n(?:DETAIL|HINT|CONTEXT|LINE \d+|SQLSTATE)\b|\Z)", text, re.DOTALL
    )
    return found.group(1) if found else text


def _names(error: Exception, written: str = "") -> dict[str, str]:
    """Table, column, constraint and the function that raised it, as far as the driver has them."""
    diag: Any = getattr(error, "diag", None)
    home, table = (getattr(diag, name, None) for name in ("schema_name", "table_name"))
    names = {
        "table": f"{home}.{table}" if home and table else table or "",
        "column": getattr(diag, "column_name", None) or "",
        "constraint": getattr(diag, "constraint_name", None) or "",
    }
    context = str(getattr(diag, "context", None) or error)
    copied, raised = _COPIED.search(context), _RAISED.search(context)
    for kind in ("table", "column"):
        if copied and not names[kind]:
            names[kind] = copied[kind].strip()
    names |= {"table": names["table"] or written, "function": raised["function"] if raised else ""}
    return {kind: str(name) for kind, name in names.items() if name}
