"""What gates found, in the harness store: tasks write it, the gates of later slices and ``quality`` read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import readable, transaction
from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult, Decision
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.slices.gate_run import (
    COMPARABLE_PLACES,
    OWN_TASK,
    GateRun,
    GateSite,
    Place,
    StoredCheck,
    StoredGate,
    flagged,
    history_checks,
    lookback,
)
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping, Select

ERROR_LENGTH = 1000
"""Characters of a check's error that are kept."""


class SqlGates:
    """Implements ``app.ports.rows.History``; works with a role that may only insert into and read its two tables.

    :param engine: gives the store; called when it is needed, since a store that cannot be opened fails no gate.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def keep(self, run: GateRun) -> None:
        from sqlalchemy.exc import IntegrityError

        row = _row(run)
        checks = {result.id: _check(row["key"], result) for result in run.report.results}
        try:
            with transaction(self._engine) as connection:
                connection.execute(t.gates.insert().values(**row))
                if checks:
                    connection.execute(t.gate_checks.insert(), list(checks.values()))
        except IntegrityError:
            return  # kept already

    @readable
    def points(self, contract: Contract, piece: Slice, post: GateSite) -> Mapping[str, Sequence[Point]]:
        g = t.gates
        mine = [
            g.c.table_name == contract.table,
            g.c.contract == contract.id,
            g.c.conn_id == post.conn_id,
            g.c.place.in_(COMPARABLE_PLACES[post.place]),
            g.c.slice_start < text_of(piece.start),
        ]
        if post.place in OWN_TASK and post.task:
            mine += [g.c.dag_id == post.task.dag_id, g.c.task_id == post.task.task_id]
        wanted = [check.id for check in history_checks(contract)]
        with transaction(self._engine) as connection:
            first = _oldest(connection, mine, lookback(contract, piece.end - piece.start))
            found = _gates_with(wanted).where(*mine, g.c.slice_start >= first)
            rows = connection.execute(found).all() if first else []
        return _points(rows, post.place)

    @readable
    def end(self, table: str, slice_id: str) -> datetime | None:
        """Where a slice ended when it was judged last; None where nobody judged it, or an earlier version of this package."""
        from sqlalchemy import select

        g = t.gates
        mine = g.c.table_name == table, g.c.slice == slice_id, g.c.slice_end.is_not(None)
        newest = select(g.c.slice_end).where(*mine).order_by(g.c.measured_at.desc()).limit(1)
        with transaction(self._engine) as connection:
            found = connection.execute(newest).scalar()
        return datetime.fromisoformat(found) if found else None

    @readable
    def empty(self, table: str, conn_id: str, pieces: Sequence[Slice]) -> Collection[str]:
        """Ids of the slices, of these, that were last given to this table without a row, by a gate that let them be published."""
        from sqlalchemy import select

        g = t.gates
        ends = {piece.id: text_of(piece.end) for piece in pieces}
        starts = sorted(text_of(piece.start) for piece in pieces)
        span = g.c.slice_start.between(starts[0], starts[-1])
        mine = g.c.table_name == table, g.c.conn_id == conn_id, g.c.place == Place.STAGING, span
        with transaction(self._engine) as connection:
            found = connection.execute(select(g).where(*mine).order_by(g.c.measured_at, g.c.try_number)).all()
        newest = {row.slice: row for row in found if ends.get(row.slice) == row.slice_end}
        return {name for name, row in newest.items() if row.decision == Decision.PUBLISH and not row.rows}

    @readable
    def trend(self, table: str, last: int) -> Sequence[StoredGate]:
        """The latest gate at each place of each of the newest slices of a table, oldest slice first.

        :param last: slices, 1 or more.
        """
        from sqlalchemy import select

        g, k = t.gates, t.gate_checks
        mine = (g.c.table_name == table,)
        with transaction(self._engine) as connection:
            first = _oldest(connection, mine, last)
            if not first:
                return ()
            found = connection.execute(
                select(g).where(*mine, g.c.slice_start >= first).order_by(g.c.measured_at, g.c.try_number)
            ).mappings()
            latest = {(row["slice_start"], row["place"], row["conn_id"], row["contract"]): row for row in found}
            rows = sorted(latest.values(), key=lambda row: (row["slice_start"], row["measured_at"]))
            keys = [row["key"] for row in rows]
            checks: dict[str, list[StoredCheck]] = {}
            for start in range(0, len(keys), 500):
                part = select(k).where(k.c.gate.in_(keys[start : start + 500]))
                for check in connection.execute(part).mappings():
                    checks.setdefault(check["gate"], []).append(read_check(check))
        return tuple(read_gate(row, checks.get(row["key"], ())) for row in rows)

    @readable
    def latest(self, tasks: Collection[str]) -> Mapping[str, StoredGate]:
        """The newest gate of each of these tasks, without its checks; a task is ``dag.task``."""
        from sqlalchemy import select

        g = t.gates
        name = g.c.dag_id + "." + g.c.task_id
        wanted = select(g, name.label("name")).where(name.in_(tasks)).order_by(g.c.measured_at, g.c.try_number)
        with transaction(self._engine) as connection:
            return {row["name"]: read_gate(row, ()) for row in connection.execute(wanted).mappings()}

    @readable
    def published(self, table: str, conn_id: str, slice_id: str, checks: Collection[str]) -> Mapping[str, float]:
        """Of these checks, what the newest gate found that let a slice be published; empty where none did.

        :param slice_id: empty for a table that is published as a whole, whatever its runs call that.
        """
        from sqlalchemy import select

        g, k = t.gates, t.gate_checks
        mine = [g.c.table_name == table, g.c.conn_id == conn_id, g.c.place == Place.STAGING]
        mine += [g.c.slice == slice_id] if slice_id else []
        newest = select(g.c.key).where(*mine, g.c.decision != Decision.BLOCK).order_by(g.c.measured_at.desc()).limit(1)
        asked = select(k.c.check_id, k.c.value).where(k.c.gate == newest.scalar_subquery(), k.c.check_id.in_(checks))
        with transaction(self._engine) as connection:
            return {name: value for name, value in connection.execute(asked) if value is not None}

    @readable
    def kept(self, table: str, conn_id: str, check: str) -> Sequence[float]:
        """Each number that a check had in gates that let slices of a table be published."""
        from sqlalchemy import select

        g, k = t.gates, t.gate_checks
        mine = g.c.table_name == table, g.c.conn_id == conn_id, g.c.decision != Decision.BLOCK, k.c.check_id == check
        asked = select(k.c.value).select_from(g.join(k, k.c.gate == g.c.key)).where(*mine).distinct()
        with transaction(self._engine) as connection:
            return [value for value in connection.execute(asked).scalars() if value is not None]

    @readable
    def published_by(self, prefix: str) -> Collection[tuple[str, str, float]]:
        """Table, check and number of each check of this beginning in gates that let something be published."""
        from sqlalchemy import select

        g, k = t.gates, t.gate_checks
        mine = g.c.decision != Decision.BLOCK, k.c.check_id.startswith(prefix, autoescape=True)
        both = g.join(k, k.c.gate == g.c.key)
        asked = select(g.c.table_name, k.c.check_id, k.c.value).select_from(both).where(*mine).distinct()
        with transaction(self._engine) as connection:
            return {(row.table_name, row.check_id, row.value) for row in connection.execute(asked)}

    def tables(self) -> Sequence[str]:
        """The tables of which anything is known."""
        from sqlalchemy import select

        with transaction(self._engine) as connection:
            found = connection.execute(select(t.gates.c.table_name).distinct().order_by(t.gates.c.table_name))
            return [str(name) for name in found.scalars()]


def _oldest(connection: Connection, mine: Sequence[Any], slices: int) -> str:
    """The start of the oldest of the newest slices; empty if there is none."""
    from sqlalchemy import select

    start = t.gates.c.slice_start
    newest = select(start).where(*mine).distinct().order_by(start.desc()).limit(slices)
    return min(connection.execute(newest).scalars(), default="")


def _gates_with(checks: Sequence[str]) -> Select[Any]:
    """Every gate, with what it found for some checks, in the order of measuring; without, where it has none of them."""
    from sqlalchemy import and_, select

    g, k = t.gates, t.gate_checks
    both = and_(k.c.gate == g.c.key, k.c.check_id.in_(checks))
    columns = (g.c.key, g.c.slice_start, g.c.place, g.c.decision, k.c.check_id, k.c.value, k.c.flagged)
    return select(*columns).select_from(g.outerjoin(k, both)).order_by(g.c.measured_at, g.c.try_number, g.c.key)


def _points(rows: Sequence[Any], place: Place) -> dict[str, list[Point]]:
    """One point a slice and check, of the slice's latest gate at its own place, else of the latest elsewhere."""
    latest: dict[str, Any] = {}
    for row in rows:
        chosen = latest.get(row.slice_start)
        if chosen is None or row.place == place or chosen.place != place:
            latest[row.slice_start] = row
    points: dict[str, list[Point]] = {}
    for row in rows:
        if row.key == latest[row.slice_start].key and row.value is not None:
            unfit = bool(row.flagged) or row.decision == Decision.BLOCK
            at = datetime.fromisoformat(row.slice_start)
            points.setdefault(row.check_id, []).append(Point(at=at, value=row.value, flagged=unfit))
    return points


def _row(run: GateRun) -> dict[str, Any]:
    report, task = run.report, run.post.task
    assert task is not None
    return {
        "key": sha256(run.identity.encode()).hexdigest(),
        "table_name": report.table,
        "contract": report.contract,
        "contract_version": report.contract_version,
        "conn_id": run.post.conn_id,
        "slice": report.slice,
        "slice_start": text_of(run.piece.start),
        "slice_end": text_of(run.piece.end),
        "place": run.post.place.value,
        "dag_id": task.dag_id,
        "run_id": task.run_id,
        "task_id": task.task_id,
        "map_index": task.map_index,
        "try_number": task.try_number,
        "rows": report.rows,
        "malformed": report.malformed,
        "decision": report.decision.value,
        "milliseconds": json.dumps(dict(run.milliseconds)),
        "measured_at": text_of(run.measured_at),
    }


def _check(gate: str, result: CheckResult) -> dict[str, Any]:
    return {
        "gate": gate,
        "check_id": result.id,
        "kind": result.kind.value,
        "value": _number(result.value),
        "passed": result.passed,
        "flagged": flagged(result),
        "error": result.error.replace("\x00", "")[:ERROR_LENGTH],
        "severity": result.severity.value,
        "share": result.share,
    }


def _number(value: Any) -> float | None:
    """A number as the history keeps it: what is usual is reckoned with binary numbers."""
    return float(value) if isinstance(value, int | float | Decimal) and isfinite(value) else None


def read_check(row: RowMapping) -> StoredCheck:
    """A check as it was kept."""
    names = ("kind", "value", "passed", "flagged", "error", "severity", "share")
    return StoredCheck(id=row["check_id"], **{name: row[name] for name in names})


def read_gate(row: RowMapping, checks: Sequence[StoredCheck]) -> StoredGate:
    """A gate as it was kept."""
    names = ("contract", "contract_version", "conn_id", "slice", "rows", "malformed")
    task = TryKey(**{name: row[name] for name in ("dag_id", "run_id", "task_id", "map_index", "try_number")})
    return StoredGate(
        **{name: row[name] for name in names},
        table=row["table_name"],
        at=datetime.fromisoformat(row["slice_start"]),
        place=Place(row["place"]),
        task=str(task),
        decision=Decision(row["decision"]),
        milliseconds=json.loads(row["milliseconds"]),
        measured_at=datetime.fromisoformat(row["measured_at"]),
        checks=tuple(sorted(checks, key=lambda check: check.id)),
    )
