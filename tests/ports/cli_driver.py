"""Runs commands of ``airflow harness``, each in a fork of a process that has Airflow imported, and that logs on standard output.

Input: JSON, a list of argument lists. Output: a last line of JSON, for each its status, standard output and standard error.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import traceback
from typing import Any

from airflow.cli.cli_parser import get_parser


class Late(logging.Handler):
    """Prints on what is standard output at that moment, as a logger does that Airflow makes while the command runs."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), flush=True)


def once(arguments: list[str]) -> dict[str, Any]:
    """What one command does."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))  # as Airflow's own logging may have it
            logging.getLogger().addHandler(Late())
            logging.getLogger().setLevel(logging.DEBUG)
            status = 70
            try:
                args = get_parser().parse_args(arguments)
                args.func(args)
                status = 0
            except SystemExit as end:
                status = int(end.code or 0)
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                logging.getLogger("somebody").error("a line after the command")
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for stream in (out, err):
            stream.seek(0)
        return {"status": status, "out": out.read(), "err": err.read()}


def main() -> None:
    get_parser()
    answers = [once(arguments) for arguments in json.load(sys.stdin)]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
