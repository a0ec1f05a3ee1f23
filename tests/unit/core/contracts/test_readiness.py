"""The standards of each level, one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_harness.adapters.contracts.odcs import load_contract
from airflow_provider_harness.core.contracts.contract import Contract, Owner, Readiness, Sla
from airflow_provider_harness.core.contracts.readiness import STANDARDS, Live, checklist, markdown
from airflow_provider_harness.core.contracts.report import Measurement, Measurements, judge
from airflow_provider_harness.core.contracts.schema import Schema, SchemaColumn, Side, canonical, compare

FILE = Path(__file__).resolve().parents[4] / "dags" / "contracts" / "flights.odcs.yaml"
LATENCY = Sla(prop="latency", value="6", unit="h")


def gold() -> Contract:
    contract = load_contract(str(FILE))
    return replace(contract, readiness=Readiness.GOLD, slas=(*contract.slas, LATENCY))


def live(contract: Contract, *, bad: str = "", rows: int = 100, without: str = "") -> Live:
    """A table that holds what the contract wants, but for one check or one column."""
    columns = tuple(
        SchemaColumn(name=column.name, type=canonical(column.physical_type), position=n)
        for n, column in enumerate(contract.columns, start=1)
        if column.name != without
    )
    values: dict[str, Measurement] = {
        check.id: Measurement(value=rows if check.id == "row_count" else 99 if check.id == bad else 0)
        for check in contract.checks
    }
    report = judge(contract, Measurements(rows=rows, values=values), where=contract.table)
    drift = compare(contract, Schema(table=contract.table, columns=columns), Side.TARGET)
    return Live(drift=drift, report=report)


def unmet(contract: Contract, found: Live) -> set[str]:
    return {verdict.standard.id for verdict in checklist(contract, found) if not verdict.met}


def test_a_contract_that_has_everything_meets_gold() -> None:
    contract = gold()
    verdicts = checklist(contract, live(contract))
    assert [(v.standard.id, v.why) for v in verdicts if not v.met] == []
    assert len(verdicts) == sum(standard.level is not Readiness.AI_READY for standard in STANDARDS)


LACKS: dict[str, dict[str, Any]] = {
    "owner": {"owner": Owner(channels=("x",))},
    "support": {"owner": Owner(team="x")},
    "purpose": {"description": " "},
    "grain": {"granularity": ""},
    "key": {"key": ()},
    "limits": {"limitations": ""},
    "usage": {"usage": ""},
    "roles": {"roles": ()},
    "freshness": {"slas": (LATENCY, Sla(prop="retention", value="1"))},
    "availability": {"slas": (Sla(prop="freshness", value="1"), Sla(prop="retention", value="1"))},
    "retention": {"slas": (LATENCY, Sla(prop="freshness", value="1"))},
    "consumers": {"consumers": ()},
    "paged": {"paged": ()},
    "truth": {"truth": ()},
}


@pytest.mark.parametrize("standard", LACKS)
def test_what_the_contract_lacks_is_the_standard_that_is_not_met(standard: str) -> None:
    contract = replace(gold(), **LACKS[standard])
    assert unmet(contract, live(contract)) == {standard}


@pytest.mark.parametrize("standard", ["described", "classified"])
def test_a_bare_column_is_named(standard: str) -> None:
    first, *others = gold().columns
    bare = replace(first, **{"description" if standard == "described" else "classification": ""})
    contract = replace(gold(), columns=(bare, *others))
    [verdict] = [verdict for verdict in checklist(contract, live(contract)) if not verdict.met]
    assert (verdict.standard.id, first.name in verdict.why) == (standard, True)


def test_what_the_table_lacks_is_not_met() -> None:
    contract = gold()
    assert unmet(contract, Live(drift=None, report=None)) == {"table", "columns", "rows", "errors", "warnings"}
    assert unmet(contract, live(contract, without="tailnum")) == {"columns"}
    assert unmet(contract, live(contract, bad="range:month")) == {"errors", "warnings"}
    assert unmet(contract, live(contract, bad="referential:dest")) == {"warnings"}
    assert unmet(contract, live(contract, rows=0)) == {"rows", "errors", "warnings"}
    unchecked = replace(contract, checks=tuple(c for c in contract.checks if c.id != "row_count"))
    assert unmet(unchecked, live(unchecked)) == {"row_count"}


def test_a_check_that_could_not_run_is_not_met() -> None:
    contract = gold()
    values = {check.id: Measurement(value=0 if check.id != "row_count" else 9) for check in contract.checks}
    values["referential:dest"] = Measurement(value=None, error="no such table")
    found = live(contract)
    broken = replace(found, report=judge(contract, Measurements(rows=9, values=values), where=""))
    assert "errors" in unmet(contract, broken)


@pytest.mark.parametrize(("level", "count"), [("bronze", 7), ("silver", 16), ("gold", 22)])
def test_a_level_demands_what_the_ones_before_demand(level: str, count: int) -> None:
    contract = replace(gold(), readiness=Readiness(level))
    assert len(checklist(contract, live(contract))) == count


def test_the_checklist_is_markdown_with_reasons() -> None:
    contract = replace(gold(), readiness=Readiness.SILVER, usage="")
    text = markdown(contract, checklist(contract, live(contract)))
    assert "claims level silver. 15 of 16 standards are met." in text
    assert "- [x] key: A primary key is named." in text
    assert "- [ ] usage: Its usage is written. Not met: the contract gives no description.usage." in text
    assert "## gold" not in text
