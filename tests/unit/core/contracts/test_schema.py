"""What differs between a contract and a relation, and what a person could run."""

from __future__ import annotations

import pytest

from airflow_provider_harness.core.contracts.contract import Column, Contract, LogicalType
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn, Side, canonical, compare, fits

CONTRACT = Contract(
    id="t",
    version="1",
    name="t",
    table="public.t",
    columns=(
        Column(name="id", logical_type=LogicalType.INTEGER, physical_type="bigint"),
        Column(name="air_time", logical_type=LogicalType.INTEGER, physical_type="integer"),
        Column(name="price", logical_type=LogicalType.NUMBER, physical_type="numeric(12,2)"),
    ),
)


def relation(*columns: tuple[str, str]) -> Schema:
    found = [SchemaColumn(name=name, type=kind, position=place) for place, (name, kind) in enumerate(columns, start=1)]
    return Schema(table="public.s", columns=tuple(found))


SAME = (("id", "bigint"), ("air_time", "integer"), ("price", "numeric(12,2)"))


def kinds(found: Schema, side: Side = Side.SOURCE) -> list[tuple[str, str, bool]]:
    return [(str(c.kind), c.column, c.blocking) for c in compare(CONTRACT, found, side).changes]


def test_the_same_is_no_difference() -> None:
    assert not compare(CONTRACT, relation(*SAME), Side.SOURCE).changes


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((*SAME, ("new", "text")), [("additive", "new", False)]),
        ((("id", "integer"), *SAME[1:]), []),
        ((SAME[0], ("air_time", "bigint"), SAME[2]), [("widening", "air_time", True)]),
        ((SAME[0], ("air_time", "text"), SAME[2]), [("breaking", "air_time", True)]),
        ((SAME[0], SAME[2]), [("breaking", "air_time", True)]),
        ((*SAME[:2], ("price", "numeric(10,2)")), []),
        ((*SAME[:2], ("price", "numeric(12,3)")), [("breaking", "price", True)]),
        ((*SAME[:2], ("price", "numeric")), [("widening", "price", True)]),
    ],
    ids=["added", "narrower", "wider", "retyped", "dropped", "smaller", "other scale", "unbounded"],
)
def test_each_difference_of_a_source_has_its_kind(
    columns: tuple[tuple[str, str], ...], expected: list[tuple[str, str, bool]]
) -> None:
    assert kinds(relation(*columns)) == expected


def test_same_type_and_place_is_a_rename() -> None:
    diff = compare(CONTRACT, relation(SAME[0], ("airtime", "integer"), SAME[2], ("other", "integer")), Side.SOURCE)
    assert diff.ddl[0] == "ALTER TABLE public.t RENAME COLUMN air_time TO airtime;"
    assert [change.renamed_to for change in diff.changes] == ["airtime", ""]
    assert diff.blocking
    assert diff.as_dict()["changes"][0]["renamed_to"] == "airtime"


def test_the_only_candidate_of_the_type_is_a_rename_wherever_it_stands() -> None:
    diff = compare(CONTRACT, relation(SAME[0], SAME[2], ("airtime", "integer")), Side.SOURCE)
    assert diff.changes[0].renamed_to == "airtime"


def test_two_candidates_elsewhere_are_no_rename() -> None:
    diff = compare(CONTRACT, relation(SAME[0], SAME[2], ("a", "integer"), ("b", "integer")), Side.SOURCE)
    assert diff.changes[0].renamed_to == ""
    assert diff.ddl[0] == "ALTER TABLE public.t DROP COLUMN air_time;"


def test_a_target_is_judged_the_other_way_round() -> None:
    assert kinds(relation(("id", "integer"), *SAME[1:]), Side.TARGET) == [("widening", "id", True)]
    assert kinds(relation(SAME[0], ("air_time", "bigint"), SAME[2]), Side.TARGET) == []
    assert kinds(relation(*SAME[:2]), Side.TARGET) == [("additive", "price", True)]
    assert kinds(relation(*SAME, ("spare", "text")), Side.TARGET) == [("additive", "spare", False)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("VARCHAR(3)", "character varying(3)"),
        ("timestamptz", "timestamp with time zone"),
        ("TIMESTAMP", "timestamp without time zone"),
        ("timestamptz(3)", "timestamp(3) with time zone"),
        ("decimal(12, 2)", "numeric(12,2)"),
        ("int", "integer"),
        ("double precision", "double precision"),
        ("text[]", "text[]"),
        ("timestamp with time zone", "timestamp with time zone"),
    ],
)
def test_types_are_written_as_the_catalog_writes_them(given: str, expected: str) -> None:
    assert canonical(given) == expected
    assert canonical(canonical(given)) == expected


def test_fits_never_loses() -> None:
    assert fits("smallint", "bigint")
    assert fits("character varying(3)", "character varying(9)")
    assert fits("character varying(3)", "text")
    assert not fits("text", "character varying(9)")
    assert not fits("bigint", "smallint")
    assert not fits("character varying", "character varying(9)")
