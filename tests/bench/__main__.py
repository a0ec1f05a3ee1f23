"""``make bench``: ours and its peers side by side in one run; a table on standard output and ``.bench/results.json``.

One process for each scenario and round; the rounds are interleaved, and a ratio is one of the same round. The exit status
is 0 when everything ran, also where a goal is not met; 1 when a scenario failed; 2 for a name that ``ONLY`` does not know.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from airflow_provider_harness.testing.postgres import PostgresServer
from tests.bench import movement, place
from tests.bench.report import machine, table
from tests.bench.scenarios import SCENARIOS
from tests.bench.table import MEMORY, TABLE, Row, Taken

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".bench"
ONCE = ("types", "fine_tuning")
"""Scenarios of which one round is enough: what they count does not vary."""
SCENARIO_SECONDS = 900
"""After this, a scenario is stopped and counts as failed."""
LONGER = {"fine_tuning": 3_600}
"""Scenarios that take longer: of a million examples each is looked through by some twenty patterns for personal data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done.

    :param small: rows of the smaller run of the memory rows; ``big`` of the larger.
    """

    rows: int
    rounds: int
    small: int
    big: int


FULL = Size(rows=2_000_000, rounds=5, small=2_000_000, big=20_000_000)
QUICK = Size(rows=200_000, rounds=3, small=200_000, big=1_000_000)


@dataclass(slots=True)
class Bench:
    """One run: what was taken, and what failed."""

    server: PostgresServer
    folder: Path
    size: Size
    began: float
    taken: dict[str, list[Taken]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Progress, on standard error."""
        spent = int(time.monotonic() - self.began)
        print(f"[{spent // 60}:{spent % 60:02d}] {text}", file=sys.stderr, flush=True)

    def round(self, names: Sequence[str], number: int) -> None:
        """Every scenario once; a failed one is not tried again."""
        for name in names:
            base, _, which = name.partition(":")
            if base in SCENARIOS and name not in self.failed:
                rows = getattr(self.size, which) if which else round(self.size.rows * SCENARIOS[base].share)
                found = self.run(base, rows)
                if isinstance(found, str):
                    self.failed[name] = found
                    self.say(f"{name} FAILED: {found.splitlines()[-1]}")
                else:
                    self.taken.setdefault(name, []).append(found)
                    self.say(f"round {number}: {name} {found['seconds']:.3f} s, {found['mb']:.0f} MB")

    def run(self, name: str, rows: int, profile: Path | None = None) -> Taken | str:
        """What one scenario took, or the end of what it said."""
        unwanted = ("AIRFLOW", "PG", "PYTHONDONTWRITEBYTECODE")  # without bytecode, imports would be compilations
        env = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        env |= {
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(self.folder / "airflow"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "AIRFLOW_CONN_BENCH": self.server.airflow_connection("bench"),
            "BENCH_DSN": self.server.url("bench"),
            "BENCH_ROWS": str(rows),
            "BENCH_FOLDER": str(self.folder),
        }
        if profile:
            env["BENCH_PROFILE"] = str(profile)
        command, seconds = [sys.executable, "-m", "tests.bench.scenarios", name], LONGER.get(name, SCENARIO_SECONDS)
        process = subprocess.Popen(
            command,
            env=env,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                return f"did not end within {seconds} s"
            raise
        if process.returncode:
            return err.strip()[-3000:] or f"ended with status {process.returncode}"
        return dict(json.loads(out.strip().splitlines()[-1]))

    def values(self, row: Row) -> list[float]:
        """The row's number in each round in which both sides ran."""
        ours = self.taken.get(row.ours, [])
        peers = self.taken.get(row.peer, []) if row.peer else ours
        return [row.figure(one, other) for one, other in zip(ours, peers, strict=False)]

    def results(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """The lines of ``results.json``."""
        found = []
        for row in rows:
            values = self.values(row)
            entry: dict[str, Any] = {"name": row.name, "ratio": None, "goal": row.goal, "ok": False, "spread": None}
            if values:
                ratio = statistics.median(values)
                entry |= {"ratio": round(ratio, 4), "ok": row.met(ratio)}
                entry["spread"] = [round(min(values), 4), round(max(values), 4)]
            sides = [side for side in (row.ours, row.peer) if side]
            missing = [side for side in sides if side.partition(":")[0] not in SCENARIOS]
            broken = [self.failed[side].splitlines()[-1] for side in sides if side in self.failed]
            what = row.what.format(
                big=f"{self.size.big:,}",
                small=f"{self.size.small:,}",
                half=f"{self.size.rows // 2:,}",
                twentieth=f"{self.size.rows // 20:,}",
            )
            entry |= {"what": what, "bound": row.said(), "unit": row.unit, "rounds": len(values)}
            entry["note"] = "not there yet" if missing else ("failed: " + broken[0] if broken else "")
            found.append(entry)
        return found

    def profiles(self, rows: Sequence[Row]) -> None:
        """Where the time of our side goes, for each goal about time that is not met."""
        for row, entry in zip(rows, self.results(rows), strict=True):
            if entry["ok"] or entry["ratio"] is None or row.unit or row in MEMORY:
                continue
            path = HOME / f"profile-{row.name}.txt"
            self.say(f"profile of {row.name}")
            self.run(row.ours, round(self.size.rows * SCENARIOS[row.ours].share), path)


@contextmanager
def _work() -> Iterator[Path]:
    """A folder that is gone afterwards; what a killed run left is removed by the next one."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("another bench runs in this folder; wait for it, or use another clone") from None
        folder = HOME / "work"
        shutil.rmtree(folder, ignore_errors=True)
        for old in HOME.glob("profile-*.txt"):
            old.unlink()
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _scenarios(rows: Sequence[Row]) -> list[str]:
    """The scenarios of some rows in the order of the registry, each peer beside what it is compared with."""
    wanted = {side for row in rows for side in (row.ours, row.peer) if side}
    order = list(SCENARIOS)
    known = [name for name in wanted if name.partition(":")[0] in SCENARIOS]
    return sorted(known, key=lambda name: (order.index(name.partition(":")[0]), name.endswith("big")))


def _measure(bench: Bench, rows: Sequence[Row]) -> None:
    first = [row for row in rows if row not in MEMORY]
    if first:
        bench.say(f"a table of {bench.size.rows:,} rows")
        place.fill(bench.server, bench.size.rows)
        staged = bench.run("staged", bench.size.rows)
        if isinstance(staged, str):
            bench.say(f"staged FAILED: {staged}")
        names = [name for name in _scenarios(first) if name not in ONCE]
        for number in range(1, bench.size.rounds + 1):
            bench.round(names, number)
        bench.profiles(first)
        bench.round([name for name in ONCE if any(row.ours == name for row in first)], 1)
    memory = [row for row in rows if row in MEMORY]
    if memory:
        bench.say(f"a table of {bench.size.big:,} rows, for memory only")
        for name in ("copied", "loaded", "parted", "piped", "generic"):
            place.drop(bench.server, f"public.{name}")
        place.fill(bench.server, bench.size.big)
        for which in ("small", "big"):
            bench.round([f"memory_extract:{which}", f"memory_load:{which}"], 1)
            shutil.rmtree(bench.folder / movement.STAGED, ignore_errors=True)


def _chosen(only: str) -> list[Row]:
    patterns = [part.strip() for part in only.split(",") if part.strip()]
    unknown = [part for part in patterns if not any(fnmatch(row.name, part) for row in TABLE)]
    if unknown:
        print(
            f"no row is called {', '.join(unknown)}; there are {', '.join(row.name for row in TABLE)}", file=sys.stderr
        )
        raise SystemExit(2)
    return [row for row in TABLE if not patterns or any(fnmatch(row.name, part) for part in patterns)]


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 rows and three rounds, under five minutes")
    parser.add_argument("--only", default="", help="rows by name, separated by commas; * stands for any text")
    given = parser.parse_args()
    rows, size, began = _chosen(given.only), QUICK if given.quick else FULL, time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with _work() as folder, place.server(folder) as server:
        bench = Bench(server=server, folder=folder, size=size, began=began)
        _measure(bench, rows)
        results = bench.results(rows)
        about = machine(server, size.rows, size.rounds, time.monotonic() - began)
    settings = [f"{n}: {s.setting}" + (f" ({s.share:g} of the rows)" if s.share < 1 else "")
                for n, s in SCENARIOS.items() if s.setting and n in bench.taken]  # fmt: skip
    text = table(results, about, settings, HOME)
    print(text)
    (HOME / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (HOME / "results.txt").write_text(text + "\n")
    return 1 if bench.failed else 0


if __name__ == "__main__":
    sys.exit(main())
