"""A finding of ``airflow harness check``: what is wrong where, why it matters, and the text to add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FindingSeverity(StrEnum):
    """How much a finding weighs; an error or a warning makes the command exit 1."""

    ERROR = "error"  # it fails, loses rows, doubles rows or leaks
    WARNING = "warning"  # it will hurt on some day: a re-run, a late source, a night without anybody
    HINT = "hint"  # it could be better, and sound Dags are written so


class Family(StrEnum):
    """What a finding is about."""

    FILE = "file"  # the file itself: does it parse, does it import
    LOGICAL = "logical"  # syntax, types, keys and timestamps carried through SQL, joins, groups
    PHYSICAL = "physical"  # engines, connections, pools, partitions and indexes that a query would use
    SEMANTIC = "semantic"  # contract against SQL, nulls, time zones, transactions
    OPERATIONAL = "operational"  # slices and schedules, re-runs, sensors, publishing, people, secrets


class Stage(StrEnum):
    """How far along a Dag is; each stage asks what the ones before it ask, and more."""

    COMPILE = "compile"  # the file and its contracts alone
    PLAN = "plan"  # also Airflow's connections and pools
    TEST = "test"  # also the live tables: columns, and the plan of each query
    DEPLOY = "deploy"  # also the people: owner, page and promise are demanded

    @property
    def rank(self) -> int:
        """Its place in the order."""
        return tuple(Stage).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table of findings.

    :param what: what is wrong, as a heading.
    :param why: why it matters.
    :param fix: the text to add, where a finding does not know a better one.
    :param demanded: the stage from which on a hint is a warning; None for never.
    """

    id: str
    family: Family
    severity: FindingSeverity
    what: str
    why: str
    fix: str
    demanded: Stage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule saw.

    :param rule: id of the row of the table.
    :param line: 1 for the first.
    :param message: what is wrong here; empty for the row's own words.
    :param fix: the text to add here; empty for the row's own.
    :param severity: another than the row's, where the place makes it weigh more or less.
    :param file: another file than the one that is checked, such as a contract.
    """

    rule: str
    line: int
    message: str = ""
    fix: str = ""
    severity: FindingSeverity | None = None
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding, as the command prints it."""

    rule: Rule
    severity: FindingSeverity
    file: str
    line: int
    message: str
    fix: str

    @property
    def page(self) -> str:
        """Its page in the reference."""
        return f"docs/reference/findings.md#{self.rule.id.lower()}"

    def row(self) -> Mapping[str, object]:
        """The finding for programs."""
        return {
            "rule": self.rule.id,
            "severity": str(self.severity),
            "file": self.file,
            "line": self.line,
            "message": self.message,
            "why": self.rule.why,
            "fix": self.fix,
            "family": str(self.rule.family),
            "page": self.page,
        }
