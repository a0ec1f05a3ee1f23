"""What a proposed contract may not take away from the one that stands, and what nobody but a person may write into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity
from airflow_provider_harness.core.contracts.contract import PUBLIC, Column, Contract
from airflow_provider_harness.core.contracts.diff import diff
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Transformation

#: Field of a contract -> what it says. What a proposal changes of it would be a person's decision, or made up.
FROZEN: Mapping[str, Callable[[Contract], Any]] = {
    "harness.load": lambda c: c.load,
    "harness.malformedRows": lambda c: c.quarantine,
    "harness.late": lambda c: c.late,
    "harness.backfill": lambda c: c.backfill_alone,
    "harness.criticality": lambda c: c.criticality,
    "team and support": lambda c: c.owner,
    "slaProperties": lambda c: c.slas,
    "roles": lambda c: c.roles,
    "harness.consumers": lambda c: c.consumers,
    "harness.page": lambda c: c.paged,
    "harness.sourceOfTruth": lambda c: c.truth,
    "the runbook": lambda c: c.runbook,
    "columns that are never read": lambda c: c.dropped,
}

#: Kinds of check that a proposal may add: each counts rows of the table, and none carries a query or another table's name, or tells a
#: value of a column.
ADDABLE = frozenset(
    {
        CheckKind.NOT_NULL,
        CheckKind.NULL_RATE,
        CheckKind.UNIQUE,
        CheckKind.ACCEPTED_VALUES,
        CheckKind.RANGE,
        CheckKind.LENGTH,
        CheckKind.REGEX,
        CheckKind.MULTIPLE,
        CheckKind.TYPE,
        CheckKind.ROW_COUNT,
    }
)


def weaker(old: Contract, new: Contract) -> tuple[str, ...]:
    """Where a proposal promises less than the contract that stands; types and words may change, checks and columns may only be added.

    :param old: of the table that is promoted.
    """
    lost = [f"{change.where} {change.what}" for change in diff(old, _alike(old, new)) if change.breaking]
    kept = {check.id for check in new.checks}
    warnings = (one for one in old.checks if one.severity is CheckSeverity.WARN and one.id not in kept)
    return (*lost, *(f"check {one.id} is no longer promised" for one in warnings), *_columns(old, new))


def made_up(old: Contract, new: Contract) -> tuple[str, ...]:
    """What a proposal says although only a person can know it."""
    return tuple(f"{name} is not what the contract says" for name, said in FROZEN.items() if said(old) != said(new))


def strange_checks(old: Contract, new: Contract) -> tuple[str, ...]:
    """Checks that must not even run: they carry a query or another table's name, and the contract that stands has them not."""
    return tuple(
        f"check {check.id} of kind {check.kind} may be written by a person only"
        for check in new.at(old.table).checks
        if check.kind not in ADDABLE and check not in old.checks
    )


def declassified(old: Contract, new: Contract, edges: tuple[ColumnEdge, ...]) -> tuple[str, ...]:
    """New columns that show what the contract does not call public, under another classification.

    :param edges: into the columns of the proposal; all of them come from the table that is promoted.
    """
    return tuple(_declassified(old, new, edges))


def _declassified(old: Contract, new: Contract, edges: tuple[ColumnEdge, ...]) -> Iterator[str]:
    classes = {column.name: column.classification for column in old.columns}
    for column in (column for column in new.columns if column.name not in classes):
        shown = {
            classes.get(edge.source_column, "")
            for edge in edges
            if edge.target_column == column.name and (edge.how.direct or edge.how is Transformation.CONDITIONAL)
        } - {PUBLIC}
        if shown and column.classification not in shown:
            must = " or ".join(sorted(one or "no classification" for one in shown))
            yield f"column {column.name} is made of what is not public; it must have {must}"


def _alike(old: Contract, new: Contract) -> Contract:
    """The proposal with what may differ taken from the contract that stands, so that what is left is a loss."""
    columns = tuple(
        replace(column, physical_type=old.column(column.name).physical_type) if column.name in old.names else column
        for column in new.columns
    )
    return replace(
        new.at(old.table),
        id=old.id,
        version=old.version,
        columns=columns,
        key=new.key if old.key else (),
        granularity=old.granularity or "",
    )


def _columns(old: Contract, new: Contract) -> Iterator[str]:
    facts: Mapping[str, Callable[[Column], Any]] = {
        "classification": lambda c: c.classification,
        "treatment of personal data": lambda c: c.treatment,
    }
    for column in (column for column in old.columns if column.name in new.names):
        for name, fact in facts.items():
            if fact(column) != fact(new.column(column.name)):
                yield f"column {column.name} has another {name} than the contract gives it"
        if column.unique and not new.column(column.name).unique:
            yield f"column {column.name} is no longer unique"
