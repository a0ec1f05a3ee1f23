"""A pattern's gates, as a contract has them: what the pattern gives passes, and each planted fault fails its own gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import duckdb
import pytest

from airflow_provider_harness.adapters.bigquery.subject import BigQueryRows
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb import measure as duck_measure
from airflow_provider_harness.adapters.postgres.subject import PostgresRows
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import Measurements, judge
from airflow_provider_harness.core.slices.slices import slice_of
from airflow_provider_harness.patterns import (
    Engine,
    Pattern,
    as_of_join,
    current_state,
    deduplicate,
    late_dimension,
    late_rows,
    scd2,
    tumbling_window,
)
from airflow_provider_harness.testing.bigquery import BigQueryServer
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.sql_patterns_case import Row, Table, at

LOGICAL = {"int": "integer", "text": "string", "bool": "boolean", "time": "timestamp"}
PHYSICAL = {"int": "bigint", "text": "text", "bool": "boolean", "time": "timestamptz"}
KEYED = {"id": "int", "name": "text"}
TOMBS = {**KEYED, "is_deleted": "bool"}
MATCHED = {"sale": "int", "at": "time", "matched_at": "time", "matched_known_at": "time"}
WINDOW = {"site": "text", "window_start": "time", "window_end": "time", "row_count": "int"}
SPAN = {"id": "int", "city": "text", "valid_from": "time", "valid_to": "time", "is_current": "bool"}
DEAD = {**SPAN, "is_deleted": "bool"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """Rows that a pattern would never give, or does give, and the gates that must fail on them."""

    id: str
    pattern: Pattern
    columns: Mapping[str, str]
    rows: Sequence[Row]
    fail: frozenset[str]


def _planted(pattern: Pattern, columns: Mapping[str, str], **faults: tuple[Sequence[Row], set[str]]) -> list[Planted]:
    return [
        Planted(id=f"{pattern.name}: {name}", pattern=pattern, columns=columns, rows=rows, fail=frozenset(fail))
        for name, (rows, fail) in faults.items()
    ]


_KEYS = {
    "sound": ([(1, "a"), (2, "a")], set()),
    "empty": ([], set()),
    "twice": ([(1, "a"), (1, "b")], {"one_row_per_key"}),
    "without_key": ([(None, "a")], {"key_is_there"}),
}
PLANTED = [
    *_planted(deduplicate("t", key="id", columns="name", order_by="name"), KEYED, **_KEYS),
    *_planted(
        current_state("t", key="id", columns="name", sequence="name", deleted="gone", deletes="tombstone"),
        TOMBS,
        sound=([(1, "a", False), (2, None, True)], set()),
        tomb=([(None, None, True)], {"key_is_there", "tombstone_keeps_its_key"}),
        unknown=([(1, "a", None)], {"is_deleted_is_known"}),
    ),
    *_planted(
        as_of_join(
            "s", "p", key="sale", left_key="sale", left_time="at", right_time="since", known_at="known"
        ),
        MATCHED,
        sound=([(1, at("2"), at("2"), at("1")), (2, at("2"), None, None)], set()),
        fan_out=([(1, at("2"), at("1"), at("1")), (1, at("2"), at("2"), at("1"))], {"one_row_per_row"}),
        leak=([(1, at("2"), at("3"), at("1"))], {"matched_at_is_not_later"}),
        known_later=([(1, at("2"), at("1"), at("3"))], {"matched_known_at_is_not_later"}),
    ),
    *_planted(
        tumbling_window("t", time="at", size=timedelta(hours=1), group_by="site"),
        WINDOW,
        sound=([("a", at("1"), at("1 01:00"), 1), (None, at("1"), at("1 01:00"), 1)], set()),
        twice=([(None, at("1"), at("1 01:00"), 1)] * 2, {"one_row_per_window", "no_overlap"}),
        overlap=([("a", at("1"), at("1 02:00"), 1), ("a", at("1 01:00"), at("1 02:00"), 1)], {"no_overlap"}),
        empty_window=([("a", at("1"), at("1 01:00"), 0)], {"window_has_rows"}),
        no_window=([("a", None, at("1 01:00"), 1)], {"window_is_there"}),
    ),
    *_planted(
        late_rows("t", columns=[], time="at", size=timedelta(hours=1), arrived="came", lateness=timedelta(0)),
        {"at": "time", "came": "time", "window_start": "time", "window_end": "time", "closed_at": "time"},
        sound=([(at("1"), None, at("1"), at("1 01:00"), at("1 01:00"))], set()),
        in_time=([(at("1"), at("1"), at("1"), at("1 01:00"), at("1 01:00"))], {"only_late_rows"}),
    ),
    *_planted(
        scd2("t", key="id", columns="city", time="at"),
        SPAN,
        sound=([(1, "a", at("1"), at("2"), False), (1, "b", at("3"), None, True), (2, "a", at("1"), at("2"), False)], set()),
        overlap=([(1, "a", at("1"), at("3"), False), (1, "b", at("2"), None, True)], {"no_overlap"}),
        two_current=(
            [(1, "a", at("1"), None, True), (1, "b", at("2"), None, True)],
            {"no_overlap", "one_current_row"},
        ),
        twice=(
            [(1, "a", at("1"), at("2"), False), (1, "b", at("1"), at("2"), False)],
            {"one_version_at_a_time", "no_overlap"},
        ),
        backwards=([(1, "a", at("2"), at("1"), False)], {"version_ends_after_it_begins"}),
        current_and_over=([(1, "a", at("1"), at("2"), True)], {"current_has_no_end"}),
        without_key=([(None, "a", at("1"), None, True)], {"key_is_there"}),
    ),
    *_planted(
        scd2("t", key="id", columns="city", time="at", deleted="gone", deletes="tombstone"),
        DEAD,
        sound=([(1, "a", at("1"), at("2"), False, False), (1, None, at("2"), None, True, True)], set()),
        none_current=([(1, "a", at("1"), at("2"), False, False)], {"one_current_row"}),
        tomb=([(None, None, at("1"), None, True, True)], {"key_is_there", "tombstone_keeps_its_key"}),
    ),
    *_planted(
        late_dimension("d", "f", key="id", columns="name"),
        {**KEYED, "is_inferred": "bool"},
        sound=([(1, "a", False), (2, None, True)], set()),
        twice=([(2, "b", False), (2, None, True)], {"one_row_per_key"}),
    ),
]  # fmt: skip


def contract_of(pattern: Pattern, columns: Mapping[str, str], table: str = "public.made") -> Contract:
    return compile_text(contract_text(pattern, columns, table), "made.odcs.yaml")


def contract_text(pattern: Pattern, columns: Mapping[str, str], table: str, slice_column: str = "") -> str:
    """A contract of what a pattern gives, with its gates as it prints them."""
    load = f"mode: {pattern.mode}, allowEmpty: true" + (
        f", sliceColumn: {slice_column}, timeZone: UTC" if slice_column else ""
    )
    load += f", key: [{next(iter(columns))}]" if pattern.mode == "merge" else ""
    properties = "".join(
        f"      - {{name: {name}, logicalType: {LOGICAL[kind]}, physicalType: {PHYSICAL[kind]}}}\n"
        for name, kind in columns.items()
    )
    gates = "".join(f"      {line}\n" for line in pattern.quality().splitlines())
    return f"""
apiVersion: v3.1.0
kind: DataContract
id: made
version: 1.0.0
status: active
customProperties:
  - {{property: harness.load, value: {{{load}}}}}
schema:
  - name: made
    physicalName: {table}
    quality:
{gates}    properties:
{properties}"""


def failed(contract: Contract, measured: Measurements) -> frozenset[str]:
    return frozenset(result.id for result in judge(contract, measured, where="query").failed)


@pytest.fixture(scope="module")
def rows_in(postgres: PostgresServer) -> Iterator[PostgresServer]:
    postgres.ensure_database("sql_pattern_gates")
    yield postgres
    postgres.drop_database("sql_pattern_gates")


@pytest.mark.parametrize("case", PLANTED, ids=lambda case: case.id)
def test_the_gates_find_what_is_planted_on_postgresql_and_duckdb(case: Planted, rows_in: PostgresServer) -> None:
    contract = contract_of(case.pattern, case.columns)
    table = Table(columns=case.columns, rows=case.rows)
    there = PostgresRows(rows_in.url("sql_pattern_gates"), sql=table.sql(Engine.POSTGRES))
    measured, _ = there.measure(contract, slice_of(contract, "2026-01-01"))
    assert failed(contract, measured) == case.fail
    with duckdb.connect(":memory:", config={"threads": 1}) as duck:
        rows = sql_checks.Rows(relation=f"({table.sql(Engine.DUCKDB)})")
        assert failed(contract, duck_measure.measure(duck, contract, rows)) == case.fail


def test_the_gates_find_what_is_planted_on_bigquery(bigquery: BigQueryServer) -> None:
    """Of each pattern the rows that break most gates."""
    worst = {case.pattern.name: case for case in sorted(PLANTED, key=lambda case: len(case.fail))}
    with bigquery.client() as client:
        for case in worst.values():
            contract = contract_of(case.pattern, case.columns)
            there = BigQueryRows(client, sql=Table(columns=case.columns, rows=case.rows).sql(Engine.BIGQUERY))
            measured, _ = there.measure(contract, slice_of(contract, "2026-01-01"))
            assert failed(contract, measured) == case.fail, case.id


def test_every_gate_has_a_planted_fault() -> None:
    for name in {case.pattern.name for case in PLANTED}:
        mine = [case for case in PLANTED if case.pattern.name == name]
        gates = {gate["name"] for case in mine for gate in case.pattern.gates}
        shared = {"one_row_per_key", "key_is_there", "is_inferred_is_known", "is_deleted_is_known"}
        assert gates - shared <= {fail for case in mine for fail in case.fail}, name
