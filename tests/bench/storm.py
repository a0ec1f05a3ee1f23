"""``python -m tests.bench.storm``: failures of one cause by the hundred thousand, from their reports to one page.

What is measured is the healer: passes of the reconciler until no report waits, then the run that leads. The reports stand in a
real PostgreSQL as tasks write them; Airflow's answers are made up as they are asked for. In the middle of it another
process heals a failure of another cause.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from airflow_provider_harness.adapters.store import reports as store_reports
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import act, reconcile
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.oncall import escalate
from airflow_provider_harness.app.ports.airflow import Airflow, DagFacts, TaskState
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, TryKey
from airflow_provider_harness.core.diagnosis.reported import body_of
from airflow_provider_harness.core.incidents.grouping import healer_run_key, signature
from airflow_provider_harness.core.incidents.incident import episode_of
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.testing.postgres import EmbeddedPostgres
from tests.unit.app.fakes import FakeAirflow, Scripted, World, dag, diagnosis, failure, policy_of, task, world

HOME = Path(__file__).resolve().parents[2] / ".bench" / "storm"
FAILURES = 100_000
RUNS = 1_000
"""Of a Dag each."""
KEY = b"k" * 32
OTHER = "another_cause"
LIMITS = {"megabytes": 500, "processor_seconds": 600}


@dataclass(kw_only=True)
class Broken(FakeAirflow):
    """Airflow, where every task of the storm failed."""

    count: int
    runs_: int
    at: datetime
    started: list[tuple[str, str]] = field(default_factory=list)

    def _failed(self, key: TryKey) -> TaskState:
        return task(dag_id=key.dag_id, run_id=key.run_id, task_id=key.task_id, end_date=self.at)

    def failed_tasks(self, since: datetime) -> Sequence[TaskState]:
        return [self._failed(key) for key in keys(self.count, self.runs_)]

    def tasks(self, dag_id: str, run_id: str) -> Sequence[TaskState]:
        names = ["load"] if dag_id == OTHER else [f"t{n}" for n in range(-(-self.count // self.runs_))]
        return [self._failed(TryKey(dag_id=dag_id, run_id=run_id, task_id=name, try_number=1)) for name in names]

    def task(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> TaskState:
        return self._failed(TryKey(dag_id=dag_id, run_id=run_id, task_id=task_id, try_number=1))

    def dag(self, dag_id: str) -> DagFacts:
        return dag(dag_id=dag_id)

    def enrolled_dags(self) -> Sequence[str]:
        return [OTHER, *(f"dag_{n}" for n in range(self.runs_))]

    def start(self, incident_id: str, episode: str, number: int) -> bool:
        self.started.append((incident_id, f"heal__{episode}__{number}"))
        return True


def keys(count: int, runs: int) -> Iterator[TryKey]:
    """The tries that fail, run after run."""
    for number in range(count):
        yield TryKey(dag_id=f"dag_{number % runs}", run_id="r1", task_id=f"t{number // runs}", try_number=1)


def of(key: TryKey, text: str, at: datetime) -> Failure:
    """A failure as its task reports it."""
    return failure(key=key, chain=(ErrorLink(type="psycopg.OperationalError", message=text),), occurred_at=at)


def report(store_url: str, count: int, runs: int, at: datetime) -> tuple[str, str]:
    """Write what the tasks of a storm write, and one failure of another cause; the id and healer run of the latter."""
    engine = open_engine(store_url)
    upgrade(engine)
    text = 'connection to server at "10.0.0.5", port 5432 failed: Connection refused'
    last = of(TryKey(dag_id=OTHER, run_id="r1", task_id="load", try_number=1), "column fare is missing", at)
    rows, ids = list[dict[str, Any]](), ""
    for item in (*(of(key, text, at) for key in keys(count, runs)), last):
        ids = ulid(at)
        rows.append(
            {
                "key": item.identity,
                "episode": episode_of(item.key),
                "incident_id": ids,
                "kind": item.kind.value,
                "recorded_at": t.text_of(datetime.now(UTC)),
                "body": body_of(item),
                "report": store_reports.content(item),
            }
        )
        if len(rows) == 5_000 or item is last:
            with engine.begin() as connection:
                connection.execute(
                    t.failures.insert(), [{k: v for k, v in row.items() if k != "report"} for row in rows]
                )
                markers = [{**row, "body": store_reports.FIRST} for row in rows]
                connection.execute(
                    t.reports.insert(), [{k: v for k, v in row.items() if k != "episode"} for row in markers]
                )
            rows.clear()
    engine.dispose()
    return ids, f"heal__{healer_run_key(last, episode_of(last.key, signature(last).text))}__0"


@contextmanager
def healer_of(store_url: str, count: int, runs: int, at: datetime) -> Iterator[tuple[World, Healer, Broken]]:
    """A healer on the real store."""
    airflow = Broken(count=count, runs_=runs, at=at)
    w = world(brain=Scripted(diagnosis()), airflow=airflow)
    w.policy = policy_of(VerdictKind.REFUSE)
    w.clock.at = datetime.now(UTC)
    live, engine = cast("Airflow", airflow), open_engine(store_url)
    yield w, replace(w.healer, store=SqlIncidentStore(engine, KEY), airflow=live), airflow
    engine.dispose()


def lead(w: World, healer: Healer, handed: str, run: str) -> None:
    """One healer run, from its claim to its end."""
    if not heal.claim(healer, handed, run):
        return
    name = healer.store.resolve(handed)
    heal.diagnose(healer, name)
    heal.decide(healer, name)
    act.act(healer, name, run)
    escalate.settle(healer, healer.store.incident(name))


def storm(store_url: str, count: int, runs: int, at: datetime) -> dict[str, Any]:
    """The reconciler's passes until nothing waits and nothing is left to do, with the healer runs that they start; what it took."""
    began, passes = time.process_time(), 0
    with healer_of(store_url, count, runs, at) as (w, healer, airflow):
        while passes == 0 or healer.store.waiting(1) or healer.store.open_incidents():
            passes += 1
            reconcile.reconcile(healer)
            w.clock.ahead(minutes=1)
            while airflow.started:
                lead(w, healer, *airflow.started.pop())
        incidents = healer.store.incidents()
    return {
        "failures": count,
        "incidents": len(incidents),
        "joined": sorted(len(item.failures) for item in incidents),
        "pages": len(w.pager.pages),
        "passes": passes,
        "processor_seconds": round(time.process_time() - began, 1),
        "megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def other(store_url: str, count: int, runs: int, at: datetime, handed: str, run: str) -> dict[str, Any]:
    """The healer run of the other cause, as its own callback started it; how long its page took."""
    began = time.monotonic()
    with healer_of(store_url, count, runs, at) as (w, healer, _):
        lead(w, healer, handed, run)
    return {"seconds_to_the_other_page": round(time.monotonic() - began, 1), "pages": len(w.pager.pages)}


def measure(store_url: str, count: int, runs: int) -> dict[str, Any]:
    """Report a storm, and heal it in one process while another heals the other cause."""
    at = datetime.now(UTC)
    handed, run = report(store_url, count, runs, at)
    given = [store_url, str(count), str(runs), at.isoformat()]
    first = subprocess.Popen([sys.executable, "-m", "tests.bench.storm", "--child", *given], stdout=subprocess.PIPE)
    time.sleep(3)
    second = subprocess.run(
        [sys.executable, "-m", "tests.bench.storm", "--child", *given, handed, run], stdout=subprocess.PIPE, check=True
    )
    told, _ = first.communicate()
    assert first.returncode == 0, "the healer of the storm failed"
    found, beside = json.loads(told), json.loads(second.stdout)
    found["pages"] += beside.pop("pages")
    return found | beside


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=FAILURES)
    parser.add_argument("--child", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        url, count, runs, at, *handed = given.child
        shape = url, int(count), int(runs), datetime.fromisoformat(at)
        print(json.dumps(other(*shape, *handed) if handed else storm(*shape)))
        return 0
    with EmbeddedPostgres(HOME) as embedded:
        embedded.server.drop_database("storm")
        embedded.server.ensure_database("storm")
        found = measure(embedded.server.url("storm", driver="psycopg"), given.count, min(RUNS, given.count))
    print(json.dumps(found, indent=2))
    kept = all(found[name] <= most for name, most in LIMITS.items())
    return 0 if kept and found["incidents"] == found["pages"] == 2 else 1


if __name__ == "__main__":
    sys.exit(main())
