"""Rows whose inner values break the contract, on their way into both warehouses."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind
from airflow_provider_harness.core.contracts.contract import MalformedRows, QuarantinePolicy
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, make
from tests.ports.targets import BigQueryTarget
from tests.ports.test_arrays import sent

CHECKS = (
    Check(id="city", kind=CheckKind.NOT_NULL, columns=("o",), path=("place", "city")),
    Check(id="tag", kind=CheckKind.LENGTH, columns=("tags",), path=(ITEM,), logical="string", high=2),
)
ROWS = [
    ["1", '{"place": {"city": "Bonn"}}', "{a,bb}"],
    ["2", '{"place": {"city": null}}', "{a}"],
    ["3", '{"place": {"city": "Ulm"}}', "{abc}"],
    ["4", "{}", "{}"],
]
ASIDE = QuarantinePolicy(policy=MalformedRows.QUARANTINE, max_rows=9, max_percent=100)


@pytest.fixture(params=["postgres", "bigquery"])
def case(
    request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    target = None
    if request.param == "bigquery":
        server: BigQueryServer = request.getfixturevalue("bigquery")
        server.ensure_dataset(name)
        target = BigQueryTarget(server=server, home=name)
    made = make(postgres, name, tmp_path / "staging", target)
    made.at_source("DROP TABLE public.orders")
    yield made
    drop(postgres, name)
    if request.param == "bigquery":
        server.drop_dataset(name)


def test_rows_are_set_aside_for_what_is_inside_them(case: Case) -> None:
    there = sent(case, {"id": "bigint", "o": "jsonb", "tags": "text[]"}, ROWS)
    contract = replace(there.contract, checks=CHECKS, quarantine=ASIDE, table=f"{case.target.home}.orders")
    there = replace(there, contract=contract)
    for _ in range(2):
        published = there.move()
        assert dict(published.quarantined) == {"city": 1, "tag": 1}
        assert [row[0] for row in there.at_warehouse(f"SELECT id FROM {contract.table} ORDER BY 1")] == [1, 4]
    reasons = there.at_warehouse(f"SELECT reason FROM {contract.table}__quarantine ORDER BY 1")
    assert [row[0] for row in reasons] == ["o.place.city is null", "tags[] is not at most 2 characters long"]
