"""No value of a contract is accepted that means nothing: each is held to its domain, closed or typed."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_file
from tests.unit.adapters.contracts.test_silent import STRING, contract, findings, options


def sla(**given: Any) -> str:
    return contract(slaProperties=[given])


def rule(**given: Any) -> str:
    return contract({**STRING, "quality": [given]})


def own(**given: Any) -> str:
    return contract(rules=[{"type": "custom", "engine": "harness", "implementation": given}])


def setting(name: str, value: Any) -> str:
    return contract(customProperties=[{"property": f"harness.{name}", "value": value}])


ODD_VALUES: list[tuple[str, str, str]] = [
    ("availability", sla(property="availability", value="soon"), "'soon' cannot be promised"),
    ("availability with a comma", sla(property="availability", value="99,9"), "'99,9' cannot be promised"),
    ("retention", sla(property="retention", value="a while"), "'a while' is not a length of time"),
    ("frequency", sla(property="frequency", value="often"), "'often' is not a length of time"),
    ("repair", sla(property="timeToRepair", value="quick"), "'quick' is not a length of time"),
    ("driver", sla(property="latency", element="o", value="4h", driver="anlytics"), "Did you mean analytics?"),
    ("scheduler", sla(property="latency", element="o", value="4h", scheduler="crom"), "Did you mean cron?"),
    ("default element", contract(slaDefaultElement="t.zz"), "'zz'"),
    ("moment", contract(contractCreatedTs="yesterday"), "'yesterday' is not a moment"),
    ("date", contract(team={"members": [{"username": "a", "dateIn": "2024-02-30"}]}), "'2024-02-30' is not a date"),
    ("scope", contract(support=[{"channel": "c", "scope": "isues"}]), "Did you mean issues?"),
    ("position 0", contract({**STRING, "primaryKey": True, "primaryKeyPosition": 0}), "0 is not a position"),
    ("position -2", contract({**STRING, "partitioned": True, "partitionKeyPosition": -2}), "-2 is not a position"),
    ("no key", contract({**STRING, "primaryKeyPosition": 1}), "has no meaning without primaryKey"),
    ("no partition", contract({**STRING, "partitionKeyPosition": 1}), "has no meaning without partitioned"),
    ("an example", contract({"logicalType": "date", "examples": ["2024-02-30"]}), "is not a valid date of ISO 8601"),
    ("a zone", contract(options("timestamp", "timestamptz", timezone=False)), "has a time zone"),
    ("a list for one", contract(rules=[{"type": "sql", "query": "SELECT 1", "mustBe": [0]}]), "[0] is not a number"),
    ("a pattern", rule(metric="invalidValues", arguments={"pattern": 5}, mustBe=0), "5 is not text"),
    ("below 0", rule(metric="nullValues", mustBeGreaterOrEqualTo=-5), "No number of rows is that"),
    ("a fraction", rule(metric="nullValues", mustNotBe=0.5), "No number of rows is that"),
    ("infinity", rule(metric="nullValues", mustBeLessThan=float("inf")), "every number keeps, or none"),
    ("window", own(check="anomaly", window=8.9), "window: 8.9 is not a whole number"),
    ("sensitivity", own(check="anomaly", sensitivity=float("nan")), "sensitivity: nan is not a number"),
    ("floor", own(check="anomaly", floor=float("inf")), "floor: inf is not a number"),
    ("tolerance", own(check="reconciliation_by_key", table="a.b", keys=["id"], tolerance=-3), "-3 is below 0"),
    ("merge key", setting("load", {"mode": "merge", "key": ["id", "id"], "sliceColumn": "o"}), "id is given twice"),
    ("limit", setting("malformedRows", {"policy": "quarantine", "maxPercent": float("nan")}), "nan is not a number"),
    ("class", setting("personalData", {"zz": "hash"}), "is the classification of no column"),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in ODD_VALUES], ids=[case[0] for case in ODD_VALUES])
def test_a_value_that_means_nothing_is_one_finding(text: str, said: str) -> None:
    found = findings(text)
    assert len(found) == 1, found
    assert said in found[0]


MEANT: list[tuple[str, str]] = [
    ("a share", sla(property="availability", value="99.9%")),
    ("a time of day", sla(property="availability", value="09:00-08:00")),
    ("months", sla(property="retention", value="P3M")),
    ("months with a unit", sla(property="retention", value=3, unit="mo")),
    ("always", sla(property="retention", value="unlimited")),
    ("how often", sla(property="frequency", value="daily")),
    ("a driver of one's own", sla(property="latency", element="o", value="4h", driver="finance")),
    ("a scheduler of one's own", sla(property="latency", element="o", value="4h", scheduler="airflow", schedule="x")),
    ("no position", contract({**STRING, "primaryKeyPosition": -1, "partitionKeyPosition": -1})),
    ("a date of its own form", contract({**options("date", format="dd/MM/yyyy"), "examples": ["31/12/2024"]})),
    ("examples of an array", contract({"logicalType": "array", "physicalType": "text[]", "examples": [["a"]]})),
    ("an address", contract(servers=[{"server": "s", "type": "s3", "location": "s3://b/{model}/*.csv"}])),
    ("no fewer than 0", rule(metric="nullValues", mustBeGreaterOrEqualTo=0)),
]


@pytest.mark.parametrize("text", [case[1] for case in MEANT], ids=[case[0] for case in MEANT])
def test_a_value_that_means_something_is_none(text: str) -> None:
    compile_file(text, "x")
