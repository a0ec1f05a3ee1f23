"""Files of several tables: one contract, and one gate, for each; and which of them a task means."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.adapters.contracts.odcs import (
    SeveralTables,
    compile_file,
    compile_text,
    load_contract,
    load_contracts,
)
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.errors import ContractError

SHOP = """apiVersion: v3.1.0
kind: DataContract
id: shop
name: The shop
version: 1.0.0
status: active
servers: [{server: s, type: postgres, host: h, port: 5432, database: d, schema: store}]
customProperties:
  - {property: harness.load, value: {mode: incremental, sliceColumn: at, timeZone: Europe/Berlin}}
  - {property: harness.criticality, value: high}
slaProperties:
  - {property: freshness, value: 4, unit: h, element: orders.at}
  - {property: retention, value: 3, unit: y, element: visits_tbl.at}
schema:
  - name: orders
    quality: [{metric: rowCount, mustBeGreaterThan: 0}]
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: at, logicalType: timestamp}
      - {name: visit, logicalType: integer, relationships: [{to: visits.id}]}
  - name: visits
    physicalName: raw.visits_tbl
    customProperties: [{property: harness.load, value: {mode: full}}]
    properties:
      - {name: id, logicalType: integer, primaryKey: true}
      - {name: at, logicalType: timestamp}
"""


def test_each_table_is_a_contract_of_its_own() -> None:
    orders, visits = compile_file(SHOP, "shop.yaml").contracts
    assert (orders.id, orders.name, orders.table) == ("shop/orders", "orders", "store.orders")
    assert (visits.id, visits.name, visits.table) == ("shop/visits", "visits", "raw.visits_tbl")
    assert (orders.load.mode, visits.load.mode) == (LoadMode.INCREMENTAL, LoadMode.FULL), (
        "a table's own setting comes first"
    )
    assert (orders.criticality, visits.criticality) == ("high", "high")
    assert [sla.prop for sla in orders.slas] == ["freshness"]
    assert [sla.prop for sla in visits.slas] == ["retention"]
    assert "freshness:at" in {check.id for check in orders.checks}
    assert not any(check.kind is CheckKind.FRESHNESS for check in visits.checks)


def test_a_file_of_one_table_is_as_it_was() -> None:
    one = SHOP[: SHOP.index("  - name: visits")].replace(
        "  - {property: retention, value: 3, unit: y, element: visits_tbl.at}\n", ""
    )
    assert (compile_text(one, "x").id, compile_text(one, "x").name) == ("shop", "The shop")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    file = tmp_path / "shop.odcs.yaml"
    file.write_text(SHOP)
    return str(file)


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("orders", "shop/orders"),
        ("store.orders", "shop/orders"),
        ("source.orders", "shop/orders"),
        ("visits", "shop/visits"),
        ("raw.visits_tbl", "shop/visits"),
        ("visits_tbl", "shop/visits"),
        ("elsewhere.visits", "shop/visits"),
    ],
)
def test_a_task_means_the_table_of_its_name(shop: str, tmp_path: Path, table: str, expected: str, cached: bool) -> None:
    folder = tmp_path / "cache" if cached else None
    assert [load_contract(shop, table, folder).id for _ in range(2)] == [expected] * 2


def test_a_table_can_be_named_in_the_path(shop: str, tmp_path: Path) -> None:
    assert load_contract(f"{shop}#visits").id == "shop/visits"
    assert [contract.id for contract in load_contracts(f"{shop}#orders")] == ["shop/orders"]
    odd = tmp_path / "odd.yaml#orders"
    odd.write_text(SHOP)
    assert len(load_contracts(str(odd))) == 2, "a file of just that name comes first"


@pytest.mark.parametrize("table", ["", "receipts", "store.receipts"])
def test_no_table_or_another_one_is_said_with_those_that_there_are(shop: str, table: str) -> None:
    with pytest.raises(SeveralTables, match=r"Valid: orders \(store\.orders\), visits \(raw\.visits_tbl\)\."):
        load_contract(shop, table)


def test_a_task_of_no_table_of_the_file_is_an_import_error(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_harness.wiring import rows as wiring_rows

    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    wiring_rows.contracts.check_when_parsed(shop, None, "store.orders")
    wiring_rows.contracts.check_when_parsed(shop, None, "{{ params.table }}")
    with pytest.raises(SeveralTables):
        wiring_rows.contracts.check_when_parsed(shop, None, "store.receipts")
    Path(shop).write_text(SHOP.replace("mustBeGreaterThan: 0", "mustBeGreaterThan: -"))
    with pytest.raises(ContractError, match="mustBeGreaterThan"):
        wiring_rows.contracts.check_when_parsed(shop, None, "store.orders")


def test_the_table_that_a_task_names_is_where_the_contract_is_applied(
    shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_provider_harness.wiring import rows as wiring_rows

    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert wiring_rows.contracts.contract_of(shop, "orders").table == "store.orders"
    assert wiring_rows.contracts.contract_of(shop, "test.orders").table == "test.orders"
    assert wiring_rows.contracts.contract_of(shop, like="old.visits").table == "raw.visits_tbl"


def test_a_promise_that_does_not_say_of_which_table_it_is() -> None:
    with pytest.raises(ContractError, match=r"does not say which table it is about\. Valid: orders, visits"):
        compile_file(SHOP.replace("element: orders.at", "element: at"), "x")


def test_a_table_that_is_described_twice() -> None:
    with pytest.raises(ContractError, match="table orders is described twice"):
        compile_file(SHOP.replace("name: visits\n", "name: orders\n").replace("visits.id", "orders.id"), "x")
