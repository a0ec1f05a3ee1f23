"""Contract files: what they mean, and every mistake in one run with its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.findings import schema_findings
from airflow_provider_harness.adapters.contracts.odcs import compile_text, load_contract
from airflow_provider_harness.core.contracts.checks import (
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Operator,
    Reference,
    Unit,
)
from airflow_provider_harness.core.contracts.contract import (
    Access,
    Consumer,
    Grain,
    LateAction,
    LoadMode,
    MalformedRows,
    Readiness,
)
from airflow_provider_harness.core.errors import ContractError

DAGS = Path(__file__).resolve().parents[4] / "dags" / "contracts"
FLIGHTS = (DAGS / "flights.odcs.yaml").read_text()


def checks_of(text: str) -> dict[str, Check]:
    return {check.id: check for check in compile_text(text, "x.odcs.yaml").checks}


def findings(text: str) -> tuple[str, ...]:
    with pytest.raises(ContractError) as caught:
        compile_text(text, "x.odcs.yaml")
    return caught.value.findings


def test_the_flights_contract_means_what_it_says() -> None:
    contract = load_contract(str(DAGS / "flights.odcs.yaml"))
    assert (contract.table, contract.status) == ("public.flights", "active")
    assert contract.key == ("time_hour", "carrier", "flight")
    assert contract.column("time_hour").physical_type == "timestamp with time zone"
    load = contract.load
    assert (load.mode, load.slice_column, load.time_zone, load.grain) == (
        LoadMode.INCREMENTAL,
        "time_hour",
        "America/New_York",
        Grain.DAY,
    )
    rows = contract.quarantine
    assert (rows.policy, rows.max_rows, rows.max_percent) == (MalformedRows.QUARANTINE, 10, 1)
    assert (contract.backfill_alone, contract.late.action, contract.criticality) == (1, LateAction.PAGE, "high")
    assert (contract.owner.team, contract.owner.members) == ("data-team", ("oncall",))


def test_checks_are_implied_and_stated() -> None:
    checks = checks_of(FLIGHTS)
    assert checks["unique:time_hour,carrier,flight"].kind is CheckKind.UNIQUE
    assert checks["range:air_time"].high == 1500
    assert checks["referential:carrier"].reference == Reference(table="public.airlines", columns=("carrier",))
    assert checks["accepted_values:origin"].values == ("EWR", "JFK", "LGA")
    assert checks["null_rate:tailnum"].severity is CheckSeverity.WARN
    assert checks["null_rate:tailnum"].expect == Expectation(
        operator=Operator.LESS_OR_EQUAL, values=(10,), unit=Unit.PERCENT
    )
    assert checks["in_slice:time_hour"].kind is CheckKind.IN_SLICE
    assert "not_null:dep_time" not in checks, "a cancelled flight has none"


@pytest.mark.parametrize("path", sorted(DAGS.glob("*.odcs.yaml")), ids=lambda path: path.name)
def test_every_contract_of_the_demo_is_right(path: Path) -> None:
    assert load_contract(str(path)).checks


MISTAKES = [
    ("kind: DataContract", "kind: DataContrct", "kind: 'DataContrct' is not valid. Valid: DataContract."),
    ("required: true", "requierd: true", "requierd: is not a field here."),
    ("mustBeGreaterThan", "mustBeGreatrThan", "Did you mean mustBeGreaterThan?"),
    ("America/New_York", "America/NewYork", "timeZone: 'America/NewYork' is not an IANA time zone."),
    ("sliceColumn: time_hour", "sliceColumn: time_hou", "'time_hou' is not a column of the table. Valid: year, month,"),
    ("maxPercent: 1", "maxPercent: 110", "maxPercent: 110 must be at most 100."),
    ("harness.late", "harness.lat", "'harness.lat' is not a property of the harness."),
    ("severity: warning", "severity: wrning", "severity: 'wrning' is not valid. Valid: error, warning,"),
    ("unit: percent", "unit: precent", "unit: 'precent' is not valid. Valid: rows, percent."),
    ("logicalType: string", "logicalType: sting", "Did you mean string?"),
    ("policy: quarantine", "policy: quarantaine", "policy: 'quarantaine' is not valid. Valid: reject, quarantine."),
    ("mode: incremental", "mode: incremential", "mode: 'incremential' is not valid."),
    ("minimum: 0\n          maximum: 1500", "minimum: 9\n          maximum: 5", "minimum 9 is over maximum 5."),
    ("apiVersion: v3.1.0", "apiVersion: v3.9.0", "'v3.9.0' is not a supported version. Valid: v3.0.0, v3.0.1, v3.0.2,"),
    ("- metric: rowCount", "- metric: rowCnt", "metric: 'rowCnt' is not valid. Valid: nullValues,"),
    ("- name: month", "- name: year", "column year is given twice."),
    ("id: flights\n", "id: flights\nid: flihgts\n", "id: is given twice. Keep one."),
    ("- to: airlines.carrier", "- too: airlines.carrier", "too: is not a field here."),
]


@pytest.mark.parametrize(("right", "wrong", "said"), MISTAKES, ids=[wrong for _, wrong, _ in MISTAKES])
def test_a_mistake_is_named_with_file_and_line(right: str, wrong: str, said: str) -> None:
    text = FLIGHTS.replace(right, wrong, 1)
    assert text != FLIGHTS
    found = [finding for finding in findings(text) if said in finding]
    assert len(found) == 1, findings(text)
    place = found[0].split(": ")[0]
    line = int(place.removeprefix("x.odcs.yaml:"))
    around = range(line - 1, line + 2)
    broken = {number for number, (a, b) in enumerate(_pairs(FLIGHTS, text), start=1) if a != b}
    assert broken & set(around), f"{place} is not near {sorted(broken)[:3]}"


def _pairs(one: str, other: str) -> list[tuple[str, str]]:
    return list(zip(one.splitlines(), other.splitlines(), strict=False))


def test_all_mistakes_of_a_file_come_in_one_run() -> None:
    text = FLIGHTS
    for right, wrong, _ in MISTAKES[:10]:
        text = text.replace(right, wrong, 1)
    assert len(findings(text)) == 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", ""), ("[{type: runbook, url: 'https://wiki/t'}]", "https://wiki/t"), ("[{type: tutorial, url: x}]", "")],
)
def test_a_runbook_is_an_authoritative_definition(given: str, expected: str) -> None:
    added = f"\nauthoritativeDefinitions: {given}\n" if given else ""
    assert compile_text(FLIGHTS + added, "f").runbook == expected


@pytest.mark.parametrize("text", ["", "a: [1", "- 1", "schema: 3", "a: 1\n\tb: 2"])
def test_what_is_no_contract_is_an_error_and_no_crash(text: str) -> None:
    assert findings(text)[0].startswith("x.odcs.yaml:")


def test_a_missing_file_says_where_paths_start(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"is missing\. Contract paths are relative to the Dag file's folder"):
        load_contract(str(tmp_path / "none.yaml"))


def test_a_content_that_was_right_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "flights.odcs.yaml", tmp_path / "cache"
    file.write_text(FLIGHTS)
    load_contract(str(file), cache=cache)
    monkeypatch.setattr(
        "airflow_provider_harness.adapters.contracts.odcs.compile_text", lambda text, path: pytest.fail("read again")
    )
    load_contract(str(file), cache=cache)


def test_a_wrong_content_stays_wrong(tmp_path: Path) -> None:
    file = tmp_path / "flights.odcs.yaml"
    file.write_text(FLIGHTS.replace("required: true", "requierd: true", 1))
    for _ in range(2):
        with pytest.raises(ContractError, match="requierd"):
            load_contract(str(file), cache=tmp_path / "cache")


def test_an_unwritable_cache_means_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, blocked = tmp_path / "flights.odcs.yaml", tmp_path / "file"
    file.write_text(FLIGHTS + "\n# in memory\n")
    blocked.write_text("")
    first = load_contract(str(file), cache=blocked / "cache")
    monkeypatch.setattr("airflow_provider_harness.adapters.contracts.odcs.read", lambda text: pytest.fail("read again"))
    assert load_contract(str(file), cache=blocked / "cache") is first


PLACES = [match.start() for match in re.finditer(r": ", FLIGHTS)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(PLACES),
    st.sampled_from(["[]", "{}", "3", "-1.5", "null", "true", "[[1]]", "{a: {b: 1}}", "'x'", "2013-01-01", "[null]"]),
)
def test_whatever_stands_in_a_field_gives_a_contract_or_findings(place: int, junk: str) -> None:
    end = FLIGHTS.index("\n", place)
    text = f"{FLIGHTS[:place]}: {junk}{FLIGHTS[end:]}"
    try:
        compile_text(text, "x.odcs.yaml")
    except ContractError as error:
        assert error.findings


TEN = Path(__file__).resolve().parents[3] / "data" / "ten_mistakes.odcs.yaml"


def test_ten_mistakes_are_ten_findings_with_file_and_line() -> None:
    with pytest.raises(ContractError) as caught:
        load_contract(str(TEN))
    places = [finding.split(": ")[0] for finding in caught.value.findings]
    wrong = [n for n, line in enumerate(TEN.read_text().splitlines(), start=1) if "# wrong" in line]
    assert places == [f"{TEN}:{line}" for line in wrong]
    assert len(wrong) == 10


TERMS = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
description: {purpose: p, limitations: l, usage: u}
roles: [{role: analyst, access: read}]
customProperties:
  - property: harness.load
    value: {mode: merge, sliceColumn: at, key: [a]}
  - property: harness.late
    value: {action: skip, waitMinutes: 5, until: "06:00 Europe/Berlin"}
  - property: harness.page
    value: {to: [night-shift]}
  - property: harness.sourceOfTruth
    value: {a: the till}
  - property: harness.consumers
    value: [{name: report, access: scan, columns: [a], purpose: sales}]
  - property: harness.readiness
    value: gold
schema:
  - name: t
    dataGranularityDescription: One row per thing.
    properties:
      - name: a
        logicalType: string
        relationships:
          - to: b.c
            customProperties: [{property: harness.severity, value: warning}]
      - {name: at, logicalType: timestamp}
"""


def test_the_harness_properties_mean_what_they_say() -> None:
    contract = compile_text(TERMS, "x.odcs.yaml")
    assert (contract.load.mode, contract.load.key) == (LoadMode.MERGE, ("a",))
    assert (contract.late.action, contract.late.wait_minutes, contract.late.until) == ("skip", 5, "06:00 Europe/Berlin")
    assert (contract.paged, contract.truth, contract.roles) == (("night-shift",), (("a", "the till"),), ("analyst",))
    assert contract.consumers == (Consumer(name="report", access=Access.SCAN, columns=("a",), purpose="sales"),)
    assert contract.readiness is Readiness.GOLD
    assert (contract.limitations, contract.usage, contract.granularity) == ("l", "u", "One row per thing.")
    assert checks_of(TERMS)["referential:a"].severity is CheckSeverity.WARN


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("key: [a]", "key: [b]", "key[0]: 'b' is not a column of the table. Valid: a, at."),
        ("key: [a]", "grain: day", "mode merge needs a key."),
        ("mode: merge", "mode: incremental", "key: has no meaning in mode incremental."),
        ("06:00 Europe/Berlin", "06:00 Europe/Bern", "until: 'Europe/Bern' is not an IANA time zone."),
        (
            "06:00 Europe/Berlin",
            "6 in the morning",
            "'6 in the morning' is not a valid time of day with its zone. For example 06:00 Europe/Berlin.",
        ),
        ("access: scan", "access: scn", "access: 'scn' is not valid. Valid: lookup, slice, scan, stream."),
        ("columns: [a]", "columns: [z]", "columns[0]: 'z' is not a column of the table."),
        ("{a: the till}", "{z: the till}", "value.z: 'z' is not a column of the table."),
        ("value: gold", "value: platinum", "'platinum' is not valid. Valid: bronze, silver, gold, ai_ready."),
        ("value: warning", "value: wrning", "'wrning' is not valid. Valid: error, warning."),
        ("harness.severity", "harness.sevrity", "is not a property of a relationship. Valid: harness.severity."),
        ("to: [night-shift]", "to: []", "value.to: [] should be non-empty."),
    ],
)
def test_a_wrong_harness_property_is_one_finding(right: str, wrong: str, said: str) -> None:
    text = TERMS.replace(right, wrong, 1)
    assert text != TERMS
    [found] = findings(text)
    assert said in found


def test_a_number_that_is_out_of_bounds_is_told_its_bound() -> None:
    schema = {"properties": {"multipleOf": {"exclusiveMinimum": 0}, "n": {"minimum": 1, "maximum": 2}}}
    found = schema_findings({"multipleOf": 0, "n": 3}, schema)
    assert {one.problem for one in found} == {"0 must be above 0.", "3 must be at most 2."}


@pytest.mark.parametrize("words", [("${table}", "${column}"), ("${object}", "${property}")])
def test_a_query_names_its_rows_and_its_column_in_the_standards_words(words: tuple[str, str]) -> None:
    query = "SELECT count(*) FROM {} WHERE {} < 0".format(*words)
    entry = f"        quality: [{{type: sql, name: own, mustBe: 0, query: '{query}'}}]\n      - name: air_time"
    (found,) = [
        c
        for c in checks_of(
            FLIGHTS.replace(
                "      - name: air_time",
                "      - name: x\n        logicalType: integer\n        physicalType: integer\n" + entry,
                1,
            )
        ).values()
        if c.id == "own"
    ]
    assert found.sql == 'SELECT count(*) FROM ${table} WHERE "x" < 0'


TYPES_THAT_ARE_NONE = (
    "text DEFAULT pg_sleep(100)",
    "text); DROP TABLE public.flights; --",
    "integer REFERENCES public.others",
    "text COLLATE other",
    "bigint GENERATED ALWAYS AS (1) STORED",
    "text CHECK (true)",
    "text /* a */",
    "text; SELECT 1",
    "text, extra text",
    "numeric(12,(SELECT 2))",
)


@pytest.mark.attack
@pytest.mark.parametrize("kind", TYPES_THAT_ARE_NONE)
def test_a_type_is_a_type_and_nothing_else(kind: str) -> None:
    found = FLIGHTS.replace("physicalType: integer", f"physicalType: {json.dumps(kind)}", 1)
    assert any("is not a type of PostgreSQL" in each for each in findings(found))


@pytest.mark.parametrize(
    "kind",
    [
        "varchar(20)",
        "timestamp(3) with time zone",
        "time",
        "app.mood",
        "citext",
        "geometry(point,4326)",
        "interval",
        "uuid[]",
    ],
)
def test_types_of_postgresql_and_of_ones_own_are_taken(kind: str) -> None:
    text = FLIGHTS.replace("logicalType: integer", "logicalType: string", 1)
    compile_text(text.replace("physicalType: integer", f"physicalType: {json.dumps(kind)}", 1), "x.odcs.yaml")


@pytest.mark.attack
def test_an_expectation_brings_no_sql_of_its_own() -> None:
    entry = (
        "      - {type: custom, engine: great-expectations, implementation: {type: expect_query_results_to_match_comparison,"
        " kwargs: {base_query: 'DELETE FROM t'}}}\n"
    )
    assert any(
        "SQL of its own" in each for each in findings(FLIGHTS.replace("    quality:\n", "    quality:\n" + entry, 1))
    )
