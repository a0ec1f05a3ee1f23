"""The sample that is learned from: drawn in the database by a hash of the key, so that it is the same each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.adapters.sql.checks import column, ident, literal
from airflow_provider_harness.adapters.sql.values import TEXTS, Family, family, kind_of
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contracts.contract import Contract, Load, QuarantinePolicy, Treatment
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.synthetic import MARK, Drawn

MOST_CHILDREN = 10
"""Rows of a table for each sampled row of the one that it refers to; where there are more, fewer rows are sampled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A foreign key between two tables of the set.

    :param column: that refers, ``to`` the key of ``table``.
    """

    column: str
    table: str
    to: str


def links(contract: Contract, tables: Sequence[str]) -> tuple[Link, ...]:
    """The foreign keys of a contract to tables that come before it in the set; the first one is that by which rows are counted."""
    return tuple(
        Link(column=check.columns[0], table=check.reference.table, to=check.reference.columns[0])
        for check in contract.checks
        if check.kind is CheckKind.REFERENTIAL
        and check.reference
        and check.reference.table in tables
        and len(check.columns) == 1
    )


def own_links(contract: Contract) -> tuple[str, ...]:
    """The columns that refer to the key of their own table."""
    return tuple(
        check.columns[0]
        for check in contract.checks
        if check.kind is CheckKind.REFERENTIAL
        and check.reference
        and check.reference.table == contract.table
        and len(check.columns) == 1
        and check.reference.columns == contract.key
    )


def followable(contracts: Sequence[Contract]) -> None:
    """That synthetic rows can keep every reference between the tables of a set.

    :raises ConfigurationError: one refers by several columns, to what is no key, or to a table that comes after it.
    """
    before: dict[str, Contract] = {}
    for contract in contracts:
        own = own_links(contract)
        for check in contract.checks:
            other = check.reference
            if check.kind is not CheckKind.REFERENTIAL or not other or other.table not in {c.table for c in contracts}:
                continue
            if other.table == contract.table and check.columns[0] in own:
                continue
            place, named = f"table {contract.table}, {check.id}", ", ".join(other.columns)
            if len(check.columns) > 1 or other.table == contract.table or other.table not in before:
                problem = f"refers to {named} of {other.table}: synthetic rows refer by one column, to a table that comes before theirs, or to the key of their own."
                fix = "List each table after those that it refers to; leave a reference of several columns, and one of a cycle, out of the contract that is given here."
                raise ConfigurationError(place, problem, fix=fix)
            if other.columns != before[other.table].key:
                problem = f"refers to {named} of {other.table}, which is not its key."
                raise ConfigurationError(place, problem, valid=before[other.table].key, fix="Refer to the key.")
        before[contract.table] = contract


def sampled(contract: Contract, seed: int, rows: int, link: Link | None = None, parents: str = "") -> str:
    """A query for the sample of a table.

    :param link: only rows that refer to the sampled rows of another table.
    :param parents: the query for those.
    """
    names = ", ".join(f"t.{column(name)}" for name in contract.names)
    key = ", ".join(f"t.{column(name)}::text" for name in contract.key) or "t::text"
    where, most = "", rows
    if link is not None:
        where, most = (
            f" WHERE t.{column(link.column)} IN (SELECT p.{column(link.to)} FROM ({parents}) AS p)",
            rows * MOST_CHILDREN,
        )
    order = f"md5(concat_ws('|', {literal(str(seed))}, {key}))"
    return f"SELECT {names} FROM {ident(contract.table)} AS t{where} ORDER BY {order} LIMIT {most}"


def readable(contract: Contract) -> Contract:
    """The contract by which the sample is read: all of the table, and nothing that the contract would hide."""
    hidden = tuple(
        one if one.treatment is Treatment.KEEP else replace(one, treatment=Treatment.MASK) for one in contract.columns
    )
    return replace(contract, columns=hidden, load=Load(), checks=())


_OF_ROWS = frozenset({Metric.FAILING_ROWS, Metric.EXCESS_ROWS})
_LEFT = frozenset({CheckKind.IN_SLICE, CheckKind.NULL_RATE})
_OF_PLACEHOLDERS = frozenset({CheckKind.UNIQUE, CheckKind.NOT_NULL})


def of_synthetic(contract: Contract, target: str, drawn: dict[str, Drawn], targets: dict[str, str]) -> Contract:
    """The contract of the synthetic table: what it says of single rows holds there, too; what is about slices, time and totals does
    not, and of a placeholder only that it is there, and unique.

    :param targets: real table -> synthetic one.
    """

    def holds(check: Check) -> bool:
        strange = any(drawn.get(name) is Drawn.PLACEHOLDER for name in check.columns)
        return (
            check.spec.metric in _OF_ROWS
            and check.kind not in _LEFT
            and (not strange or check.kind in _OF_PLACEHOLDERS)
            and not (check.reference and check.reference.table not in targets and strange)
        )

    checks = tuple(
        replace(
            check, reference=replace(check.reference, table=targets.get(check.reference.table, check.reference.table))
        )
        if check.reference
        else check
        for check in contract.checks
        if holds(check)
    )
    return replace(
        contract,
        id=f"{contract.id}.synthetic",
        table=target,
        columns=tuple(replace(one, treatment=Treatment.KEEP) for one in contract.columns),
        checks=checks,
        load=Load(),
        quarantine=QuarantinePolicy(),
        dropped=(),
        description=f"{MARK}, made like {contract.table}: no row of it is real.",
    )


_LENGTH = re.compile(r"\((\d+)\)")


def counted(contract: Contract, name: str, numbers: Sequence[int]) -> list[Any]:
    """Keys: counted from 1, in the column's type.

    :raises ConfigurationError: the type cannot be counted.
    """
    import uuid
    from datetime import UTC, date, datetime, timedelta

    kind = family(kind_of(contract, name))
    ways: dict[Family, Any] = {
        Family.WHOLE: int,
        Family.UUID: lambda n: str(uuid.UUID(int=int(n))),
        Family.TEXT: str,
        Family.PADDED: str,
        Family.DATE: lambda n: date(2000, 1, 1) + timedelta(days=int(n)),
        Family.MOMENT: lambda n: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=int(n)),
    }
    if kind not in ways:
        raise ConfigurationError(
            f"column {contract.table}.{name}",
            f"is a key of type {kind}, which cannot be counted.",
            valid=tuple(map(str, ways)),
        )
    return [ways[kind](number) for number in numbers]


def placeholders(contract: Contract, name: str, numbers: Sequence[int]) -> list[Any]:
    """Texts that say nothing; null where there can be none.

    :raises ConfigurationError: there can be none, and the column is required.
    """
    found, kind = contract.column(name), family(kind_of(contract, name))
    if kind is Family.UUID or (kind in TEXTS and kind is not Family.OTHER):
        most = _LENGTH.search(found.physical_type)
        texts = counted(contract, name, numbers) if kind is Family.UUID else [f"{name} {number}" for number in numbers]
        return [text[-int(most.group(1)) :] for text in texts] if most else texts
    if kind is Family.JSON:
        return ["{}"] * len(numbers)
    if found.required:
        raise ConfigurationError(
            f"column {contract.table}.{name}",
            f"is required, and no value of type {found.physical_type} can be made up.",
            fix="Let the contract not require it, or make synthetic data of a query without it.",
        )
    return [None] * len(numbers)
