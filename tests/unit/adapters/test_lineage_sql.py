"""Which columns a query's columns are made of."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters import lineage_sql
from airflow_provider_harness.core.lineage import Dataset
from airflow_provider_harness.core.schema import Schema, SchemaColumn


def table(name: str, *columns: str) -> Schema:
    found = [SchemaColumn(name=one, type="integer", position=place) for place, one in enumerate(columns, start=1)]
    return Schema(table=name, columns=tuple(found))


SCHEMAS = {"public.a": table("public.a", "id", "x", "y"), "public.b": table("public.b", "id", "z")}


def edges(sql: str) -> set[tuple[str, str, str, str]]:
    found = lineage_sql.edges(sql, SCHEMAS, lambda name: Dataset(namespace="postgres://h:1", name=name))
    return {(edge.target_column, edge.source.name, edge.source_column, str(edge.how)) for edge in found}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT x AS u FROM a", {("u", "public.a", "x", "IDENTITY")}),
        (
            "SELECT x + y AS u FROM public.a",
            {("u", "public.a", "x", "TRANSFORMATION"), ("u", "public.a", "y", "TRANSFORMATION")},
        ),
        ("SELECT sum(x) AS u FROM public.a WHERE id > %(slice_start)s", {("u", "public.a", "x", "AGGREGATION")}),
        ("WITH c AS (SELECT x FROM public.a) SELECT x AS u FROM c", {("u", "public.a", "x", "IDENTITY")}),
        (
            "SELECT x AS u FROM public.a UNION ALL SELECT z FROM public.b",
            {("u", "public.a", "x", "IDENTITY"), ("u", "public.b", "z", "IDENTITY")},
        ),
        (
            "SELECT * FROM public.b",
            {("id", "public.b", "id", "IDENTITY"), ("z", "public.b", "z", "IDENTITY")},
        ),
        ("SELECT b.z FROM public.a JOIN public.b USING (id)", {("z", "public.b", "z", "IDENTITY")}),
        ("this is no sql at all (", set()),
    ],
)
def test_edges(sql: str, expected: set[tuple[str, str, str, str]]) -> None:
    assert edges(sql) == expected


def test_tables_are_those_that_are_read() -> None:
    found = lineage_sql.tables("WITH c AS (SELECT 1 FROM s.a) SELECT * FROM c JOIN b ON true")
    assert sorted(found) == ["public.b", "s.a"]
    assert lineage_sql.tables("no sql (") == ()
