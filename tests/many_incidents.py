"""A store with 10,000 incidents and 1,000 tables, for what looks at the speed of the pages."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Engine, insert

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.pages import summaries
from airflow_provider_harness.adapters.store.pages.health import SqlHealth
from airflow_provider_harness.adapters.store.pages.incident_list import SqlIncidentList
from airflow_provider_harness.adapters.store.pages.tables import SqlTables
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.pages.health import HealthView, ModelCost, health
from airflow_provider_harness.app.pages.incidents.listing import IncidentList, Wanted
from airflow_provider_harness.app.pages.incidents.place import About
from airflow_provider_harness.app.pages.incidents.row import Stand, row_of
from airflow_provider_harness.app.pages.kept_contract import kept
from airflow_provider_harness.app.pages.tables import TableRow
from airflow_provider_harness.core.contracts.contract import Contract, Sla
from airflow_provider_harness.core.incidents.events import EventKind, Joined
from airflow_provider_harness.core.incidents.incident import fold
from tests.events import event_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
INCIDENTS, TABLES, SLICES = 10_000, 1_000, 30
READABLE = frozenset(f"dag_{n}" for n in range(299))
"""The Dags that the reader may read: all but one."""


def fill_incidents(connection: Any) -> None:
    base = row_of(fold("I", [event_of(kind=EventKind.OPENED, at=NOW)]), About())
    states, severities = tuple(Stand), ("critical", "high", "medium", "low", "")
    rows = []
    for number in range(INCIDENTS):
        dag_id, table = f"dag_{number % 300}", f"public.table_{number % TABLES}"
        about = About(tables=(table,), owners=(f"owner{number % 40}",)).with_failures(
            [Joined(failure=f"{dag_id}/r/t#1")]
        )
        row = replace(
            base,
            id=ulid(NOW - timedelta(minutes=number)),
            state=states[number % 7],
            open=number % 7 < 5,
            severity=severities[number % 5],
            dag_id=dag_id,
            teams=(f"team{number % 20}",),
            tables=about.tables,
            owners=about.owners,
            category="timeout",
            cause="The widget service did not answer within thirty seconds, three times in a row. " * 3,
            opened_at=NOW - timedelta(minutes=number),
        )
        rows.append((row, about))
    summaries._put(connection, rows)
    _happened(connection, [row.id for row, _ in rows])


def _happened(connection: Any, ids: list[str]) -> None:
    """What health counts of each: a proposal, its verdict, and a page."""
    paged = {"severity": "high", "action": "trigger", "reached": "sent", "dedup_key": "k", "summary": "s"}
    bodies = {
        EventKind.PROPOSED: {"action": "retry_task", "arguments": {}, "why": "It is transient.", "facts": {}},
        EventKind.JUDGED: {"verdict": "approve"},
        EventKind.PAGED: paged,
    }
    texts = {kind.value: json.dumps(body) for kind, body in bodies.items()}
    at = {"at": t.text_of(NOW), "hash": ""}
    events = [{"incident_id": name, "kind": kind, "body": body, **at} for name in ids for kind, body in texts.items()]
    connection.execute(insert(t.events), [one | {"seq": seq} for seq, one in enumerate(events, start=1)])


def fill_tables(connection: Any) -> None:
    contracts, marks, gates, checks = [], [], [], []
    for number in range(TABLES):
        name, task = f"public.table_{number}", {"dag_id": f"dag_{number % 300}", "task_id": "load"}
        contract = Contract(
            id=f"urn:{name}",
            version="1.0",
            name=name,
            table=name,
            columns=(),
            slas=(Sla(prop="latency", value="6", unit="h"),),
        )
        seen = {"key": f"{number:064x}", "table_name": name, "contract": contract.id, "version": "1.0", **task}
        contracts.append(
            seen
            | {
                "owner": "ops",
                "criticality": "high",
                "readiness": "",
                "seen_at": t.text_of(NOW),
                "body": json.dumps(kept(contract)),
            }
        )
        at = t.text_of(NOW - timedelta(days=1))
        marks.append(
            {"conn_id": "w", "table_name": name, "slice": "s", "slice_end": at, "moved_at": at, "contract": "f", **task}
        )
        for day in range(SLICES):
            start, key = NOW - timedelta(days=day + 1), f"{number * SLICES + day:064x}"
            gates.append(
                {
                    "key": key,
                    "table_name": name,
                    "contract": contract.id,
                    "contract_version": "1.0",
                    "conn_id": "w",
                    "slice": f"{start:%Y%m%d}",
                    "slice_start": t.text_of(start),
                    "slice_end": t.text_of(start + timedelta(days=1)),
                    "place": "staging",
                    "run_id": "r",
                    "map_index": -1,
                    "try_number": 1,
                    "rows": 10,
                    "malformed": 0,
                    "decision": "publish",
                    "milliseconds": "{}",
                    "measured_at": t.text_of(NOW),
                    **task,
                }
            )
            one = {"kind": "not_null", "value": 0.0, "passed": True, "flagged": False, "error": "", "severity": "error"}
            checks += [{"gate": key, "check_id": f"not_null:c{n}", "share": None, **one} for n in range(3)]
    for table, rows in ((t.contracts, contracts), (t.watermarks, marks), (t.gates, gates), (t.gate_checks, checks)):
        for start in range(0, len(rows), 5_000):
            connection.execute(insert(table), rows[start : start + 5_000])


def fill(engine: Engine) -> None:
    """Put all of it into an empty store; takes about ten seconds."""
    with engine.begin() as connection:
        fill_incidents(connection)
        fill_tables(connection)


def incidents_page(engine: Engine, **wanted: Any) -> bytes:
    """The list of incidents, as JSON."""
    lists = SqlIncidentList(lambda: engine, timedelta(hours=2))
    return TypeAdapter(IncidentList).dump_json(lists.listed(Wanted(readable=READABLE, **wanted), NOW, 50))


def tables_page(engine: Engine) -> bytes:
    """The list of tables, as JSON."""
    tables = SqlTables(lambda: engine)
    known = [one for one in tables.known() if one.dag_id in READABLE]
    return TypeAdapter(list[TableRow]).dump_json(tables.rows(known[:50], NOW))


def health_page(engine: Engine) -> bytes:
    """Health of thirty days, as JSON; all incidents are of the last seven."""
    counted, since = SqlHealth(lambda: engine), NOW - timedelta(days=30)
    cost = ModelCost(cost_usd=0, today_usd=0, per_day_usd=1, per_incident_usd=1, calls=0, name="")
    told, promises = counted.told(since, READABLE), counted.promises(since, NOW, READABLE)
    found = health(told, since=since, now=NOW, promises=promises, model=cost, limit=3, alive=[], teams=[])
    return TypeAdapter(HealthView).dump_json(found)
