"""A Dag in a test: rows that arrive, failures that are made, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.simulation.outcome import outcome
from airflow_provider_harness.testing.simulation.script import Arrival, Outage, moment

if TYPE_CHECKING:
    from airflow_provider_harness.testing.simulation.runs import Try
    from airflow_provider_harness.testing.simulation.simulation import Simulation

Moment = datetime | str


class DagTrial:
    """A Dag on a clock that stands still until ``run`` passes the time. Every moment is a ``datetime`` with zone, or ISO 8601.

    :param simulation: in its ``with`` block.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation, self._databases = simulation, simulation.databases

    @property
    def now(self) -> datetime:
        """What the clock says; UTC."""
        return self._simulation.clock.now()

    def sql(self, conn_id: str, sql: str) -> list[tuple[Any, ...]]:
        """Run SQL in the database of a connection, now; what it gives. So tables are made, and drift."""
        self._known(conn_id)
        return self._databases.run(conn_id, sql)

    def rows(self, conn_id: str, table: str, rows: Sequence[Mapping[str, Any]], at: Moment | None = None) -> None:
        """Let rows arrive in a source.

        :param table: ``schema.table``; it is there already.
        :param at: when; None for now.
        """
        self._known(conn_id)
        when = self.now if at is None else moment(at, "at")
        texts = [{name: None if value is None else str(value) for name, value in row.items()} for row in rows]
        arrivals = [
            Arrival(at=when, place=f"row {number} of {table}", conn_id=conn_id, table=table, row=row)
            for number, row in enumerate(texts, 1)
        ]
        self._databases.expect(arrivals)
        self._databases.pass_to(self.now)

    def down(self, conn_id: str, start: Moment, end: Moment) -> None:
        """Let a connection be refused from ``start`` up to ``end``."""
        self._known(conn_id)
        self._databases.outages.append(Outage(conn_id=conn_id, start=moment(start, "start"), end=moment(end, "end")))

    def kill(self, task_id: str, at: str = "start", tries: int = 1) -> None:
        """Have the process of a task's next tries killed: no callback runs.

        :param at: ``start``: before the work; ``end``: when the work is done, and Airflow has not been told.
        """
        if at not in ("start", "end"):
            raise ConfigurationError("at", f"is {at!r}.", valid=("start", "end"))
        self._simulation.kill(task_id, at, tries)

    def run(self, until: Moment) -> None:
        """Pass the time, with every run that is due, its retries, and what the healer does."""
        self._simulation.run(moment(until, "until"))

    def run_task(self, task_id: str, due: Moment, given: Mapping[str, Any] | None = None) -> Try:
        """Run one task in the run that is due at a moment; again, where it has run there already.

        :param given: task -> what it hands over (its XCom), of tasks that have not run.
        :return: its last try: ``state``, ``error``, and its log (``said``).
        """
        return self._simulation.run_task(task_id, moment(due, "due"), given or {})

    def outcome(self) -> dict[str, Any]:
        """Runs, tables, gates, incidents, verdicts, pages and lineage, as the snapshot of a simulation has them."""
        return outcome(self._simulation)

    def table(self, conn_id: str, table: str) -> list[dict[str, str | None]]:
        """The rows of a table, sorted, each value as PostgreSQL writes it; empty where there is no such table."""
        self._known(conn_id)
        found = self._databases.tables(every=True).get(f"{conn_id}/{table}")
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows] if found else []

    def _known(self, conn_id: str) -> None:
        if conn_id not in self._databases.connections:
            raise ConfigurationError(
                f"connection {conn_id}", "is named by no task of the Dag.", valid=self._databases.connections
            )
