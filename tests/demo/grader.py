"""Decides whether each break ended as it must. A process of its own, with its own connections.

What the harness says of itself (its store) is compared with what it should say, and counts for nothing unless the
source, the warehouse, Airflow's API, the lineage file and the page receiver say the same.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import psycopg

from tests.demo.warehouse import at

NEW_YORK = ZoneInfo("America/New_York")
COLUMNS = (
    "year, month, day, dep_time, sched_dep_time, dep_delay, arr_time, sched_arr_time, arr_delay, carrier, flight,"
    " tailnum, origin, dest, air_time, distance, hour, minute, time_hour"
)
PLAIN_COLUMNS = "time_hour, carrier, flight, origin, dest, dep_delay, air_time"
ON_TIME = (
    "SELECT {day}, origin, carrier, count(*), count(dep_time), count(CASE WHEN dep_delay < 15 THEN 1 END),"
    " count(CASE WHEN dep_time IS NULL THEN 1 END) FROM public.flights GROUP BY 1, 2, 3"
)
STEPS = ("extract", "extract_airlines", "load_airlines", "load", "validate", "on_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run of one break, with what was expected and what the demo saw in between.

    :param expected: ``breaks.Expected`` as a mapping.
    """

    break_id: str
    title: str
    dag_id: str
    run_id: str
    day: str
    expected: Mapping[str, Any]
    seen: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where to look.

    :param databases: name -> address.
    :param warehouse: ``warehouse.Warehouse.site``.
    :param pages_url: the stand-in's address, or empty where real pages went to PagerDuty and cannot be read back.
    """

    databases: Mapping[str, str]
    warehouse: Mapping[str, str]
    airflow_url: str
    airflow_token: str
    pages_url: str
    lineage_file: str


class Grader:
    """Looks at the world by itself."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._connections = {name: psycopg.connect(url, autocommit=True) for name, url in site.databases.items()}
        self._source = at({"kind": "postgresql", "url": site.databases["source"]})
        self._warehouse = at(site.warehouse)
        self._pages = (
            {page["dedup_key"]: page for page in self._get(f"{site.pages_url}/pages")["pages"]}
            if site.pages_url
            else {}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()

    def rows(self, database: str, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connections[database].execute(query.encode(), parameters).fetchall()

    def airflow(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self._site.airflow_token}"}
        return self._get(f"{self._site.airflow_url}/api/v2{path}", headers)

    @staticmethod
    def _get(url: str, headers: Mapping[str, str] | None = None) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, headers=dict(headers or {})), timeout=30) as answer:
            return json.load(answer)

    # -- the data

    def data_findings(self, days: Sequence[date]) -> Iterator[str]:
        """Where source and warehouse differ, day by day, but for what is in quarantine."""
        for day in days:
            source = Counter(self._source.rows(f"SELECT {COLUMNS} FROM public.flights WHERE {{day}} = '{day}'"))
            published = Counter(self._warehouse.rows(f"SELECT {COLUMNS} FROM public.flights WHERE {{day}} = '{day}'"))
            apart = Counter(self._quarantined(day))
            if source != published + apart:
                yield f"{day}: source {source.total()}, published {published.total()}, in quarantine {apart.total()}, and they do not add up"
        yield from self._on_time_findings(days)

    def _quarantined(self, day: date) -> list[tuple[Any, ...]]:
        if not self._warehouse.exists("flights__quarantine"):
            return []
        rows = [row for (row,) in self._warehouse.rows("SELECT {q}row{q} FROM public.flights__quarantine")]
        apart = [row | {"time_hour": datetime.fromisoformat(row["time_hour"]).astimezone(UTC)} for row in rows]
        return [
            tuple(row[name] for name in COLUMNS.split(", "))
            for row in apart
            if row["time_hour"].astimezone(NEW_YORK).date() == day
        ]

    def _on_time_findings(self, days: Sequence[date]) -> Iterator[str]:
        mine = {row[:3]: row[3:] for row in self._warehouse.rows(ON_TIME) if row[0] in days}
        query = "SELECT flight_date, origin, carrier, flights, departed, on_time, cancelled FROM public.daily_on_time"
        theirs = {row[:3]: row[3:] for row in self._warehouse.rows(query)}
        wrong = sorted({key[0] for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)})
        if wrong:
            yield f"daily_on_time differs from the flights it is made of on {', '.join(map(str, wrong))}"

    def plain_findings(self, days: Sequence[date]) -> Iterator[str]:
        for day in days:
            query = f"SELECT {PLAIN_COLUMNS} FROM public.%s WHERE {{day}} = '{day}'"
            if Counter(self._source.rows(query % "flights")) != Counter(self._warehouse.rows(query % "flights_plain")):
                yield f"plain_copy {day}: source and copy differ"

    def lineage_findings(self) -> Iterator[str]:
        """Each step must have told OpenLineage that it completed, and on which datasets."""
        done: dict[str, set[str]] = {}
        path = Path(self._site.lineage_file)
        for line in path.read_text().splitlines() if path.exists() else ():
            event = json.loads(line)
            name = event["job"]["name"]
            if event["eventType"] == "COMPLETE" and name.startswith("flights_daily."):
                named = {item["name"] for item in (*event.get("inputs", ()), *event.get("outputs", ()))}
                done.setdefault(name.removeprefix("flights_daily."), set()).update(named)
        for step in STEPS:
            if not done.get(step):
                yield f"OpenLineage: no COMPLETE event with datasets for {step}"

    # -- the incidents

    def incident(self, case: Case) -> tuple[dict[str, Any], list[str]]:
        """The report's line for one case, and what is wrong with it."""
        found = self.rows(
            "harness",
            "SELECT DISTINCT m.incident_id FROM harness_memberships m WHERE m.failure_key LIKE %s",
            [f"{case.dag_id}/{case.run_id}/%"],
        )
        if len(found) != 1:
            return {"break": case.break_id, "failure": case.run_id}, [
                f"{case.run_id}: {len(found)} incidents, expected 1"
            ]
        events = self.rows(
            "harness", "SELECT kind, at, body FROM harness_events WHERE incident_id = %s ORDER BY seq", [found[0][0]]
        )
        line = _line(
            case, found[0][0], [(kind, datetime.fromisoformat(at), json.loads(body)) for kind, at, body in events]
        )
        line |= self._pages_of(case) | self._approval_of(case, line)
        return line, [f"{case.run_id}: {text}" for text in (*self._claims(case, line), *self._facts(case, line))]

    @staticmethod
    def _claims(case: Case, line: Mapping[str, Any]) -> Iterator[str]:
        expected = case.expected
        if expected["categories"] and line["category"] not in expected["categories"]:
            yield f"category {line['category']}, expected {' or '.join(expected['categories'])}"
        for name, wanted in (
            ("proposal", expected["action"]),
            ("verdict", expected["verdict"]),
            ("outcome", expected["outcome"]),
        ):
            if wanted and line[name] != wanted:
                yield f"{name} {line[name]}, expected {wanted}"
        for name in ("paged", "approved_by"):
            if line[name] is not None and line[name] != expected[name]:
                yield f"{name} {line[name]!r}, expected {expected[name]!r}"

    def _facts(self, case: Case, line: Mapping[str, Any]) -> Iterator[str]:
        run = self.airflow(f"/dags/{case.dag_id}/dagRuns/{quote(case.run_id, safe='')}")
        if run["state"] != "success":
            yield f"Airflow says that the run is {run['state']}"
        if case.seen.get("published_while_blocked"):
            yield f"{case.seen['published_while_blocked']} rows were published while the gate was blocked"
        if case.break_id == "3" and (case.seen.get("tries"), case.seen.get("state")) != (1, "failed"):
            yield f"a retry was burned: {case.seen}"
        if case.break_id == "2a":
            yield from self._quarantine_facts(case)
        yield from self._page_facts(case, line)

    def _quarantine_facts(self, case: Case) -> Iterator[str]:
        mine = f"slice = '{datetime.fromisoformat(case.day):%Y%m%d}T050000Z'"
        query = f"SELECT {{q}}check{{q}}, reason, count(*) FROM public.flights__quarantine WHERE {mine} GROUP BY 1, 2"
        rows = self._warehouse.rows(query)
        if sum(row[2] for row in rows) != 4 or not all(row[0] and row[1] for row in rows):
            yield f"quarantine holds {rows}, expected 4 rows with check and reason"
        task = self.airflow(f"/dags/{case.dag_id}/dagRuns/{quote(case.run_id, safe='')}/taskInstances/load")
        if "quarantine" not in (task["note"] or ""):
            yield f"no note on the load task: {task['note']!r}"

    def _pages_of(self, case: Case) -> dict[str, Any]:
        page = self._page(case)
        told = any(event.get("event_action") == "trigger" for event in page["events"]) if page else False
        return {"paged": told if self._site.pages_url else None}

    def _page(self, case: Case) -> Mapping[str, Any] | None:
        [[episode]] = self.rows(
            "harness",
            "SELECT DISTINCT i.episode FROM harness_incidents i JOIN harness_memberships m ON m.incident_id = i.id"
            " WHERE m.failure_key LIKE %s",
            [f"{case.dag_id}/{case.run_id}/%"],
        )
        return self._pages.get(f"harness:{episode}")

    def _page_facts(self, case: Case, line: Mapping[str, Any]) -> Iterator[str]:
        page = self._page(case) if self._site.pages_url else None
        if page is None:
            return
        text = json.dumps(page["events"])
        resolved = page["state"] == "resolved"
        if resolved != (case.expected["outcome"] in ("healed", "recovered")):
            yield f"the page is {page['state']} after {case.expected['outcome']}"
        for word in {"2b": ("expected", "found"), "3": ("dep_delay",), "4": ("required action",)}.get(
            case.break_id, ()
        ):
            if word not in text:
                yield f"the page does not say {word!r}"
        if case.break_id == "3" and case.dag_id == "flights_daily" and "ALTER TABLE" not in text:
            yield "the page does not carry the suggested migration"

    def _approval_of(self, case: Case, line: Mapping[str, Any]) -> dict[str, Any]:
        run = line["healer_run"]
        if not run:
            return {"approved_by": ""}
        path = f"/dags/harness_healer/dagRuns/{quote(run, safe='')}/taskInstances/approve/-1/hitlDetails"
        try:
            answer = self.airflow(path)
        except urllib.error.HTTPError:
            return {"approved_by": ""}
        agreed = answer["response_received"] and answer["chosen_options"] == ["Approve"]
        return {"approved_by": answer["responded_by_user"]["id"] if agreed else ""}


def _line(case: Case, incident_id: str, events: Sequence[tuple[str, datetime, Mapping[str, Any]]]) -> dict[str, Any]:
    """What the harness says of one incident."""
    opened = events[0][1]
    first = {kind: (at, body) for kind, at, body in reversed(events)}

    def get(kind: str, name: str) -> Any:
        return first[kind][1].get(name) if kind in first else None

    def seconds(kind: str) -> float | None:
        return round((first[kind][0] - opened).total_seconds(), 1) if kind in first else None

    run = f"{case.dag_id}/{case.run_id}"
    settled = [body["outcome"] for kind, _, body in events if kind == "run_settled" and body["run"] == run]
    return {
        "id": incident_id,
        "break": case.break_id,
        "title": case.title,
        "failure": get("opened", "failure"),
        "category": get("diagnosed", "category"),
        "proposal": get("proposed", "action"),
        "verdict": get("judged", "verdict"),
        "rule": get("judged", "rule"),
        "outcome": settled[-1] if settled else get("closed", "outcome"),
        "seconds_to_verdict": seconds("judged"),
        "seconds_to_outcome": seconds("closed"),
        "healer_run": get("claimed", "run"),
    }


def main() -> None:
    """Reads the question as JSON from standard input, writes the answer as JSON to standard output."""
    question = json.load(sys.stdin)
    with Grader(Site(**question["site"])) as grader:
        cases = [Case(**case) for case in question["cases"]]
        answers = [(case, *grader.incident(case)) for case in cases]
        days = [date.fromisoformat(question["first"]) + timedelta(days=n) for n in range(question["days"])]
        plain = sorted({date.fromisoformat(case.day) for case in cases if case.dag_id == "plain_copy"})
        findings = [
            *grader.data_findings(days),
            *grader.plain_findings(plain),
            *grader.lineage_findings(),
            *(text for _, _, found in answers for text in found),
        ]
    lines = [line | {"ok": not found} for _, line, found in answers]
    json.dump(
        {"ok": not findings, "findings": findings, "incidents": lines, "cases": [asdict(case) for case in cases]},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
