"""Which rules of SQL are run on rows that pass by: those that DuckDB and the warehouse read alike."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.sql.authored.in_flight import columns_in_flight
from airflow_provider_harness.core.contracts.contract import Column, Contract, Load, LoadMode, LogicalType

TYPES = {
    "n": "bigint",
    "d": "numeric(12,2)",
    "s": "text",
    "c": "character(6)",
    "u": "uuid",
    "at": "timestamp with time zone",
    "day": "date",
}


def contract(mode: LoadMode = LoadMode.FULL) -> Contract:
    columns = tuple(Column(name=n, logical_type=LogicalType.STRING, physical_type=kind) for n, kind in TYPES.items())
    load = Load(mode=mode, slice_column="" if mode is LoadMode.FULL else "at")
    return Contract(id="t", version="1", name="t", table="public.t", columns=columns, load=load)


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT count(*) FROM ${table} WHERE n < 0", ("n",)),
        ("SELECT count(*) FROM ${table} WHERE n < 0 OR s = 'x' AND d IS NULL", ("n", "d", "s")),
        ("SELECT count(*) FROM ${table} WHERE s NOT IN ('a', 'b')", ("s",)),
        ("SELECT count(*) FROM (SELECT n FROM ${table} GROUP BY n HAVING count(*) > 1) AS q", ("n",)),
        ("SELECT sum(CASE WHEN d > 5 THEN 1 ELSE 0 END) FROM ${table}", ("d",)),
        ("SELECT max(n) - min(n) FROM ${table}", ("n",)),
        ("SELECT count(*) FROM ${table} WHERE day >= '2013-01-01'", ("day",)),
        ("SELECT n / 2 FROM ${table}", None),
        ("SELECT avg(n) FROM ${table}", None),
        ("SELECT count(*) FROM ${table} WHERE lower(s) = 'x'", None),
        ("SELECT count(*) FROM ${table} WHERE s ~ 'x'", None),
        ("SELECT count(*) FROM ${table} WHERE s LIKE 'x%'", None),
        ("SELECT count(*) FROM ${table} WHERE s < 'x'", None),
        ("SELECT max(s) FROM ${table}", None),
        ("SELECT count(*) FROM ${table} WHERE s = 5", None),
        ("SELECT count(*) FROM ${table} WHERE c = 'x'", None),
        ("SELECT count(*) FROM ${table} WHERE u = 'x'", None),
        ("SELECT count(*) FROM ${table} WHERE at < '2013-01-01'", None),
        ("SELECT count(*) FROM ${table} AS a JOIN public.other AS b ON a.n = b.n", None),
        ("SELECT count(*) FROM ${table} WHERE CAST(s AS integer) > 1", None),
    ],
)
def test_what_both_databases_read_alike_is_run_on_the_way(sql: str, columns: tuple[str, ...] | None) -> None:
    assert columns_in_flight(sql, contract()) == columns


@pytest.mark.parametrize("mode", LoadMode)
def test_the_table_as_it_will_be_is_there_on_the_way_only_where_it_is_replaced_as_a_whole(mode: LoadMode) -> None:
    found = columns_in_flight("SELECT count(*) FROM harness_whole AS t WHERE n < 0", contract(mode))
    assert found == (("n",) if mode is LoadMode.FULL else None)
