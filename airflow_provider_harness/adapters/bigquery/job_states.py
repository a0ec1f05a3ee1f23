"""How jobs stand that a log names: an id is somebody's text until BigQuery knows it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow_provider_harness.core.diagnosis.evidence import Fact, Observation, Source

if TYPE_CHECKING:
    from google.cloud import bigquery

SECONDS = 3.0
"""How long one question takes at most."""
_WORD = re.compile(r"\w{1,40}")


def states(client: bigquery.Client, ids: Iterable[str]) -> tuple[dict[str, Fact], list[Observation]]:
    """Facts, and what is shown of them; of ids that BigQuery does not know, nothing."""
    from google.api_core.exceptions import NotFound
    from google.api_core.retry import Retry

    running, seen = 0, []
    for name in ids:
        try:
            job = client.get_job(name, retry=Retry(timeout=SECONDS), timeout=SECONDS)
        except NotFound:
            continue
        running += job.state in ("RUNNING", "PENDING")
        reason = str((job.error_result or {}).get("reason", ""))
        ended = f", error {reason}" if _WORD.fullmatch(reason) else ""
        text = f"BigQuery says: job {job.job_id} is {job.state}{ended}"
        seen.append(Observation(source=Source.WAREHOUSE, text=text, trusted=True))
    return ({"jobs_running": running} if seen else {}), seen
