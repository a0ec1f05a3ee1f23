"""Every logical type of the standard on its way into BigQuery."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from airflow_provider_harness.core.errors import UncarriedValue
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, make
from tests.ports.targets import BigQueryTarget
from tests.ports.test_arrays import of, sent


@pytest.fixture
def case(
    postgres: PostgresServer, bigquery: BigQueryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(name)
    made = make(postgres, name, tmp_path / "staging", BigQueryTarget(server=bigquery, home=name))
    made.at_source("DROP TABLE public.orders")
    yield made
    drop(postgres, name)
    bigquery.drop_dataset(name)


COLUMNS = {
    "s": ("text", "ä"),
    "d": ("date", "2024-02-29"),
    "ts": ("timestamp with time zone", "2024-03-31 01:59:59.999999+00"),
    "dt": ("timestamp without time zone", "2024-03-31 02:30:00.000001"),
    "t": ("time without time zone", "23:59:59.999999"),
    "n": ("numeric(12,2)", "-0.10"),
    "f": ("double precision", "1.5"),
    "i": ("bigint", "9223372036854775807"),
    "b": ("boolean", "t"),
    "o": ("jsonb", '{"a": [1, null]}'),
    "e": ("uuid", "00000000-0000-0000-0000-0000000000ff"),
    "y": ("bytea", "\\x00ff"),
    "a": ("bigint[]", "{3,1,2}"),
    "at": ("text[]", "{x,y}"),
    "an": ("numeric(12,2)[]", "{0.10}"),
}


def test_each_is_carried_twice(case: Case) -> None:
    kinds = {name: kind for name, (kind, _) in COLUMNS.items()}
    there = sent(case, kinds, [[value for _, value in COLUMNS.values()]])
    there = replace(there, contract=replace(there.contract, table=f"{case.target.home}.kinds"))
    shown = ", ".join(
        {"o": "TO_JSON_STRING(o)", "y": "TO_HEX(y)", "ts": "CAST(ts AS STRING)", "t": "CAST(t AS STRING)"}.get(
            name, name
        )
        for name in COLUMNS
    )
    for _ in range(2):
        assert there.move().rows == 1
        [row] = case.at_warehouse(f"SELECT {shown} FROM {there.contract.table}")
        found = dict(zip(COLUMNS, row, strict=True))
        assert (found["a"], found["at"], found["an"]) == ([3, 1, 2], ["x", "y"], [Decimal("0.10")])
        assert str(found["t"]) == "23:59:59.999999"
        assert (found["i"], found["n"], str(found["d"])) == (9223372036854775807, Decimal("-0.10"), "2024-02-29")


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("bigint[]", ["{1,NULL,NULL}", "{1}"], r"v: 0 array\(s\) NULL and 2 value\(s\) NULL within"),
        ("bigint[]", [None, "{}"], r"v: 1 array\(s\) NULL and 0 .*array_remove\(coalesce\(v, '{}'\), NULL\)"),
        ("bigint[][]", ["{{1}}"], r"v: type bigint\[\]\[\] has no counterpart .*one dimension.*to_jsonb"),
        ("jsonb[]", ['{"1"}'], r"v: type jsonb\[\] has no counterpart .*to_jsonb"),
        ("interval", ["1 day"], r"v: type interval cannot be carried"),
    ],
)
def test_what_it_does_not_keep_is_refused_with_the_way_out(
    case: Case, kind: str, values: list[str | None], said: str
) -> None:
    there = sent(case, {"v": kind}, [[value] for value in values])
    there = replace(there, contract=replace(of({"v": kind}), table=f"{case.target.home}.kinds"))
    with pytest.raises(UncarriedValue, match=said):
        there.move()
    assert not case.target.exists("kinds") or case.at_warehouse(f"SELECT count(*) FROM {there.contract.table}") == [
        (0,)
    ]
