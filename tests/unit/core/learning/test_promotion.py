"""What a proposal may not touch, and how it is graded: the tables are walked whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation
from airflow_provider_harness.core.contracts.contract import (
    Access,
    Column,
    Consumer,
    Contract,
    Criticality,
    LateAction,
    LatePolicy,
    Load,
    LogicalType,
    Owner,
    QuarantinePolicy,
    Sla,
    Treatment,
)
from airflow_provider_harness.core.contracts.readiness import STANDARDS, Live
from airflow_provider_harness.core.contracts.report import CheckResult, Decision, Report
from airflow_provider_harness.core.learning.promotion.difference import ColumnDifference, Difference, Limits, constant
from airflow_provider_harness.core.learning.promotion.floor import ADDABLE, FROZEN, made_up, strange_checks, weaker
from airflow_provider_harness.core.learning.promotion.grade import (
    KEEPS,
    OF_PEOPLE,
    WORDS,
    Outcome,
    Row,
    leaving,
    outcome,
)

COLUMN = Column(name="id", logical_type=LogicalType.STRING, physical_type="text", classification="public")
WARNING = Check(id="w", kind=CheckKind.NULL_RATE, columns=("id",), severity=CheckSeverity.WARN)
OLD = Contract(
    id="t", version="1.0.0", name="t", table="b.t", columns=(COLUMN,), checks=(WARNING,), owner=Owner(team="ours")
)
CHANGES: dict[str, dict[str, Any]] = {
    "harness.load": {"load": Load(allow_empty=True)},
    "harness.malformedRows": {"quarantine": QuarantinePolicy(max_rows=1)},
    "harness.late": {"late": LatePolicy(action=LateAction.SKIP)},
    "harness.backfill": {"backfill_alone": 9},
    "harness.criticality": {"criticality": Criticality.LOW},
    "team and support": {"owner": Owner(team="theirs")},
    "slaProperties": {"slas": (Sla(prop="freshness", value="1", unit="d"),)},
    "roles": {"roles": ("everybody",)},
    "harness.consumers": {"consumers": (Consumer(name="all", access=Access.SCAN),)},
    "harness.page": {"paged": ("nobody",)},
    "harness.sourceOfTruth": {"truth": (("id", "me"),)},
    "the runbook": {"runbook": "https://example.org"},
    "columns that are never read": {"dropped": ("secret",)},
}


def test_every_fact_of_a_person_is_compared() -> None:
    assert set(CHANGES) == set(FROZEN)
    for name, change in CHANGES.items():
        assert made_up(OLD, replace(OLD, **change)) == (f"{name} is not what the contract says",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"classification": ""}, "another classification"),
        ({"treatment": Treatment.MASK}, "another treatment"),
    ],
)
def test_a_column_is_neither_declassified_nor_treated_otherwise(change: dict[str, Any], said: str) -> None:
    assert any(said in one for one in weaker(OLD, replace(OLD, columns=(replace(COLUMN, **change),))))


def test_what_is_stricter_or_truer_is_not_weaker() -> None:
    column = replace(COLUMN, physical_type="bigint", logical_type=LogicalType.INTEGER, required=True, unique=True)
    stricter = Check(id="n", kind=CheckKind.NOT_NULL, columns=("id",))
    new = replace(OLD, columns=(column,), key=("id",), checks=(WARNING, stricter), table="s.t", version="2.0.0")
    assert weaker(OLD, new) == () == made_up(OLD, new) == strange_checks(OLD, new)
    assert weaker(OLD, replace(new, checks=(stricter,))) == ("check w is no longer promised",)


def test_no_kind_that_is_not_listed_may_be_added() -> None:
    for kind in CheckKind:
        new = replace(OLD, checks=(Check(id="x", kind=kind, columns=("id",)),))
        assert bool(strange_checks(OLD, new)) is (kind not in ADDABLE)
    query = Check(id="q", kind=CheckKind.CUSTOM_SQL, sql="SELECT 1")
    with_query = replace(OLD, checks=(query,))
    assert strange_checks(with_query, with_query) == ()
    assert strange_checks(with_query, replace(OLD, checks=(replace(query, sql="SELECT 2"),)))


def test_the_tables_name_standards_that_there_are() -> None:
    assert {standard.id for standard in STANDARDS} >= OF_PEOPLE | set(WORDS)


def row(why: str, *, of_people: bool = False) -> Row:
    return Row(id="x", group=KEEPS, demand="", before=None, why=why, of_people=of_people)


def test_what_is_left_decides_how_it_ended() -> None:
    assert outcome([row("")]) is Outcome.READY
    assert outcome([row(""), row("no", of_people=True)]) is Outcome.NEEDS_PEOPLE
    assert outcome([row("no"), row("no", of_people=True)]) is Outcome.NOT_REACHED


def test_of_a_check_its_counts_may_leave_and_no_value() -> None:
    result = CheckResult(
        id="maximum:pay",
        kind=CheckKind.MAXIMUM,
        columns=("pay",),
        severity=CheckSeverity.ERROR,
        passed=False,
        expected=str(Expectation()),
        actual="123456",
    )
    report = Report(
        contract="t",
        contract_version="1",
        table="b.t",
        slice="",
        where="b.t",
        rows=9,
        malformed=0,
        decision=Decision.BLOCK,
        results=(result,),
    )
    live = Live(drift=None, report=report)
    assert leaving("errors", result.sentence(), live) == "maximum:pay: it does not hold; expected exactly 0."
    assert leaving("owner", "the contract gives no team.name.", live) == "the contract gives no team.name."


@pytest.mark.parametrize(
    ("before", "after", "constant_now"), [(5, 1, True), (5, 0, True), (None, 1, True), (None, 0, True), (1, 1, False)]
)
def test_a_constant_is_a_column_that_became_one_or_came_as_one(
    before: int | None, after: int, constant_now: bool
) -> None:
    column = ColumnDifference(name="c", changed=0, emptied=0, distinct_before=before, distinct_after=after)
    counts = dict.fromkeys(("rows_before", "rows_after", "keys_before"), 9)
    none = dict.fromkeys(("keyless", "missing", "added", "repeated", "conflicting"), 0)
    assert bool(constant(Difference(**counts, **none, columns=(column,)))) is constant_now
    assert str(Limits()) == "missing 0, added 0, emptied 0, changed 5"
