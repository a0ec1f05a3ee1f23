"""The levels of readiness: what each demands, and whether a contract and its live table meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, Readiness
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.contracts.schema import SchemaDiff


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What was found of the table itself.

    :param drift: contract and table compared; None if there is no such table.
    :param report: the contract's checks on every row; None if there is no such table.
    """

    drift: SchemaDiff | None
    report: Report | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """One demand of one level; the levels above demand it too.

    :param why_not: empty if it is met.
    """

    id: str
    level: Readiness
    demand: str
    why_not: Callable[[Contract, Live], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardResult:
    """Whether one standard is met.

    :param why: why not; empty if it is met.
    """

    standard: Standard
    why: str

    @property
    def met(self) -> bool:
        """Whether nothing is in the way."""
        return not self.why


def checklist(contract: Contract, live: Live) -> tuple[StandardResult, ...]:
    """Every standard of the level that the contract claims; of all levels if it claims none."""
    last = LEVELS.index(contract.readiness or LEVELS[-1])
    wanted = [standard for standard in STANDARDS if LEVELS.index(standard.level) <= last]
    return tuple(StandardResult(standard=standard, why=standard.why_not(contract, live)) for standard in wanted)


def markdown(contract: Contract, verdicts: Sequence[StandardResult]) -> str:
    """The checklist as Markdown: a box for each standard, checked where it is met."""
    claim = f"claims level {contract.readiness}" if contract.readiness else "claims no level; all are listed"
    lines = [f"# {contract.name} ({contract.table}), contract {contract.id} {contract.version}", ""]
    lines += [f"It {claim}. {sum(v.met for v in verdicts)} of {len(verdicts)} standards are met."]
    for level in LEVELS:
        boxes = [_box(verdict) for verdict in verdicts if verdict.standard.level is level]
        lines += ["", f"## {level}", "", *boxes] if boxes else []
    return "\n".join(lines)


def _box(verdict: StandardResult) -> str:
    said = f"{verdict.standard.id}: {verdict.standard.demand}"
    return f"- [x] {said}" if verdict.met else f"- [ ] {said} Not met: {verdict.why}"


LEVELS = tuple(Readiness)
"""From the least to the most demanding."""


def _said(text: str, what: str) -> str:
    return "" if text.strip() else f"the contract gives no {what}."


def _all_columns(contract: Contract, given: Callable[[str], str], what: str) -> str:
    bare = [name for name in contract.names if not given(name)]
    return f"without {what}: {', '.join(bare)}." if bare else ""


def _table(contract: Contract, live: Live) -> str:
    return "" if live.drift else f"there is no table {contract.table}."


def _columns(contract: Contract, live: Live) -> str:
    if live.drift is None:
        return _table(contract, live)
    return "; ".join(change.sentence() for change in live.drift.changes)


def _rows(contract: Contract, live: Live) -> str:
    if live.report is None:
        return _table(contract, live)
    return "" if live.report.rows else "the table is empty."


def _errors_hold(contract: Contract, live: Live) -> str:
    if live.report is None:
        return _table(contract, live)
    return " ".join(result.sentence() for result in live.report.results if result.blocking or result.error)


def _warnings_hold(contract: Contract, live: Live) -> str:
    if live.report is None:
        return _table(contract, live)
    return " ".join(result.sentence() for result in live.report.results if not result.passed)


def _promise(contract: Contract, names: Iterable[str]) -> str:
    wanted = tuple(names)
    there = any(sla.prop.lower() in wanted for sla in contract.slas)
    return "" if there else f"slaProperties has none of {', '.join(wanted)}."


def _fresh(contract: Contract) -> str:
    """A latency of a column is a promise of freshness too; ``fy`` is the standard's short word for frequency."""
    promised = any(sla.prop.lower() in ("latency", "ly") and sla.element for sla in contract.slas)
    return "" if promised else _promise(contract, ("freshness",))


def _standard(id: str, level: Readiness, demand: str, why_not: Callable[[Contract, Live], str]) -> Standard:
    return Standard(id=id, level=level, demand=demand, why_not=why_not)


_B, _S, _G = LEVELS
STANDARDS: tuple[Standard, ...] = (
    _standard("owner", _B, "A team is named.", lambda c, _: _said(c.owner.team, "team.name")),
    _standard("support", _B, "A channel is named.", lambda c, _: _said("".join(c.owner.channels), "support.channel")),
    _standard("purpose", _B, "The purpose is written.", lambda c, _: _said(c.description, "description.purpose")),
    _standard(
        "grain",
        _B,
        "It says what one row is.",
        lambda c, _: _said(c.granularity, "dataGranularityDescription"),
    ),
    _standard("table", _B, "The table exists.", _table),
    _standard("columns", _B, "The table has the contract's columns and types.", _columns),
    _standard("rows", _B, "The table has rows.", _rows),
    _standard("key", _S, "A primary key is named.", lambda c, _: "" if c.key else "no property is a primaryKey."),
    _standard(
        "described",
        _S,
        "Every column is described.",
        lambda c, _: _all_columns(c, lambda name: c.column(name).description, "a description"),
    ),
    _standard(
        "classified",
        _S,
        "Every column is classified.",
        lambda c, _: _all_columns(c, lambda name: c.column(name).classification, "a classification"),
    ),
    _standard(
        "limits", _S, "Its limitations are written.", lambda c, _: _said(c.limitations, "description.limitations")
    ),
    _standard("usage", _S, "Its usage is written.", lambda c, _: _said(c.usage, "description.usage")),
    _standard("roles", _S, "It says who may use it.", lambda c, _: "" if c.roles else "no role is named."),
    _standard("freshness", _S, "Freshness is promised.", lambda c, _: _fresh(c)),
    _standard(
        "row_count",
        _S,
        "The number of rows is checked.",
        lambda c, _: "" if any(k.kind is CheckKind.ROW_COUNT for k in c.checks) else "no check of kind row_count.",
    ),
    _standard("errors", _S, "Every check of severity error holds on the whole table.", _errors_hold),
    _standard("consumers", _G, "Its consumers are named.", lambda c, _: "" if c.consumers else "no harness.consumers."),
    _standard("paged", _G, "It says who is paged.", lambda c, _: "" if c.paged else "no harness.page."),
    _standard(
        "truth", _G, "It says which system is right.", lambda c, _: "" if c.truth else "no harness.sourceOfTruth."
    ),
    _standard(
        "availability",
        _G,
        "A time is promised by which it is there.",
        lambda c, _: _promise(c, ("latency", "ly", "timeofavailability", "availability", "ta")),
    ),
    _standard("retention", _G, "Retention is promised.", lambda c, _: _promise(c, ("retention", "re"))),
    _standard("warnings", _G, "Every check holds on the whole table, warnings too.", _warnings_hold),
)
"""The table of all standards, level by level."""
