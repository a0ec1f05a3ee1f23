"""What else a log may look like: interleaved, cut off, repeated, in another carrier, in another language.

As ``transformations``, but for looks that are rarer and rougher. ``python -m tests.diagnosis --hostile`` walks them all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from tests.diagnosis.transformations import Transformation, chosen

_STAMP = "2026-11-20T04:16:40.123Z"


def _before(*lines: str) -> Transformation:
    return lambda given, _case: "\n".join((*lines, given))


def _after(*lines: str) -> Transformation:
    return lambda given, _case: "\n".join((given, *lines))


def _each(change: Callable[[str], str]) -> Transformation:
    return lambda given, _case: "\n".join(change(line) for line in given.split("\n"))


def interleaved(given: str, _case: str) -> str:
    """The lines of another task that ends well, between these."""
    other = (f"[{_STAMP}] {{other_task.py:{i}}} INFO - [other] chunk {i} of 40 written, 0 rejected" for i in range(400))
    lines = []
    for line in given.split("\n"):
        if line.strip() and not line.startswith((" ", "\t", "}", "]", ")")):
            lines.append(next(other))
        lines.append(line)
    return "\n".join(lines)


def retried_and_then(given: str, _case: str) -> str:
    """A first failure whose retry worked, and then the one that counts."""
    return (
        "2026-11-20 04:00:00,000 WARNING loader - attempt 1 failed: ConnectionResetError(104, 'Connection reset by peer'), retrying in 5 s\n"
        "2026-11-20 04:00:05,000 INFO loader - attempt 2 succeeded\n"
        "2026-11-20 04:00:06,000 INFO loader - connection established, loaded 812 rows\n" + given
    )


def group(given: str, _case: str) -> str:
    """As the only exception of a group, as Python prints one."""
    body = "\n".join(f"    | {line}" for line in given.split("\n"))
    return (
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/opt/airflow/dags/load.py", line 9, in main\n'
        "  |     async with asyncio.TaskGroup() as tasks:\n"
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
        f"  +-+---------------- 1 ----------------\n{body}\n    +------------------------------------"
    )


def handled(given: str, _case: str) -> str:
    """Something harmless was handled first, and the failure came up meanwhile."""
    return (
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/cache.py", line 4, in get\n'
        "    return CACHE[key]\n"
        "           ~~~~~^^^^^\n"
        "KeyError: 'orders'\n\n"
        f"During handling of the above exception, another exception occurred:\n\n{given}"
    )


def cleanup(given: str, _case: str) -> str:
    """What cleans up after the failure fails as well."""
    return (
        f"{given}\n"
        "Exception ignored in: <function Pool.__del__ at 0x7f0>\n"
        "Traceback (most recent call last):\n"
        '  File "/usr/lib/python3.12/multiprocessing/pool.py", line 271, in __del__\n'
        "ResourceWarning: unclosed running multiprocessing pool <multiprocessing.pool.Pool state=RUN pool_size=4>"
    )


def structlog_in_pod(given: str, _case: str) -> str:
    """structlog's JSON, printed in a pod."""
    events = (
        json.dumps({"event": line, "level": "error", "timestamp": _STAMP, "logger": "etl"})
        for line in given.split("\n")
    )
    return "\n".join(f"[2026-11-20T04:16:40.000+0000] {{pod_manager.py:540}} INFO - [base] {event}" for event in events)


def console_in_pod(given: str, _case: str) -> str:
    return "\n".join(
        f"[{_STAMP}] {{pod_manager.py:540}} INFO - [base] 2026-11-20 04:16:40 | {one}" for one in given.split("\n")
    )


def bars(given: str, case: str) -> str:
    """A bar of progress that redraws its line, before the failure."""
    shown = "".join(
        f"\r\x1b[K\x1b[32m{i:3d}%|{'#' * (i // 10):<10}| {i * 41}/{4100} [00:{i // 2:02d}<00:{50 - i // 2:02d}]\x1b[0m"
        for i in range(0, 71 + chosen(case, 20), 7)
    )
    return f"{shown}\n{given}"


def cut_in_frames(given: str, _case: str) -> str:
    """The log ends within the frames of a traceback that follows the failure."""
    return f'{given}\nTraceback (most recent call last):\n  File "/opt/airflow/task-sdk/src/airflow/sdk/execution_time/task_runner.py", line 917, in run\n    state, msg, error = _execute_'


def cut_at_start(given: str, _case: str) -> str:
    """The log begins within a traceback."""
    return f'    cur.execute(statement, parameters)\n  File "/usr/lib/python3.12/site-packages/x/base.py", line 41, in execute\n    return self._inner(statement)\n           ^^^^^^^^^^^^^^^^^^^^^^\n{given}'


def nested_json(given: str, _case: str) -> str:
    """JSON in JSON: a shipper of logs around Docker's own."""
    return "\n".join(
        json.dumps({"stream": "stderr", "time": _STAMP, "log": json.dumps({"level": "error", "msg": line})})
        for line in given.split("\n")
    )


def twice(given: str, _case: str) -> str:
    """Printed by the program, and once more by what runs it."""
    return (
        f"{given}\n[2026-11-20T04:16:41.000+0000] {{taskinstance.py:3313}} ERROR - Task failed with exception\n{given}"
    )


def long_line(given: str, _case: str) -> str:
    payload = '{"id": 1, "name": "x"}, ' * 4_000
    return f"2026-11-20 04:16:39,000 INFO etl - payload {payload}\n{given}"


_LOCAL: tuple[tuple[str, str, str], ...] = (
    ("ERROR:  ", "FEHLER:  ", "ERREUR:  "),
    ("FATAL:  ", "FATAL:  ", "FATAL:  "),
    ("DETAIL:  ", "DETAIL:  ", "DÉTAIL : "),
    ("HINT:  ", "TIPP:  ", "ASTUCE : "),
    ("CONTEXT:  ", "ZUSAMMENHANG:  ", "CONTEXTE : "),
    ("STATEMENT:  ", "ANWEISUNG:  ", "INSTRUCTION : "),
    ("LINE 1:", "ZEILE 1:", "LIGNE 1 :"),
)


def labels(language: int) -> Transformation:
    """PostgreSQL's labels in another language; its messages stay."""

    def apply(given: str, _case: str) -> str:
        for row in _LOCAL:
            given = given.replace(row[0], row[language])
        return given

    return apply


def _unstamped(line: str) -> str:
    return re.sub(r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\s\]]*\]?\s?", "", line)


HOSTILE: Mapping[str, Transformation] = {
    "interleaved": interleaved,
    "long line": long_line,
    "retried and then": retried_and_then,
    "exception group": group,
    "handled before": handled,
    "cleanup fails": cleanup,
    "structlog in pod": structlog_in_pod,
    "console in pod": console_in_pod,
    "progress bars": bars,
    "cut in frames": cut_in_frames,
    "cut at start": cut_at_start,
    "json in json": nested_json,
    "printed twice": twice,
    "german labels": labels(1),
    "french labels": labels(2),
    "no times": _each(_unstamped),
    "syslog": _each(lambda line: f"Nov 20 04:16:40 worker-3 airflow-task[812]: {line}"),
    "journal": _each(lambda line: f"Nov 20 04:16:40 ip-10-1-1-7 docker[1199]: {line}"),
    "tabs": _each(lambda line: line.replace("    ", "\t")),
    "trailing blanks": _each(lambda line: f"{line}   "),
    "blank lines": lambda given, _case: given.replace("\n", "\n\n") if "Traceback" not in given else f"\n\n{given}\n\n",
    "old mac": lambda given, _case: f"\ufeff{given}",
    "warnings as errors": _before(
        "/opt/airflow/dags/a.py:3: DeprecationWarning: datetime.utcnow() is deprecated",
        "  now = datetime.utcnow()",
    ),
    "resource warning": _before("sys:1: ResourceWarning: unclosed <socket.socket fd=9, family=2>"),
    "hundred retries": _before(
        *(f"2026-11-20 04:00:{i % 60:02d},000 WARNING urllib3.connectionpool - Retrying (Retry(total={100 - i})) after connection broken by 'ReadTimeoutError': /metrics" for i in range(100))
    ),
    "supervisor after": _after(
        '{"timestamp":"2026-11-20T04:16:42Z","level":"info","event":"Process exited","exit_code":1,"signal_sent":null,"final_state":"FAILED","logger":"supervisor"}'
    ),
    "state after": _after(
        "[2026-11-20T04:16:42.000+0000] {taskinstance.py:1206} INFO - Marking task as UP_FOR_RETRY. dag_id=d, task_id=t, run_id=r, start_date=20261120T041600, end_date=20261120T041642",
        "[2026-11-20T04:16:42.100+0000] {local_task_job_runner.py:266} INFO - Task exited with return code 1",
    ),
    "sql before": _before(
        "[2026-11-20T04:16:38.000+0000] {sql.py:470} INFO - Running statement: SELECT count(*) AS errors, max(failed_at) AS last_timeout FROM audit.deadlocks WHERE permission_denied IS NOT NULL, parameters: None"
    ),
    "config before": _before(
        '2026-11-20 04:16:38,000 INFO etl - settings {"retries": 3, "retry_on": ["429", "503", "ConnectionResetError"], "timeout_s": 60, "on_missing_file": "fail", "quota_project": "acme"}'
    ),
    "shell trace": _before("+ set -euo pipefail", "+ export PGCONNECT_TIMEOUT=10", "+ python /opt/jobs/run.py --on-duplicate=fail"),
}  # fmt: skip
