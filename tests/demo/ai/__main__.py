"""``make demo PART=ai``: flights become features, a training set and a model; documents are searched; drift trains again; a table is promoted.

Each line of the end is looked up from outside, by the demo's own connections; the demo is red where one does not hold.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow_provider_harness.core.errors import HarnessError
from tests.demo import data
from tests.demo.__main__ import keep
from tests.demo.breaks import Run, start_of, task, wait_for
from tests.demo.world import HOME, ROOT, WAREHOUSE, World, say, world

HERE = Path(__file__).parent
JANUARY, FEBRUARY, MARCH = date(2013, 1, 1), date(2013, 2, 1), date(2013, 3, 1)
SLOWER = 45
"""Minutes by which every departure of February is made later: the drift that is planted."""
QUESTION = "on-call wants to approve an act from a phone"
SANDBOX = "promotion_sandbox"


@dataclass(kw_only=True)
class Report:
    """What held, line by line."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def says(self, what: str, ok: bool, seen: str) -> None:
        self.lines.append({"what": what, "ok": ok, "seen": seen})
        say(f"  {'ok ' if ok else 'NOT'} {what}: {seen}")

    @property
    def ok(self) -> bool:
        return all(line["ok"] for line in self.lines)


def main(home: Path = HOME) -> int:
    """Exit status: 0 everything held; 1 something did not; 2 the demo could not run; 130 stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    home.mkdir(exist_ok=True)
    try:
        with world(home, dags=_dags(home)) as place:
            report = run(place)
            (home / "report-ai.json").write_text(json.dumps({"ok": report.ok, "lines": report.lines}, indent=2) + "\n")
            say(f"{'ok' if report.ok else 'NOT OK'}: {home / 'report-ai.json'}")
            if os.environ.get("KEEP"):
                keep(place)
        return 0 if report.ok else 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    except (HarnessError, OSError, TimeoutError) as error:
        say(f"the demo could not run: {error}")
        return 2


def run(place: World) -> Report:
    """All parts, in order."""
    report = Report()
    for dag_id in ("flights_learning", "late_departures", "handbook", "planes_promotion"):
        place.stack.wait_dag(dag_id)
    parts: dict[str, Callable[[World, Report], None]] = {
        "features, a training set and a model": learn,
        "the project's own pages as an index": search,
        "a drift is planted, and its training follows": drift,
        "a delivered table is promoted in a sandbox": promote,
    }
    for title, part in parts.items():
        say(title)
        part(place, report)
    return report


def learn(place: World, report: Report) -> None:
    """January: features, the set without leakage, the model under its terms, its card."""
    month(place, JANUARY)
    [(departed, hours)] = warehouse(
        place, "SELECT (SELECT count(*) FROM departures), (SELECT count(*) FROM carrier_delay)"
    )
    report.says("features of January are published", hours > 5_000, f"{departed} departures, {hours} hours of carriers")
    first = started(place, "late_departures", "first")
    done(place, first)
    [(rows, requests, leaked)] = warehouse(
        place,
        "SELECT count(*), (SELECT count(*) FROM departures), count(*) FILTER (WHERE features_known_at > scheduled_at) FROM late_departures",
    )
    report.says("one row a departure", rows == requests, f"{rows} of {requests}")
    report.says("no feature was known after its departure", leaked == 0, f"{leaked} rows leak")
    auc = measured(place, first)["metrics"]["auc"]
    report.says("the model meets its terms and is in use", auc >= 0.6, f"AUC {auc} on the last week of January")
    card = place.stack.cli("harness", "card", "lateness", "--contract", str(_contract("late_departures")))
    (place.home / "model-card.md").write_text(card.stdout)
    report.says("its card has the numbers", f"{auc}" in card.stdout, str(place.home / "model-card.md"))


def search(place: World, report: Report) -> None:
    """The how-to pages, asked a question in other words than theirs."""
    done(place, started(place, "handbook", "first"))
    [(pages,)] = warehouse(place, "SELECT count(*) FROM handbook")
    there = len(list((ROOT / "docs" / "how-to").glob("*.md")))
    report.says("every page is in the index", pages == there, f"{pages} of {there}")
    found = _search(place, QUESTION)
    best = [one["document"] for one in found]
    say(f"  asked: {QUESTION}")
    for one in found[:3]:
        say(f"    {one['citation']}")
    report.says("the page for on-call is among the first three", "be-on-call.md" in best[:3], ", ".join(best[:3]))


def drift(place: World, report: Report) -> None:
    """February leaves three quarters of an hour later than it did, which its features show."""
    with place.postgres.connect(data.DATABASE) as connection:
        connection.execute(
            "UPDATE flights SET dep_delay = dep_delay + %s WHERE month = 2 AND dep_delay IS NOT NULL", [SLOWER]
        )
    try:
        run = month(place, FEBRUARY)
        told = task(place, run, "delays_drifted")["state"]
        report.says("the sensor lets the training through", told == "success", f"delays_drifted is {told}")
        again = Run(dag_id="late_departures", run_id=f"drift__{run.run_id}", day=FEBRUARY)
        wait_for("the training to begin", lambda: _run_there(place, again), 60)
        done(place, again)
        rows = measured(place, again)["rows"]
        report.says("it learned from February, too", rows > 40_000, f"{rows} rows")
    finally:
        with place.postgres.connect(data.DATABASE) as connection:
            connection.execute(
                "UPDATE flights SET dep_delay = dep_delay - %s WHERE month = 2 AND dep_delay IS NOT NULL", [SLOWER]
            )


def promote(place: World, report: Report) -> None:
    """Planes as a registry delivers them become a typed table, in a schema of their own and by a role that can do no more."""
    _deliver(place)
    asked = started(place, "planes_promotion", "first")
    done(place, asked)
    told = xcom(place, asked, "promote")
    files = Path(told["files"])
    say(f"  {told['subject']}")
    met = (files / "checklist.md").read_text().count("- [x]")
    report.says(
        "a proposal meets its level, or says what a person must write",
        told["outcome"] in ("ready", "needs_people"),
        f"{told['outcome']}, {met} standards met: {files / 'checklist.md'}",
    )
    [(published,)] = warehouse(place, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'silver'")
    report.says("nothing is published", published == 0, f"{published} tables in schema silver")


def month(place: World, first: date) -> Run:
    """One month of the features' Dag, as its schedule would have it."""
    after = (first + timedelta(days=32)).replace(day=1)
    run = Run(dag_id="flights_learning", run_id=f"demo__{first:%Y-%m}", day=first)
    body = {
        "dag_run_id": run.run_id,
        "logical_date": start_of(first).isoformat(),
        "data_interval_start": start_of(first).isoformat(),
        "data_interval_end": start_of(after).isoformat(),
    }
    place.stack.api("POST", f"/dags/{run.dag_id}/dagRuns", body)
    done(place, run)
    return run


def started(place: World, dag_id: str, name: str) -> Run:
    run = Run(dag_id=dag_id, run_id=f"demo__{name}", day=JANUARY)
    place.stack.api("POST", f"/dags/{dag_id}/dagRuns", {"dag_run_id": run.run_id, "logical_date": None})
    return run


def done(place: World, run: Run) -> None:
    """Wait for a run, which must succeed."""
    ended = place.stack.wait_run(run.dag_id, run.run_id, timeout=300)
    if ended["state"] != "success":
        raise HarnessError(
            f"{run.dag_id} {run.run_id} is {ended['state']}; its logs are below {place.home}/airflow/logs"
        )


def warehouse(place: World, sql: str) -> list[Any]:
    with place.postgres.connect(WAREHOUSE) as connection:
        return connection.execute(sql.encode()).fetchall()


def measured(place: World, run: Run) -> dict[str, Any]:
    """What the training said of itself."""
    return xcom(place, run, "train")


def xcom(place: World, run: Run, name: str) -> dict[str, Any]:
    path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{name}/xcomEntries/return_value"
    value = place.stack.api("GET", path, deserialize="true")["value"]
    return dict(json.loads(value) if isinstance(value, str) else value)


def _run_there(place: World, run: Run) -> bool:
    runs = place.stack.api("GET", f"/dags/{run.dag_id}/dagRuns")["dag_runs"]
    return run.run_id in [one["dag_run_id"] for one in runs]


def _search(place: World, question: str) -> list[dict[str, Any]]:
    """In a process that has the stack's connections."""
    code = (
        "import json, sys; from airflow_provider_harness import search;"
        "found = search(sys.argv[1], conn_id='warehouse', table='public.handbook', model='wordllama', limit=5);"
        "print(json.dumps([{'document': one.document, 'citation': one.citation} for one in found]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, question],
        env=place.stack.env,
        cwd=place.stack.home,
        capture_output=True,
        text=True,
    )
    if told.returncode:
        raise HarnessError(f"search: {told.stderr[-2000:]}")
    return list(json.loads(told.stdout.splitlines()[-1]))


def _deliver(place: World) -> None:
    """The planes as text in schema bronze, some of them twice, and a role that reads them and creates in its own schema."""
    with place.postgres.connect(data.DATABASE) as source:
        planes = source.execute(
            "SELECT tailnum, year::text, manufacturer, seats::text FROM planes ORDER BY 1"
        ).fetchall()
    password = secrets.token_hex(12)
    with place.postgres.connect(WAREHOUSE) as connection:
        connection.execute(b"CREATE SCHEMA bronze; CREATE SCHEMA promotion")
        connection.execute(b"CREATE TABLE bronze.planes (tailnum text, year text, manufacturer text, seats text)")
        with connection.cursor() as cursor, cursor.copy(b"COPY bronze.planes FROM STDIN") as copy:
            for plane in (*planes, *planes[:5]):
                copy.write_row(plane)
        connection.execute(f"DROP ROLE IF EXISTS {SANDBOX}".encode())
        connection.execute(f"CREATE ROLE {SANDBOX} LOGIN PASSWORD '{password}'".encode())
        connection.execute(
            f"GRANT USAGE, CREATE ON SCHEMA promotion TO {SANDBOX}; GRANT USAGE ON SCHEMA bronze TO {SANDBOX}".encode()
        )
        connection.execute(f"GRANT SELECT ON bronze.planes TO {SANDBOX}".encode())
    given = place.postgres.airflow_connection(WAREHOUSE, user=SANDBOX, pw=password)
    place.stack.cli("connections", "add", SANDBOX, "--conn-json", given)
    place.stack.cli("variables", "set", "promotions", str(place.home / "promotions"))


def _dags(home: Path) -> Path:
    """The demo's Dags and those of this part, in one folder."""
    folder = home / "dags-ai"
    folder.mkdir(exist_ok=True)
    for path in (*(ROOT / "dags").iterdir(), *(HERE / "dags").iterdir()):
        link = folder / path.name
        link.unlink(missing_ok=True)
        link.symlink_to(path)
    return folder


def _contract(name: str) -> Path:
    return HERE / "dags" / "learning" / f"{name}.odcs.yaml"


if __name__ == "__main__":
    sys.exit(main())
