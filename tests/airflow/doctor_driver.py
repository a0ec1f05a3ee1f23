"""Makes the examination of ``airflow harness doctor`` once for each changed environment, each in a fork.

Importing Airflow takes seconds, a fork none. Input: JSON, a list of mappings of environment variables (null = unset;
``DOCTOR_PATH`` comes first on the path of modules). Output: a last line of JSON, what was found in each.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

import alembic.command
import httpx
import psycopg
from airflow import plugins_manager
from airflow.sdk import ObjectStoragePath

from airflow_provider_harness.cli.doctor import report as doctor

#: Imported once, not in each fork.
HEAVY = (alembic.command, httpx, psycopg, ObjectStoragePath)


def once(changes: dict[str, str | None], to: int) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if older := changes.get("DOCTOR_PATH"):
        sys.path.insert(0, older)
    with os.fdopen(to, "w") as pipe:
        json.dump(doctor.examination(), pipe)


def main() -> None:
    answers: list[Any] = []
    plugins_manager.get_import_errors()  # loads them once, not in each fork
    for changes in json.load(sys.stdin):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            try:
                once(changes, write)
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        answers.append(json.loads(text or "[]"))
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
