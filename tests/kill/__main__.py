"""``python -m tests.kill [--kills 500] [--seed N]``: the long form of the test, on a PostgreSQL of its own."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from airflow_provider_harness.testing.postgres import EmbeddedPostgres
from tests.kill.movers import TABLES
from tests.kill.trial import Trial


def main() -> None:
    """Kill, compare, and say what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="movements that are killed at work (default 500)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of all random moments")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres(Path(home) / "postgres") as embedded:
        work = Path(home) / "work"
        work.mkdir()
        with Trial(embedded.server, work, given.seed) as trial:
            trial.kill_until(given.kills)
            for way in TABLES:
                trial.run(way)
            trial.check_seen()
    print(
        f"{trial.kills} of {trial.runs} movements were killed in {time.monotonic() - began:.0f} s. Readers saw "
        f"{sum(map(len, trial.seen.values()))} states, each of them one of the source's {len(trial.states)}; the published "
        "tables equal the source."
    )


if __name__ == "__main__":
    main()
