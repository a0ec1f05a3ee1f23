"""What the promotion of a table needs of the world: a sandbox, somebody who drafts, a purse, and a place for files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.readiness import Live
from airflow_provider_harness.core.learning.promotion.difference import Difference
from airflow_provider_harness.core.learning.promotion.grade import Row
from airflow_provider_harness.core.lineage.graph import ColumnEdge


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """What a column holds, in numbers; in values only where they may leave.

    :param type: as the catalog names it.
    :param empty: rows without a value, by NULL or by a word that means none.
    :param distinct: distinct values.
    :param fits: the types that all of a text column's values have, such as ``bigint``.
    :param padded: values with spaces around them.
    :param samples: frequent values, of a column that the contract calls public and keeps.
    """

    name: str
    type: str
    empty: int
    distinct: int
    fits: tuple[str, ...] = ()
    padded: int = 0
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the table holds."""

    table: str
    rows: int
    columns: tuple[ColumnProfile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What a proposal is made from.

    :param document: the contract that stands, as its file has it.
    :param target: ``schema.table`` that the promoted table would be.
    :param standards: id -> demand, of all that is graded.
    :param before: id -> why the table as it is does not meet it, in words that may leave the warehouse.
    """

    contract: Contract
    document: str
    target: str
    level: str
    profile: Profile
    standards: Mapping[str, str]
    before: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal, as somebody wrote it: text that nothing is known of yet.

    :param sql: one SELECT that gives the promoted table.
    :param contract: the contract's file.
    :param said: what its author says of it; it counts for nothing.
    """

    sql: str
    contract: str
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One proposal and what became of it.

    :param by: who wrote it.
    :param refused: why it was not even built; empty where it was.
    :param rows: its grades; none where it was not built.
    :param contract: as it compiled.
    :param sql: as it was run.
    """

    number: int
    by: str
    draft: Draft
    refused: str = ""
    rows: tuple[Row, ...] = ()
    contract: Contract | None = None
    sql: str = ""
    difference: Difference | None = None
    edges: tuple[ColumnEdge, ...] = ()
    table: str = ""


class ProposalRefused(ValueError):
    """A proposal is not run or not built; the message says why, in words that its author may read."""


class Sandbox(Protocol):
    """A schema in which a role that can do no more builds what was proposed."""

    def opened(self) -> AbstractContextManager[None]:
        """The sandbox for this task alone, proved and empty.

        :raises NotAllowed: the role can do more, or reads what it should not.
        """
        ...

    def profile(self) -> Profile: ...

    def live(self, contract: Contract, table: str) -> Live:
        """A table and a contract's checks on all its rows."""
        ...

    def build(self, sql: str, number: int) -> tuple[str, str]:
        """The query as it was run, and the table that holds what it gave.

        :raises ProposalRefused: it is not run, or the database refuses it.
        """
        ...

    def difference(self, contract: Contract, table: str) -> Difference:
        """All rows of the source and of a built table, by the contract's key.

        :raises ProposalRefused: they cannot be compared.
        """
        ...

    def edges(self, sql: str) -> tuple[ColumnEdge, ...]: ...

    def keep(self, table: str) -> None:
        """Drop what was built but this table."""
        ...


class Drafter(Protocol):
    """Somebody who proposes: rules, or a model."""

    @property
    def name(self) -> str: ...

    def draft(self, brief: Brief, tried: Sequence[Tried]) -> Draft:
        """The next proposal, after those that were tried.

        :raises HarnessUnavailable: none can be had.
        :raises NotAllowed: the budget is used up.
        """
        ...


class Compiler(Protocol):
    """Reads a contract's text."""

    def __call__(self, text: str) -> Contract:
        """
        :raises ContractError: with every finding.
        """
        ...


class Budget(Protocol):
    """What may be used up, kept so that a retry goes on with what is left."""

    def turn(self) -> str:
        """Begin one more proposal after the one by rules; why it may not begin, or empty."""
        ...
