"""Tables in the store: what is published of each, which contract it has, and what its newest gates found."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.pages.summaries import labels
from airflow_provider_harness.adapters.store.reports import moment
from airflow_provider_harness.adapters.store.rows.gate_history import read_check, read_gate
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.pages.incidents.row import OPEN
from airflow_provider_harness.app.pages.kept_contract import is_readable
from airflow_provider_harness.app.pages.table_view import freshness, last_gate, newest_of_slices, trend
from airflow_provider_harness.app.pages.tables import TREND, TableRow
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.slices.gate_run import StoredGate

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A table without what its gates found."""

    table: str
    conn_id: str = ""
    dag_id: str = ""
    task_id: str = ""
    contract: str = ""
    version: str = ""
    owner: str = ""
    criticality: str = ""
    readiness: str = ""
    last_slice: str = ""
    last_slice_end: datetime | None = None
    published_at: datetime | None = None
    incidents: tuple[str, ...] = ()


class SqlTables:
    """:param engine: gives the store; called when it is needed."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def known(self, readable: frozenset[str] | None = None) -> list[Known]:
        """Every table of which anything is known: those with open incidents first, then by name.

        :param readable: leading Dags of the incidents that may be named; None = all.
        """
        with transaction(self._engine) as connection:
            contracts, marks, publishers = _contracts(connection), _marks(connection), _publishers(connection)
            about = _open_incidents(connection, readable)
        found = []
        for name in sorted(contracts.keys() | marks.keys()):
            contract, mark = contracts.get(name), marks.get(name)
            values: dict[str, Any] = {"table": name, "incidents": tuple(about.get(name, ()))}
            if contract is not None:
                same = ("contract", "version", "owner", "criticality", "readiness", "dag_id", "task_id")
                values |= {field: getattr(contract, field) for field in same}
            if mark is not None:
                by = publishers.get(name, mark)
                values |= {field: getattr(by, field) for field in ("conn_id", "dag_id", "task_id")}
                values |= {"last_slice": mark.slice, "last_slice_end": moment(mark.slice_end)}
                values |= {"published_at": moment(mark.moved_at)}
            found.append(Known(**values))
        return sorted(found, key=lambda one: (not one.incidents, one.table))

    def rows(self, known: Sequence[Known], now: datetime) -> list[TableRow]:
        """The same with what their newest gates found."""
        names = [one.table for one in known]
        with transaction(self._engine) as connection:
            bodies = {name: found[-1][1] for name, found in _bodies(connection, names).items()}
            gates, lengths = _gates(connection, names)
            told = _told(connection)
        return [_row(one, bodies.get(one.table), gates.get(one.table, []), lengths, told, now) for one in known]

    def versions(self, table: str) -> list[tuple[datetime, Mapping[str, Any]]]:
        """Versions of a table's contract with the moment at which each was seen first, oldest first."""
        with transaction(self._engine) as connection:
            return _bodies(connection, [table]).get(table, [])

    def incidents(self, table: str, most: int) -> list[str]:
        """Ids of the newest incidents that are about a table, newest first."""
        from sqlalchemy import select

        s = t.summaries
        mine = s.c.labels.contains("".join(labels({"table": [table]})), autoescape=True)
        wanted = select(s.c.incident_id).where(mine).order_by(s.c.incident_id.desc()).limit(most)
        with transaction(self._engine) as connection:
            return list(connection.execute(wanted).scalars())

    def of_task(self, dag_id: str, run_id: str, task_id: str, map_index: int | None, most: int) -> list[StoredGate]:
        """The newest gates of a Dag, run, task or task instance, newest first."""
        from sqlalchemy import select

        g = t.gates
        where = [g.c.dag_id == dag_id]
        where += [g.c.run_id == run_id] if run_id else []
        where += [g.c.task_id == task_id] if task_id else []
        where += [g.c.map_index == map_index] if map_index is not None else []
        with transaction(self._engine) as connection:
            found = connection.execute(select(g).where(*where).order_by(g.c.measured_at.desc()).limit(most)).mappings()
            return _with_checks(connection, list(found))


def _contracts(connection: Connection) -> dict[str, Any]:
    from sqlalchemy import select

    c = t.contracts
    columns = (
        c.c.table_name,
        c.c.contract,
        c.c.version,
        c.c.owner,
        c.c.criticality,
        c.c.readiness,
        c.c.dag_id,
        c.c.task_id,
    )
    return {row.table_name: row for row in connection.execute(select(*columns).order_by(c.c.seen_at))}


def _marks(connection: Connection) -> dict[str, Any]:
    from sqlalchemy import select

    w = t.watermarks
    return {row.table_name: row for row in connection.execute(select(w).order_by(w.c.moved_at))}


def _publishers(connection: Connection) -> dict[str, Any]:
    """Table -> who publishes it, where Airflow bore that out: whose it is decides who may see it, and any task may tell of a table."""
    from sqlalchemy import select

    b = t.borne_out
    return {row.table_name: row for row in connection.execute(select(b).order_by(b.c.slice_end))}


def _open_incidents(connection: Connection, readable: frozenset[str] | None) -> dict[str, list[str]]:
    """Table -> ids of the incidents that are open about it, newest first."""
    from sqlalchemy import select

    s, found = t.summaries, dict[str, list[str]]()
    wanted = select(s.c.incident_id, s.c.labels).where(s.c.state.in_([state.value for state in OPEN]))
    wanted = wanted if readable is None else wanted.where(s.c.dag_id.in_(readable))
    for row in connection.execute(wanted.order_by(s.c.incident_id.desc())):
        for label in row.labels.split("|"):
            if label.startswith("table:"):
                found.setdefault(label.removeprefix("table:"), []).append(row.incident_id)
    return found


def _bodies(connection: Connection, tables: Sequence[str]) -> dict[str, list[tuple[datetime, Mapping[str, Any]]]]:
    from sqlalchemy import select

    c, found = t.contracts, dict[str, list[tuple[datetime, Mapping[str, Any]]]]()
    wanted = select(c.c.table_name, c.c.seen_at, c.c.body).where(c.c.table_name.in_(tables)).order_by(c.c.seen_at)
    for row in connection.execute(wanted):
        body = json.loads(row.body)
        if is_readable(body):  # any task may write one
            found.setdefault(row.table_name, []).append((datetime.fromisoformat(row.seen_at), body))
    return found


def _gates(connection: Connection, tables: Sequence[str]) -> tuple[dict[str, list[StoredGate]], dict[str, timedelta]]:
    """The gates of the newest slices of these tables, one a slice, oldest first; and how long the newest slice of each is."""
    from sqlalchemy import func, select

    g = t.gates
    newest = func.dense_rank().over(partition_by=g.c.table_name, order_by=g.c.slice_start.desc()).label("newest")
    inner = select(g, newest).where(g.c.table_name.in_(tables)).subquery()
    rows = (
        connection.execute(select(inner).where(inner.c.newest <= TREND).order_by(inner.c.slice_start)).mappings().all()
    )
    found: dict[str, list[StoredGate]] = {}
    for gate in _with_checks(connection, rows):
        found.setdefault(gate.table, []).append(gate)
    lengths = {row["table_name"]: length for row in rows if (length := _length(row)) is not None}
    return {table: newest_of_slices(gates) for table, gates in found.items()}, lengths


def _length(row: Any) -> timedelta | None:
    """How long a gate's slice is, where the gate said so."""
    began, ended = moment(row["slice_start"]), moment(row["slice_end"])
    return ended - began if began is not None and ended is not None and ended > began else None


def _with_checks(connection: Connection, rows: Sequence[Any]) -> list[StoredGate]:
    from sqlalchemy import select

    k, checks = t.gate_checks, dict[str, list[Any]]()
    keys = [row["key"] for row in rows]
    for start in range(0, len(keys), 500):
        for check in connection.execute(select(k).where(k.c.gate.in_(keys[start : start + 500]))).mappings():
            checks.setdefault(check["gate"], []).append(read_check(check))
    return [read_gate(row, checks.get(row["key"], ())) for row in rows]


def _told(connection: Connection) -> dict[str, datetime]:
    """Table -> the most urgent promise of which on-call was told."""
    from sqlalchemy import select

    p = t.promises
    rows = connection.execute(
        select(p.c.table_name, p.c.due_at).where(p.c.ended_at.is_(None)).order_by(p.c.due_at.desc())
    )
    return {row.table_name: datetime.fromisoformat(row.due_at) for row in rows}


def _row(
    one: Known,
    body: Mapping[str, Any] | None,
    gates: Sequence[StoredGate],
    lengths: Mapping[str, timedelta],
    told: Mapping[str, datetime],
    now: datetime,
) -> TableRow:
    same = ("table", "conn_id", "contract", "version", "owner", "criticality", "readiness", "dag_id", "task_id")
    late = freshness(body, one.last_slice_end, lengths.get(one.table), told.get(one.table), now) if body else None
    return TableRow(
        **{name: getattr(one, name) for name in same},
        file=str((body or {}).get("file", "")),
        last_slice=one.last_slice,
        last_slice_end=one.last_slice_end,
        published_at=one.published_at,
        freshness=late,
        gate=last_gate(gates),
        trend=trend(gates),
        quarantined=sum(gate.malformed for gate in gates if gate.decision is Decision.QUARANTINE),
        incidents=one.incidents,
    )
