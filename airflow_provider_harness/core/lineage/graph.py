"""Who feeds whom, table by table and column by column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Transformation(StrEnum):
    """How a column came from another, or what it decided, in OpenLineage's words."""

    IDENTITY = "IDENTITY"  # the same value
    TRANSFORMATION = "TRANSFORMATION"  # computed from it, row by row
    AGGREGATION = "AGGREGATION"  # computed from it over many rows
    JOIN = "JOIN"  # decides which rows are joined
    FILTER = "FILTER"  # decides which rows are taken
    GROUP_BY = "GROUP_BY"  # decides which rows are aggregated together
    SORT = "SORT"  # decides the order
    WINDOW = "WINDOW"  # decides over which rows, and in which order, a window is computed
    CONDITIONAL = "CONDITIONAL"  # decides which value is taken

    @property
    def direct(self) -> bool:
        """Whether values come from the column; else it only decides about rows or values."""
        return self in _DIRECT


_DIRECT = frozenset({Transformation.IDENTITY, Transformation.TRANSFORMATION, Transformation.AGGREGATION})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Dataset:
    """A table or a folder of files by OpenLineage's naming specification.

    :param namespace: for example ``postgres://host:5432`` or ``file``.
    :param name: for example ``database.schema.table`` or a path.
    """

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEdge:
    """One column that an output column is made of, or that decides about it.

    :param target_column: empty where the source column decides about all of them, as a filter does.
    :param masking: the value cannot be read from the target any more.
    """

    source: Dataset
    source_column: str
    target_column: str
    how: Transformation
    masking: bool = False


def job(dag_id: str, task_id: str) -> str:
    """A task as OpenLineage names its job."""
    return f"{dag_id}.{task_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one task last read and wrote.

    :param task: as ``job`` names it; ids of Dag and task may both have dots, so it does not tell the Dag.
    :param output: None for a task that only looks.
    :param columns: edges into the output's columns; empty where they are not known.
    :param dag_id: of the task; empty before it is kept.
    """

    task: str
    inputs: tuple[Dataset, ...]
    output: Dataset | None
    columns: tuple[ColumnEdge, ...] = ()
    dag_id: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a walk: from a dataset, or a column of it, to what feeds it (or what it feeds).

    :param depth: 1 for the neighbours of where the walk began.
    :param column: empty on a walk along tables, and where a filter or join decides about all columns.
    :param how: None on a walk along tables, and where a task says nothing about the column.
    :param again: it was reached before; what lies beyond it is told there.
    """

    depth: int
    dataset: Dataset
    column: str
    task: str
    how: Transformation | None = None
    masking: bool = False
    again: bool = False


def identity_edges(source: Dataset, columns: Iterable[str]) -> tuple[ColumnEdge, ...]:
    """The edges of a copy: each column comes from the column of the same name."""
    return tuple(
        ColumnEdge(source=source, source_column=name, target_column=name, how=Transformation.IDENTITY)
        for name in columns
    )


def masked(edges: Iterable[ColumnEdge], columns: Collection[str]) -> tuple[ColumnEdge, ...]:
    """The edges where the values of some target columns are hashed or masked on the way."""
    return tuple(
        replace(edge, masking=True, how=_MASKED.get(edge.how, edge.how)) if edge.target_column in columns else edge
        for edge in edges
    )


_MASKED = {Transformation.IDENTITY: Transformation.TRANSFORMATION}


_Node = tuple[Dataset, str]
"""A dataset and a column of it, or a dataset and nothing."""


@dataclass(frozen=True, slots=True)
class _Link:
    """One flow's way from a node to a neighbour.

    :param how: None from table to table.
    :param blind: from table to table, by a flow of which no columns are known.
    """

    to: _Node
    task: str
    how: Transformation | None = None
    masking: bool = False
    blind: bool = False


_Links = Mapping[_Node, list[_Link]]


class Graph:
    """All that is known about who feeds whom. Walks end at sources, and at what they have seen before."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self.flows = tuple(flows)
        self._up: dict[_Node, list[_Link]] = defaultdict(list)
        self._down: dict[_Node, list[_Link]] = defaultdict(list)
        for flow in self.flows:
            self._add(flow)

    def _add(self, flow: Flow) -> None:
        if flow.output is None:
            return
        target, blind = flow.output, not flow.columns
        for source in flow.inputs:
            self._up[target, ""].append(_Link((source, ""), flow.task, blind=blind))
            self._down[source, ""].append(_Link((target, ""), flow.task, blind=blind))
        for edge in flow.columns:
            near, far = (target, edge.target_column), (edge.source, edge.source_column)
            self._up[near].append(_Link(far, flow.task, edge.how, edge.masking))
            self._down[far].append(_Link(near, flow.task, edge.how, edge.masking))

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """Every dataset, sorted."""
        outputs = {flow.output for flow in self.flows if flow.output is not None}
        return tuple(sorted(outputs.union(*(flow.inputs for flow in self.flows))))

    def columns(self, dataset: Dataset) -> tuple[str, ...]:
        """The columns of a dataset of which anything is known, sorted."""
        nodes = (*self._up, *self._down)
        return tuple(sorted({column for found, column in nodes if found == dataset and column}))

    def walk(self, start: Dataset, column: str = "", *, downstream: bool = False) -> Iterator[Step]:
        """Everything that feeds a dataset or a column of it, each step followed by what lies beyond it.

        What only decides about a column (a join, a filter) is named and not followed.
        """
        links = self._down if downstream else self._up
        seen = {(start, column)}

        def beyond(node: _Node, depth: int) -> Iterator[Step]:
            for link in dict.fromkeys(_ways(links, node)):
                (dataset, found), again = link.to, link.to in seen
                yield Step(depth, dataset, found, link.task, link.how, link.masking, again)
                if not again and (link.how is None or link.how.direct):
                    seen.add(link.to)
                    yield from beyond(link.to, depth + 1)

        yield from beyond((start, column), 1)

    def upstream(self, *starts: Dataset) -> tuple[Dataset, ...]:
        """The datasets that feed these, nearest first; in a cycle, also themselves."""
        return self._reach(self._up, starts)

    def downstream(self, *starts: Dataset) -> tuple[Dataset, ...]:
        """The datasets that these feed, nearest first; in a cycle, also themselves."""
        return self._reach(self._down, starts)

    def roots(self, dataset: Dataset) -> tuple[Dataset, ...]:
        """Where the data of a dataset comes from: itself if nothing feeds it; in a closed cycle, nowhere."""
        reached = self.upstream(dataset)
        return tuple(found for found in reached or (dataset,) if not self._up.get((found, "")))

    def _reach(self, links: _Links, starts: Collection[Dataset]) -> tuple[Dataset, ...]:
        found: dict[Dataset, None] = {}
        level = list(starts)
        while level:
            near = dict.fromkeys(link.to[0] for one in level for link in links.get((one, ""), ()))
            level = [one for one in near if one not in found]
            found |= dict.fromkeys(level)
        return tuple(found)

    def of_task(self, task: str) -> tuple[Dataset, ...]:
        """What a task writes; what it looks at, if it only looks."""
        mine = [flow for flow in self.flows if flow.task == task]
        written = dict.fromkeys(flow.output for flow in mine if flow.output is not None)
        return tuple(written or dict.fromkeys(source for flow in mine for source in flow.inputs))

    def tasks_of(self, datasets: Collection[Dataset]) -> tuple[str, ...]:
        """The tasks that write these datasets, or only look at them, in the datasets' order."""
        by: dict[Dataset, list[str]] = defaultdict(list)
        for flow in self.flows:
            for one in (flow.output,) if flow.output is not None else flow.inputs:
                by[one].append(flow.task)
        return tuple(dict.fromkeys(task for one in datasets for task in by.get(one, ())))

    def upstream_of_task(self, task: str) -> tuple[Dataset, ...]:
        """What a task reads, and what feeds that, nearest first."""
        mine = [flow for flow in self.flows if flow.task == task]
        read = tuple(dict.fromkeys(source for flow in mine for source in flow.inputs))
        return tuple(dict.fromkeys((*read, *self.upstream(*read))))

    def upstream_tasks(self, task: str) -> tuple[str, ...]:
        """The tasks whose data a task depends on, nearest first, without itself: where its trouble can come from.

        A task that only looks at the same data (a gate) is among them.
        """
        return tuple(found for found in self.tasks_of(self.upstream_of_task(task)) if found != task)

    def find(self, text: str) -> tuple[_Node, ...]:
        """The datasets, or columns of datasets, that a name means: ``[database.]schema.table[.column]`` or the end of
        a folder's path; empty where there is none."""
        tables = tuple((one, "") for one in self.datasets if _named(one, text))
        if tables:
            return tables
        table, _, column = text.rpartition(".")
        return tuple((one, column) for one in self.datasets if _named(one, table) and column in self.columns(one))

    def starts(self, text: str, *, downstream: bool = False) -> tuple[_Node, ...]:
        """What a name means, without those that a walk from another one of them passes anyway."""
        found = self.find(text)
        reach: Callable[..., tuple[Dataset, ...]] = self.downstream if downstream else self.upstream
        passed = {two for one, _ in found for two in reach(one) if one not in reach(two)}
        return tuple(node for node in found if node[0] not in passed)


def _ways(links: _Links, node: _Node) -> Iterator[_Link]:
    """The links of a table, or of a column: also those of whole tables that decide about it, or may hold it."""
    dataset, column = node
    if not column:
        yield from (link for link in links.get(node, ()) if link.how is None)
        return
    yield from links.get(node, ())
    yield from (link for link in links.get((dataset, ""), ()) if link.how is not None or link.blind)


def _named(dataset: Dataset, text: str) -> bool:
    return bool(text) and (
        text in (dataset.name, str(dataset)) or dataset.name.endswith((f".{text}", f"/{text.removeprefix('/')}"))
    )
