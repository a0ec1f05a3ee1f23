"""``make demo``: a real pipeline on a real Airflow, broken in five ways; what the harness does about each, and a report."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.errors import HarnessError
from tests.demo import data
from tests.demo.breaks import BREAKS, Break, Run, wait_for
from tests.demo.grader import COLUMNS
from tests.demo.warehouse import STAND_IN, InBigQuery
from tests.demo.world import HARNESS, HOME, ROOT, World, say, world

FIRST, FILLED, DAYS = date(2013, 1, 1), 7, 14
BACKFILL = (
    "backfill", "create", "--dag-id", "flights_daily", "--from-date", "2013-01-01", "--to-date", "2013-01-07"
)  # fmt: skip


def main(home: Path = HOME) -> int:
    """Exit status: 0 every break ended as it must; 1 one did not; 2 the demo could not run; 130 stopped.

    :param home: folder for all that is made.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with world(home) as place:
            report = run(place)
            if os.environ.get("KEEP"):
                keep(place)
        return 0 if report["ok"] else 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except (HarnessError, OSError, TimeoutError) as error:
        say(f"the demo could not run: {error}")
        return 2


def run(place: World) -> dict[str, Any]:
    """Fill, break, grade, tell."""
    filled = fill(place)
    runs: list[tuple[int, Run]] = []
    for index, item in enumerate(BREAKS):
        say(f"break {item.id}: {item.title}")
        if item.id == "2a":
            again(place)
        if item.id == "5":
            wait_for("the second backfill to be closed", lambda: _closed(place), 60)
            unchanged(place, filled)
        runs += [(index, one) for one in item.do(place, item.day)]
    say("grading, by a process with its own connections")
    answer = grade(place, runs)
    report = {
        "ok": answer["ok"],
        "runs": [
            {
                "dag": one.dag_id,
                "run_id": one.run_id,
                "day": str(one.day),
                "break": BREAKS[index].id,
                "state": _state(place, one),
            }
            for index, one in runs
        ],
        "incidents": answer["incidents"],
        "findings": answer["findings"],
        "warehouse": place.warehouse.kind,
        "stand_ins": _stand_ins(place),
        "model": place.model or "none: rules only",
    }
    (place.home / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    tell(place, report)
    return report


def _stand_ins(place: World) -> list[str]:
    emulated = isinstance(place.warehouse, InBigQuery) and bool(place.warehouse.endpoint)
    return [*(["PagerDuty Events API (local receiver)"] if place.pages else []), *([STAND_IN] if emulated else [])]


def fill(place: World) -> tuple[int, str]:
    """Seven days by Airflow's own backfill command; ``again`` gives it once more, ``unchanged`` compares."""
    say(f"airflow {' '.join(BACKFILL)}")
    place.stack.cli(*BACKFILL)
    _wait_for_backfill(place)
    filled = _digest(place)
    say(f"  warehouse: {filled[0]} flights published")
    return filled


def again(place: World) -> None:
    """The same command once more; Airflow takes it as soon as it has closed the first backfill, every half minute."""
    wait_for("the first backfill to be closed", lambda: _closed(place), 60)
    say(f"airflow {' '.join(BACKFILL)}   (again)")
    place.stack.cli(*BACKFILL)


def _closed(place: World) -> bool:
    found = place.stack.api("GET", "/backfills", dag_id="flights_daily")["backfills"]
    return all(item["completed_at"] for item in found)


def unchanged(place: World, filled: tuple[int, str]) -> None:
    """The second backfill is over and has left the seven days as they were."""
    runs = place.stack.api("GET", "/dags/flights_daily/dagRuns", run_type="backfill")["dag_runs"]
    if _digest(place) != filled or not filled[0] or len(runs) != FILLED:
        raise HarnessError(
            f"the second backfill changed the warehouse, or ran: {len(runs)} runs, {filled}, {_digest(place)}"
        )
    say("the second backfill changed nothing")


def _wait_for_backfill(place: World) -> None:
    end = time.monotonic() + 600
    while time.monotonic() < end:
        runs = place.stack.api("GET", "/dags/flights_daily/dagRuns")["dag_runs"]
        if len(runs) == FILLED and all(item["state"] in ("success", "failed") for item in runs):
            break
        time.sleep(1)
    failed = [item["dag_run_id"] for item in runs if item["state"] != "success"]
    if failed or len(runs) != FILLED:
        raise HarnessError(f"backfill: {len(runs)} runs, expected {FILLED}; not successful: {failed}")


def _digest(place: World) -> tuple[int, str]:
    """How many flights of the seven days are published, and what they are."""
    rows = sorted(map(str, place.warehouse.rows(f"SELECT {COLUMNS} FROM public.flights WHERE {{day}} < '2013-01-08'")))
    return len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _state(place: World, one: Run) -> str:
    return str(place.stack.wait_run(one.dag_id, one.run_id, timeout=30)["state"])


def site(place: World) -> dict[str, Any]:
    """Where the grader looks (``grader.Site``)."""
    names = {"source": data.DATABASE, "harness": HARNESS}
    return {
        "databases": {name: place.postgres.url(database) for name, database in names.items()},
        "warehouse": dict(place.warehouse.site),
        "airflow_url": place.stack.url,
        "airflow_token": place.stack.token("admin"),
        "pages_url": place.pages.plain_url if place.pages else "",
        "lineage_file": str(place.home / "openlineage.jsonl"),
    }


def case(place: World, item: Break, one: Run) -> dict[str, Any]:
    """One run for the grader (``grader.Case``)."""
    return {
        "break_id": item.id,
        "title": item.title,
        "dag_id": one.dag_id,
        "run_id": one.run_id,
        "day": str(one.day),
        "expected": asdict(item.expect[one.dag_id]),
        "seen": place.seen.get(one.run_id, {}),
    }


def grade(place: World, runs: Sequence[tuple[int, Run]]) -> dict[str, Any]:
    """Ask the grader, which trusts nothing of this process but what was done."""
    question = {
        "site": site(place),
        "cases": [case(place, BREAKS[index], one) for index, one in runs],
        "first": str(FIRST),
        "days": DAYS,
    }
    command = [sys.executable, "-m", "tests.demo.grader"]
    done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, cwd=ROOT, timeout=300)
    if done.returncode:
        raise HarnessError(f"the grader failed: {done.stderr[-3000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def tell(place: World, report: dict[str, Any]) -> None:
    """A timeline for each incident, and how it all ended."""
    for line in report["incidents"]:
        print(f"\n--- break {line['break']}: {line['title']}\n    {line['failure']}")
        if "id" in line:
            print(place.stack.cli("harness", "incidents", "show", line["id"], "--all").stdout.rstrip())
    print(
        "\nbreak  dag / run                                category                proposal           verdict  outcome    paged  approved  verdict s  outcome s  ok"
    )
    for line in report["incidents"]:
        if "id" not in line:
            continue
        name = "/".join(line["failure"].split("/")[:2])
        print(
            f"{line['break']:<6} {name:<40} {line['category'] or '-':<23} {line['proposal'] or '-':<18} {line['verdict'] or '-':<8}"
            f" {line['outcome'] or '-':<10} {'yes' if line['paged'] else 'no':<6} {line['approved_by'] or '-':<9}"
            f" {line['seconds_to_verdict'] or '-':>9} {line['seconds_to_outcome'] or '-':>10}  {'ok' if line['ok'] else 'NOT OK'}"
        )
    audit = place.stack.cli("harness", "audit", "verify", check=False)
    print(f"\naudit: {'the chain holds' if audit.returncode == 0 else 'THE CHAIN IS BROKEN'}")
    for finding in report["findings"]:
        print(f"finding: {finding}")
    if place.pages:
        print("pages: received by a stand-in for PagerDuty, see .demo/pages/pages.jsonl")
    say(f"{'ok' if report['ok'] else 'NOT OK'}: .demo/report.json")


def keep(place: World) -> None:
    """Leave Airflow running until Ctrl-C."""
    say(f"Airflow is at {place.stack.url}   user admin, password {place.stack.passwords['admin']}   (Ctrl-C stops it)")
    env = place.home / "env.sh"
    env.touch(mode=0o600)
    mine = {name: value for name, value in place.stack.env.items() if os.environ.get(name) != value}
    env.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in mine.items()))
    say(f"the command line: . {env} && .venv/bin/airflow harness incidents list")
    say(f"the incidents: {place.stack.url}/plugin/harness/incidents")
    say(f"on-call: user oncall, password {place.stack.passwords['oncall']}")
    signal.pause()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
