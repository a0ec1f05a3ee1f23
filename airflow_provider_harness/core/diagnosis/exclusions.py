"""Which causes a trusted fact leaves possible: data, by which a text (or a model that read one) is found to disagree.

A fact is a code of the exception, a gate's report, a schema difference, or that the process is gone. What is not in the
table excludes nothing; of several codes in one chain, each is a possible cause, and where the innermost exception has
none, the codes around it exclude nothing.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping

from airflow_provider_harness.core.diagnosis.diagnosis import Category as C
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind

_MOMENT = frozenset(
    {
        C.TRANSIENT_NETWORK,
        C.RATE_LIMITED,
        C.QUOTA_EXHAUSTED,
        C.RESOURCE_EXHAUSTED_CONNECTIONS,
        C.LOCK_CONTENTION,
        C.TIMEOUT,
    }
)
_SPACE = frozenset({C.RESOURCE_EXHAUSTED_DISK, C.OUT_OF_DISK_OR_STORAGE_QUOTA})
_MACHINE = _SPACE | {C.RESOURCE_EXHAUSTED_MEMORY, C.WORKER_LOST}
_WHO = frozenset({C.AUTH_EXPIRED_OR_INVALID, C.PERMISSION_DENIED, C.CONFIG_ERROR})
_SHAPE = frozenset(
    {
        C.SCHEMA_DRIFT,
        C.MISSING_OBJECT,
        C.LATE_OR_MISSING_SOURCE,
        C.UPSTREAM_FAILED,
        C.CONFIG_ERROR,
        C.CODE_BUG,
        C.DEPENDENCY_OR_VERSION,
    }
)
_VALUES = frozenset(
    {
        C.DATA_QUALITY_VIOLATION,
        C.DUPLICATE_DATA,
        C.BAD_INPUT_ENCODING_OR_FORMAT,
        C.SCHEMA_DRIFT,
        C.LATE_OR_MISSING_SOURCE,
        C.UPSTREAM_FAILED,
        C.CODE_BUG,
        C.CONFIG_ERROR,
    }
)
_LATE = frozenset({C.LATE_OR_MISSING_SOURCE, C.UPSTREAM_FAILED, C.MISSING_OBJECT, C.CONFIG_ERROR})

#: fact -> the causes that it leaves possible, beside ``unknown``. A class of SQLSTATE answers where its code is not named.
POSSIBLE_CAUSES: Mapping[str, frozenset[C]] = {
    "SQLSTATE 08": _MOMENT | _WHO,
    "SQLSTATE 22": _VALUES,
    "SQLSTATE 23": _VALUES,
    "SQLSTATE 28": _WHO,
    "SQLSTATE 3D": _SHAPE,
    "SQLSTATE 3F": _SHAPE,
    "SQLSTATE 40": frozenset({C.LOCK_CONTENTION, C.TIMEOUT, C.TRANSIENT_NETWORK}),
    "SQLSTATE 42": _SHAPE | _VALUES,
    "SQLSTATE 42501": _WHO,
    "SQLSTATE 53": _MACHINE | _MOMENT | {C.CONFIG_ERROR},
    "SQLSTATE 53100": _SPACE,
    "SQLSTATE 53200": frozenset({C.RESOURCE_EXHAUSTED_MEMORY, C.CONFIG_ERROR}),
    "SQLSTATE 53300": _MOMENT | {C.CONFIG_ERROR},
    "SQLSTATE 55P03": frozenset({C.LOCK_CONTENTION, C.TIMEOUT}),
    "SQLSTATE 57014": frozenset({C.TIMEOUT, C.LOCK_CONTENTION, C.TRANSIENT_NETWORK, C.WORKER_LOST}),
    "SQLSTATE 57P01": _MOMENT | _MACHINE,
    "SQLSTATE 57P02": _MOMENT | _MACHINE,
    "SQLSTATE 57P03": _MOMENT | _MACHINE,
    "HTTP 401": _WHO,
    "HTTP 402": frozenset({C.QUOTA_EXHAUSTED, C.CONFIG_ERROR}),
    "HTTP 403": _WHO | {C.RATE_LIMITED, C.QUOTA_EXHAUSTED, C.MISSING_OBJECT, *_SPACE},
    "HTTP 404": _SHAPE | {C.PERMISSION_DENIED},
    "HTTP 407": _WHO,
    "HTTP 408": _MOMENT,
    "HTTP 410": _SHAPE | {C.PERMISSION_DENIED},
    "HTTP 429": frozenset({C.RATE_LIMITED, C.QUOTA_EXHAUSTED, C.RESOURCE_EXHAUSTED_CONNECTIONS, C.LOCK_CONTENTION}),
    "HTTP 502": _MOMENT | _MACHINE,
    "HTTP 503": _MOMENT | _MACHINE,
    "HTTP 504": _MOMENT | _MACHINE,
    "HTTP 507": _SPACE | {C.QUOTA_EXHAUSTED},
    "errno ECONNREFUSED": _MOMENT | _MACHINE | _WHO,
    "errno ECONNRESET": _MOMENT | _MACHINE | _WHO,
    "errno EDQUOT": _SPACE | {C.QUOTA_EXHAUSTED},
    "errno EMFILE": frozenset({C.RESOURCE_EXHAUSTED_CONNECTIONS, C.CODE_BUG, C.CONFIG_ERROR}),
    "errno ENOENT": _SHAPE,
    "errno ENOMEM": frozenset({C.RESOURCE_EXHAUSTED_MEMORY}),
    "errno ENOSPC": _SPACE,
    "errno EACCES": _WHO,
    "errno EPERM": _WHO,
    "a blocked gate": _VALUES | _SHAPE,
    "a blocked gate (freshness)": _LATE,
    "a blocked gate (completeness)": _LATE,
    "a schema difference": _SHAPE,
    "a process that is gone without a word": _MACHINE | {C.TIMEOUT},
}


def ruled_out(category: C, failure: Failure) -> str:
    """The facts of a failure that do not go with a cause; empty where none speaks against it."""
    if category is C.UNKNOWN:
        return ""
    groups = (_codes(failure), _gate(failure), _others(failure))
    return " and ".join(
        " or ".join(facts) for facts in groups if facts and not any(category in POSSIBLE_CAUSES[f] for f in facts)
    )


def _codes(failure: Failure) -> tuple[str, ...]:
    """The codes of the exception chain; none, where one of them or the innermost exception could mean anything."""
    links = [tuple(_named(link)) for link in failure.chain]
    if not links or not links[-1]:
        return ()
    facts = tuple(fact for link in links for fact in link)
    return facts if all(fact in POSSIBLE_CAUSES for fact in facts) else ()


def _named(link: ErrorLink) -> Iterator[str]:
    if link.sqlstate:
        exact = f"SQLSTATE {link.sqlstate}"
        yield exact if exact in POSSIBLE_CAUSES else exact[: len("SQLSTATE 00")]
    if link.http_status:
        yield f"HTTP {link.http_status}"
    if link.errno is not None:
        yield f"errno {errno.errorcode.get(link.errno, link.errno)}"


def _gate(failure: Failure) -> tuple[str, ...]:
    """What the checks that blocked leave possible; a check that could not be run says nothing about the data."""
    results = (failure.report or {}).get("results", ())
    blocked = [r for r in results if not r.get("passed") and r.get("severity") == "error" and not r.get("error")]
    named = (f"a blocked gate ({result.get('kind')})" for result in blocked)
    return tuple(dict.fromkeys(fact if fact in POSSIBLE_CAUSES else "a blocked gate" for fact in named))


def _others(failure: Failure) -> tuple[str, ...]:
    if failure.schema_diff is not None:
        return ("a schema difference",)
    return ("a process that is gone without a word",) if failure.kind is FailureKind.UNREPORTED else ()
