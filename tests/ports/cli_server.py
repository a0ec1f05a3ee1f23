"""Runs ``airflow ...`` commands, each in a fork of a process that has Airflow imported: a start costs two seconds of a processor.

Input: a line of JSON for each command, its arguments. Output: a line of JSON for each, its status, standard output and standard error.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from typing import Any

from airflow.__main__ import main as airflow
from airflow.cli.cli_parser import get_parser


def once(arguments: list[str]) -> dict[str, Any]:
    """What one command does."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_status(arguments))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for stream in (out, err):
            stream.seek(0)
        return {"returncode": status, "stdout": out.read(), "stderr": err.read()}


def _status(arguments: list[str]) -> int:
    """The exit status of ``airflow`` with these arguments, as Python gives it to a process."""
    sys.argv = ["airflow", *arguments]
    try:
        airflow()
        return 0
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a child that raises must not go on as a second server
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    get_parser()
    for line in sys.stdin:
        print(json.dumps(once(json.loads(line))), flush=True)
