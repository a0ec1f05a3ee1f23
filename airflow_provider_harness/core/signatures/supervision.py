"""What Airflow's supervisor, waiters, auditors and workflow engines print."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

TEXTS: Mapping[C, str] = {
    C.CONFIG_ERROR: r"""
9 croniterbad(?:cron|date|typerange)error|croniternotalphaerror
9 \[[\d*/,\- ]{5,40}\] is not acceptable
9 exactly 5, 6 or 7 columns has to be specified
9 table schema was not found. set autodetect
8 (?:certificate|ssl|tls) validation failed
""",
    C.CODE_BUG: r"""
9 query is too complex
8 sqlglot\.errors\.
""",
    C.TIMEOUT: r"""
9 waiter \w+ failed: max attempts exceeded  @traits permanent
""",
    C.RATE_LIMITED: r"""
8 too many 429 error responses
9 too many concurrent (?:queries|jobs|requests|statements)  @also attempt (\d+)(?: of |/)\1\b|after \d+ attempts|retries exhausted  @traits concurrency
""",
    C.QUOTA_EXHAUSTED: r"""
9 quota for number of partition modifications
9 (?:exceeded|too many) .{0,40}partitions (?:modified|produced|per)
""",
    C.DUPLICATE_DATA: r"""
9 ifgenerationmatch=0  @traits rerun
9 (?:object|blob|file|table|run|partition|batch) .{0,80}already exists  @also 409|412|conflict|if-none-match|precondition  @traits rerun
""",
    C.SCHEMA_DRIFT: r"""
9 missing data for column  @also copy \w+, line 1\b  @traits breaking
9 extra data after last expected column  @also copy \w+, line 1\b  @traits breaking
""",
    C.WORKER_LOST: r"""
8 the task shouldn't be running anymore  @traits killed_unknown
7 process terminated by signal  @traits killed_unknown
7 task (?:instance )?.{0,80}heartbeat (?:timeout|timed out)  @traits killed_unknown
""",
    C.DATA_QUALITY_VIOLATION: r"""
9 audit error: \d+ rows? failed
9 \baudits? failed\b
9 __hive_default_partition__
""",
    C.UNKNOWN: r"""
6 (?:workflow|node|step) .{0,60}phase: ?(?:failed|error)
""",
    C.AUTH_EXPIRED_OR_INVALID: r"""
9 invalid auth token
9 signature has expired
""",
}
