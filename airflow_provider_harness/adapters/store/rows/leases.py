"""Leases on slices and high-water marks of tables, in the harness store: written by the tasks that move rows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import readable, transaction
from airflow_provider_harness.app.ports.airflow import TaskState
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.operators import operator_of
from airflow_provider_harness.core.slices.lease import LEASE_SECONDS, Lease, holder_of, of_slice
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine


class SqlLeases:
    """Implements ``app.ports.rows.Leases``; every step is one atomic statement.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    @readable
    def take(self, name: str, holder: str, token: str, now: datetime) -> Lease:
        """The lease on a name after one attempt to get it: the caller's own by its token, else another's.

        :raises HarnessUnavailable: the store cannot be written.
        """
        from sqlalchemy import or_, select
        from sqlalchemy.exc import IntegrityError

        lease = t.leases
        row = {
            "holder": holder,
            "token": token,
            "taken_at": text_of(now),
            "expires_at": text_of(now + timedelta(seconds=LEASE_SECONDS)),
        }
        free = or_(lease.c.expires_at <= text_of(now), lease.c.holder == holder)
        try:
            with transaction(self._engine) as connection:
                if not connection.execute(lease.update().where(lease.c.name == name, free).values(**row)).rowcount:
                    taken = connection.execute(select(lease).where(lease.c.name == name)).mappings().first()
                    if taken is not None:
                        return read_lease(taken)
                    connection.execute(lease.insert().values(name=name, **row))
        except IntegrityError:
            return self.take(name, holder, token, now)  # another run was faster
        return read_lease({"name": name, **row})

    def renew(self, name: str, token: str, now: datetime) -> bool:
        """Prolong an own lease; False if it is another's now."""
        lease, until = t.leases, text_of(now + timedelta(seconds=LEASE_SECONDS))
        mine = lease.c.name == name, lease.c.token == token
        with transaction(self._engine) as connection:
            return bool(connection.execute(lease.update().where(*mine).values(expires_at=until)).rowcount)

    def release(self, name: str, token: str) -> None:
        """Give an own lease back; one that is another's now stays."""
        lease = t.leases
        with transaction(self._engine) as connection:
            connection.execute(lease.delete().where(lease.c.name == name, lease.c.token == token))

    @readable
    def high_water_mark(self, conn_id: str, table: str) -> tuple[str, datetime] | None:
        """Id and end of the latest slice that was published; None if none was."""
        from sqlalchemy import select

        mark = t.watermarks
        with transaction(self._engine) as connection:
            row = connection.execute(select(mark).where(mark.c.conn_id == conn_id, mark.c.table_name == table)).first()
        return (str(row.slice), datetime.fromisoformat(row.slice_end)) if row else None

    @readable
    def advance_high_water_mark(
        self, conn_id: str, table: str, piece: Slice, now: datetime, *, task: TryKey | None = None, contract: str = ""
    ) -> bool:
        """Note that a slice is published; False if it is older than the mark's, which stays where it is unless that
        ends in the future.

        What the future is, the database's clock says, which also refuses marks that go back: a worker's may be behind it.

        :param task: what published it, and ``contract`` under which file: so the next slice can be missed.
        """
        from sqlalchemy import or_
        from sqlalchemy.exc import IntegrityError

        mark = t.watermarks
        row = {"slice": piece.id, "slice_end": text_of(piece.end), "moved_at": text_of(now), "contract": contract}
        row |= {"dag_id": task.dag_id, "task_id": task.task_id} if task else {}
        mine = mark.c.conn_id == conn_id, mark.c.table_name == table
        try:
            with transaction(self._engine) as connection:
                there = _now(connection) or text_of(now)
                further = or_(mark.c.slice_end <= row["slice_end"], mark.c.slice_end > there)
                moved = connection.execute(mark.update().where(*mine, further).values(**row)).rowcount
                if not moved and not connection.execute(mark.select().where(*mine)).first():
                    moved = connection.execute(mark.insert().values(conn_id=conn_id, table_name=table, **row)).rowcount
        except IntegrityError:
            return self.advance_high_water_mark(
                conn_id, table, piece, now, task=task, contract=contract
            )  # another slice was the first
        return bool(moved)


class TaskLeases:
    """Implements ``app.ports.healing.Slices``: a slice is kept in the name of the task instance that is to write it.

    :param store: with the rights of the healer, or of a task.
    """

    def __init__(self, store: SqlLeases) -> None:
        self._store = store

    def keep(self, state: TaskState, now: datetime) -> Lease | None:
        given = [str(state.rendered.get(name) or "") for name in ("conn_id", "table", "slice_key")]
        if not operator_of(state.operator).writes or not all(given):
            return None
        key = TryKey(dag_id=state.dag_id, run_id=state.run_id, task_id=state.task_id, map_index=state.map_index)
        token = uuid.uuid4().hex
        lease = self._store.take(of_slice(*given), holder_of(key), token, now)
        return None if lease.token == token else lease


def _now(connection: Connection) -> str:
    """The database's clock, as moments are kept; empty of a file, which has none of its own."""
    if connection.dialect.name != "postgresql":
        return ""
    return text_of(connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one())


def read_lease(row: Mapping[Any, Any]) -> Lease:
    """A lease as it was kept."""
    moments = {name: datetime.fromisoformat(row[name]) for name in ("taken_at", "expires_at")}
    return Lease(name=row["name"], holder=row["holder"], token=row["token"], **moments)
