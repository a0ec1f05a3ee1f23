"""The data dictionary: what a contract says of its columns, for people and for programs."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from airflow_provider_harness.cli import commands

CONTRACT = """
apiVersion: v3.2.0
kind: DataContract
id: visits
version: 1.0.0
status: active
description: {purpose: Who came., limitations: Only paid visits.}
team: {name: web-team}
roles: [{role: analyst, access: read}]
servers:
  - {server: prod, type: postgres, host: db, port: 5432, database: shop, schema: web}
customProperties:
  - {property: harness.load, value: {mode: incremental}}
schema:
  - name: visits
    dataGranularityDescription: One visit.
    properties:
      - {name: id, logicalType: integer, primaryKey: true, description: Number of the visit, classification: public}
      - {name: day, logicalType: date, partitioned: true, description: "Day of the visit | in Berlin"}
      - name: kind
        logicalType: string
        synonyms: [{synonym: type of visit}, {synonym: channel}]
        enum: [{value: walk_in}, {value: booked}]
        examples: [booked]
      - {name: shop, logicalType: integer, relationships: [{to: shops.id}], examples: [7, 12]}
      - {name: takings, logicalType: number, semanticType: measure, transformLogic: SUM(paid), description: Money in euros, synonyms: [{synonym: revenue}]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "visits.odcs.yaml"
    path.write_text(CONTRACT)
    return path


def run(file: Path, output: str) -> int:
    with pytest.raises(SystemExit) as ended:
        commands.contract_dictionary(Namespace(files=[str(file)], output=output))
    return int(ended.value.code or 0)


def test_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["kind"]["also called"] == "type of visit, channel"
    assert rows["kind"]["values"] == "walk_in, booked"
    assert rows["shop"] == {
        "table": "web.visits",
        "name": "shop",
        "type": "bigint",
        "meaning": "",
        "also called": "",
        "refers to": "web.shops (id)",
        "values": "7, 12",
        "classification": "",
    }
    assert rows["takings"]["type"] == "= SUM(paid)"
    assert rows["takings"]["also called"] == "revenue"


def test_for_people(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "markdown") == 0
    page = capsys.readouterr().out
    assert page.startswith(
        "# visits (`web.visits`)\n\n- What for: Who came.\n- One row: One visit.\n- Limitations: Only"
    )
    assert "| day | date | Day of the visit \\| in Berlin |" in page
    assert run(file, "table") == 0
    assert "Number of the visit" in capsys.readouterr().out


def test_what_is_partitioned_says_how_slices_are_cut(file: Path) -> None:
    from airflow_provider_harness.adapters.contracts.odcs import load_contract

    contract = load_contract(str(file))
    assert contract.load.slice_column == "day"
    assert contract.names == ("id", "day", "kind", "shop"), "a measure is not a column"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            "examples: [lost], enum: [{value: found}]",
            "'lost' is an example that the column may not have: it is not in enum",
        ),
        ("logicalTypeOptions: {maxLength: 3}, examples: [long]", "its length is over 3"),
        ("logicalTypeOptions: {pattern: '^[0-9]+$'}, examples: [1a]", "it does not match ^[0-9]+$"),
        ("semanticType: measure", "is a measure without 'transformLogic'"),
    ],
)
def test_mistakes_in_it_are_findings(file: Path, field: str, said: str) -> None:
    from airflow_provider_harness.adapters.contracts.odcs import load_contract
    from airflow_provider_harness.core.errors import ContractError

    file.write_text(CONTRACT + f"      - {{name: more, logicalType: string, {field}}}\n")
    with pytest.raises(ContractError) as caught:
        load_contract(str(file))
    (finding,) = caught.value.findings
    assert said in finding
    assert f":{len(CONTRACT.splitlines()) + 1}:" in finding, "the line"
