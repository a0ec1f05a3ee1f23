"""Walks along tables and columns."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.lineage.graph import (
    ColumnEdge,
    Dataset,
    Flow,
    Graph,
    Transformation,
    identity_edges,
    job,
    masked,
)


def table(name: str, host: str = "w") -> Dataset:
    return Dataset(namespace=f"postgres://{host}:1", name=name)


SOURCE, STAGED, PLAIN = table("app.public.flights", "s"), Dataset(namespace="file", name="/st/d/extract"), table("x.y")
FLIGHTS, WEATHER, DAILY = (table(f"wh.public.{name}") for name in ("flights", "weather", "daily"))
COUNTED = ColumnEdge(
    source=FLIGHTS, source_column="delay", target_column="late", how=Transformation.AGGREGATION, masking=False
)
BY = ColumnEdge(source=FLIGHTS, source_column="day", target_column="", how=Transformation.GROUP_BY)
JOINED = ColumnEdge(source=WEATHER, source_column="day", target_column="", how=Transformation.JOIN)

EXTRACT = Flow(
    task=job("d", "extract"), inputs=(SOURCE,), output=STAGED, columns=identity_edges(SOURCE, ("day", "delay"))
)
LOAD = Flow(
    task="d.load",
    inputs=(STAGED,),
    output=FLIGHTS,
    columns=masked(identity_edges(STAGED, ("day", "delay")), {"delay"}),
)
VALIDATE = Flow(task="d.validate", inputs=(FLIGHTS,), output=None)
TRANSFORM = Flow(task="d.sum", inputs=(FLIGHTS, WEATHER), output=DAILY, columns=(COUNTED, BY, JOINED))
GRAPH = Graph((EXTRACT, LOAD, VALIDATE, TRANSFORM))


def walked(graph: Graph, start: Dataset, column: str = "", *, downstream: bool = False) -> list[tuple[object, ...]]:
    steps = graph.walk(start, column, downstream=downstream)
    return [(step.depth, step.dataset, step.column, step.how and step.how.value, step.task) for step in steps]


def test_the_way_of_a_table_to_its_sources() -> None:
    assert walked(GRAPH, DAILY) == [
        (1, FLIGHTS, "", None, "d.sum"),
        (2, STAGED, "", None, "d.load"),
        (3, SOURCE, "", None, "d.extract"),
        (1, WEATHER, "", None, "d.sum"),
    ]
    assert GRAPH.upstream(DAILY) == (FLIGHTS, WEATHER, STAGED, SOURCE)
    assert GRAPH.roots(DAILY) == (WEATHER, SOURCE)
    assert GRAPH.roots(SOURCE) == (SOURCE,)
    assert GRAPH.downstream(SOURCE) == (STAGED, FLIGHTS, DAILY)


def test_the_way_of_a_column_names_what_decides_and_follows_values() -> None:
    assert walked(GRAPH, DAILY, "late") == [
        (1, FLIGHTS, "delay", "AGGREGATION", "d.sum"),
        (2, STAGED, "delay", "TRANSFORMATION", "d.load"),
        (3, SOURCE, "delay", "IDENTITY", "d.extract"),
        (1, FLIGHTS, "day", "GROUP_BY", "d.sum"),
        (1, WEATHER, "day", "JOIN", "d.sum"),
    ]
    assert [step.masking for step in GRAPH.walk(DAILY, "late")] == [False, True, False, False, False]
    assert walked(GRAPH, SOURCE, "day", downstream=True) == [
        (1, STAGED, "day", "IDENTITY", "d.extract"),
        (2, FLIGHTS, "day", "IDENTITY", "d.load"),
        (3, DAILY, "", "GROUP_BY", "d.sum"),
    ]


def test_where_columns_are_not_known_the_way_goes_on_along_tables() -> None:
    graph = Graph((EXTRACT, Flow(task="d.odd", inputs=(STAGED,), output=PLAIN)))
    assert walked(graph, PLAIN, "a") == [(1, STAGED, "", None, "d.odd"), (2, SOURCE, "", None, "d.extract")]
    assert walked(graph, SOURCE, "day", downstream=True) == [
        (1, STAGED, "day", "IDENTITY", "d.extract"),
        (2, PLAIN, "", None, "d.odd"),
    ]
    assert walked(GRAPH, DAILY, "made_of_nothing") == [
        (1, FLIGHTS, "day", "GROUP_BY", "d.sum"),
        (1, WEATHER, "day", "JOIN", "d.sum"),
    ]


def test_cycles_end() -> None:
    back = Flow(task="d.back", inputs=(DAILY,), output=SOURCE, columns=identity_edges(DAILY, ("delay",)))
    graph = Graph((EXTRACT, LOAD, TRANSFORM, back))
    assert [step.again for step in graph.walk(DAILY)] == [False, False, False, True, False]
    assert graph.upstream(DAILY) == (FLIGHTS, WEATHER, STAGED, SOURCE, DAILY)
    assert graph.roots(DAILY) == (WEATHER,)
    assert Graph((Flow(task="d.own", inputs=(PLAIN,), output=PLAIN),)).roots(PLAIN) == ()
    assert graph.starts("wh.public.daily") == ((DAILY, ""),)
    assert next(iter(Graph((Flow(task="d.own", inputs=(PLAIN,), output=PLAIN),)).walk(PLAIN))).again


def test_tasks_whose_trouble_can_come_down() -> None:
    assert GRAPH.upstream_tasks("d.sum") == ("d.load", "d.validate", "d.extract")
    assert GRAPH.upstream_tasks("d.load") == ("d.extract",)
    assert GRAPH.upstream_tasks("unknown") == ()
    assert GRAPH.of_task("d.load") == (FLIGHTS,)
    assert GRAPH.of_task("d.validate") == (FLIGHTS,)
    assert GRAPH.of_task("unknown") == ()
    assert GRAPH.tasks_of((FLIGHTS,)) == ("d.load", "d.validate")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("public.daily", [(DAILY, "")]),
        ("daily", [(DAILY, "")]),
        ("wh.public.daily.late", [(DAILY, "late")]),
        ("d/extract", [(STAGED, "")]),
        ("public.flights", [(SOURCE, ""), (FLIGHTS, "")]),
        ("flights.delay", [(SOURCE, "delay"), (FLIGHTS, "delay")]),
        ("postgres://w:1 wh.public.flights", [(FLIGHTS, "")]),
        ("lights", []),
        ("daily.none", []),
        ("", []),
    ],
)
def test_names(name: str, expected: list[tuple[Dataset, str]]) -> None:
    assert list(GRAPH.find(name)) == expected


def test_a_walk_begins_where_no_other_meaning_of_the_name_leads_to() -> None:
    assert GRAPH.starts("public.flights") == ((FLIGHTS, ""),)
    assert GRAPH.starts("public.flights", downstream=True) == ((SOURCE, ""),)
