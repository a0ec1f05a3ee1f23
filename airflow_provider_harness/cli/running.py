"""How every command runs: JSON or a table on standard output, logs and errors on standard error, and an exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, TextIO

from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable
from airflow_provider_harness.core.redaction.escaping import terminal

FINE, FINDINGS, USAGE, UNAVAILABLE = 0, 1, 2, 3


def command(run: Callable[[Any], int]) -> Callable[[Any], None]:
    """Exit status and one clear sentence instead of a traceback."""

    @wraps(run)
    def command(args: Any) -> None:
        os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"  # so that connections kept in Airflow's database are found
        keep_standard_output()
        _hush()
        try:
            status = run(args)
        except HarnessUnavailable as error:
            status = say(error, UNAVAILABLE)
        except (HarnessError, ValueError, OSError) as error:
            status = say(error, USAGE)
        (_given or sys.stdout).flush()
        raise SystemExit(status)

    return command


def keep_standard_output() -> None:
    """Standard output is from now on for what :func:`out` prints; whatever else writes there goes to standard error: logs by a
    handler that was made before, or by one that the command itself makes, and whatever is written after the command.

    Where standard output is not the process's own, as in a test that captures it, nothing changes.
    """
    global _given
    try:
        own = sys.stdout.fileno() == _STANDARD_OUTPUT
    except (AttributeError, OSError, ValueError):
        own = False
    if not own or _given is not None:
        return
    sys.stdout.flush()
    given = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    _given = os.fdopen(given, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)


@contextmanager
def own_output() -> Iterator[None]:
    """Standard output as the process was given it, for what writes to it by itself."""
    if _given is None:
        yield
        return
    os.dup2(_given.fileno(), _STANDARD_OUTPUT)
    try:
        yield
    finally:
        os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)


_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_given: TextIO | None = None
"""Standard output as the process was given it, where it was set aside."""


def out(text: object = "", end: str = "\n") -> None:
    """A line of a command's answer, on the standard output that the process was given; no control character is sent."""
    _print(terminal(str(text)), end)


def out_painted(text: str, word: str) -> None:
    """A line of a command's answer that begins with a word which has a colour."""
    plain = terminal(text)
    _print(coloured(plain[: len(word)], word) + plain[len(word) :])


def _print(text: str, end: str = "\n") -> None:
    """What has no control character of somebody else's in it."""
    print(text, file=_given, end=end)


#: Libraries that tell of each step at the level of information; a command's answer says what was done.
_TALKATIVE = ("alembic", "sqlalchemy.engine", "httpx")


def _hush() -> None:
    import logging

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


#: Word of a table -> its colour on a terminal, by the number of ANSI.
_COLOURS: Mapping[str, int] = {
    **dict.fromkeys(("critical", "high", "wrong", "block", "no", "not_healed", "made_worse"), 31),
    **dict.fromkeys(("medium", "note", "quarantine", "ask"), 33),
    **dict.fromkeys(("ok", "publish", "yes", "healed", "approve"), 32),
}


def coloured(text: str, word: str = "") -> str:
    """A text in the colour of its word, where the answer goes to a terminal whose user has not said NO_COLOR.

    :param word: the text itself, without blanks around it, where it is not given.
    """
    number = _COLOURS.get(word or text.strip())
    stream = _given or sys.stdout
    plain = number is None or not stream.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[{number}m{text}\033[0m"


def say(error: object, status: int) -> int:
    """One clear sentence on standard error."""
    print(terminal(str(error)), file=sys.stderr)
    return status


def show(args: Any, rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows as JSON, or as a table; ``empty`` where there are none."""
    if args.output == "json":
        out(json.dumps(list(rows), indent=2))
    elif not rows:
        out(empty)
    else:
        columns = list(rows[0])
        table = [columns, *([terminal(str(row[name])) for name in columns] for row in rows)]
        widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
        for number, line in enumerate(table):
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            cells[-1] = cells[-1].rstrip()
            _print("  ".join(coloured(cell) if number else cell for cell in cells).rstrip())
