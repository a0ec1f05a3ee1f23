"""How bad an incident is, read where it is known: contracts, and what failed because of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, SlaAlert
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind
from airflow_provider_harness.core.errors import HarnessError, NoSlice
from airflow_provider_harness.core.incidents.events import Outcome, Settled
from airflow_provider_harness.core.incidents.grouping import of_backfill
from airflow_provider_harness.core.incidents.incident import Incident
from airflow_provider_harness.core.incidents.severity import Impact, PageSeverity, severity
from airflow_provider_harness.core.lineage.graph import job

#: Task instances of an incident whose contracts are read; a storm has many of few tables.
LOOKED_AT = 20


def page_severity(healer: Healer, incident: Incident) -> PageSeverity:
    """How loudly on-call is told of this incident; a question about it wakes as loudly, since no answer is a no."""
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    stakes = Impact(
        contracts=contracts_of(healer, failures),
        dags=len({failure.key.dag_id for failure in failures}),
        late=bool(risks_of(healer, incident)),
        worse=made_worse(incident),
        backfill=only_backfill(failures),
        no_slice=only_without_slice(healer, failures),
    )
    return severity(stakes)


def made_worse(incident: Incident) -> bool:
    """Whether an act of the harness did harm."""
    settled = incident.last.get(Settled)
    return settled is not None and settled.outcome is Outcome.MADE_WORSE


def only_backfill(failures: Sequence[Failure]) -> bool:
    """Whether nothing but runs of backfills failed."""
    return bool(failures) and all(of_backfill(failure.key.run_id) for failure in failures)


def only_without_slice(healer: Healer, failures: Sequence[Failure]) -> bool:
    """Whether nothing failed but runs that own no slice, since they own none: they say so, and Airflow knows of none either."""
    kind = f"{NoSlice.__module__}.{NoSlice.__qualname__}"
    said = bool(failures) and all(any(link.type == kind for link in failure.chain) for failure in failures)
    return said and all(_owns_none(healer, failure) for failure in failures[:LOOKED_AT])


def _owns_none(healer: Healer, failure: Failure) -> bool:
    try:
        runs = healer.airflow.runs(failure.key.dag_id, failure.occurred_at - timedelta(days=1))
    except HarnessError:
        return False
    return any(run.run_id == failure.key.run_id and not run.slice_id for run in runs)


def contracts_of(healer: Healer, failures: Sequence[Failure]) -> list[Contract]:
    """The contracts that the failed tasks name, each table's once."""
    first = {(failure.key.dag_id, failure.key.task_id): failure.key for failure in failures if failure.key.task_id}
    found = _watched(healer, failures)
    for key in list(first.values())[:LOOKED_AT]:
        try:
            state = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
        except HarnessError:
            continue
        if (contract := healer.gates.contract(state)) is not None:
            found.setdefault(contract.table, contract)
    return list(found.values())


def _watched(healer: Healer, failures: Sequence[Failure]) -> dict[str, Contract]:
    """Table -> its contract, of watched tables that are not as they should be; the healer wrote down which file it is."""
    found: dict[str, Contract] = {}
    for one in [one for one in failures if one.kind is FailureKind.QUIET][:LOOKED_AT]:
        place = HighWaterMark(
            conn_id=one.detail["conn_id"],
            table=one.detail["table"],
            contract=one.detail["contract"],
            dag_id=one.key.dag_id,
            task_id="",
            slice_end=one.occurred_at,
        )
        try:
            found[place.table] = healer.promises.contract(place)
        except HarnessError:
            continue
    return found


def risks_of(healer: Healer, incident: Incident) -> list[SlaAlert]:
    """The promises that on-call was told of and that wait for this incident, the most urgent first."""
    told = healer.promises.open_alerts()
    failures = healer.store.failures(incident.id) if told else ()
    return [risk for risk in told if is_about(healer, risk, failures)]


def is_about(healer: Healer, risk: SlaAlert, failures: Sequence[Failure]) -> bool:
    """Whether what failed keeps a slice from being published: its run, its table, or a task that feeds it."""
    feeders = frozenset(healer.promises.feeders(risk.dag_id, risk.task_id))
    return any(_breaks(risk, failure, feeders) for failure in failures if failure.heals)


def _breaks(risk: SlaAlert, failure: Failure, feeders: frozenset[str]) -> bool:
    key = failure.key
    if key.dag_id == risk.dag_id and key.run_id == risk.run_id:
        return True
    if of_backfill(key.run_id):
        return False
    report = failure.report or {}
    same = (report.get("table"), report.get("slice")) == (risk.table, risk.slice)
    return same or (key.dag_id == risk.dag_id and not risk.run_id) or job(key.dag_id, key.task_id) in feeders
