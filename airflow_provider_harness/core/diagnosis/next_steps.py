"""What a person does next about a cause, and what a retry would repeat: sentences for three in the morning."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import (
    Category,
    Certainty,
    Diagnosis,
    remedies,
)

#: What to look at or to do, by cause.
NEXT: Mapping[Category, str] = {
    Category.TRANSIENT_NETWORK: "If the next try fails as well, see whether the other side is up and reachable from the worker.",
    Category.RATE_LIMITED: "Wait as long as the other side says; if it comes back, lower how many requests run at once.",
    Category.QUOTA_EXHAUSTED: "See in the service's console when the quota resets; raise it, or run less until then.",
    Category.RESOURCE_EXHAUSTED_MEMORY: "Let it do less at once, or give more memory to what ran out of it (the task, or the database that ran its query).",
    Category.RESOURCE_EXHAUSTED_DISK: "Free space on the volume that the message names, or make it larger; then clear the failed task in Airflow.",
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: "See who holds the connections (in PostgreSQL: pg_stat_activity; else the pool's size), and lower how many tasks connect at once.",
    Category.LOCK_CONTENTION: "If it comes back, see what holds it (in PostgreSQL: pg_locks), and keep such tasks apart with a pool of one slot.",
    Category.TIMEOUT: "Compare how long this task usually runs: if it was near the limit, raise the limit or let it do less; if not, see what it waited for.",
    Category.AUTH_EXPIRED_OR_INVALID: "Renew or correct the credential in the Airflow connection or the secrets backend; then clear the failed task in Airflow.",
    Category.PERMISSION_DENIED: "Ask the owner of what the message names to allow it (a right, or a place that can be written); then clear the failed task in Airflow.",
    Category.MISSING_OBJECT: "See whether the object was dropped, renamed or never made, and whether the name is right; then clear the failed task in Airflow.",
    Category.SCHEMA_DRIFT: "Compare the source's columns with what the task expects; adapt one of them, then clear the failed task in Airflow.",
    Category.DATA_QUALITY_VIOLATION: "Look at the rows that failed, correct them at the source or change the rule; then clear the failed task in Airflow.",
    Category.LATE_OR_MISSING_SOURCE: "Ask whoever delivers when it comes; the task can run as soon as it is there.",
    Category.DUPLICATE_DATA: "See whether the keys repeat within the input, or are there from an earlier run: take the repeats out, or make the load replace its slice; then clear the failed task in Airflow.",
    Category.BAD_INPUT_ENCODING_OR_FORMAT: "Open the input (a file, a row, a field) at the place that the message names; have it delivered again where it is broken as a whole.",
    Category.CONFIG_ERROR: "Set what the message names (a connection, a variable, an option, an image or an account), then clear the failed task in Airflow.",
    Category.CODE_BUG: "Correct the code or the SQL at the place that the message or its traceback names, deploy it, then clear the failed task in Airflow.",
    Category.DEPENDENCY_OR_VERSION: "Install or pin the package that the message names in the worker's image, then clear the failed task in Airflow.",
    Category.WORKER_LOST: "See on the node or in the cluster's events why the process ended (memory, eviction, a deploy), then clear the failed task in Airflow.",
    Category.UPSTREAM_FAILED: "Look at what failed before it; this task can run once that has succeeded.",
    Category.OUT_OF_DISK_OR_STORAGE_QUOTA: "Remove what is no longer needed, or have the limit raised that the message names; then clear the failed task in Airflow.",
    Category.UNKNOWN: "Read the task's log from its first error on; the rules know nothing in it.",
}
#: The same where a finding decides.
_NEXT_OF_TRAIT: tuple[tuple[Category, str, str], ...] = (
    (
        Category.TIMEOUT,
        "load",
        "Let it do less at once (a smaller range, a filter, an index); the same try runs as long.",
    ),
    (
        Category.TIMEOUT,
        "permanent",
        "Raise the limit that the message names, or let it do less; the same try runs as long.",
    ),
    (
        Category.RATE_LIMITED,
        "concurrency",
        "Lower how many of these run at once (a pool), then clear the failed task in Airflow.",
    ),
    (Category.RATE_LIMITED, "load", "Send less in a second (smaller batches), then clear the failed task in Airflow."),
    (
        Category.RESOURCE_EXHAUSTED_CONNECTIONS,
        "others",
        "Others hold the connections: it may pass by itself; else see who does (in PostgreSQL: pg_stat_activity).",
    ),
    (
        Category.BAD_INPUT_ENCODING_OR_FORMAT,
        "breaking",
        "The delivery is broken as a whole: have it delivered again; setting rows aside would leave nothing right.",
    ),
    (
        Category.SCHEMA_DRIFT,
        "additive",
        "A column is new: decide whether the target takes it, and apply that; then clear the failed task in Airflow.",
    ),
    (
        Category.WORKER_LOST,
        "sigterm",
        "It was asked to stop (a drain, a deploy, a preemption): it can run again elsewhere.",
    ),
    (Category.LATE_OR_MISSING_SOURCE, "missing_slices", "Fill the slices that are missing, oldest first."),
)


def next_step(diagnosis: Diagnosis) -> str:
    """What a person does next, in one or two sentences."""
    if diagnosis.category is Category.UNKNOWN and diagnosis.citations:
        return "See in Airflow's audit log, or in the cluster's events of that time, who or what did it."
    return next(
        (text for c, trait, text in _NEXT_OF_TRAIT if c is diagnosis.category and trait in diagnosis.traits),
        NEXT[diagnosis.category],
    )


#: What a retry repeats, by cause, where that is known without knowing the task.
_REPEATS: Mapping[Category, str] = {
    Category.TIMEOUT: "A retry begins the whole operation again, and what the first one started may still run on the other side.",
    Category.WORKER_LOST: "A retry runs the task from its beginning, with whatever it had written before it ended.",
    Category.UPSTREAM_FAILED: "A retry of this task alone fails again until its predecessor has succeeded.",
    Category.TRANSIENT_NETWORK: "A retry runs the task from its beginning; a write whose answer was lost may have been made already.",
    Category.LOCK_CONTENTION: "What was refused changed nothing, so a retry makes it anew; what was committed before it is repeated.",
    Category.QUOTA_EXHAUSTED: "A retry fails again until the quota resets or is raised.",
    Category.RATE_LIMITED: "A retry runs the task from its beginning, and sends again the requests that were answered.",
}


def repeats(category: Category, traits: frozenset[str], certainty: Certainty) -> str:
    """What a retry would repeat, in one sentence."""
    if category in _REPEATS:
        return _REPEATS[category]
    if any(remedy.action is ActionKind.RETRY_TASK for remedy in remedies(category, traits)):
        return "A retry runs the task from its beginning, with all that it writes."
    if category is Category.LATE_OR_MISSING_SOURCE:
        return "A retry only looks again; it fails until the delivery is there."
    if category is Category.UNKNOWN or certainty is Certainty.UNSURE:
        return "Whether a retry would help is not known; it runs the task from its beginning, with all that it writes."
    return "A retry without a change repeats the failure."


def sentence(diagnosis: Diagnosis) -> str:
    """What on-call reads: what happened in the system's own words, why we think so, what to do, what a retry repeats."""
    parts = (
        diagnosis.cause,
        diagnosis.why,
        f"Next: {next_step(diagnosis)}",
        repeats(diagnosis.category, diagnosis.traits, diagnosis.certainty),
    )
    return " ".join(part.strip() for part in parts if part)
