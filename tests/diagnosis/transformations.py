"""What a real log does to the text of a failure, as functions: name -> (text, case id) -> text.

Each keeps what failed. Whatever is chosen is chosen by the id of the case, so that a run can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

Transformation = Callable[[str, str], str]

_BASE = datetime(2026, 11, 20, 4, 16, 40, tzinfo=UTC)


def chosen(case_id: str, of: int, salt: str = "") -> int:
    """A number from 0 below ``of``, always the same for a case."""
    return int(hashlib.sha256(f"{salt}{case_id}".encode()).hexdigest(), 16) % of


def _event(form: int, level: str, logger: str, text: str, at: int) -> str:
    """One line as the common forms of logs have it."""
    moment = _BASE + timedelta(seconds=at)
    name = logger.rpartition(".")[2]
    forms = (
        f"{moment:%Y-%m-%d %H:%M:%S},{at % 1000:03d} {level} {logger} - {text}",
        f"[{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}+0000] {{{name}.py:{100 + at % 900}}} {level} - {text}",
        f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}000Z [{level.lower():<9}] {text} [{logger}]",
        json.dumps(
            {"timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}Z", "level": level.lower(), "event": text, "logger": logger}
        ),
        f"{level}:{logger}:{text}",
        f"{moment:%Y-%m-%d %H:%M:%S} [{level}] {logger}: {text}",
        f"[{moment:%Y-%m-%d %H:%M:%S},{at % 1000:03d}] {level} - {logger} - {text}",
    )
    return forms[form % len(forms)]


def _inserted(text: str, line: str, before_end: int) -> str:
    """The text with a line so many lines before its end, but not within a traceback or a paragraph of it."""
    lines = text.split("\n")
    at = max(0, len(lines) - before_end)
    while at > 0 and (
        lines[at].startswith((" ", "\t", "}", "]", ")"))
        or not lines[at].strip()
        or lines[at - 1].startswith("Traceback")
    ):
        at -= 1
    return "\n".join((*lines[:at], line, *lines[at:]))


def noise(level: str, logger: str, text: str) -> Transformation:
    """One line of another client, 20 lines before the end, or where the text begins."""

    def apply(given: str, case_id: str) -> str:
        return _inserted(given, _event(chosen(case_id, 7, text), level, logger, text, 11), 20)

    return apply


def bare_noise(line: str) -> Transformation:
    """One line as it is."""
    return lambda given, _case_id: _inserted(given, line, 20)


#: level, logger, text: what other clients say while nothing is wrong with the failed task's cause.
OTHERS: Mapping[str, tuple[str, str, str]] = {
    "reset": ("WARNING", "urllib3.connectionpool", "Retrying (Retry(total=2, connect=None)) after connection broken by 'ConnectionResetError(104, 'Connection reset by peer')': /api/v1/ping"),
    "aad": ("INFO", "azure.identity", "Existing AAD token is expired, or has less than 2 minutes to live. Refreshing"),
    "pool": ("WARNING", "urllib3.connectionpool", "Connection pool is full, discarding connection: storage.example. Connection pool size: 10"),
    "settings": ("INFO", "etl.db", "set deadlock_timeout = 1s, lock_timeout = 5s"),
    "optional": ("INFO", "ingest", "skipping optional file s3://drop/2026-11-19/notes.csv: not found"),
    "no_rows": ("INFO", "ingest", "no new rows for shard 12 on 2026-11-19"),
    "status_503": ("WARNING", "http.client", "got 503 Service Unavailable from metrics.example, will retry"),
    "status_429": ("WARNING", "api.client", "429 Too Many Requests, sleeping 2 s"),
    "sigterm": ("INFO", "runner", "registered handler for SIGTERM"),
    "negations": ("INFO", "etl.quality", "deduplicated 3 duplicate rows by key; 0 duplicates left, no column missing, 0 errors"),
    "parallelism": ("INFO", "runner", "config: parallelism=32, max_active_tasks=16, batch_size=50000"),
    "oom_score": ("INFO", "kubelet", "set oom_score_adj=985, memory limit 4Gi, memory usage 31%"),
    "disk": ("INFO", "node", "disk usage 71%, 31 GB free on /data; will warn at 90% (disk full)"),
    "debug_404": ("DEBUG", "urllib3.connectionpool", "https://api.example:443 \"GET /v1/feature-flags HTTP/1.1\" 404 None"),
    "debug_auth": ("DEBUG", "botocore.auth", "Calculating signature using v4 auth; token expires in 900 s"),
    "deprecated": ("WARNING", "py.warnings", "DeprecationWarning: pkg_resources is deprecated and will be removed in version 81"),
    "retry_worked": ("INFO", "loader", "attempt 1 failed: ReadTimeout after 30 s; attempt 2 succeeded"),
    "lock_waited": ("INFO", "postgres.client", "waited 0.2 s for a lock on mart.orders, got it"),
    "schema_ok": ("INFO", "contracts", "schema of raw.orders matches; column note is new and optional, ignored"),
    "permissions": ("INFO", "iam", "checked access: permission denied list is empty, role etl_writer is allowed"),
    "quota": ("INFO", "bigquery", "daily quota: 12% of bytes billed used"),
    "heartbeat": ("WARNING", "airflow.jobs", "heartbeat took 6.2 s, scheduler is slow"),
    "import_skipped": ("WARNING", "plugins", "optional dependency not installed: No module named 'snappy', using zlib"),
    "late_ok": ("INFO", "sensor", "file /in/2026-11-18/sales.csv is not there yet, poking again"),
    "encoding": ("WARNING", "csv.reader", "line 7 of header.txt: invalid UTF-8 byte replaced"),
    "statsd": ("WARNING", "airflow.stats", "could not send metric: [Errno 111] Connection refused"),
    "lineage": ("WARNING", "openlineage", "failed to emit event: HTTPConnectionPool(host='marquez', port=5000): Read timed out"),
    "upstream_ok": ("INFO", "airflow.task", "Dependencies all met; upstream failed: 0, skipped: 1"),
    "worker_note": ("INFO", "celery.worker", "worker: warm shutdown is enabled, signal 15 handled, prefork 4"),
    "assert_note": ("DEBUG", "tests.smoke", "AssertionError suppressed: canary check is off"),
}  # fmt: skip

_BUSINESS = (
    "loaded customer {n} of region {r}", "order {n} total {n}.50 EUR settled", "invoice INV-{n} matched", "shipped {n} parcels to depot {r}",
    "price of sku {n} set to {r}.99", "campaign {r} reached {n} users", "refund {n} booked", "store {r} closed the day with {n} receipts",
    "partition {r} of {n} written", "rebate {r} applied to {n} lines", "rejected offers archived: {n}", "missing postcodes filled from register: {n}",
    "expired vouchers removed: {n}", "duplicate newsletter addresses merged: {n}", "failed payments of last month re-billed: {n}", "late parcels reported to carrier {r}: {n}",
)  # fmt: skip


def business(given: str, case_id: str) -> str:
    """300 lines of what a business logs, around the failure."""
    form = chosen(case_id, 7, "business")
    lines = [
        _event(form, "INFO", "sales.job", _BUSINESS[i % len(_BUSINESS)].format(n=1000 + 7 * i, r=1 + i % 9), i)
        for i in range(300)
    ]
    return "\n".join((*lines, given))


def json_lines(given: str, _case_id: str) -> str:
    """Each line as an event of Airflow 3, of the task's own output."""
    return "\n".join(
        json.dumps({"timestamp": "2026-11-20T04:16:40Z", "event": line, "level": "info", "logger": "task.stdout"})
        for line in given.split("\n")
    )


def one_event(given: str, _case_id: str) -> str:
    """The whole text as one event."""
    return json.dumps({"timestamp": "2026-11-20T04:16:40Z", "level": "error", "event": given, "logger": "task"})


def one_stdout_event(given: str, _case_id: str) -> str:
    """The whole text as one event that a task printed."""
    return json.dumps({"timestamp": "2026-11-20T04:16:40Z", "level": "info", "event": given, "logger": "task.stdout"})


def prefixed(prefix: str) -> Transformation:
    return lambda given, _case_id: "\n".join(f"{prefix}{line}" for line in given.split("\n"))


def ansi(given: str, _case_id: str) -> str:
    """Colours, as a terminal has them."""
    coloured = re.sub(r"\b(\w+(?:Error|Exception)|ERROR|WARNING|INFO|FATAL)\b", "\x1b[31m\\1\x1b[0m", given)
    return "\n".join(f"\x1b[34m{line}\x1b[0m" if i % 3 == 0 else line for i, line in enumerate(coloured.split("\n")))


def callback(given: str, _case_id: str) -> str:
    """A callback that fails after the failure."""
    return given + (
        "\n[2026-11-20T04:20:00.000+0000] {taskinstance.py:1500} ERROR - Failed to execute on_failure_callback notify_slack"
        "\nTraceback (most recent call last):"
        '\n  File "/opt/airflow/dags/common/alerts.py", line 12, in notify_slack'
        "\n    requests.post(HOOK, json=body, timeout=3).raise_for_status()"
        "\nrequests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://hooks.slack.example/services/T1"
    )


def mail(given: str, _case_id: str) -> str:
    """A mail about the failure that cannot be sent."""
    return given + (
        "\n2026-11-20 04:20:00,120 ERROR airflow.utils.email - Failed to send email to: ['data@example.com']"
        "\nTraceback (most recent call last):"
        '\n  File "/usr/lib/python3.11/smtplib.py", line 341, in connect'
        "\nConnectionRefusedError: [Errno 111] Connection refused"
    )


def wrapper(given: str, _case_id: str) -> str:
    """What the operator around a command says at the end."""
    return (
        given
        + "\n[2026-11-20T04:20:00.000+0000] {taskinstance.py:1500} INFO - Marking task as FAILED. dag_id=d, task_id=t, run_id=r, execution_date=20261120T000000"
    )


def exit_code(given: str, _case_id: str) -> str:
    return (
        given
        + "\n[2026-11-20T04:20:00.000+0000] {local_task_job_runner.py:240} INFO - Task exited with return code 1\n[2026-11-20T04:20:00.010+0000] {local_task_job_runner.py:222} INFO - ::endgroup::"
    )


def earlier_try(given: str, _case_id: str) -> str:
    """The log of the try before, which failed by something else."""
    return (
        "[2026-11-20T03:00:00.000+0000] {taskinstance.py:2600} INFO - Starting attempt 1 of 3\n"
        "[2026-11-20T03:00:09.000+0000] {taskinstance.py:3313} ERROR - Task failed with exception\n"
        "Traceback (most recent call last):\n"
        '  File "/opt/airflow/dags/a.py", line 3, in f\n'
        "ConnectionResetError: [Errno 104] Connection reset by peer\n"
        "[2026-11-20T03:05:00.000+0000] {taskinstance.py:2600} INFO - Starting attempt 2 of 3\n" + given
    )


_STAMP = re.compile(r"(?:19|20)\d\d-\d\d-\d\d([T ])\d\d:\d\d:\d\d")


def other_times(given: str, case_id: str) -> str:
    """The same at another time."""
    at = datetime(2025, 1 + chosen(case_id, 12), 3, 7, 8, 9, tzinfo=UTC)
    return _STAMP.sub(lambda m: f"{at:%Y-%m-%d}{m.group(1)}{at:%H:%M:%S}", given)


def stamped(given: str, _case_id: str) -> str:
    """A time before each line that has none and begins at the margin."""
    return "\n".join(
        line if line[:1] in (" ", "\t", "[", "{", "") or line[:1].isdigit() else f"2026-11-20T04:16:40.123Z {line}"
        for line in given.split("\n")
    )


def windows(given: str, _case_id: str) -> str:
    return given.replace("\n", "\r\n")


def mixed(given: str, case_id: str) -> str:
    """Three lines of others, in one form, at three places."""
    names = sorted(OTHERS)
    for place, before in enumerate((3, 20, 400)):
        level, logger, text = OTHERS[names[chosen(case_id, len(names), f"mixed{place}")]]
        given = _inserted(given, _event(chosen(case_id, 7, "mixed"), level, logger, text, place), before)
    return given


def after(given: str, case_id: str) -> str:
    """Lines of others after the failure: order says nothing."""
    names = sorted(OTHERS)
    level, logger, text = OTHERS[names[chosen(case_id, len(names), "after")]]
    return f"{given}\n{_event(chosen(case_id, 7, 'after'), level, logger, text, 9)}"


def _all() -> dict[str, Transformation]:
    return {
        **{f"noise {name}": noise(*line) for name, line in OTHERS.items()},
        "noise dbt warn": bare_noise("04:16:40  1 of 30 WARN 3 not_null_stg_users_phone ........ [WARN 3 in 0.12s]"),
        "noise dbt pass": bare_noise("04:16:40  2 of 30 PASS unique_stg_users_id ........ [PASS in 0.12s]"),
        "business": business,
        "json lines": json_lines,
        "one event": one_event,
        "one stdout event": one_stdout_event,
        "pod": prefixed("[2026-11-20T04:16:40.000+0000] {pod_manager.py:472} INFO - [base] "),
        "bash": prefixed("[2026-11-20T04:16:40.000+0000] {subprocess.py:93} INFO - "),
        "docker": prefixed("worker-1  | "),
        "cri": prefixed("2026-11-20T04:16:40.000000000Z stdout F "),
        "ansi": ansi,
        "callback": callback,
        "mail": mail,
        "wrapper": wrapper,
        "exit code": exit_code,
        "earlier try": earlier_try,
        "other times": other_times,
        "stamped": stamped,
        "windows": windows,
        "mixed": mixed,
        "after": after,
    }


TRANSFORMATIONS: Mapping[str, Transformation] = _all()


def sample(names: Sequence[str], case_id: str, count: int) -> list[str]:
    """Some of the transformations for one case, always the same."""
    at = chosen(case_id, len(names), "sample")
    return [names[(at + 7 * i) % len(names)] for i in range(count)]
