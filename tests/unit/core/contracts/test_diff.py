"""Which changes of a contract break a consumer."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_file, compile_text
from airflow_provider_harness.core.contracts.diff import ContractChange, diff, diff_all

OLD = """
apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.2.0
status: active
roles: [{role: analyst}]
slaProperties:
  - {property: freshness, value: 1, unit: d}
  - {property: retention, value: 5, unit: y}
customProperties:
  - property: harness.load
    value: {mode: incremental, sliceColumn: at, timeZone: Europe/Berlin}
schema:
  - name: orders
    quality:
      - {metric: rowCount, mustBeGreaterThan: 10}
      - {name: paid_once, type: sql, query: "SELECT count(*) FROM ${table}", mustBe: 0}
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true}
      - {name: at, logicalType: timestamp, required: true}
      - {name: amount, logicalType: number, physicalType: "numeric(10,2)", logicalTypeOptions: {minimum: 0, maximum: 100}}
      - {name: status, logicalType: string, enum: [{value: open}, {value: paid}], classification: public}
      - {name: note, logicalType: string}
"""

BREAKING = [
    ("{name: note, logicalType: string}\n", "{name: remark, logicalType: string}\n", "column note", "is gone"),
    ("numeric(10,2)", "numeric(12,2)", "column amount", "a wider type"),
    ("name: note, logicalType: string", "name: note, logicalType: date", "column note", "another type"),
    ("logicalType: timestamp, required: true", "logicalType: timestamp", "column at", "can be null now"),
    ("{value: paid}]", "{value: paid}, {value: lost}]", "check accepted_values:status", "lost"),
    ("maximum: 100", "maximum: 200", "check range:amount", "maximum 100 became minimum 0, maximum 200"),
    ("mustBeGreaterThan: 10", "mustBeGreaterThan: 5", "check row_count", "more than 10 became more than 5"),
    ("mustBeGreaterThan: 10", "mustBeGreaterThan: 10, severity: warning", "check row_count", "was error, is warn"),
    ("count(*) FROM", "count(1) FROM", "check paid_once", "says something else now"),
    ("Europe/Berlin", "Europe/London", "load time zone", "was Europe/Berlin, is Europe/London"),
    ("value: 1, unit: d", "value: 26, unit: h", "sla freshness", "was 1 d, is 26 h"),
    ("value: 5, unit: y", "value: 4, unit: y", "sla retention", "was 5 y, is 4 y"),
    ("[{role: analyst}]", "[{role: clerk}]", "role analyst", "may no longer use it"),
    ("classification: public", "classification: secret", "column status", "was classified public, is secret"),
    ("bigint, primaryKey: true", "bigint, required: true", "primary key", "was id, is none"),
    ("name: orders\n", "name: purchases\n", "table", "was public.orders, is public.purchases"),
]

HARMLESS = [
    ("{name: note, logicalType: string}\n", "{name: note, logicalType: string}\n      - {name: new, logicalType: string}\n", "column new", "is new"),
    ("numeric(10,2)", "numeric(8,2)", "column amount", "a narrower type"),
    ("name: note, logicalType: string", "name: note, logicalType: string, required: true", "column note", "is required now"),
    ("{value: open}, {value: paid}", "{value: open}", "check accepted_values:status", "became"),
    ("maximum: 100", "maximum: 50", "check range:amount", "became"),
    ("mustBeGreaterThan: 10", "mustBeGreaterThan: 20", "check row_count", "became"),
    ("value: 1, unit: d", "value: 2, unit: h", "sla freshness", "was 1 d, is 2 h"),
    ("[{role: analyst}]", "[{role: analyst}, {role: clerk}]", "role clerk", "may use it now"),
]  # fmt: skip


def changes(right: str, wrong: str, version: str = "1.2.0") -> tuple[ContractChange, ...]:
    new = OLD.replace(right, wrong, 1).replace("version: 1.2.0", f"version: {version}")
    assert new != OLD
    return diff(compile_text(OLD, "old.yaml"), compile_text(new, "new.yaml"))


@pytest.mark.parametrize(("right", "wrong", "where", "what"), BREAKING, ids=[b[3] for b in BREAKING])
def test_what_breaks_a_consumer_is_said_to(right: str, wrong: str, where: str, what: str) -> None:
    breaking = [change for change in changes(right, wrong, "2.0.0") if change.breaking]
    assert [change for change in breaking if change.where == where and what in change.what], breaking


@pytest.mark.parametrize(("right", "wrong", "where", "what"), HARMLESS, ids=[h[2] + h[3] for h in HARMLESS])
def test_what_breaks_nobody_is_no_finding(right: str, wrong: str, where: str, what: str) -> None:
    found = changes(right, wrong)
    assert not [change for change in found if change.breaking]
    assert [change for change in found if change.where == where and what in change.what], found


def test_a_break_wants_a_new_major_version() -> None:
    right, wrong = BREAKING[0][:2]
    assert "version" in {change.where for change in changes(right, wrong, "1.3.0")}
    assert "version" not in {change.where for change in changes(right, wrong, "2.0.0")}


def test_the_same_contract_has_no_changes() -> None:
    contract = compile_text(OLD, "old.yaml")
    assert diff(contract, contract) == ()


def test_a_promise_that_only_moves_is_not_reported_twice() -> None:
    found = changes(*BREAKING[3][:2], version="2.0.0")
    assert [change.where for change in found] == ["column at"]


def test_tables_of_a_file_are_compared_by_name() -> None:
    head, table = OLD.split("schema:\n", 1)
    full = "[{property: harness.load, value: {mode: full}}]"
    other = f"  - name: more\n    customProperties: {full}\n    properties: [{{name: a, logicalType: string}}]\n"
    one = compile_file(f"{head}schema:\n{table}", "one").contracts
    two = compile_file(f"{head}schema:\n{table}\n{other}", "two").contracts
    three = compile_file(f"{head}schema:\n{table}\n{other.replace('a,', 'b,')}", "three").contracts
    assert [(c.where, c.breaking) for c in diff_all(two, three) if "version" not in c.where] == [
        ("more: column a", True),
        ("more: column b", False),
    ]
    gone = [(c.where, c.breaking) for c in diff_all(two, one) if c.where.startswith("table")]
    assert gone == [("table more", True)]
    assert diff_all(one, one) == () and diff_all(two, two) == ()


@pytest.mark.parametrize(
    ("old", "new", "breaking"),
    [
        ("minimum: 0", "exclusiveMinimum: 0", False),
        ("exclusiveMinimum: 0", "minimum: 0", True),
        ("exclusiveMinimum: 0", "exclusiveMinimum: 5", False),
        ("exclusiveMinimum: 0", "minimum: -1", True),
    ],
)
def test_a_bound_that_is_itself_left_out_is_tighter(old: str, new: str, breaking: bool) -> None:
    was, now = (compile_text(OLD.replace("minimum: 0", bound), "x") for bound in (old, new))
    [change] = [c for c in diff(was, now) if c.where == "check range:amount"]
    assert change.breaking is breaking
    assert "exclusive minimum 0" in change.what
