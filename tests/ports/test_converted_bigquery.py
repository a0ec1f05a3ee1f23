"""The same in BigQuery: a query's value that the contract's type would change blocks, and what stays the same passes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.core.slices.slices import slice_of_day
from airflow_provider_harness.testing.bigquery import BigQueryServer
from tests.ports.rows_case import DAYS, gate_of, unheard
from tests.ports.targets import BigQueryTarget
from tests.ports.test_converted import CONTRACT

pytestmark = pytest.mark.bigquery


@pytest.fixture(scope="module")
def target(bigquery: BigQueryServer) -> Iterator[BigQueryTarget]:
    name = f"made_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(name)
    yield BigQueryTarget(server=bigquery, home=name)
    bigquery.drop_dataset(name)


def transformed(target: BigQueryTarget, logical: str, kind: str, values: str) -> list[str]:
    """The published values, as text."""
    table = f"{target.home}.t{uuid.uuid4().hex[:8]}"
    text = CONTRACT.format(logical=logical, kind=kind).replace("public.made", table)
    contract = compile_text(text, "made.yaml")
    piece = slice_of_day(contract, DAYS[0])
    sql = f"SELECT x FROM UNNEST([{values}]) AS x"
    warehouse = BigQueryWarehouse(target.server.client())
    move.transform(contract, piece, sql, warehouse, "r", unheard, gate=gate_of(contract, piece))
    return [str(value) for (value,) in target.run(f"SELECT x FROM {table}")]


@pytest.mark.parametrize(
    ("logical", "kind", "values", "changed"),
    [
        ("number", "numeric(12,2)", "NUMERIC '1.239', NUMERIC '1.23', NUMERIC '4.001'", 2),
        ("number", "numeric(12,2)", "NUMERIC '1.5', NULL, NUMERIC '1.005'", 1),
        ("number", "double precision", "9007199254740993, 1", 1),
    ],
)
def test_a_value_that_the_type_changes_blocks(
    target: BigQueryTarget, logical: str, kind: str, values: str, changed: int
) -> None:
    with pytest.raises(ContractViolation, match=f"conversion:x: .*{changed} rows whose value would change") as caught:
        transformed(target, logical, kind, values)
    assert [result.id for result in caught.value.report.failed] == ["conversion:x"]
    assert target.leftovers() == []


@pytest.mark.parametrize(
    ("logical", "kind", "values", "found"),
    [
        ("number", "numeric(12,2)", "NUMERIC '1.23', NULL", ["1.23", "None"]),
        ("number", "numeric(12,2)", "7", ["7"]),
        ("number", "double precision", "NUMERIC '0.3', 1", ["0.3", "1.0"]),
        ("integer", "bigint", "9007199254740993", ["9007199254740993"]),
        ("string", "text", "'a', NULL", ["a", "None"]),
        ("timestamp", "timestamptz", "TIMESTAMP '2024-01-01 12:00:00+00'", ["2024-01-01 12:00:00+00:00"]),
    ],
)
def test_a_value_that_stays_the_same_passes(
    target: BigQueryTarget, logical: str, kind: str, values: str, found: list[str]
) -> None:
    passed = transformed(target, logical, kind, values)
    assert sorted(passed) == sorted(found)
