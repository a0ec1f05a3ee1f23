"""What Airflow's scheduler wrote into the event log of a try that it ended itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_provider_harness.core.diagnosis.failure import SchedulerWord

#: Event of Airflow's log -> what it says. The scheduler alone writes these; the API logs its own calls under other names.
EVENTS: Mapping[str, SchedulerWord] = {
    "heartbeat timeout": SchedulerWord.HEARTBEAT_LOST,
    "state mismatch": SchedulerWord.KILLED,
    "stuck in queued tries exceeded": SchedulerWord.NEVER_STARTED,
}
_OUT_OF_MEMORY = re.compile(r" Extra info: .*\bOOMKilled\b", re.DOTALL)


def said(rows: Iterable[Mapping[str, Any]], try_number: int, map_index: int) -> SchedulerWord | None:
    """The newest word about a try; None where the scheduler wrote none."""
    word = None
    for row in rows:
        if (row.get("try_number"), row.get("map_index")) == (try_number, map_index) and row.get("event") in EVENTS:
            word = EVENTS[str(row["event"])]
            if word is SchedulerWord.KILLED and _OUT_OF_MEMORY.search(str(row.get("extra") or "")):
                word = SchedulerWord.OUT_OF_MEMORY
    return word
