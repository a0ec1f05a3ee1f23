"""The closed set of causes, and what may help against each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.evidence import Citation


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
    :param wish: the remedy that a model would take, where it proposed one; it narrows what the table offers, and never widens it.
    :param against: where text and trusted facts disagree, one sentence each (``core.diagnosis.exclusions``).
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
    against: tuple[str, ...] = ()
    wish: ActionKind | None = None


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


#: The corpus's word for what may be done, and the row of ``core.actions.ACTIONS`` that does it.
SAFE_ACTIONS: Mapping[str, ActionKind] = {
    "retry_now": ActionKind.RETRY_TASK,
    "retry_after_delay": ActionKind.RETRY_TASK,
    "wait_for_source": ActionKind.WAIT_FOR_SOURCE,
    "quarantine_and_continue": ActionKind.QUARANTINE_AND_CONTINUE,
    "rerun_upstream": ActionKind.RERUN_UPSTREAM,
    "apply_additive_schema_change_with_approval": ActionKind.SUGGEST_SCHEMA_CHANGE,
    "backfill_range_with_approval": ActionKind.BACKFILL_RANGE,
    "reduce_batch_or_concurrency_with_approval": ActionKind.SUGGEST_CONCURRENCY_CHANGE,
    "escalate_to_human": ActionKind.ESCALATE_TO_HUMAN,
}
#: Safe actions that a person must agree to, or do.
PERSON_NEEDED = frozenset(
    {
        "rerun_upstream",
        "apply_additive_schema_change_with_approval",
        "backfill_range_with_approval",
        "reduce_batch_or_concurrency_with_approval",
        "escalate_to_human",
    }
)


def safe_action(remedy: Remedy) -> str:
    """The corpus's word for a remedy; a retry that needs a person is an escalation."""
    if remedy.action is ActionKind.RETRY_TASK:
        if remedy.needs_person:
            return "escalate_to_human"
        return "retry_after_delay" if remedy.delay else "retry_now"
    for word, kind in SAFE_ACTIONS.items():
        if kind is remedy.action:
            return word
    return "escalate_to_human"


_PERSON = Remedy(action=ActionKind.ESCALATE_TO_HUMAN)
_LESS = Remedy(action=ActionKind.SUGGEST_CONCURRENCY_CHANGE)
_MINUTE = Remedy(action=ActionKind.RETRY_TASK, delay=60)
_FIVE_MINUTES = Remedy(action=ActionKind.RETRY_TASK, delay=300)
#: A second try where more of the run failed than the one task (``app.healing.propose`` looks).
_RESTART = Remedy(action=ActionKind.RESTART_PIPELINE)
_AGREED_RETRY = Remedy(action=ActionKind.RETRY_TASK, needs_person=True)

#: category -> (traits that must all be there, remedies in order); the first row whose traits are there is taken.
PLAYBOOK: Mapping[Category, tuple[tuple[frozenset[str], tuple[Remedy, ...]], ...]] = {
    Category.TRANSIENT_NETWORK: (
        (frozenset({"busy"}), (_PERSON,)),
        (frozenset({"permanent"}), (_PERSON,)),
        (frozenset(), (_MINUTE, _RESTART, _PERSON)),
    ),
    Category.RATE_LIMITED: (
        (frozenset({"permanent"}), (_PERSON,)),
        (frozenset({"load"}), (_LESS, _PERSON)),
        (frozenset({"concurrency"}), (_LESS, _PERSON)),
        (frozenset(), (_FIVE_MINUTES, _RESTART, _PERSON)),
    ),
    Category.QUOTA_EXHAUSTED: (
        (frozenset({"others"}), (_FIVE_MINUTES, _RESTART, _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.RESOURCE_EXHAUSTED_MEMORY: ((frozenset(), (_LESS, _PERSON)),),
    Category.RESOURCE_EXHAUSTED_DISK: ((frozenset(), (_PERSON,)),),
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: (
        (frozenset({"concurrency"}), (_LESS, _PERSON)),
        (frozenset({"others"}), (_FIVE_MINUTES, _LESS, _PERSON)),
        (frozenset(), (_LESS, _PERSON)),
    ),
    Category.LOCK_CONTENTION: (
        (frozenset({"busy"}), (_PERSON,)),
        (frozenset({"permanent"}), (_PERSON,)),
        (frozenset(), (_MINUTE, _RESTART, _PERSON)),
    ),
    Category.TIMEOUT: (
        (frozenset({"busy"}), (_PERSON,)),
        (frozenset({"permanent"}), (_PERSON,)),
        (frozenset({"load"}), (_LESS, _PERSON)),
        (frozenset(), (_FIVE_MINUTES, _RESTART, _PERSON)),
    ),
    Category.AUTH_EXPIRED_OR_INVALID: ((frozenset(), (_PERSON,)),),
    Category.PERMISSION_DENIED: ((frozenset(), (_PERSON,)),),
    Category.MISSING_OBJECT: ((frozenset(), (_PERSON,)),),
    Category.SCHEMA_DRIFT: (
        (frozenset({"breaking"}), (_PERSON,)),
        (frozenset({"additive"}), (Remedy(action=ActionKind.SUGGEST_SCHEMA_CHANGE), _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.DATA_QUALITY_VIOLATION: (
        (frozenset({"derived"}), (_PERSON,)),
        (frozenset({"breaking"}), (_PERSON,)),
        (frozenset({"row_level"}), (Remedy(action=ActionKind.QUARANTINE_AND_CONTINUE), _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.LATE_OR_MISSING_SOURCE: (
        (frozenset({"missing_slices"}), (Remedy(action=ActionKind.BACKFILL_RANGE), _PERSON)),
        (frozenset({"expected"}), (Remedy(action=ActionKind.WAIT_FOR_SOURCE, delay=900), _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.DUPLICATE_DATA: (
        (frozenset({"rerun"}), (_PERSON,)),
        (frozenset({"row_level"}), (Remedy(action=ActionKind.QUARANTINE_AND_CONTINUE), _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.BAD_INPUT_ENCODING_OR_FORMAT: (
        (frozenset({"breaking"}), (_PERSON,)),
        (frozenset({"row_level"}), (Remedy(action=ActionKind.QUARANTINE_AND_CONTINUE), _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.CONFIG_ERROR: ((frozenset(), (_PERSON,)),),
    Category.CODE_BUG: ((frozenset(), (_PERSON,)),),
    Category.DEPENDENCY_OR_VERSION: ((frozenset(), (_PERSON,)),),
    Category.WORKER_LOST: (
        (frozenset({"killed_unknown"}), (_AGREED_RETRY, _PERSON)),
        (frozenset({"sigterm"}), (_MINUTE, _RESTART, _PERSON)),
        (frozenset(), (_AGREED_RETRY, _PERSON)),
    ),
    Category.UPSTREAM_FAILED: ((frozenset(), (Remedy(action=ActionKind.RERUN_UPSTREAM), _PERSON)),),
    Category.OUT_OF_DISK_OR_STORAGE_QUOTA: (
        (frozenset({"load"}), (_LESS, _PERSON)),
        (frozenset(), (_PERSON,)),
    ),
    Category.UNKNOWN: ((frozenset(), (_PERSON,)),),
}

#: The longest that a Retry-After is followed, in seconds.
LONGEST_WAIT = 3600


def remedies(category: Category, traits: frozenset[str] = frozenset()) -> tuple[Remedy, ...]:
    """What may help, in order."""
    return next(found for needed, found in PLAYBOOK[category] if needed <= traits)


def first_remedy(diagnosis: Diagnosis) -> Remedy:
    """What is proposed before any policy: an unsure diagnosis never leads to more than a page, and a wait that the
    other side asked for is honoured, up to an hour."""
    if diagnosis.certainty is Certainty.UNSURE:
        return _PERSON
    first = remedies(diagnosis.category, diagnosis.traits)[0]
    if diagnosis.retry_after is None or first.action is not ActionKind.RETRY_TASK:
        return first
    if diagnosis.retry_after > LONGEST_WAIT:
        return _PERSON
    return replace(first, delay=max(first.delay, int(diagnosis.retry_after)))
