"""The six points of level ``ai_ready`` on odd tables: each is measured, is a person's, or is not met, as worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.core.contracts.contract import Readiness
from airflow_provider_harness.core.contracts.readiness import Live, StandardResult, checklist

TODAY = date(2026, 12, 1)
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: t
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: LOAD}
  - {property: harness.aiReady, value: {AI}}
PERSONAL
slaProperties: [SLAS]
schema:
  - name: t
    physicalName: public.t
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true, classification: public}
      - {name: at, logicalType: timestamp, physicalType: timestamptz, required: true, classification: public}
      - {name: y, logicalType: number, physicalType: double precision, required: REQUIRED, CLASS VALUES}
      - {name: g, logicalType: string, physicalType: text, required: true, classification: public, SHARES}
"""
USUAL = {
    "LOAD": "{mode: incremental, sliceColumn: at, timeZone: UTC}",
    "AI": "labels: [y], groups: [g]",
    "PERSONAL": "",
    "SLAS": "{property: freshness, value: 1, unit: d, element: t.at}",
    "REQUIRED": "true",
    "CLASS": "classification: public,",
    "VALUES": "logicalTypeOptions: {minimum: 0}",
    "SHARES": "quality: [{type: custom, engine: harness, implementation: {check: drift, method: psi}}]",
}
NO_SLAS = {"LOAD": "{mode: full}", "SLAS": "", "SHARES": "description: x"}
KEPT = "  - {property: harness.personalData, value: {personal: keep}}"
ORIGINS = dict.fromkeys(("id", "at", "y", "g"), ("w.public.s.c",))


def said(point: str, day: str = "2026-11-30") -> dict[str, str]:
    return {"AI": f"statements: [{{point: {point}, text: So it is., by: ana, date: {day}}}]"}


def looked(point: str, given: Mapping[str, str], **live: object) -> StandardResult:
    """A point of a table whose newest gates passed, but for what a case says."""
    text = CONTRACT
    for name, value in {**USUAL, **given}.items():
        text = text.replace(name, value)
    contract = compile_text(text, "t.yaml")
    gates = {check.id: "" for check in contract.checks} | dict(live.pop("gates", {}))  # type: ignore[call-overload]
    found = Live(drift=None, report=None, gates=gates, today=TODAY, **{"origins": ORIGINS, **live})  # type: ignore[arg-type]
    [result] = [one for one in checklist(contract, found, Readiness.AI_READY) if one.standard.id == point]
    return result


@pytest.mark.parametrize(
    "point", ["completeness", "bias", "label_quality", "temporal_consistency", "personal_data", "lineage"]
)
def test_what_is_measured_and_holds_is_met_without_a_person(point: str) -> None:
    result = looked(point, {})
    assert (result.why, result.person) == ("", "")


NOT_MET = [
    ("completeness", {"REQUIRED": "false"}, {}, "no check of nulls: y"),
    ("completeness", {}, {"gates": {"not_null:y": "not_null:y did not pass."}}, "not_null:y did not pass"),
    ("bias", {"AI": "labels: [y]"}, {}, "nothing measures it, and nobody has said it"),
    ("bias", {"SHARES": "description: x"}, {}, "no check of the shares of a group: g"),
    ("bias", said("bias", "2025-11-30"), {}, "366 days ago"),
    ("bias", said("bias", "2026-12-02"), {}, "yet to come"),
    (
        "bias",
        {**said("bias"), "AI": f"groups: [g], {said('bias')['AI']}", "SHARES": "description: x"},
        {},
        "no check of",
    ),
    ("label_quality", {"VALUES": "description: x"}, {}, "no check of the values of a label: y"),
    ("label_quality", {"REQUIRED": "false"}, {}, "no check of nulls of a label: y"),
    ("temporal_consistency", {"SLAS": ""}, {}, "no check of kind freshness"),
    ("temporal_consistency", NO_SLAS, {}, "nothing measures it"),
    ("personal_data", {"CLASS": ""}, {}, "without a classification: y"),
    ("personal_data", {"CLASS": "classification: personal,", "PERSONAL": KEPT}, {}, "nothing measures it"),
    ("personal_data", {}, {"gates": {"personal_data:g": "g looks like an e-mail address."}}, "e-mail"),
    ("lineage", {}, {"origins": None}, "nothing measures it"),
    ("lineage", {}, {"origins": {**ORIGINS, "y": ()}}, "no task told what is in y"),
    ("lineage", {}, {"origins": None, "unread": "the store could not be read: away"}, "store could not be read"),
    ("lineage", said("lineage"), {"origins": None, "unread": "the store could not be read: away"}, "could not be read"),
]


@pytest.mark.parametrize(("point", "given", "live", "why"), NOT_MET)
def test_what_does_not_hold_is_not_met(
    point: str, given: Mapping[str, str], live: Mapping[str, object], why: str
) -> None:
    assert why in looked(point, given, **live).why


@pytest.mark.parametrize(
    ("point", "given", "live"),
    [
        ("bias", said("bias", "2025-12-01"), {}),
        ("label_quality", said("label_quality"), {}),
        ("temporal_consistency", {**NO_SLAS, **said("temporal_consistency")}, {}),
        ("personal_data", {"CLASS": "classification: personal,", "PERSONAL": KEPT, **said("personal_data")}, {}),
        ("lineage", said("lineage"), {"origins": None}),
    ],
)
def test_what_nothing_measures_is_a_persons_word(
    point: str, given: Mapping[str, str], live: Mapping[str, object]
) -> None:
    result = looked(point, given, **live)
    assert (result.why, result.person.startswith("ana on 202")) == ("", True)
