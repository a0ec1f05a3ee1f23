"""How every command runs: JSON or a table on standard output, logs and errors on standard error, and an exit status."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable
from airflow_provider_harness.core.escaping import terminal

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
        sys.stdout.flush()
        raise SystemExit(status)

    return command


def keep_standard_output() -> None:
    """Standard output is from now on for what this process prints itself; whatever else writes there, such as logs through a
    handler that was made before, and whatever is written after the command, goes to standard error.

    Where standard output is not the process's own, as in a test that captures it, nothing changes.
    """
    try:
        own = sys.stdout.fileno() == _STANDARD_OUTPUT
    except (AttributeError, OSError, ValueError):
        own = False
    if not own:
        return
    sys.stdout.flush()
    given = os.dup(_STANDARD_OUTPUT)
    os.dup2(_STANDARD_ERROR, _STANDARD_OUTPUT)
    sys.stdout = os.fdopen(given, "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)


_STANDARD_OUTPUT, _STANDARD_ERROR = 1, 2


def say(error: object, status: int) -> int:
    """One clear sentence on standard error."""
    print(terminal(str(error)), file=sys.stderr)
    return status


def show(args: Any, rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows as JSON, or as a table; ``empty`` where there are none."""
    if args.output == "json":
        print(json.dumps(list(rows), indent=2))
    elif not rows:
        print(empty)
    else:
        columns = list(rows[0])
        table = [columns, *([terminal(str(row[name])) for name in columns] for row in rows)]
        widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
