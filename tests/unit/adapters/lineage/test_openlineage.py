"""What OpenLineage is told, held to the schemas of its facets."""

from __future__ import annotations

import json
from typing import Any

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from airflow_provider_harness.adapters.lineage.openlineage import operator_lineage
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import Column, Contract, LogicalType, Owner
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Flow, Transformation, masked
from tests.openlineage_schemas import findings

SOURCE, OTHER, TARGET = (Dataset(namespace="postgres://h:1", name=f"db.public.{name}") for name in ("a", "b", "t"))


def column(name: str, physical: str, **more: Any) -> Column:
    return Column(name=name, logical_type=LogicalType.STRING, physical_type=physical, **more)


CONTRACT = Contract(
    id="c",
    version="2.1",
    name="t",
    table="public.t",
    columns=(
        column("id", "integer"),
        column("mail", "text", description="where to write", classification="restricted"),
    ),
    owner=Owner(team="data"),
)


def edge(source: Dataset, column: str, target: str, how: Transformation) -> ColumnEdge:
    return ColumnEdge(source=source, source_column=column, target_column=target, how=how)


EDGES = (
    edge(SOURCE, "id", "id", Transformation.IDENTITY),
    *masked((edge(SOURCE, "mail", "mail", Transformation.IDENTITY),), {"mail"}),
    edge(SOURCE, "id", "mail", Transformation.CONDITIONAL),
    edge(OTHER, "id", "", Transformation.JOIN),
    edge(OTHER, "id", "", Transformation.FILTER),
)
FLOW = Flow(task="d.t", inputs=(SOURCE, OTHER), output=TARGET, columns=EDGES)
KNOWN = {OTHER: Schema(table="public.b", columns=(SchemaColumn(name="id", type="bigint", position=1),))}


def result(name: str, kind: CheckKind, *columns: str, passed: bool = True, **more: Any) -> CheckResult:
    given = {"severity": CheckSeverity.ERROR, "expected": "0", "actual": "me@example.org", **more}
    return CheckResult(id=name, kind=kind, columns=columns, passed=passed, **given)


REPORT = Report(
    contract="c",
    contract_version="2.1",
    table="public.t",
    slice="s",
    where="staging",
    rows=7,
    malformed=0,
    results=(
        result("not_null:mail", CheckKind.NOT_NULL, "mail", passed=False, failing=2, severity=CheckSeverity.WARN),
        result("unique:id,mail", CheckKind.UNIQUE, "id", "mail", failing=0),
        result("range:mail", CheckKind.RANGE, "mail", passed=False, error="no connection"),
    ),
    decision=Decision.PUBLISH,
)


def told(**more: Any) -> dict[str, Any]:
    """An event as it goes over the wire."""
    given = {"described": TARGET, "schemas": KNOWN, "report": REPORT, "rows": 5, "files": (10, 20), **more}
    lineage = operator_lineage(contract=CONTRACT, flow=FLOW, **given)
    event = RunEvent(
        eventTime="2026-11-21T12:00:00Z",
        eventType=RunState.COMPLETE,
        run=Run(runId="01941ba3-8b1e-7a3e-8f0e-1b1e7a3e8f0e"),
        job=Job(namespace="n", name="d.t", facets=lineage.job_facets),
        inputs=lineage.inputs,
        outputs=lineage.outputs,
        producer="https://example.org",
    )
    answer: dict[str, Any] = json.loads(Serde.to_json(event))
    assert findings(answer) == []
    return answer


def bare(facet: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facet.items() if not name.startswith("_")}


def test_columns_say_how_they_came_and_what_decided() -> None:
    facet = bare(told()["outputs"][0]["facets"]["columnLineage"])
    source = {"namespace": SOURCE.namespace, "name": SOURCE.name}
    assert facet["fields"]["mail"]["inputFields"] == [
        source
        | {"field": "mail", "transformations": [{"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}]},
        source | {"field": "id", "transformations": [{"type": "INDIRECT", "subtype": "CONDITIONAL", "masking": False}]},
    ]
    [decider] = facet["dataset"]
    assert (decider["name"], decider["field"]) == (OTHER.name, "id")
    assert [one["subtype"] for one in decider["transformations"]] == ["JOIN", "FILTER"]


def test_schemas_are_those_of_the_contract_of_the_catalog_or_of_what_is_read() -> None:
    event = told()
    fields = [one["facets"]["schema"]["fields"] for one in (*event["outputs"], *event["inputs"])]
    assert [[(one["name"], one.get("type")) for one in found] for found in fields] == [
        [("id", "integer"), ("mail", "text")],
        [("id", None), ("mail", None)],
        [("id", "bigint")],
    ]


def test_the_contract_gives_owners_and_tags() -> None:
    event = told()
    facets = event["outputs"][0]["facets"]
    assert facets["ownership"]["owners"] == [{"name": "team:data", "type": "OWNER"}]
    assert event["job"]["facets"]["ownership"]["owners"] == [{"name": "team:data", "type": "OWNER"}]
    tags = [(one["key"], one["value"], one.get("field")) for one in facets["tags"]["tags"]]
    assert tags == [
        ("contract", "c", None),
        ("contract_version", "2.1", None),
        ("criticality", "medium", None),
        ("classification", "restricted", "mail"),
    ]


def test_checks_are_told_with_counts_and_never_with_values() -> None:
    event = told()
    read = event["inputs"][0]["inputFacets"]
    first, second, third = read["dataQualityAssertions"]["assertions"]
    assert (first["name"], first["column"], first["success"], first["severity"], first["actual"]) == (
        "not_null:mail",
        "mail",
        False,
        "warn",
        "2",
    )
    assert "column" not in second
    assert third["description"] == "could not be checked"
    assert "me@example.org" not in json.dumps(event)
    assert bare(read["dataQualityMetrics"]) == {
        "columnMetrics": {"mail": {"nullCount": 2, "quantiles": {}}},
        "rowCount": 7,
    }
    assert bare(event["outputs"][0]["outputFacets"]["outputStatistics"]) == {"rowCount": 5, "size": 30, "fileCount": 2}


def test_what_was_made_is_judged_there() -> None:
    event = told(judged_output=True)
    assert "dataQualityAssertions" in event["outputs"][0]["facets"]
    assert event["inputs"][0].get("inputFacets", {}) == {}


def test_what_is_not_known_has_no_facet() -> None:
    flow = Flow(task="d.t", inputs=(SOURCE,), output=TARGET)
    lineage = operator_lineage(
        contract=CONTRACT, flow=flow, described=None, schemas={}, report=None, rows=None, judged_output=False
    )
    assert (lineage.inputs[0].facets, lineage.inputs[0].inputFacets) == ({}, {})
    assert (lineage.outputs[0].facets, lineage.outputs[0].outputFacets) == ({}, {})


def test_the_schemas_find_what_is_wrong() -> None:
    event = told()
    del event["outputs"][0]["facets"]["columnLineage"]["fields"]["id"]["inputFields"][0]["field"]
    event["inputs"][0]["inputFacets"]["dataQualityMetrics"]["rowCount"] = "7"
    event["job"]["facets"]["ownership"]["owner"] = []
    event["outputs"][0]["facets"]["tags"]["_schemaURL"] = "https://openlineage.io/spec/facets/Strange"
    del event["run"]["runId"]
    assert len(findings(event)) == 5
