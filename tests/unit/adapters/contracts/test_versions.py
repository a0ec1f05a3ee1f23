"""Files of the standard's versions 3.0 to 3.2, in the shapes that people write them in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from airflow_provider_harness.adapters.contracts.coverage import coverage
from airflow_provider_harness.adapters.contracts.odcs import compile_file, compile_text
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator, Unit
from airflow_provider_harness.core.errors import ContractError
from tests.unit.adapters.contracts.test_silent import checks_of, contract, findings, options


def old(text: str, version: str = "v3.0.2") -> str:
    return text.replace("v3.1.0", version)


RULES: list[tuple[dict[str, Any], CheckKind, Expectation]] = [
    ({"rule": "nullCheck"}, CheckKind.NOT_NULL, Expectation()),
    ({"type": "library", "rule": "nullCheck", "mustBeLessThan": 5, "unit": "percent"}, CheckKind.NULL_RATE, Expectation(operator=Operator.LESS, values=(5,), unit=Unit.PERCENT)),
    ({"rule": "duplicateCount", "mustBeLessThan": 10}, CheckKind.UNIQUE, Expectation(operator=Operator.LESS, values=(10,))),
    ({"rule": "validValues", "validValues": ["a", "b"]}, CheckKind.ACCEPTED_VALUES, Expectation()),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kind", "expect"), RULES, ids=[str(case[0]) for case in RULES])
@pytest.mark.parametrize("version", ["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0"])
def test_a_rule_of_version_3_0_is_a_metric(
    rule: dict[str, Any], kind: CheckKind, expect: Expectation, version: str
) -> None:
    [check] = checks_of(old(contract({"logicalType": "string", "quality": [rule]}), version)).values()
    assert (check.kind, check.expect) == (kind, expect)


def test_a_count_of_version_3_0_is_a_row_count() -> None:
    [check] = checks_of(old(contract(rules=[{"rule": "countCheck", "mustBeBetween": [1, 9]}]))).values()
    assert (check.kind, check.expect.values) == (CheckKind.ROW_COUNT, (1, 9))


@pytest.mark.parametrize("version", ["v3.0.2", "v3.1.0"])
def test_a_rule_that_is_not_known_is_one_finding_on_its_line(version: str) -> None:
    text = old(contract(rules=[{"rule": "freshCheck", "mustBe": 1}]), version)
    [found] = findings(text)
    assert "quality[0].rule: 'freshCheck' is not a rule that is known. Valid: nullCheck," in found
    assert "freshCheck" in text.splitlines()[int(found.split(":")[1]) - 1]


def test_an_exclusive_bound_of_version_3_0_is_a_word_beside_the_bound() -> None:
    [check] = checks_of(
        old(contract(options("integer", minimum=0, exclusiveMinimum=True, maximum=9, exclusiveMaximum=False)))
    ).values()
    assert (check.low, check.low_open, check.high, check.high_open) == (0, True, 9, False)
    assert "wrong type" in findings(contract(options("integer", minimum=0, exclusiveMinimum=True)))[0]


PEOPLE = old(
    contract(
        team=[{"username": "a"}, {"name": "B", "role": "owner"}],
        support=[{"channel": "#c", "url": "u", "since": "2024"}],
    )
)


def test_what_version_3_0_leaves_open_is_no_mistake() -> None:
    assert compile_text(PEOPLE, "x").owner.members == ("a", "B")
    told = {line.field: line.becomes for line in coverage(compile_file(PEOPLE, "x"))}
    assert told["support[0].since"] == "no field of the standard; nothing reads it"
    with pytest.raises(ContractError, match="since: is not a field here"):
        compile_text(PEOPLE.replace("v3.0.2", "v3.1.0"), "x")


def test_a_field_of_a_rule_that_is_not_known_is_one_in_every_version() -> None:
    [found] = findings(old(contract(rules=[{"metric": "rowCount", "mustBe": 1, "tolerance": 5}])))
    assert "tolerance: is not a field here" in found


SHAPES = {
    "one line for each column": """
apiVersion: v3.0.0
kind: DataContract
id: 1f0c
version: 1.0.0
status: active
schema:
  - name: shipments
    physicalType: table
    properties:
      - {name: id, physicalType: UUID, primaryKey: true, required: true, logicalTypeOptions: {format: uuid}}
      - {name: sent, logicalType: date, physicalType: TIMESTAMPTZ, logicalTypeOptions: {format: "yyyy-MM-ddTHH:mm:ssZ"}}
      - {name: weight, physicalType: "DECIMAL(6,2)", logicalTypeOptions: {minimum: 0}}
""",
    "rules with schedule, dimension and impact": """
apiVersion: v3.1.0
kind: DataContract
id: air
version: 1.0.0
schema:
  - name: readings
    dataGranularityDescription: One row each measurement
    quality:
      - id: enough
        type: library
        metric: rowCount
        mustBeBetween: [10, 5000]
        dimension: completeness
        severity: high
        businessImpact: operational
        scheduler: cron
        schedule: 0 20 * * *
    properties:
      - name: station
        primaryKey: true
        logicalType: integer
        physicalType: int
        quality:
          - {type: library, metric: nullValues, mustBe: 0, dimension: completeness, scheduler: cron, schedule: "0 20 * * *"}
      - name: value
        logicalType: number
        physicalType: float
        businessName: Measured value
        quality:
          - description: Looked at by the laboratory.
            type: text
          - metric: invalidValues
            arguments: {minimum: 0, maximum: 500}
            mustBeLessOrEqualTo: 5
            unit: percent
""",
    "everything about people, and little about data": """
apiVersion: v3.1.0
kind: DataContract
id: seller-payments
name: payments
version: 1.1.0
status: current
domain: seller
dataProduct: payments
tenant: Retail
description: {purpose: Views built on top of the seller tables., limitations: Data based on seller perspective., usage: Seller measurement}
tags: [finance]
price: {priceAmount: 9.95, priceCurrency: USD, priceUnit: megabyte}
team: [{username: ann, role: Owner, dateIn: "2022-08-02"}, {username: bo, role: Steward}]
roles: [{role: reader, access: read, firstLevelApprovers: Manager}]
support: [{channel: "#payments", tool: slack, url: "https://example.org"}]
slaDefaultElement: payments.paid_at
slaProperties:
  - {property: latency, value: 4, unit: d}
  - {property: generalAvailability, value: "2022-05-12T09:30:10-08:00"}
  - {property: endOfSupport, value: "2032-05-12T09:30:10-08:00"}
  - {property: retention, value: 3, unit: y, element: payments.paid_at}
  - {property: frequency, value: 1, valueExt: 1, unit: d, element: payments.paid_at}
  - {property: timeOfAvailability, value: 09:00-08:00, element: payments.paid_at, driver: regulatory}
authoritativeDefinitions: [{url: "https://example.org/terms", type: businessDefinition}]
schema:
  - name: payments
    physicalName: pay.payments_v2
    businessName: Payments
    tags: [finance]
    properties:
      - name: paid_at
        logicalType: timestamp
        physicalType: timestamptz
        partitioned: true
        partitionKeyPosition: 1
        criticalDataElement: false
        transformSourceObjects: [a.b, c.d]
        transformLogic: select 1
        transformDescription: Why.
        examples: ["2022-10-03T00:00:00Z"]
      - {name: paid_to, logicalType: string, physicalType: varchar(18), classification: restricted, encryptedName: paid_to_x}
customProperties: [{property: refRulesetName, value: gcsc.ruleset}]
contractCreatedTs: "2022-11-15T02:59:43+00:00"
""",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_files_as_people_write_them_compile(text: str) -> None:
    compiled = compile_file(text, "x")
    assert coverage(compiled)
    assert compiled.contracts[0].columns


def by_id(name: str) -> dict[str, Check]:
    return checks_of(SHAPES[name])


def test_the_shapes_mean_what_they_say() -> None:
    first = compile_text(SHAPES["one line for each column"], "x")
    assert [(c.name, c.logical_type, c.physical_type) for c in first.columns] == [
        ("id", "string", "uuid"),
        ("sent", "date", "timestamp with time zone"),
        ("weight", "number", "numeric(6,2)"),
    ]
    assert list(by_id("rules with schedule, dimension and impact")) == [
        "unique:station",
        "not_null:station",
        "range:value",
        "enough",
    ]
    assert by_id("everything about people, and little about data")["freshness:paid_at"].expect.values == (4 * 86_400,)


def test_a_file_says_the_same_in_every_version() -> None:
    text = SHAPES["rules with schedule, dimension and impact"]
    made = [compile_text(old(text, version), "x") for version in ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")]
    assert all(one == made[0] for one in made)
    assert yaml.safe_load(text)["apiVersion"] == "v3.1.0"
