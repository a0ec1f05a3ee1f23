"""How bad an incident is, read where it is known: contracts, and what failed because of it."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.app.ports import Healer
from airflow_provider_harness.core.cause import of_backfill
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.failure import Failure
from airflow_provider_harness.core.incident import Incident
from airflow_provider_harness.core.severity import Severity, Stakes, severity

#: Task instances of an incident whose contracts are read; a storm has many of few tables.
LOOKED_AT = 20


def severity_of(healer: Healer, incident: Incident, *, asked: bool = False) -> Severity:
    """How loudly on-call is told of this incident.

    :param asked: a person is only asked.
    """
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    stakes = Stakes(
        contracts=contracts_of(healer, failures),
        dags=len({failure.key.dag_id for failure in failures}),
        asked=asked,
        backfill=only_backfill(failures),
    )
    return severity(stakes)


def only_backfill(failures: Sequence[Failure]) -> bool:
    """Whether nothing but runs of backfills failed."""
    return bool(failures) and all(of_backfill(failure.key.run_id) for failure in failures)


def contracts_of(healer: Healer, failures: Sequence[Failure]) -> list[Contract]:
    """The contracts that the failed tasks name, each table's once."""
    first = {(failure.key.dag_id, failure.key.task_id): failure.key for failure in failures if failure.key.task_id}
    found: dict[str, Contract] = {}
    for key in list(first.values())[:LOOKED_AT]:
        try:
            state = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
        except HarnessError:
            continue
        if (contract := healer.gates.contract(state)) is not None:
            found.setdefault(contract.table, contract)
    return list(found.values())
