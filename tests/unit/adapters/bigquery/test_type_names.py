"""BigQuery's types in contracts: read where the table is there, and never more than a type."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from airflow_provider_harness.adapters.bigquery.type_names import words
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.contracts.rules.logical_types import logical_of
from airflow_provider_harness.core.errors import ContractError


def contract(kind: str, *servers: str, logical: str = "object") -> str:
    columns = [{"name": "x", "logicalType": logical, "physicalType": kind}]
    made: dict[str, Any] = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "c",
        "version": "1",
        "status": "active",
    }
    described = [{"server": f"s{n}", "type": one, **WANTED.get(one, {})} for n, one in enumerate(servers)]
    made |= {"servers": described} if servers else {}
    return yaml.safe_dump({**made, "schema": [{"name": "t", "properties": columns}]}, sort_keys=False)


WANTED = {
    "bigquery": {"project": "p", "dataset": "d"},
    "postgres": {"host": "h", "port": 5432, "database": "d", "schema": "s"},
}
READ = [
    ("STRUCT<city STRING, n INT64>", "struct<city text,n bigint>"),
    ("struct < City: string , tags: array<string> >", "struct<city text,tags text[]>"),
    ("RECORD", "struct"),
    ("ARRAY<STRUCT<a NUMERIC(10, 2), b STRUCT<c BOOL>>>", "struct<a numeric(10,2),b struct<c boolean>>[]"),
    ("ARRAY<STRING>", "text[]"),
    ("TIMESTAMP", "timestamp with time zone"),
    ("DATETIME", "timestamp without time zone"),
    ("FLOAT64", "double precision"),
    ("varchar(3)", "character varying(3)"),
]
NONE = [
    "STRUCT<a STRING>; DROP TABLE t",
    "STRUCT<a STRING, >",
    "STRUCT<>",
    "STRUCT<a>",
    "ARRAY<>",
    "ARRAY<STRING",
    "STRUCT<a STRING> DEFAULT 1",
    "STRUCT<a mood>",
    "STRUCT<a STRING> -- x",
    "STRUCT<`a` STRING>",
    "NUMERIC(1,2,3)<",
    "STRUCT<a " * 40 + "INT64" + ">" * 40,
]


@pytest.mark.parametrize(("kind", "meant"), READ, ids=[kind for kind, _ in READ])
def test_a_type_is_read_where_the_table_is_bigquerys(kind: str, meant: str) -> None:
    text = contract(kind, "bigquery", logical=logical_of(meant))
    assert compile_text(text, "x").column("x").physical_type == meant


@pytest.mark.attack
@pytest.mark.parametrize("kind", NONE)
def test_what_is_no_type_is_a_finding(kind: str) -> None:
    assert words(kind) == ""
    with pytest.raises(ContractError, match="is not a type"):
        compile_text(contract(kind, "bigquery"), "x")


def test_elsewhere_it_is_a_finding_that_names_the_server() -> None:
    with pytest.raises(ContractError, match=r"is not a type of PostgreSQL.*type bigquery"):
        compile_text(contract("STRUCT<a STRING>"), "x")


def test_of_two_servers_the_names_that_both_have_stay_postgresqls() -> None:
    both = ("postgres", "bigquery")
    assert compile_text(contract("TIMESTAMP", *both, logical="timestamp"), "x").column("x").physical_type == (
        "timestamp without time zone"
    )
    assert compile_text(contract("ARRAY<STRING>", *both, logical="array"), "x").column("x").physical_type == "text[]"
