"""A query's value that its contract's type would change is not a value of the contract: it blocks, before a rule looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.errors import ContractViolation
from tests.ports.operators_case import case
from tests.ports.rows_case import Case, gate_of, unheard

__all__ = ["case"]

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: made
version: 1.0.0
status: active
customProperties:
  - {{property: harness.load, value: {{mode: full, timeZone: Europe/Berlin}}}}
schema:
  - name: made
    physicalName: public.made
    properties:
      - {{name: x, logicalType: {logical}, physicalType: "{kind}"}}
"""


def transformed(case: Case, logical: str, kind: str, value: str) -> str:
    """The published value, as text."""
    contract = compile_text(CONTRACT.format(logical=logical, kind=kind), "made.yaml")
    case = replace(case, contract=contract)
    piece = case.piece()
    gate = gate_of(contract, piece)
    move.transform(contract, piece, f"SELECT {value} AS x", case.target.warehouse(), "r", unheard, gate=gate)
    ((found,),) = case.at_warehouse("SELECT x::text FROM public.made")
    return str(found)


@pytest.mark.parametrize(
    ("logical", "kind", "value"),
    [
        ("integer", "integer", "-0.4"),
        ("integer", "bigint", "2.6::float8"),
        ("number", "numeric(12,2)", "1.239"),
        ("number", "numeric(12,2)", "1.239::float8"),
        ("number", "double precision", "9007199254740993"),
        ("date", "date", "timestamp '2024-01-01 23:00'"),
        ("timestamp", "timestamptz", "timestamp '2024-03-31 02:30'"),
        ("timestamp", "timestamp(0)", "timestamp '2024-03-31 02:30:00.4'"),
        ("string", "varchar(2)", "'ab  '::text"),
        ("string", "time", "timestamp '2024-03-31 02:30:00'"),
        ("array", "integer[]", "ARRAY[1.5]"),
    ],
)
def test_a_value_that_the_type_changes_blocks(case: Case, logical: str, kind: str, value: str) -> None:
    with pytest.raises(ContractViolation, match=r"conversion:x: .*1 rows whose value would change") as caught:
        transformed(case, logical, kind, value)
    assert [result.id for result in caught.value.report.failed] == ["conversion:x"]
    assert case.target.leftovers() == []


@pytest.mark.parametrize(
    ("logical", "kind", "value", "found"),
    [
        ("integer", "bigint", "sum(n) FROM (SELECT 7::bigint AS n) AS q", "7"),
        ("integer", "integer", "count(*)", "1"),
        ("number", "double precision", "avg(n) FROM generate_series(1, 4) AS n", "2.5"),
        ("number", "double precision", "1 / 3.0", "0.3333333333333333"),
        ("number", "numeric(12,2)", "0.1::float8 + 0.2::float8", "0.30"),
        ("timestamp", "timestamptz", "timestamp '2024-01-01 12:00'", "2024-01-01"),
        ("date", "date", "timestamp '2024-01-01 00:00'", "2024-01-01"),
        ("string", "varchar(2)", "'ab'::text", "ab"),
        ("integer", "integer", "NULL::numeric", "None"),
    ],
)
def test_a_value_that_stays_the_same_passes(case: Case, logical: str, kind: str, value: str, found: str) -> None:
    before, _, after = value.partition(" FROM ")
    assert transformed(case, logical, kind, f"{before} AS x FROM {after} --" if after else value).startswith(found)
