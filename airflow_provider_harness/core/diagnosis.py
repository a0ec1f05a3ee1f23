"""The closed set of causes, and what may help against each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from airflow_provider_harness.core.action import ActionKind
from airflow_provider_harness.core.evidence import Citation, Evidence


class Category(StrEnum):
    """Root causes, not last lines. The set is closed; ``unknown`` is a valid answer."""

    TRANSIENT_NETWORK = "transient_network"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    RESOURCE_EXHAUSTED_MEMORY = "resource_exhausted_memory"
    RESOURCE_EXHAUSTED_DISK = "resource_exhausted_disk"
    RESOURCE_EXHAUSTED_CONNECTIONS = "resource_exhausted_connections"
    LOCK_CONTENTION = "lock_contention"
    TIMEOUT = "timeout"
    AUTH_EXPIRED_OR_INVALID = "auth_expired_or_invalid"
    PERMISSION_DENIED = "permission_denied"
    MISSING_OBJECT = "missing_object"
    SCHEMA_DRIFT = "schema_drift"
    DATA_QUALITY_VIOLATION = "data_quality_violation"
    LATE_OR_MISSING_SOURCE = "late_or_missing_source"
    DUPLICATE_DATA = "duplicate_data"
    BAD_INPUT_ENCODING_OR_FORMAT = "bad_input_encoding_or_format"
    CONFIG_ERROR = "config_error"
    CODE_BUG = "code_bug"
    DEPENDENCY_OR_VERSION = "dependency_or_version"
    WORKER_LOST = "worker_lost"
    UPSTREAM_FAILED = "upstream_failed"
    OUT_OF_DISK_OR_STORAGE_QUOTA = "out_of_disk_or_storage_quota"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """What a diagnosis rests on; policy bounds what each may reach."""

    FACT = "fact"  # a trusted fact says the same
    TEXT = "text"  # only log or message text says so
    MODEL = "model"  # a model says so; weighs as much as text
    NONE = "none"  # nothing says anything


class Certainty(StrEnum):
    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is held to be the root cause.

    :param cause: one sentence for a person.
    :param citations: places of the redacted log or exception that say so.
    :param why: how sure and why, one sentence.
    :param alternatives: what else it could be, likeliest first.
    :param traits: typed findings that choose between the remedies of one category (see ``PLAYBOOK``).
    :param retry_after: seconds that the other side asked us to wait, if it did.
    """

    category: Category
    cause: str
    basis: Basis
    certainty: Certainty
    why: str = ""
    citations: tuple[Citation, ...] = ()
    alternatives: tuple[Category, ...] = ()
    traits: frozenset[str] = frozenset()
    retry_after: float | None = None


UNKNOWN = Diagnosis(
    category=Category.UNKNOWN,
    cause="Nothing that was read identifies a cause.",
    basis=Basis.NONE,
    certainty=Certainty.UNSURE,
    why="No rule matched.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What may help.

    :param delay: seconds to wait before acting, 0 to 3600.
    :param needs_person: True where the act is only ever made with a person's agreement, whatever the policy says.
    """

    action: ActionKind
    delay: int = 0
    needs_person: bool = False
