"""What is timed. Each scenario runs in a process of its own; imports and connections come before the clock.

``python -m tests.bench.scenarios NAME`` prints one JSON object: ``seconds``, ``rows``, ``mb`` (peak memory above an
imported Airflow). With ``BENCH_PROFILE`` it is sampled, and the samples go to that file.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import dagfiles, features, gates, movement, pages, peers, retrieval, training, watch
from tests.bench.place import Place, Timed
from tests.bench.sampled import sampled


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One thing that is timed.

    :param share: the part of the run's rows that it takes; what is slow takes a tenth, and rates are compared. What makes its own
        rows may take more than there are.
    :param clock: seconds of the wall, or of the processor.
    :param setting: how a peer is set; shown in the output.
    """

    make: Callable[[Place], Timed]
    share: float = 1.0
    clock: Callable[[], float] = time.perf_counter
    setting: str = ""


def _peer(make: Callable[[Place], Timed], share: float = 1.0) -> Scenario:
    return Scenario(make=make, share=share, setting=" ".join((make.__doc__ or "").split()))


SCENARIOS: Mapping[str, Scenario] = {
    "psql_copy": _peer(movement.psql_copy),
    "extract_bare": Scenario(make=movement.extract("bare")),
    "extract_checked": Scenario(make=movement.extract("checked")),
    "extract_unique": Scenario(make=movement.extract("unique")),
    "postgres_to_gcs": _peer(peers.postgres_to_gcs, 0.1),
    "psql_load": Scenario(
        make=movement.psql_load(partitioned=False), setting="psql: COPY table FROM STDIN (FORMAT binary)"
    ),
    "load": Scenario(make=movement.load(partitioned=False)),
    "psql_load_parted": Scenario(
        make=movement.psql_load(partitioned=True), setting="the same into a partitioned table"
    ),
    "load_parted": Scenario(make=movement.load(partitioned=True)),
    "transfer": Scenario(make=movement.transfer),
    "psql_pipe": _peer(movement.psql_pipe),
    "generic_transfer": _peer(peers.generic_transfer, 0.1),
    "gate_by_hand": Scenario(make=gates.by_hand, setting="one hand-written statement, uniqueness by GROUP BY"),
    "gate": Scenario(make=gates.ours()),
    "gate_failing": Scenario(make=gates.ours(failing=True)),
    "airflow_checks": _peer(peers.airflow_checks),
    "great_expectations": _peer(peers.great_expectations),
    "parquet_by_hand": _peer(gates.parquet_by_hand),
    "parquet": Scenario(make=gates.parquet_ours),
    "imports": Scenario(make=dagfiles.imports, clock=dagfiles.processor_seconds),
    "parse_gated": Scenario(make=dagfiles.parse(dagfiles.GATED), clock=dagfiles.processor_seconds),
    "parse_scheduled": Scenario(make=dagfiles.parse(dagfiles.SCHEDULED), clock=dagfiles.processor_seconds),
    "parse_plain": Scenario(
        make=dagfiles.parse(dagfiles.PLAIN), clock=dagfiles.processor_seconds, setting="100 BaseOperators in one Dag"
    ),
    "training_set": Scenario(make=features.ours, share=5),
    "training_set_by_hand": _peer(features.by_hand, 5),
    "watch_large": Scenario(make=watch.looked, share=50),
    "watch_small": Scenario(make=watch.looked, share=0.5),
    "watch_planned": Scenario(make=watch.planned, share=50),
    "fine_tuning": Scenario(make=training.fine_tuning, share=0.5),
    "index_filled": Scenario(make=retrieval.filled, share=0.05),
    "index_filled_small": Scenario(make=retrieval.filled, share=0.01),
    "index_changed": Scenario(make=retrieval.changed, share=0.05),
    "search_slowest": Scenario(make=retrieval.slowest_twentieth, share=0.05),
    "search_nearest": Scenario(make=retrieval.nearest_found, share=0.05),
    "page_incidents": Scenario(make=pages.page("incidents_page"), clock=time.process_time),
    "page_tables": Scenario(make=pages.page("tables_page"), clock=time.process_time),
    "page_health": Scenario(make=pages.page("health_page"), clock=time.process_time),
    "types": Scenario(make=movement.twelve_types, share=0.1),
    "staged": Scenario(make=movement.extract("checked", movement.STAGED)),
    "memory_extract": Scenario(make=movement.extract("unique", movement.STAGED)),
    "memory_load": Scenario(make=movement.load(partitioned=False)),
}


def _peak_mb() -> float:
    """This process's own peak of resident memory; ``getrusage`` would count that of whoever started it."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


def main(name: str) -> None:
    """Run one scenario and print what it took."""
    scenario = SCENARIOS[name]
    import airflow.sdk  # noqa: F401 - every task has imported it already

    before = _peak_mb()
    timed = scenario.make(Place.here())
    with sampled(os.environ.get("BENCH_PROFILE")):
        began = scenario.clock()
        rows = timed()
        seconds = scenario.clock() - began
    print("\n" + json.dumps({"seconds": seconds, "rows": rows, "mb": _peak_mb() - before}))


if __name__ == "__main__":
    main(sys.argv[1])
