"""Rules that the values of a column's own type can never keep, and pairs of rules between which no value lies."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.rules.logical_types import HOLDS, TEXTS, bare, logical_of
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, below, physical_name, properties
from airflow_provider_harness.adapters.contracts.versions import Unsaid
from airflow_provider_harness.adapters.sql.types import inside
from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind, CheckSeverity, Expectation

LENGTHS: Mapping[str, tuple[int, int | None]] = {
    "email": (5, None),
    "uuid": (36, 36),
    "url": (5, None),
    "ipv4": (7, 15),
    "ipv6": (2, 45),
    "date": (10, 10),
    "time": (8, None),
    "date-time": (20, None),
}
"""Format of a string -> how short and how long its texts can be."""
UUID = 36
"""Characters of a UUID as PostgreSQL writes it."""
HOLDING: Mapping[str, tuple[str, ...]] = {
    "integer": ("integer", "number"),
    "number": ("number", "integer"),
    "boolean": ("boolean",),
    "date": ("date", "timestamp", "string"),
    "timestamp": ("timestamp", "date", "string"),
    "time": ("time", "string"),
    "object": ("object", "string"),
    "array": ("array", "object", "string"),
}
"""Logical type -> what a type may be that has such values, dates and documents as texts among them; a text may stand for all."""
BELOW: Mapping[str, tuple[str, ...]] = {
    "integer": ("integer", "number"),
    "number": ("number", "integer"),
    "boolean": ("boolean",),
    "string": ("string", "date", "timestamp", "time"),
    "date": ("date", "string"),
    "timestamp": ("timestamp", "string"),
    "time": ("time", "string"),
    "array": ("array",),
}
"""What a column's own type has inside -> the logical types that it may be said to have; a document may be anything."""
Bound = tuple[Decimal, bool]
"""A bound, and whether it is itself left out."""


def room(rules: Sequence[Ruled], scope: Scope) -> None:
    """Find fault with rules of severity error that no value of their column's type keeps, unless the rule is found wrong
    already."""
    ranges: dict[tuple[str, ...], Check] = {}
    for ruled in rules:
        check = ruled.check
        if check.severity is CheckSeverity.ERROR and not check.path and check.expect == Expectation():
            if check.kind is CheckKind.RANGE:
                ranges.setdefault(check.columns, check)
            for problem in _problems(check, scope, ranges.get(check.columns)):
                if not any(one.path[: len(ruled.place) - 1] == ruled.place[:-1] for one in scope.findings):
                    scope.find(ruled.place, problem, fix="Correct the rule, or the type.")
    _formats(scope)


def types(scope: Scope) -> None:
    """Find fault with logical types of which a column's own type has no value, unless the column is found wrong already."""
    for here, prop in properties(scope.table, scope.here):
        column = scope.columns.get(physical_name(prop))
        told = any(one.path[: len(here)] == here for one in scope.findings)
        if column is None or "physicalType" not in prop or told:
            continue
        logical, own = str(column.logical_type), logical_of(column.physical_type)
        if own and own not in HOLDING.get(logical, (own,)):
            texts = "texts" if bare(column.physical_type) in TEXTS else f"logicalType {own}"
            fix = f"Use logicalType {own}, or a type of such values."
            scope.find((*here, "physicalType"), f"is a type of {texts}, and logicalType is {logical}.", fix=fix)
        _zoned(scope, prop, here, bare(column.physical_type))
        _below(scope, prop, here, column.physical_type)


def _zoned(scope: Scope, prop: Mapping[str, Any], here: Path, kind: str) -> None:
    """A moment that is said to have no zone, of a type that has one. Other databases call such a type ``timestamp``, too."""
    options = prop.get("logicalTypeOptions")
    if isinstance(options, dict) and options.get("timezone") is False and kind.endswith("with time zone"):
        problem = f"is false, and {kind} has a time zone."
        scope.find((*here, "logicalTypeOptions", "timezone"), problem, fix="Correct it, or the physicalType.")


def _below(scope: Scope, owner: Mapping[str, Any], here: Path, kind: str) -> None:
    """Fields and items that are said to be of another type than the column's own type says.

    :param kind: canonical type of their owner; what is in a document may be anything.
    """
    for part, place, prop in below(owner, here):
        inner = inside(kind, part)
        told = logical_of(inner)
        said = {"logicalType": prop.get("logicalType"), "physicalType": logical_of(prop.get("physicalType"))}
        for word, logical in said.items():
            if told in BELOW and logical and not isinstance(logical, Unsaid) and logical not in BELOW[told]:
                where = f"the items of {kind}" if part == ITEM else f"the values of {part} in {kind}"
                problem = f"is {logical}, and {where} are of logicalType {told}."
                scope.find((*place, word), problem, fix=f"Use {told}, or correct the column's physicalType.")
        _below(scope, prop, place, inner)


def _formats(scope: Scope) -> None:
    """Lengths that no text of the format has."""
    for here, prop in properties(scope.table, scope.here):
        options = prop.get("logicalTypeOptions")
        given: Mapping[str, Any] = options if isinstance(options, dict) else {}
        form = given.get("format")
        if prop.get("logicalType") != "string" or not isinstance(form, str) or form not in LENGTHS:
            continue
        (least, most), low, high = LENGTHS[form], given.get("minLength"), given.get("maxLength")
        place = (*here, "logicalTypeOptions")
        room = _longest(scope.subject(physical_name(prop)).physical)
        if room is not None and room < least:
            scope.find(
                (*place, "format"), f"is {form}, of {least} characters at least, and the column has room for {room}."
            )
        if isinstance(high, int) and high < least:
            scope.find(
                (*place, "maxLength"), f"is {high}, and a text of format {form} has {least} characters at least."
            )
        elif isinstance(low, int) and most is not None and low > most:
            scope.find((*place, "minLength"), f"is {low}, and a text of format {form} has {most} characters at most.")


def _problems(check: Check, scope: Scope, span: Check | None) -> Iterator[str]:
    """What no value can keep.

    :param span: the range of the same column, if one was said before.
    """
    kind = scope.subject(check.columns[0]).physical if check.columns else ""
    most = _longest(kind)
    if check.kind is CheckKind.LENGTH and most is not None and isinstance(check.low, int) and check.low > most:
        yield f"asks for {check.low} characters at least, and {kind} has room for {most}."
    if check.kind is CheckKind.LENGTH and kind == "uuid" and isinstance(check.high, int) and check.high < UUID:
        yield f"asks for {check.high} characters at most, and a uuid has {UUID}."
    if check.kind is CheckKind.ACCEPTED_VALUES:
        yield from _listed(check.values, kind, most)
    if check.kind is CheckKind.RANGE and kind:
        yield from _beyond(check, kind)
    if check.kind is CheckKind.MULTIPLE and span is not None and check.step is not None:
        step = Decimal(str(check.step))
        low, high = _bound(span.low, span.low_open), _bound(span.high, span.high_open)
        if low and high and not _some(low, high, step):
            yield f"no multiple of {check.step} lies between {span.low} and {span.high}."


def _longest(kind: str) -> int | None:
    """How many characters a type has room for; None where it has no limit that is known."""
    if kind == "uuid":
        return UUID
    found = re.search(r"\((\d+)\)$", kind)
    return int(found[1]) if found and bare(kind) in TEXTS else None


def _listed(values: Sequence[Any], kind: str, most: int | None) -> Iterator[str]:
    texts = [value for value in values if isinstance(value, str)]
    for value in texts if most is not None else ():
        if len(value.rstrip(" ")) > (most or 0):
            yield f"lists {value!r}, and {kind} has room for {most} characters."
    holds = HOLDS.get(bare(kind))
    for value in values if holds else ():
        if isinstance(value, int) and holds and not holds[0] <= value <= holds[1]:
            yield f"lists {value}, and {kind} has values from {holds[0]} to {holds[1]}."


def _beyond(check: Check, kind: str) -> Iterator[str]:
    low, high = _bound(check.low, check.low_open), _bound(check.high, check.high_open)
    holds, whole = _holds(kind), bare(kind) in HOLDS
    if holds and low and (low[0] > holds[1] or (low[0] == holds[1] and low[1])):
        yield f"asks for {check.low} or more, and {kind} has values to {holds[1]}."
    elif holds and high and (high[0] < holds[0] or (high[0] == holds[0] and high[1])):
        yield f"asks for {check.high} or less, and {kind} has values from {holds[0]}."
    elif whole and low and high and low[0] <= high[0] and not _some(low, high, Decimal(1)):
        yield f"leaves no whole number between {check.low} and {check.high}."


def _holds(kind: str) -> tuple[Decimal, Decimal] | None:
    """The lowest and the highest value of a type of exact numbers; None where there is none."""
    whole = HOLDS.get(bare(kind))
    if whole:
        return Decimal(whole[0]), Decimal(whole[1])
    found = re.fullmatch(r"numeric\((\d+)(?:,\s*(-?\d+))?\)", kind)
    if not found:
        return None
    digits, scale = int(found[1]), int(found[2] or 0)
    most = (Decimal(10) ** digits - 1).scaleb(-scale)
    return -most, most


def _bound(value: Any, is_open: bool) -> Bound | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        return None
    return Decimal(str(value)), is_open


def _some(low: Bound, high: Bound, step: Decimal) -> bool:
    """Whether a multiple of a number lies between two bounds."""
    first = (low[0] / step).to_integral_value("ROUND_CEILING") * step
    if first == low[0] and low[1]:
        first += step
    return first < high[0] or (first == high[0] and not high[1])
