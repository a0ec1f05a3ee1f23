"""What ``airflow harness quality`` prints."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_harness.cli import quality
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.gate_run import Place, StoredCheck, StoredGate

AT = datetime(2013, 1, 1, 5, tzinfo=UTC)


def kept(name: str, value: float | None = 0, **more: object) -> StoredCheck:
    given = {"kind": name.partition(":")[0], "passed": True, "flagged": False, "error": "", "severity": "warn"}
    return StoredCheck(id=name, value=value, **({"share": None} | given | more))  # type: ignore[arg-type]


def gate(day: int, *checks: StoredCheck, **more: object) -> StoredGate:
    at = AT + timedelta(days=day)
    given = {
        "table": "public.t",
        "contract": "c",
        "contract_version": "1",
        "conn_id": "wh",
        "slice": f"{at:%Y%m%dT%H%M%SZ}",
        "at": at,
        "place": Place.STAGING,
        "task": "d/r/t#1",
        "rows": 842,
        "malformed": 0,
        "decision": Decision.PUBLISH,
        "milliseconds": {"gate": 7, "total": 90},
        "measured_at": AT,
        "checks": checks,
    }
    return StoredGate(**(given | more))  # type: ignore[arg-type]


UNUSUAL = kept("anomaly:row_count", 421, passed=False, flagged=True)
UNCHECKED = kept("anomaly:row_count", None, passed=False, error="away")
NULLS = (kept("not_null:a", share=0.0), kept("null_rate:b", 17, share=0.02), kept("range:c", 99, share=0.5))


def test_a_slice_is_one_line_with_its_worst_nulls_and_marks() -> None:
    [line] = quality.of_slices([gate(0, UNUSUAL, *NULLS)])
    assert line == {
        "slice": "20130101T050000Z",
        "gate": "staging wh",
        "rows": 842,
        "malformed": 0,
        "decision": "publish",
        "not passed": "anomaly:row_count*",
        "nulls": "b 2.00%",
        "gate ms": 7,
        "total ms": 90,
        "measured": "2013-01-01T05:00:00+00:00",
    }
    assert quality.of_slices([gate(0, UNCHECKED, milliseconds={})])[0]["not passed"] == "anomaly:row_count!"


def test_one_check_is_shown_with_its_values() -> None:
    lines = quality.of_check([gate(0, NULLS[1]), gate(1, UNUSUAL), gate(2, UNUSUAL)], "anomaly:row_count")
    assert [(line["value"], line["passed"]) for line in lines] == [("421", "no*")] * 2
    [line] = quality.of_check([gate(0, NULLS[1])], "null_rate:b")
    assert (line["value"], line["share"], line["passed"]) == ("17", "2.00%", "yes")
    with pytest.raises(ConfigurationError, match=r"check x: was not part of these gates\. Valid: null_rate:b"):
        quality.of_check([gate(0, NULLS[1])], "x")


def test_json_has_everything() -> None:
    [line] = json.loads(json.dumps(quality.as_json([gate(0, UNUSUAL, *NULLS)], "")))
    assert line["checks"][0] == {
        "id": "anomaly:row_count",
        "kind": "anomaly",
        "severity": "warn",
        "value": 421,
        "share": None,
        "passed": False,
        "flagged": True,
        "error": "",
    }
    assert (line["slice_start"], line["task"], len(line["checks"])) == ("2013-01-01T05:00:00Z", "d/r/t#1", 4)
    assert [check["id"] for check in quality.as_json([gate(0, *NULLS)], "range:c")[0]["checks"]] == ["range:c"]


@pytest.mark.parametrize(
    ("newest", "name", "found"),
    [
        (gate(1), "", False),
        (gate(1, UNUSUAL), "", True),
        (gate(1, UNCHECKED), "", True),
        (gate(1, decision=Decision.BLOCK), "", True),
        (gate(1, kept("range:c", passed=False)), "", False),
        (gate(1, kept("range:c", passed=False)), "range:c", True),
        (gate(1, UNUSUAL), "range:c", False),
    ],
)
def test_only_the_newest_slice_is_a_finding(newest: StoredGate, name: str, found: bool) -> None:
    older = gate(0, UNUSUAL, UNCHECKED, decision=Decision.BLOCK)
    assert quality.findings([older, newest], name) is found
    assert quality.findings([older, newest, replace(newest, at=AT - timedelta(days=1))], name) is found
    assert not quality.findings([], name)
