"""The levels of readiness: what each demands, and whether a contract and its live table meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import (
    AiPoint,
    Contract,
    LoadMode,
    Readiness,
    Statement,
    Treatment,
)
from airflow_provider_harness.core.contracts.report import CheckResult, Report
from airflow_provider_harness.core.contracts.schema import SchemaDiff
from airflow_provider_harness.core.redaction.personal_data import PERSONAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What was found of the table itself.

    :param drift: contract and table compared; None if there is no such table.
    :param report: the contract's checks on every row; None if there is no such table.
    :param looked: whether the table was looked for at all.
    :param gates: id of a check -> why it did not pass in the newest gate; empty where it passed.
    :param origins: column -> what it is made of, as tasks told; None where no task told that it writes the table.
    :param unread: why gates and lineage could not be read; empty where they were.
    :param today: the day on which a person's word is held against.
    """

    drift: SchemaDiff | None
    report: Report | None
    looked: bool = True
    gates: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, tuple[str, ...]] | None = None
    unread: str = ""
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """One demand of one level; the levels above demand it too.

    :param why_not: empty if it is met.
    :param add: what to write into the contract, or to do, where it is not met.
    :param point: the point of the checklist for models that it is; a person may answer for it where nothing measures
        it.
    """

    id: str
    level: Readiness
    demand: str
    why_not: Callable[[Contract, Live], str]
    add: str
    point: AiPoint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardResult:
    """Whether one standard is met.

    :param why: why not; empty if it is met.
    :param statement: the person's word that it is met; None where it was measured.
    """

    standard: Standard
    why: str
    statement: Statement | None = None

    @property
    def person(self) -> str:
        """Whose word it is that it is met, since when, and what was said; empty where it was measured."""
        said = self.statement
        return f"{said.by} on {said.date}: {said.text}" if said else ""

    @property
    def met(self) -> bool:
        """Whether nothing is in the way."""
        return not self.why


def checklist(contract: Contract, live: Live, level: Readiness | None = None) -> tuple[StandardResult, ...]:
    """Every standard of a level and of those below it.

    :param level: None = the one that the contract claims; all up to gold if it claims none.
    """
    last = LEVELS.index(level or contract.readiness or Readiness.GOLD)
    return tuple(_result(standard, contract, live) for standard in STANDARDS if LEVELS.index(standard.level) <= last)


def _result(standard: Standard, contract: Contract, live: Live) -> StandardResult:
    why, said = standard.why_not(contract, live), None
    if standard.point and not why and not AI_POINTS[standard.point](contract, live).measured:
        said = _said_of(standard.point, contract)
    return StandardResult(standard=standard, why=why, statement=said)


def reached(results: Iterable[StandardResult]) -> Readiness | None:
    """The highest level of which every standard, and those below it, are met; None where the first one's are not.

    :param results: of all standards up to some level.
    """
    met = dict.fromkeys(LEVELS, True)
    looked = []
    for one in results:
        looked.append(one.standard.level)
        met[one.standard.level] &= one.met
    found = None
    for level in LEVELS:
        if level not in looked or not met[level]:
            break
        found = level
    return found


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
    if verdict.person:
        return f"- [x] {said} Not measured; {verdict.person}"
    return f"- [x] {said}" if verdict.met else f"- [ ] {said} Not met: {verdict.why}"


LEVELS = tuple(Readiness)
"""From the least to the most demanding."""


def _said(text: str, what: str) -> str:
    return "" if text.strip() else f"the contract gives no {what}."


def _all_columns(contract: Contract, given: Callable[[str], str], what: str) -> str:
    bare = [name for name in contract.names if not given(name)]
    return f"without {what}: {', '.join(bare)}." if bare else ""


def _table(contract: Contract, live: Live) -> str:
    if not live.looked:
        return "nobody looked at the table; name its connection with --conn-id."
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
    return " ".join(
        _said_at_gate(result, live) for result in live.report.results if result.blocking or result.error
    ).strip()


def _warnings_hold(contract: Contract, live: Live) -> str:
    if live.report is None:
        return _table(contract, live)
    return " ".join(_said_at_gate(result, live) for result in live.report.results if not result.passed).strip()


def _said_at_gate(result: CheckResult, live: Live) -> str:
    """A result in words; of a check that only a slice can be held to, what the newest gate found."""
    return live.gates.get(result.id, result.sentence()) if result.error else result.sentence()


def _promise(contract: Contract, names: Iterable[str]) -> str:
    wanted = tuple(names)
    there = any(sla.prop.lower() in wanted for sla in contract.slas)
    return "" if there else f"slaProperties has none of {', '.join(wanted)}."


def _fresh(contract: Contract) -> str:
    """A latency of a column is a promise of freshness too; ``fy`` is the standard's short word for frequency."""
    promised = any(sla.prop.lower() in ("latency", "ly") and sla.element for sla in contract.slas)
    return "" if promised else _promise(contract, ("freshness",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was found of one point.

    :param measured: whether something measures it at all; else it is a person's.
    :param why: why it does not hold; empty if it does, or nothing measures it.
    """

    measured: bool
    why: str = ""


WORD_GOOD_DAYS = 365
"""How long a person's word on a point counts."""
_OF_NULLS = (CheckKind.NOT_NULL, CheckKind.NULL_RATE)
_OF_SHARES = (CheckKind.DRIFT, CheckKind.CUSTOM_SQL, CheckKind.CUSTOM_GX)
_OF_VALUES = (
    *(CheckKind.ACCEPTED_VALUES, CheckKind.RANGE, CheckKind.LENGTH, CheckKind.REGEX, CheckKind.MULTIPLE),
    *(CheckKind.REFERENTIAL, CheckKind.DRIFT, CheckKind.CUSTOM_SQL, CheckKind.CUSTOM_GX),
)


def _hold(contract: Contract, live: Live, checks: Iterable[Check]) -> str:
    """Why some checks do not hold: on the whole table where they can be judged so, else in the newest gate."""
    results = {result.id: result for result in live.report.results} if live.report else {}
    whys, unread = [], ""
    for check in dict.fromkeys(checks):
        result = results.get(check.id)
        if result is not None and not result.error:
            whys.append("" if result.passed else result.sentence())
        elif check.id in live.gates:
            whys.append(live.gates[check.id])
        else:
            whys.append(result.sentence() if result else f"{check.id}: no gate has measured it.")
            unread = live.unread
    return " ".join(filter(None, (*whys, unread)))


def _covering(contract: Contract, names: Iterable[str], kinds: Sequence[CheckKind]) -> tuple[list[Check], list[str]]:
    """The checks of some kinds on some columns, and the columns that have none."""
    found, bare = [], []
    for name in names:
        mine = [check for check in contract.checks if name in check.columns and check.kind in kinds]
        found += mine
        bare += [] if mine else [name]
    return found, bare


def _by_checks(contract: Contract, live: Live, names: Sequence[str], kinds: Sequence[CheckKind], what: str) -> Look:
    checks, bare = _covering(contract, names, kinds)
    gap = f"no check of {what}: {', '.join(bare)}." if bare else ""
    return Look(measured=bool(names), why=" ".join(filter(None, (gap, _hold(contract, live, checks)))))


def _complete(contract: Contract, live: Live) -> Look:
    return _by_checks(contract, live, contract.names, _OF_NULLS, "nulls")


def _fair(contract: Contract, live: Live) -> Look:
    return _by_checks(contract, live, contract.ai.groups, _OF_SHARES, "the shares of a group")


def _labelled(contract: Contract, live: Live) -> Look:
    labels = contract.ai.labels
    values = _by_checks(contract, live, labels, _OF_VALUES, "the values of a label")
    nulls = _by_checks(contract, live, labels, _OF_NULLS, "nulls of a label")
    return Look(measured=bool(labels), why=" ".join(filter(None, (values.why, nulls.why))))


def _in_time(contract: Contract, live: Live) -> Look:
    """Whether rows are in the slices of their time, and no older than promised."""
    sliced = contract.load.mode is not LoadMode.FULL
    wanted = (CheckKind.FRESHNESS, CheckKind.IN_SLICE) if sliced else (CheckKind.FRESHNESS,)
    checks = [check for check in contract.checks if check.kind in wanted]
    missing = [kind for kind in wanted if kind not in {check.kind for check in checks}]
    gap = f"no check of kind {', '.join(missing)}." if checks and missing else ""
    return Look(measured=bool(checks), why=" ".join(filter(None, (gap, _hold(contract, live, checks)))))


def _private(contract: Contract, live: Live) -> Look:
    """Whether each column is classified, none that is personal is kept as it is, and none that is not looks
    personal."""
    kept = [c.name for c in contract.columns if c.classification.lower() in PERSONAL and c.treatment is Treatment.KEEP]
    bare = _all_columns(contract, lambda name: contract.column(name).classification, "a classification")
    found = [why for name, why in live.gates.items() if name.startswith(f"{CheckKind.PERSONAL_DATA}:") and why]
    return Look(measured=not kept, why=" ".join((*filter(None, (bare,)), *found)))


def _made_of(contract: Contract, live: Live) -> Look:
    """Whether it is known of each column what it is made of."""
    if live.origins is None:
        return Look(measured=bool(live.unread), why=live.unread)
    unknown = [name for name in contract.names if not live.origins.get(name)]
    return Look(measured=True, why=f"no task told what is in {', '.join(unknown)}." if unknown else "")


AI_POINTS: Mapping[AiPoint, Callable[[Contract, Live], Look]] = {
    AiPoint.COMPLETENESS: _complete,
    AiPoint.BIAS: _fair,
    AiPoint.LABEL_QUALITY: _labelled,
    AiPoint.TEMPORAL_CONSISTENCY: _in_time,
    AiPoint.PERSONAL_DATA: _private,
    AiPoint.LINEAGE: _made_of,
}
"""Point of the checklist -> how it is measured."""


def _said_of(point: AiPoint, contract: Contract) -> Statement | None:
    """The newest word on a point."""
    said = [one for one in contract.ai.statements if one.point is point]
    return max(said, key=lambda one: one.date, default=None)


def _point(point: AiPoint) -> Callable[[Contract, Live], str]:
    def why_not(contract: Contract, live: Live) -> str:
        look = AI_POINTS[point](contract, live)
        if look.measured or look.why:
            return look.why
        said = _said_of(point, contract)
        if said is None:
            return "nothing measures it, and nobody has said it."
        return _worn(said, live.today)

    return why_not


def _worn(said: Statement, today: date | None) -> str:
    """Why a person's word does not count; empty if it does."""
    if today is None:
        return ""
    days = (today - date.fromisoformat(said.date)).days
    if days < 0:
        return f"{said.by} is to have said it on {said.date}, which is yet to come."
    return f"{said.by} said it {days} days ago; it counts for {WORD_GOOD_DAYS}." if days > WORD_GOOD_DAYS else ""


def _standard(id: str, level: Readiness, demand: str, why_not: Callable[[Contract, Live], str], add: str) -> Standard:
    return Standard(id=id, level=level, demand=demand, why_not=why_not, add=add)


def _of_point(point: AiPoint, demand: str, add: str) -> Standard:
    return Standard(id=point.value, level=_A, demand=demand, why_not=_point(point), add=add, point=point)


_B, _S, _G, _A = LEVELS
STANDARDS: tuple[Standard, ...] = (
    _standard("owner", _B, "A team is named.", lambda c, _: _said(c.owner.team, "team.name"), "team: {name: TEAM}"),
    _standard(
        "support",
        _B,
        "A channel is named.",
        lambda c, _: _said("".join(c.owner.channels), "support.channel"),
        'support: [{channel: "#CHANNEL"}]',
    ),
    _standard(
        "purpose",
        _B,
        "The purpose is written.",
        lambda c, _: _said(c.description, "description.purpose"),
        "description: {purpose: WHAT IT IS FOR}",
    ),
    _standard(
        "grain",
        _B,
        "It says what one row is.",
        lambda c, _: _said(c.granularity, "dataGranularityDescription"),
        "dataGranularityDescription: One row per THING.",
    ),
    _standard("table", _B, "The table exists.", _table, "Publish the table, or correct its physicalName."),
    _standard(
        "columns",
        _B,
        "The table has the contract's columns and types.",
        _columns,
        "Correct the properties, or the table: `airflow harness contract diff` compares two contracts.",
    ),
    _standard("rows", _B, "The table has rows.", _rows, "Publish a slice."),
    _standard(
        "key",
        _S,
        "A primary key is named.",
        lambda c, _: "" if c.key else "no property is a primaryKey.",
        "primaryKey: true  # at the properties that tell two rows apart",
    ),
    _standard(
        "described",
        _S,
        "Every column is described.",
        lambda c, _: _all_columns(c, lambda name: c.column(name).description, "a description"),
        "description: WHAT IT MEANS  # at each property",
    ),
    _standard(
        "classified",
        _S,
        "Every column is classified.",
        lambda c, _: _all_columns(c, lambda name: c.column(name).classification, "a classification"),
        "classification: public  # or another word, at each property",
    ),
    _standard(
        "limits",
        _S,
        "Its limitations are written.",
        lambda c, _: _said(c.limitations, "description.limitations"),
        "description: {limitations: WHAT IT IS NOT GOOD FOR}",
    ),
    _standard(
        "usage",
        _S,
        "Its usage is written.",
        lambda c, _: _said(c.usage, "description.usage"),
        "description: {usage: WHAT IT MAY BE USED FOR}",
    ),
    _standard(
        "roles",
        _S,
        "It says who may use it.",
        lambda c, _: "" if c.roles else "no role is named.",
        "roles: [{role: WHO MAY READ IT}]",
    ),
    _standard(
        "freshness",
        _S,
        "Freshness is promised.",
        lambda c, _: _fresh(c),
        "slaProperties: [{property: freshness, value: 1, unit: d, element: TABLE.COLUMN}]",
    ),
    _standard(
        "row_count",
        _S,
        "The number of rows is checked.",
        lambda c, _: "" if any(k.kind is CheckKind.ROW_COUNT for k in c.checks) else "no check of kind row_count.",
        "quality: [{metric: rowCount, mustBeGreaterThan: 0}]",
    ),
    _standard(
        "errors",
        _S,
        "Every check of severity error holds on the whole table.",
        _errors_hold,
        "Mend the rows that are named, or the rule.",
    ),
    _standard(
        "consumers",
        _G,
        "Its consumers are named.",
        lambda c, _: "" if c.consumers else "no harness.consumers.",
        "customProperties: [{property: harness.consumers, value: [{name: WHO, access: scan}]}]",
    ),
    _standard(
        "paged",
        _G,
        "It says who is paged.",
        lambda c, _: "" if c.paged else "no harness.page.",
        "customProperties: [{property: harness.page, value: {to: [TEAM]}}]",
    ),
    _standard(
        "truth",
        _G,
        "It says which system is right.",
        lambda c, _: "" if c.truth else "no harness.sourceOfTruth.",
        "customProperties: [{property: harness.sourceOfTruth, value: {COLUMN: SYSTEM}}]",
    ),
    _standard(
        "availability",
        _G,
        "The contract promises a time by which the data are there.",
        lambda c, _: _promise(c, ("latency", "ly", "timeofavailability", "availability", "ta")),
        "slaProperties: [{property: latency, value: 6, unit: h}]",
    ),
    _standard(
        "retention",
        _G,
        "Retention is promised.",
        lambda c, _: _promise(c, ("retention", "re")),
        "slaProperties: [{property: retention, value: 5, unit: y}]",
    ),
    _standard(
        "warnings",
        _G,
        "Every check holds on the whole table, warnings too.",
        _warnings_hold,
        "Mend the rows that are named, or the rule.",
    ),
    _of_point(
        AiPoint.COMPLETENESS,
        "Each column has a check of its nulls, and it holds.",
        "required: true  # or a rule of metric nullValues with a limit, at each property",
    ),
    _of_point(
        AiPoint.BIAS,
        "The shares of each group are held against a reference, and they hold.",
        "harness.aiReady: {groups: [COLUMN]}, and at the column a rule {check: drift, method: psi}",
    ),
    _of_point(
        AiPoint.LABEL_QUALITY,
        "Each label has checks of its values and of its nulls, and they hold.",
        "harness.aiReady: {labels: [COLUMN]}, and at the column required: true and its values (enum, or minimum "
        "and maximum)",
    ),
    _of_point(
        AiPoint.TEMPORAL_CONSISTENCY,
        "Rows are in the slices of their time, and no older than promised.",
        "harness.load with a sliceColumn, and slaProperties: "
        "[{property: freshness, value: 1, unit: d, element: TABLE.COLUMN}]",
    ),
    _of_point(
        AiPoint.PERSONAL_DATA,
        "Each column is classified, and no personal column has the treatment keep.",
        "harness.personalData: {CLASSIFICATION: hash}  # or mask, or drop",
    ),
    _of_point(
        AiPoint.LINEAGE,
        "It is known of each column what it is made of.",
        "Load the table by an operator of this package, which tells where its columns come from.",
    ),
)
"""The table of all standards, level by level. Each point of level ai_ready may also be a person's word, where nothing
measures it: ``harness.aiReady: {statements: [{point: bias, text: WHAT, by: WHO, date: 2026-11-30}]}``."""
