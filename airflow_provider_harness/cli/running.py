"""How every command runs: JSON or a table on standard output, logs and errors on standard error, and an exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
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


_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2
_given: TextIO | None = None
"""Standard output as the process was given it, where it was set aside."""


def out(text: object = "", end: str = "\n") -> None:
    """A line of a command's answer, on the standard output that the process was given; no control character is sent."""
    print(terminal(str(text)), file=_given, end=end)


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
        for line in table:
            out("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
