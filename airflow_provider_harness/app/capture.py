"""Record a failure and hand it over. Milliseconds, in the failing task's own process."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_harness.app.ports import FailureLog, HealerStarter
from airflow_provider_harness.core.failure import Failure
from airflow_provider_harness.core.incident import episode_of


def capture(failure: Failure, log: FailureLog, healer: HealerStarter, new_id: Callable[[], str]) -> bool:
    """Append the failure to its episode and start a healer run for it; False where this try was captured before.

    Failures of one episode and one try number share one healer run: starting it again is a no-op, so a storm in one run
    of a Dag starts one healer. Whether the run leads the incident is decided there, where the store can be read.
    """
    incident_id = new_id()
    if not log.record(failure, incident_id):
        return False
    if failure.heals:
        healer.start(incident_id, episode_of(failure.key), failure.key.try_number)
    return True
