"""What a catalog's numbers change of a diagnosis: how a second try would fare, never what the cause was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airflow_provider_harness.core.diagnosis.diagnosis import Category, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Fact
from airflow_provider_harness.core.signatures.error_codes import Trait

#: A lock that is held for so long will be held a minute later, too; seconds.
LONG_HELD = 600
_WAITS = (Category.LOCK_CONTENTION, Category.TIMEOUT)
_RUNS_ELSEWHERE = (Category.TRANSIENT_NETWORK, Category.TIMEOUT, Category.LOCK_CONTENTION)


def with_catalog(found: Diagnosis, facts: Mapping[str, Fact]) -> Diagnosis:
    """The diagnosis with what the server itself said after the failure.

    :param facts: of the dossier; ``adapters.postgres.strain`` and ``adapters.bigquery.job_states`` give those that count here.
    """
    held, running = _number(facts, "lock_held_seconds"), _number(facts, "jobs_running")
    if found.category in _WAITS and held >= LONG_HELD:
        return _with(
            found, Trait.BUSY, f"The server says that a session has held it for {held // 60} minutes and still does."
        )
    if found.category in _RUNS_ELSEWHERE and running:
        return _with(found, Trait.BUSY, f"The service says that {running} job(s) of this log still run.")
    if found.category is Category.RESOURCE_EXHAUSTED_CONNECTIONS and Trait.CONCURRENCY not in found.traits:
        used, own = _number(facts, "connections_used"), _number(facts, "connections_own")
        if used and 2 * own < used:
            why = f"The server says that others have {used - own} of the {used} connections that are in use."
            return _with(found, Trait.OTHERS, why)
    return found


def _with(found: Diagnosis, trait: Trait, why: str) -> Diagnosis:
    return replace(found, traits=found.traits | {trait}, why=f"{found.why} {why}")


def _number(facts: Mapping[str, Fact], name: str) -> int:
    value = facts.get(name, 0)
    return value if isinstance(value, int) else 0
