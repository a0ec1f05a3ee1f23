"""Who feeds whom, in the harness store: tasks write it when they succeed, the healer and ``lineage`` read it.

Rows are only ever inserted. A task that still reads and writes what it did adds nothing.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.reports import moment
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import UNREADABLE, transaction
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Flow, Graph, Transformation, job

if TYPE_CHECKING:
    from sqlalchemy import Engine, RowMapping

_IDENTITY = ("dag_id", "task_id", "map_index", "target_namespace", "target_name")
"""What has versions."""


class SqlLineage:
    """Works with a role that may only insert into and read its two tables.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def keep(self, task: TryKey, flow: Flow, at: datetime) -> bool:
        """Keep what a task read and wrote; False if the store knew it.

        :param task: a mapped task has a flow for each of its instances.
        :raises HarnessUnavailable: the store cannot be read or written.
        """
        from sqlalchemy import select
        from sqlalchemy.exc import IntegrityError

        target = flow.output or Dataset(namespace="", name="")
        mine = {
            "dag_id": task.dag_id,
            "task_id": task.task_id,
            "map_index": task.map_index,
            "target_namespace": target.namespace,
            "target_name": target.name,
        }
        edges = _edges(flow)
        version = _hash(edges)
        known = (t.lineage.c[name] == value for name, value in mine.items())
        latest = select(t.lineage.c.version).where(*known).order_by(t.lineage.c.recorded_at.desc()).limit(1)
        row = {**mine, "version": version, "recorded_at": text_of(at)}
        key = _hash(sorted(row.items()))
        try:
            with transaction(self._engine) as connection:
                if connection.execute(latest).scalar() == version:
                    return False
                connection.execute(t.lineage.insert().values(key=key, **row))
                if edges:
                    connection.execute(
                        t.lineage_edges.insert(),
                        [{"lineage": key, "number": number, **edge} for number, edge in enumerate(edges)],
                    )
        except IntegrityError:
            return False  # another run of the task was faster
        return True

    def graph(self, *, ever: bool = False) -> Graph:
        """All that is known now: of each task and what it writes, the newest version.

        :param ever: every version that was told; tasks cannot take one back.
        :raises HarnessUnavailable: the store cannot be read.
        """
        from sqlalchemy import select

        with transaction(self._engine) as connection:
            rows = connection.execute(select(t.lineage).order_by(t.lineage.c.recorded_at)).mappings()
            found = [row for row in rows if moment(row["recorded_at"])]  # another would be the newest for ever
            names = ("key",) if ever else _IDENTITY
            newest = {tuple(row[name] for name in names): row for row in found}
            edges: dict[str, list[RowMapping]] = defaultdict(list)
            for edge in connection.execute(select(t.lineage_edges).order_by(t.lineage_edges.c.number)).mappings():
                edges[edge["lineage"]].append(edge)
        return Graph(flow for row in newest.values() if (flow := _read(row, edges[row["key"]])) is not None)


def _edges(flow: Flow) -> list[dict[str, Any]]:
    of_tables = [_row(source) for source in sorted(set(flow.inputs))]
    of_columns = {
        tuple(row.values()): row
        for row in (
            _row(one.source, one.source_column, one.target_column, one.how.value, one.masking) for one in flow.columns
        )
    }
    return [*of_tables, *(of_columns[key] for key in sorted(of_columns))]


def _row(source: Dataset, column: str = "", target: str = "", how: str = "", masking: bool = False) -> dict[str, Any]:
    return {
        "source_namespace": source.namespace,
        "source_name": source.name,
        "source_column": column,
        "target_column": target,
        "how": how,
        "masking": masking,
    }


def _hash(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _read(row: RowMapping, edges: Iterable[RowMapping]) -> Flow | None:
    """What a task said of itself; None where it is of no form that can be read, which hides nobody else's."""
    try:
        return read_flow(row, [edge for edge in edges if _readable(edge)])
    except UNREADABLE:
        return None


def _readable(edge: RowMapping) -> bool:
    """Whether an edge can be read. Anybody may add one that cannot to what another task told: it takes nothing away."""
    try:
        read_edge(edge)
    except UNREADABLE:
        return False
    return True


def read_edge(edge: RowMapping) -> Dataset | ColumnEdge:
    """A source, or a column edge, as it was kept."""
    source = Dataset(namespace=edge["source_namespace"], name=edge["source_name"])
    if not edge["how"]:
        return source
    return ColumnEdge(
        source=source,
        source_column=edge["source_column"],
        target_column=edge["target_column"],
        how=Transformation(edge["how"]),
        masking=edge["masking"],
    )


def read_flow(row: RowMapping, edges: Iterable[RowMapping]) -> Flow:
    """What a task read and wrote, as it was kept."""
    found, named = [read_edge(edge) for edge in edges], bool(row["target_name"])
    return Flow(
        task=job(row["dag_id"], row["task_id"]),
        inputs=tuple(one for one in found if isinstance(one, Dataset)),
        output=Dataset(namespace=row["target_namespace"], name=row["target_name"]) if named else None,
        columns=tuple(one for one in found if isinstance(one, ColumnEdge)),
        dag_id=row["dag_id"],
    )
