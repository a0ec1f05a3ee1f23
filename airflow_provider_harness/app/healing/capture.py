"""Record a failure and hand it over. Milliseconds, in the failing task's own process."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_harness.app.ports.healing import HealerStarter, Spool
from airflow_provider_harness.app.ports.store import FailureLog
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.grouping import healer_run_key
from airflow_provider_harness.core.incidents.incident import episode_of


def capture(failure: Failure, log: FailureLog, spool: Spool, healer: HealerStarter, new_id: Callable[[], str]) -> bool:
    """Append the failure to its episode and start a healer run for it; False where this try was captured before.

    Failures of one cause and one try number share one healer run: starting it again is a no-op, so a storm starts one
    healer. Which incident the failure joins, and whether the run leads it, is decided there, where the store can be read.

    :raises HarnessUnavailable: the store is down, and the failure waits in the spool for the reconciler; or the healer
        could not be started, and the reconciler starts it.
    """
    incident_id = new_id()
    try:
        if not log.record(failure, incident_id):
            return False
    except HarnessUnavailable:
        spool.keep(failure)
        raise
    if failure.heals:
        healer.start(incident_id, healer_run_key(failure, episode_of(failure.key)), failure.key.try_number)
    return True
