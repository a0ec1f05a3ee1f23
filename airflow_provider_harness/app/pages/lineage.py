"""Lineage as a graph to be drawn: tables, who makes what of what, and the columns on the way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from airflow_provider_harness.core.lineage.graph import Dataset, Flow, Graph

#: Tables and folders that one drawing has room for.
MOST = 150
#: Edges of columns between two of them.
MOST_COLUMNS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A table or folder.

    :param table: ``schema.table``; empty for a folder.
    :param root: the walk began here; ``hurt``: made of it, directly or not.
    """

    id: str
    name: str
    namespace: str
    table: str
    root: bool
    hurt: bool
    open_incidents: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnWay:
    from_column: str
    to_column: str
    how: str
    masking: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """:param source: id of the node that is read; ``target`` of the one that is made.
    :param task: as ``dag.task``; empty where its Dag may not be read.
    """

    source: str
    target: str
    task: str
    columns: Sequence[ColumnWay]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph:
    """:param cut: more is known than is drawn."""

    nodes: Sequence[Node]
    edges: Sequence[Edge]
    cut: bool


NOTHING = LineageGraph(nodes=(), edges=(), cut=False)


def drawn(
    graph: Graph,
    roots: Collection[Dataset],
    *,
    readable: frozenset[str] | None = None,
    open_incidents: Mapping[str, Sequence[str]] | None = None,
) -> LineageGraph:
    """What feeds these, and what is made of them.

    :param readable: Dags whose tasks may be named; None = all.
    :param open_incidents: table -> ids of the incidents that are open about it.
    """
    hurt, above = graph.downstream(*roots), graph.upstream(*roots)
    every = list(dict.fromkeys((*roots, *hurt, *above)))
    kept = set(every[:MOST])
    told = open_incidents or {}
    nodes = [
        Node(
            id=str(one),
            name=one.name,
            namespace=one.namespace,
            table=table_of(one),
            root=one in roots,
            hurt=one in hurt and one not in roots,
            open_incidents=tuple(told.get(table_of(one), ())),
        )
        for one in every[:MOST]
    ]
    edges = [edge for flow in graph.flows if flow.output in kept for edge in _edges(flow, kept, readable)]
    return LineageGraph(nodes=nodes, edges=edges, cut=len(every) > MOST)


def table_of(dataset: Dataset) -> str:
    """``schema.table`` of a dataset whose name is ``database.schema.table``; empty for a folder."""
    if "://" not in dataset.namespace and dataset.namespace != "bigquery":
        return ""
    return ".".join(dataset.name.split(".")[-2:])


def _edges(flow: Flow, kept: Collection[Dataset], readable: frozenset[str] | None) -> list[Edge]:
    assert flow.output is not None
    task = flow.task if readable is None or flow.dag_id in readable else ""
    ways: dict[Dataset, list[ColumnWay]] = {source: [] for source in flow.inputs if source in kept}
    for edge in flow.columns:
        if edge.source in ways and len(ways[edge.source]) < MOST_COLUMNS:
            way = ColumnWay(
                from_column=edge.source_column,
                to_column=edge.target_column,
                how=edge.how.value,
                masking=edge.masking,
            )
            ways[edge.source].append(way)
    return [
        Edge(source=str(source), target=str(flow.output), task=task, columns=columns)
        for source, columns in ways.items()
    ]
