"""Lineage as people and programs get it."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.lineage import text as lineage
from airflow_provider_harness.core.lineage.graph import Dataset, Flow, Graph, identity_edges, masked

SOURCE, MIDDLE, END = (Dataset(namespace="postgres://h:1", name=f"db.public.{name}") for name in ("a", "b", "c"))
GRAPH = Graph(
    (
        Flow(
            task="d.one",
            inputs=(SOURCE,),
            output=MIDDLE,
            columns=masked(identity_edges(SOURCE, ("id", "who")), {"who"}),
        ),
        Flow(task="d.two", inputs=(MIDDLE, SOURCE), output=END),
    )
)


def told(name: str, *, downstream: bool = False) -> list[str]:
    [walk] = lineage.walks(GRAPH, name, downstream=downstream)
    return lineage.text(*walk, downstream=downstream)


def test_a_walk_for_people() -> None:
    assert told("public.c") == [
        "db.public.c (postgres://h:1)",
        "  <- db.public.b (postgres://h:1)  by d.two",
        "    <- db.public.a (postgres://h:1)  by d.one",
        "  <- db.public.a (postgres://h:1)  by d.two  (see above)",
    ]
    assert told("b.who") == [
        "db.public.b.who (postgres://h:1)",
        "  <- db.public.a.who (postgres://h:1)  TRANSFORMATION masked  by d.one",
    ]
    assert told("a.id", downstream=True)[1:] == [
        "  -> db.public.b.id (postgres://h:1)  IDENTITY  by d.one",
        "    -> db.public.c (postgres://h:1)  columns not known  by d.two",
        "  -> db.public.c (postgres://h:1)  columns not known  by d.two  (see above)",
    ]
    assert told("public.a") == ["db.public.a (postgres://h:1)", "  <- nothing that the harness knows of"]


def test_a_walk_for_programs() -> None:
    [walk] = lineage.walks(GRAPH, "b.who", downstream=False)
    assert lineage.as_json(*walk) == {
        "namespace": "postgres://h:1",
        "name": "db.public.b",
        "column": "who",
        "steps": [
            {
                "depth": 1,
                "namespace": "postgres://h:1",
                "name": "db.public.a",
                "column": "who",
                "task": "d.one",
                "type": "DIRECT",
                "subtype": "TRANSFORMATION",
                "masking": True,
                "again": False,
            }
        ],
    }


def test_an_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"pubic\.b: is not in the lineage.*db\.public\.b"):
        lineage.walks(GRAPH, "pubic.b", downstream=False)
    assert lineage.nearest(GRAPH, "b.hwo")[0] == "db.public.b.who"
    with pytest.raises(ConfigurationError, match="is not in the lineage"):
        lineage.walks(Graph(()), "public.b", downstream=False)
