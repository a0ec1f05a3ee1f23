"""Give waiting failures their incidents, and tell on-call again only where one of them makes an incident worse."""

from __future__ import annotations

from airflow_provider_harness.app.escalate import worsened
from airflow_provider_harness.app.ports import Healer
from airflow_provider_harness.core.cause import lead
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incident import Incident


def take_in(healer: Healer) -> None:
    """Every recorded failure joins the incident in hand that has its cause, or opens one.

    What a person was paged about and has mended since is let go first: the same failure again is news then.
    """
    for incident in healer.store.in_hand():
        if not _still_broken(healer, incident):
            healer.store.let_go(incident.id)
    joined = {item.incident_id for item in healer.store.intake(healer.now()) if not item.opened and item.failure.heals}
    for name in sorted(joined):
        incident = healer.store.incident(name)
        if incident.said:
            worsened(healer, incident)


def _still_broken(healer: Healer, incident: Incident) -> bool:
    """Whether the first task that failed is as it failed; in doubt it is not, since a page too many harms less."""
    failures = [failure for failure in healer.store.failures(incident.id) if failure.heals]
    if not failures:
        return False
    key = lead(failures).key
    try:
        if not key.task_id:
            return healer.airflow.run_state(key.dag_id, key.run_id) == "failed"
        task = healer.airflow.task(key.dag_id, key.run_id, key.task_id, key.map_index)
    except HarnessError:
        return False
    return task.state == "failed" and task.try_number == key.try_number
