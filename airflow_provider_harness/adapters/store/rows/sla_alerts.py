"""Promises about time in the harness store: what is published, and of which deadlines on-call was told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.reports import moment, set_aside
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.app.ports.sla_alerts import HighWaterMark, SlaAlert
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.lineage.graph import Graph, job
from airflow_provider_harness.core.slices.gate_run import Place

if TYPE_CHECKING:
    from sqlalchemy import Engine

#: Tasks that told of having published a table, of which Airflow is asked.
TELLERS = 5


class SqlPromises:
    """Implements ``app.ports.sla_alerts.Promises``.

    :param engine: gives the store; called when it is needed.
    :param contract_of: contract file and table -> contract.
    :param graph: who feeds whom.
    """

    def __init__(
        self,
        engine: Callable[[], Engine],
        contract_of: Callable[[str, str], Contract],
        graph: Callable[[], Graph],
    ) -> None:
        self._engine, self._contract_of, self._graph = engine, contract_of, graph

    def published(self) -> Sequence[HighWaterMark]:
        from sqlalchemy import select

        found, bad = [], {}
        with transaction(self._engine) as connection:
            for row in connection.execute(select(t.watermarks).order_by(t.watermarks.c.table_name)):
                if moment(row.slice_end) is None:
                    bad[f"{row.conn_id}/{row.table_name}"[:1024]] = (
                        0,
                        "slice_end is not a timestamp that can be used",
                    )
                    continue
                found.append(_mark(row))
            if bad:
                set_aside(connection, "watermarks", bad, text_of(datetime.now(UTC)))
        return found

    def tellers(self, mark: HighWaterMark) -> Sequence[HighWaterMark]:
        from sqlalchemy import func, select

        g = t.gates
        who = g.c.dag_id, g.c.task_id
        mine = g.c.conn_id == mark.conn_id, g.c.table_name == mark.table
        published = g.c.place == Place.STAGING, g.c.decision == Decision.PUBLISH
        others = (g.c.dag_id != mark.dag_id) | (g.c.task_id != mark.task_id)
        asked = select(*who).where(*mine, *published, others).group_by(*who).order_by(func.min(g.c.measured_at))
        with transaction(self._engine) as connection:
            rows = connection.execute(asked.limit(TELLERS)).all()
        return [replace(mark, dag_id=row.dag_id, task_id=row.task_id, contract="", slice="") for row in rows]

    def borne_out(self) -> Sequence[HighWaterMark]:
        from sqlalchemy import select

        with transaction(self._engine) as connection:
            return [_mark(row) for row in connection.execute(select(t.borne_out))]

    def bear_out(self, mark: HighWaterMark) -> None:
        b, values = t.borne_out, asdict(mark) | {"slice_end": text_of(mark.slice_end)}
        values["table_name"] = values.pop("table")
        with transaction(self._engine) as connection:
            connection.execute(b.delete().where(b.c.conn_id == mark.conn_id, b.c.table_name == mark.table))
            connection.execute(b.insert().values(**values))

    def contract(self, mark: HighWaterMark) -> Contract:
        return self._contract_of(mark.contract, mark.table)

    def feeders(self, dag_id: str, task_id: str) -> Collection[str]:
        try:
            return self._graph().upstream_tasks(job(dag_id, task_id))
        except HarnessUnavailable:
            return ()

    def open_alerts(self) -> Sequence[SlaAlert]:
        from sqlalchemy import select

        p = t.promises
        with transaction(self._engine) as connection:
            rows = connection.execute(select(p).where(p.c.ended_at.is_(None)).order_by(p.c.due_at, p.c.key))
            return [_at_risk(row) for row in rows]

    def record_alert(self, risk: SlaAlert, now: datetime) -> bool:
        from sqlalchemy.exc import IntegrityError

        row = asdict(risk) | {"slice_end": text_of(risk.slice_end), "told_at": text_of(now)}
        row |= {"table_name": row.pop("table"), "due_at": text_of(row.pop("due"))}
        try:
            with transaction(self._engine) as connection:
                connection.execute(t.promises.insert().values(key=_key(risk), **row))
        except IntegrityError:
            return False
        return True

    def move(self, risk: SlaAlert, dedup_key: str) -> None:
        self._change(risk, dedup_key=dedup_key)

    def end(self, risk: SlaAlert, now: datetime) -> None:
        self._change(risk, ended_at=text_of(now))

    def _change(self, risk: SlaAlert, **values: str) -> None:
        with transaction(self._engine) as connection:
            connection.execute(t.promises.update().where(t.promises.c.key == _key(risk)).values(**values))


def _key(risk: SlaAlert) -> str:
    return sha256("\0".join((risk.conn_id, risk.table, risk.slice, text_of(risk.due))).encode()).hexdigest()


def _mark(row: Any) -> HighWaterMark:
    return HighWaterMark(
        conn_id=row.conn_id,
        table=row.table_name,
        contract=row.contract,
        dag_id=row.dag_id,
        task_id=row.task_id,
        slice_end=datetime.fromisoformat(row.slice_end),
        slice=row.slice,
    )


def _at_risk(row: Any) -> SlaAlert:
    names = ("conn_id", "dag_id", "task_id", "run_id", "slice", "words", "dedup_key")
    return SlaAlert(
        table=row.table_name,
        due=datetime.fromisoformat(row.due_at),
        slice_end=datetime.fromisoformat(row.slice_end),
        **{name: getattr(row, name) for name in names},
    )
