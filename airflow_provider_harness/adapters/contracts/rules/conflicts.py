"""Rules of one contract that no data can keep at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from airflow_provider_harness.adapters.contracts.dictionary import against
from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.rules.bounds import Side, interval, whole_interval
from airflow_provider_harness.adapters.contracts.rules.options import comparable
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, properties
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, CheckSeverity, Expectation, Operator, Unit

NULLS = (CheckKind.NOT_NULL, CheckKind.NULL_RATE)
TOGETHER = (*NULLS, CheckKind.UNIQUE, CheckKind.ROW_COUNT, CheckKind.CUSTOM_SQL)
"""Kinds whose number is one and the same for two checks of the same columns."""
MOST_ALIKE = 100
"""Rules of one kind for the same columns; each is compared with each."""


def contradictions(rules: Sequence[Ruled], scope: Scope) -> None:
    """Find fault with pairs of rules of severity error that no rows keep, and with listed values that another rule refuses."""
    blocking: dict[object, list[Ruled]] = {}
    told = (*scope.told, *(finding.path for finding in scope.findings))
    for ruled in rules:
        if _broken(ruled.place, told):
            continue  # what it asks for is not known
        if ruled.check.severity is CheckSeverity.ERROR and not ruled.check.path:
            blocking.setdefault(_compared(ruled.check), []).append(ruled)
    for more in (alike[MOST_ALIKE] for alike in blocking.values() if len(alike) > MOST_ALIKE):
        scope.find(
            more.place, f"is one of more than {MOST_ALIKE} rules of one kind for the same columns.", fix="Keep fewer."
        )
    pairs = (pair for alike in blocking.values() for pair in combinations(alike[:MOST_ALIKE], 2))
    for one, other in pairs:
        problem = _problem(one.check, other.check, scope)
        if problem:
            line = scope.lines.get(one.place, scope.lines.get(one.place[:-1], 1))
            scope.find(other.place, f"{problem} (line {line}).", fix="Keep one of the two.")
    _listed(scope)


def _compared(check: Check) -> object:
    """What two checks have in common that can contradict each other."""
    return check.columns, CheckKind.NULL_RATE if check.kind in NULLS else check.kind, check.sql


def _broken(place: Path, told: Sequence[Path]) -> bool:
    """Whether a rule is itself found wrong."""
    ends = place.index("quality") + 2 if "quality" in place else len(place)
    rule = place[:ends]
    return any(path[: len(rule)] == rule for path in told)


def _problem(one: Check, other: Check, scope: Scope) -> str:
    if one.kind in TOGETHER and _measure(one) == _measure(other) and one.expect != other.expect:
        return (
            ""
            if _overlap(one.expect, other.expect, counted=one.kind is not CheckKind.CUSTOM_SQL)
            else f"asks for {other.expect}, and another rule for {one.expect}"
        )
    if one.kind is not other.kind or one.expect != Expectation() or other.expect != Expectation():
        return ""
    if one.kind in (CheckKind.RANGE, CheckKind.LENGTH):
        logical = "" if one.kind is CheckKind.LENGTH else str(scope.subject(one.columns[0]).logical)
        return "" if _ranges_meet(one, other, logical) else "leaves no value that another rule also allows"
    if one.kind is CheckKind.ACCEPTED_VALUES:
        ours, theirs = set(one.values), set(other.values)
        if not (ours <= theirs or theirs <= ours):
            told = ", ".join(sorted(map(str, ours ^ theirs)))
            return f"lists other values than another rule ({told} cannot be in both)"
    return ""


def _measure(check: Check) -> Check:
    """What a check's number is of, without what it is compared with."""
    kind = CheckKind.NULL_RATE if check.kind in NULLS else check.kind
    return replace(check, id="", kind=kind, expect=Expectation(), description="", dimension="")


def _overlap(one: Expectation, other: Expectation, *, counted: bool) -> bool:
    """Whether some number keeps both; what cannot be told does.

    :param counted: the number is one of rows.
    """
    values = (*one.values, *other.values)
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return one.operator is not Operator.BE or other.operator is not Operator.BE or one.values == other.values
    for first, second in ((one, other), (other, one)):
        if first.operator is Operator.NOT_BE and second.operator is Operator.BE and first.values == second.values:
            return False
        apart = first.operator is Operator.NOT_BETWEEN and second.operator in (Operator.BE, Operator.BETWEEN)
        if apart and first.values[0] <= second.values[0] and second.values[-1] <= first.values[1]:  # type: ignore[operator]
            return False
    if one.unit is not other.unit and not (_zero(one) or _zero(other)):
        return True
    whole = counted and one.unit is other.unit is Unit.ROWS
    (low, high), (other_low, other_high) = map(whole_interval if whole else interval, (one, other))
    return _meet(low, other_high) and _meet(other_low, high)


def _zero(expect: Expectation) -> bool:
    return expect.operator in (Operator.BE, Operator.LESS_OR_EQUAL) and expect.values[0] == 0


def _meet(low: Side | None, high: Side | None) -> bool:
    if low is None or high is None:
        return True
    return low[0] < high[0] or (low[0] == high[0] and not low[1] and not high[1])


def _ranges_meet(one: Check, other: Check, logical: str) -> bool:
    def side(value: Any, is_open: bool) -> Side | None:
        found = None if value is None else comparable(logical, value)
        return None if found is None else (found, is_open)

    try:
        return _meet(side(one.low, one.low_open), side(other.high, other.high_open)) and _meet(
            side(other.low, other.low_open), side(one.high, one.high_open)
        )
    except TypeError:  # one moment has a zone, the other has none
        return True


def _listed(scope: Scope) -> None:
    """A value that ``enum`` or ``validValues`` lists and another option of the property refuses."""
    for here, prop in properties(scope.table, scope.here):
        rules: Mapping[str, Any] = {word: prop[word] for word in ("logicalTypeOptions",) if word in prop}
        for place, value in _values(prop, here):
            reason = next(against(rules, value), "") if value is not None else ""
            if reason:
                problem = f"{value!r} is a value that the column may not have: {reason}."
                scope.find(place, problem, fix="Correct the value, or the rule.")


def _values(prop: Mapping[str, Any], here: Path) -> Iterator[tuple[Path, Any]]:
    entries, rules = prop.get("enum"), prop.get("quality")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield (*here, "enum", index), entry.get("value")
    for number, rule in enumerate(rules if isinstance(rules, list) else ()):
        arguments = rule.get("arguments") if isinstance(rule, dict) else None
        given = arguments.get("validValues") if isinstance(arguments, dict) else None
        for index, value in enumerate(given if isinstance(given, list) else ()):
            yield (*here, "quality", number, "arguments", "validValues", index), value
