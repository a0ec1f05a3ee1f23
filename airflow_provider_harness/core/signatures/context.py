"""Which cause explains which: a cause that is there leaves traces that look like others.

A full disk breaks connections, a connection that was cut leaves half a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C

#: cause -> what its traces are often taken for. Where the cause is well founded, those count for less.
EXPLAINS: Mapping[C, frozenset[C]] = {
    C.RESOURCE_EXHAUSTED_DISK: frozenset(
        {C.TRANSIENT_NETWORK, C.WORKER_LOST, C.TIMEOUT, C.LOCK_CONTENTION, C.CODE_BUG, C.UPSTREAM_FAILED}
    ),
    C.OUT_OF_DISK_OR_STORAGE_QUOTA: frozenset({C.TRANSIENT_NETWORK, C.WORKER_LOST, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.RESOURCE_EXHAUSTED_MEMORY: frozenset({C.TRANSIENT_NETWORK, C.WORKER_LOST, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.AUTH_EXPIRED_OR_INVALID: frozenset({C.TRANSIENT_NETWORK, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.PERMISSION_DENIED: frozenset({C.TRANSIENT_NETWORK, C.CODE_BUG, C.UPSTREAM_FAILED}),
    C.CONFIG_ERROR: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DEPENDENCY_OR_VERSION: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.SCHEMA_DRIFT: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DUPLICATE_DATA: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.DATA_QUALITY_VIOLATION: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.MISSING_OBJECT: frozenset({C.UPSTREAM_FAILED}),
    C.TRANSIENT_NETWORK: frozenset({C.BAD_INPUT_ENCODING_OR_FORMAT, C.DEPENDENCY_OR_VERSION}),
    C.QUOTA_EXHAUSTED: frozenset({C.TRANSIENT_NETWORK, C.UPSTREAM_FAILED}),
    C.LOCK_CONTENTION: frozenset({C.TRANSIENT_NETWORK, C.TIMEOUT, C.DUPLICATE_DATA, C.UPSTREAM_FAILED}),
    C.RESOURCE_EXHAUSTED_CONNECTIONS: frozenset({C.TRANSIENT_NETWORK, C.TIMEOUT, C.UPSTREAM_FAILED}),
}
