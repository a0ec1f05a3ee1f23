"""What ``logicalTypeOptions`` and ``enum`` of a property ask for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.harness_properties import zone_exists
from airflow_provider_harness.adapters.contracts.rules.logical_types import HOLDS, SIZES, TEXT, TEXTS, bare, dates
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, Subject
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import LogicalType

MOMENTS: Mapping[str, Any] = {
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
    "time": time.fromisoformat,
}
"""Logical type whose values a contract writes as text -> how such a text is read."""
BINARY = ("real", "double precision", "float64")
"""Types that have infinities, which an exclusive bound can leave out."""
BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
SIZES_OF: Mapping[CheckKind, tuple[str, str, str]] = {
    CheckKind.LENGTH: ("minLength", "maxLength", "length"),
    CheckKind.ITEMS: ("minItems", "maxItems", "number of items"),
    CheckKind.PROPERTIES: ("minProperties", "maxProperties", "number of fields"),
}
"""Kind -> the words of its lowest and highest size, and what it is the size of."""


class Options:
    """The options of one property.

    :param subject: what they are about.
    :param options: ``logicalTypeOptions``.
    :param here: where they stand.
    :param fields: of an object: name -> name in the documents.
    """

    def __init__(
        self,
        scope: Scope,
        subject: Subject,
        options: Mapping[str, Any],
        here: Path,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self.scope, self.subject, self.options, self.here = scope, subject, options, here
        self.fields = fields or {}

    def rules(self) -> Iterator[Ruled]:
        """Every rule that they are, in a fixed order."""
        options = self.options
        if self.subject.logical == LogicalType.BOOLEAN and options:
            self.scope.find(self.here, "has no meaning for booleans.", fix="Remove it.")
            return
        yield from ranged(self.scope, self.subject, options, self.here)
        for kind in SIZES_OF:
            yield from measured(self.scope, self.subject, options, self.here, kind)
        if options.get("uniqueItems") is True:
            yield self._made("uniqueItems", CheckKind.UNIQUE_ITEMS)
        yield from self._required(options.get("required"))
        if "pattern" in options:
            yield self._made("pattern", CheckKind.REGEX, pattern=str(options["pattern"]))
        if "multipleOf" in options:
            yield from self._multiple(options["multipleOf"])
        if isinstance(options.get("format"), str):
            yield from self._format(options["format"])
        zone = options.get("defaultTimezone")
        if zone is not None and not zone_exists(zone):
            fix = "For example Europe/Berlin."
            self._find("defaultTimezone", f"{zone!r} is not an IANA time zone.", fix=fix)

    def _required(self, names: Any) -> Iterator[Ruled]:
        """The fields that an object must have: each is a rule below it."""
        for name in dict.fromkeys(names if isinstance(names, list) else ()):
            path = (*self.subject.path, self.fields.get(str(name), str(name)))
            field = replace(self.subject, path=path, logical="", physical="")
            yield Ruled(check=field.check(CheckKind.NOT_NULL), place=(*self.here, "required"))

    def _multiple(self, step: Any) -> Iterator[Ruled]:
        exact = bare(self.subject.physical) in ("numeric", "bignumeric", *HOLDS) or self.subject.path
        if not exact:
            fix = "Give it physicalType numeric, or use type sql."
            self._find("multipleOf", f"cannot be checked exactly for {self.subject.physical}.", fix=fix)
        elif not isinstance(step, bool) and isinstance(step, int | float) and step > 0:
            yield self._made("multipleOf", CheckKind.MULTIPLE, step=step)

    def _format(self, form: str) -> Iterator[Ruled]:
        logical = self.subject.logical
        if logical == LogicalType.STRING:
            yield from self._text(form)
        elif logical in MOMENTS and (self.subject.path or bare(self.subject.physical) in TEXTS):
            pattern = dates(form)
            if pattern is None:
                self._find(
                    "format", f"{form!r} has letters that are not known.", fix="Use logicalType string and pattern."
                )
            else:
                yield self._made("format", CheckKind.REGEX, pattern=pattern, id=f"format:{self.subject}")
        elif form in SIZES:
            yield from self._size(form)

    def _text(self, form: str) -> Iterator[Ruled]:
        kind = bare(self.subject.physical)
        if form not in TEXT:
            self._find("format", f"{form!r} is not known.", tuple(TEXT), "Use pattern.")
        elif TEXT[form] and kind and kind not in TEXTS:
            if form != kind:
                self._find("format", f"cannot be checked in values of type {kind}.", fix="Remove it, or use type sql.")
        elif TEXT[form]:
            yield self._made("format", CheckKind.REGEX, pattern=TEXT[form], id=f"format:{self.subject}")

    def _size(self, form: str) -> Iterator[Ruled]:
        least, most = SIZES[form]
        holds = HOLDS.get(bare(self.subject.physical))
        low = None if holds and holds[0] >= least else least
        high = None if holds and holds[1] <= most else most
        if low is not None or high is not None:
            yield self._made("format", CheckKind.RANGE, low=low, high=high, id=f"format:{self.subject}")

    def _made(self, word: str, kind: CheckKind, **given: Any) -> Ruled:
        return Ruled(check=self.subject.check(kind, **given), place=(*self.here, word))

    def _find(self, word: str, problem: str, valid: Sequence[str] = (), fix: str = "") -> None:
        self.scope.find((*self.here, word), problem, valid, fix)


def ranged(scope: Scope, subject: Subject, given: Mapping[str, Any], here: Path, **more: Any) -> Iterator[Ruled]:
    """The range that minimum, maximum and their exclusive forms say.

    :param more: what else the check has.
    """
    low = _tighter(scope, subject, given, here, ("minimum", "exclusiveMinimum"), 1)
    high = _tighter(scope, subject, given, here, ("maximum", "exclusiveMaximum"), -1)
    if low is None and high is None:
        return
    words = [(*here, word) for word in BOUNDS if given.get(word) is not None]
    if low and high:
        one, other = comparable(subject.logical, low[1]), comparable(subject.logical, high[1])
        if one is not None and other is not None and _beyond(one, other):
            scope.find(here, f"{low[0]} {low[1]} is over {high[0]} {high[1]}.", fix="No value can be both.")
        elif one is not None and one == other and (low[2] or high[2]):
            scope.find(here, f"{low[0]} {low[1]} and {high[0]} {high[1]} leave no value.", fix="Widen one.")
    bounds: dict[str, Any] = {"low": low[1] if low else None, "high": high[1] if high else None}
    bounds |= {"low_open": bool(low and low[2]), "high_open": bool(high and high[2])}
    yield Ruled(check=subject.check(CheckKind.RANGE, **bounds, **more), place=words[0], also=tuple(words[1:]))


def _tighter(
    scope: Scope, subject: Subject, given: Mapping[str, Any], here: Path, words: tuple[str, str], sign: int
) -> tuple[str, Any, bool] | None:
    """Of a bound and its exclusive form, the one that says more: its word, its value, whether it is exclusive."""
    found = [(word, given[word], place == 1) for place, word in enumerate(words) if given.get(word) is not None]
    sides = []
    for word, value, is_open in found:
        if isinstance(value, float) and math.isinf(value) and (not is_open or bare(subject.physical) not in BINARY):
            scope.find(
                (*here, word), f"{value} is a bound that all values keep, or none.", fix="Write a number, or remove it."
            )
        elif comparable(subject.logical, value) is None:
            kind = subject.logical or "number"
            scope.find(
                (*here, word),
                f"{value!r} is not a valid {kind}.",
                fix="Write it as ISO 8601 has it." if kind in MOMENTS else "",
            )
        else:
            sides.append((word, value, is_open))
    if len(sides) == 2:
        one, other = (comparable(subject.logical, side[1]) for side in sides)
        first_more = _beyond(one, other) if sign > 0 else _beyond(other, one)
        return sides[0] if first_more else sides[1]
    return sides[0] if sides else None


def comparable(logical: str, value: Any) -> Any:
    """A value of a contract as one that can be compared; None where it is none of its type."""
    if logical in MOMENTS:
        try:
            return MOMENTS[logical](value)
        except (TypeError, ValueError):
            return _moment_as_date(logical, value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return value if value == value else None


def _moment_as_date(logical: str, value: Any) -> Any:
    """A day that is written with a time of day, as version 3.0 has it for moments."""
    try:
        return datetime.fromisoformat(value) if logical == "date" else None
    except (TypeError, ValueError):
        return None


def _beyond(one: Any, other: Any) -> bool:
    try:
        return bool(one > other)
    except TypeError:  # one has a zone, the other has none
        return False


def measured(
    scope: Scope,
    subject: Subject,
    given: Mapping[str, Any],
    here: Path,
    kind: CheckKind = CheckKind.LENGTH,
    **more: Any,
) -> Iterator[Ruled]:
    """The lowest and the highest size that are said of a text, an array or an object.

    :param kind: a key of ``SIZES_OF``.
    """
    least, most, what = SIZES_OF[kind]
    low, high = given.get(least), given.get(most)
    if high is None and (low is None or (low == 0 and kind is not CheckKind.LENGTH)):
        return
    numbers = [
        isinstance(side, int) and not isinstance(side, bool) and side >= 0 for side in (low, high) if side is not None
    ]
    if not all(numbers):
        scope.find(here, f"has a {what} that is not a whole number, 0 or more.")
        return
    if low is not None and high is not None and low > high:
        scope.find(here, f"{least} {low} is over {most} {high}.", fix="No value can be both.")
    words = [(*here, word) for word in (least, most) if given.get(word) is not None]
    check = subject.check(kind, low=low, high=high, **more)
    yield Ruled(check=check, place=words[0], also=tuple(words[1:]))


def listed(scope: Scope, subject: Subject, values: Sequence[tuple[Path, Any]]) -> tuple[Any, ...]:
    """The values of a list that a column may have: null is no value, and one of another type is a mistake."""
    found = []
    for place, value in values:
        reason = wrong_type(subject.logical, value)
        if value is None:
            continue
        if reason:
            fix = "Quote it." if subject.logical in ("string", *MOMENTS) and not isinstance(value, dict | list) else ""
            scope.find(place, f"{value!r} {reason}.", fix=fix)
        else:
            found.append(value)
    return tuple(found)


def wrong_type(logical: str, value: Any) -> str:
    """Why a column of a logical type cannot have a value that the contract lists; empty where it can."""
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return "is not a single value"
    if logical in ("string", *MOMENTS) and not isinstance(value, str):
        return f"is a {type(value).__name__}, and the column is a {logical}"
    if logical in MOMENTS and comparable(logical, value) is None:
        return f"is not a valid {logical} of ISO 8601"
    if logical == "boolean" and not isinstance(value, bool):
        return "is neither true nor false, and the column is a boolean"
    if logical in ("integer", "number") and comparable(logical, value) is None:
        return f"is not a number, and the column is a {logical}"
    if logical == "integer" and value != int(value):
        return "has a fraction, and the column is an integer"
    return ""
