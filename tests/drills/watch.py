"""What happens to one drill, read from Airflow's database and event log, and from on-call's inbox."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from threading import Lock
from typing import Any

import psycopg

from tests.drills.drill import Record
from tests.drills.site import Site
from tests.drills.world import METADATA, STORE, World

#: Words of an event of Airflow's log -> the kind of act; the first that stands in it counts.
ACTS = (
    ("clear", "clear"),
    ("backfill", "backfill"),
    ("trigger", "trigger"),
    ("patch_dag_run", "mark"),
    ("patch_dag", "pause"),
    ("delete", "other"),
    ("patch_task_instance", "mark"),
)
#: Events that are notes where they set no state.
NOTES = ("patch_dag_run", "patch_task_instance")
RUN = "drill__1"


class Shared:
    """Answers that all drills look at, asked for at most every two seconds."""

    def __init__(self, site: Site) -> None:
        self.site, self._lock = site, Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def questions(self) -> list[dict[str, Any]]:
        """Open questions to people."""

        def ask() -> Any:
            found = self.site.stack.api(
                "GET", "/dags/~/dagRuns/~/hitlDetails", user="oncall", response_received="false", limit=100
            )
            return found["hitl_details"]

        questions: list[dict[str, Any]] = self._often("questions", ask)
        return questions

    def pages(self) -> list[dict[str, Any]]:
        """What on-call got."""

        def ask() -> Any:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{self.site.pages.plain_url}/pages", timeout=30) as answer:
                return json.load(answer)["pages"]

        pages: list[dict[str, Any]] = self._often("pages", ask)
        return pages

    def api(self, method: str, path: str, body: Any, user: str = "oncall") -> Any:
        """One call at a time: the client is one."""
        with self._lock:
            return self.site.stack.api(method, path, body, user=user)

    def _often(self, name: str, ask: Callable[[], Any]) -> Any:
        with self._lock:
            at, value = self._kept.get(name, (0.0, None))
            if time.monotonic() - at > 2:
                value = ask()
                self._kept[name] = time.monotonic(), value
            return value


class Watch:
    """One drill's view."""

    def __init__(self, shared: Shared, world: World) -> None:
        self.shared, self.world, self.site = shared, world, shared.site
        self._airflow = psycopg.connect(self.site.postgres.url(METADATA), autocommit=True)
        self._mine = re.compile(rf"\b{re.escape(world.drill.dag_id)}\b")

    def close(self) -> None:
        self._airflow.close()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._airflow.execute(query.encode(), values).fetchall()

    def state(self) -> str:
        """Of the run."""
        found = self.rows("SELECT state FROM dag_run WHERE dag_id = %s AND run_id = %s", self.world.drill.dag_id, RUN)
        return str(found[0][0]) if found else "missing"

    def failed(self) -> bool:
        """Whether any try has failed."""
        where = "WHERE dag_id = %s AND run_id = %s AND state IN ('failed', 'up_for_retry', 'restarting')"
        both = f"SELECT 1 FROM task_instance {where} UNION ALL SELECT 1 FROM task_instance_history {where}"
        mine = (self.world.drill.dag_id, RUN)
        return bool(self.rows(both, *mine, *mine)) or self.state() == "failed"

    def pid(self) -> int | None:
        """The process of the task that runs."""
        found = self.rows(
            "SELECT pid FROM task_instance WHERE dag_id = %s AND state = 'running' AND pid IS NOT NULL",
            self.world.drill.dag_id,
        )
        return int(found[0][0]) if found else None

    def tries(self) -> int:
        found = self.rows(
            "SELECT coalesce(sum(try_number), 0) FROM task_instance WHERE dag_id = %s AND run_id = %s",
            self.world.drill.dag_id,
            RUN,
        )
        return int(found[0][0])

    def acts(self) -> tuple[str, ...]:
        """What the healer's account did to the Dag, in Airflow's own log."""
        found = self.rows(
            "SELECT event, extra FROM log WHERE owner = 'harness' AND (dag_id = %s OR extra LIKE %s) ORDER BY id",
            self.world.drill.dag_id,
            f'%"{self.world.drill.dag_id}"%',
        )
        return tuple(act for event, extra in found if (act := _act(event, extra or "")))

    def pages(self) -> list[dict[str, Any]]:
        """On-call's pages about this drill."""
        if self.site.healer.mails:
            return [{"dedup_key": "mail"}] if self.state() == "failed" else []
        return [page for page in self.shared.pages() if self._mine.search(_subject(page))]

    def question(self) -> dict[str, Any] | None:
        """The open question about this drill that was parked long enough."""
        incidents = self.incidents()
        for item in self.shared.questions():
            words = f"{item.get('subject')} {item.get('body')}"
            if self._mine.search(words) or any(f"`{name}`" in words for name in incidents):
                return item
        return None

    def incidents(self) -> dict[str, bool]:
        """The harness's own: id -> whether it is closed; empty for other healers."""
        if not self.site.healer.ours:
            return {}
        with closing(psycopg.connect(self.site.postgres.url(STORE), autocommit=True)) as store:
            return dict(
                store.execute(
                    "SELECT DISTINCT i.id, i.closed_at IS NOT NULL FROM harness_incidents i JOIN harness_memberships m"
                    " ON m.incident_id = i.id WHERE m.failure_key LIKE %s",
                    [f"{self.world.drill.dag_id}/%"],
                ).fetchall()
            )

    def said(self) -> dict[str, Any]:
        """What the harness says of the cause: for the figures, never for a fact."""
        names = list(self.incidents())
        if not names:
            return {}
        with closing(psycopg.connect(self.site.postgres.url(STORE), autocommit=True)) as store:
            rows = store.execute(
                "SELECT kind, body FROM harness_events WHERE incident_id = ANY(%s) ORDER BY incident_id, seq", [names]
            ).fetchall()
        first = {kind: json.loads(body) for kind, body in reversed(rows)}
        last = {kind: json.loads(body) for kind, body in rows}
        return {
            "category": first.get("diagnosed", {}).get("category"),
            "remedy": first.get("proposed", {}).get("action"),
            "outcome": last.get("closed", {}).get("outcome"),
            "verdict": first.get("judged", {}).get("verdict"),
            "grouped": sorted(
                {json.loads(body)["failure"].split("/")[0] for kind, body in rows if kind in ("opened", "joined")}
            ),
        }

    def record(self, **more: Any) -> Record:
        return Record(state=self.state(), acts=self.acts(), tries=self.tries(), **more)


def _subject(page: dict[str, Any]) -> str:
    """What the first trigger of an alert says it is about."""
    event = next((event for event in page["events"] if event["event_action"] == "trigger"), {})
    return json.dumps(event.get("payload", {}))


def _act(event: str, extra: str) -> str:
    """The kind of act; empty where the event changes nothing, such as a note or a trial."""
    try:
        body = json.loads(extra)
    except ValueError:
        body = {}
    if "hitl" in event or body.get("dry_run") or (event in NOTES and not body.keys() & {"state", "new_state"}):
        return ""
    return next((kind for word, kind in ACTS if word in event), "")
