"""Arguments of Great Expectations' expectations that it would refuse, or that ask for nothing or for what cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean, schema_findings
from airflow_provider_harness.adapters.contracts.harness_properties import is_moment
from airflow_provider_harness.adapters.gx.signatures import OF_EVERY, arguments

COUNTING = ("row_count", "column_count", "lengths", "stdev", "unique_value_count", "proportion")
"""Words in the names of expectations about what is never below 0."""
PATTERNS = ("regex", "regex_list")


def argument_findings(name: str, kwargs: Mapping[str, Any], here: Path) -> Iterator[Finding]:
    """What is wrong with the arguments of an expectation that Great Expectations brings.

    :param kwargs: with their names as Great Expectations writes them.
    """
    schema = arguments(name)
    if schema is None:
        return
    known = schema["properties"]
    own = tuple(sorted({*known} - {*OF_EVERY}))
    for word in (word for word in kwargs if word not in known):
        yield Finding(
            path=(*here, word),
            problem=f"{word!r} is not an argument of {name}.",
            valid=own,
            fix=did_you_mean(word, own),
        )
    given = {word: value for word, value in kwargs.items() if word in known and value is not None}
    wrong = schema_findings(given, schema, here)
    yield from wrong
    if not wrong:
        for word, value in given.items():
            yield from _empty(word, value, (*here, word))
        yield from _bounds(name, given, known, here)


def _empty(word: str, value: Any, place: Path) -> Iterator[Finding]:
    if value == [] or (word == "mostly" and value == 0):
        yield Finding(path=place, problem="asks for nothing.", fix="Give a value, or leave it out.")
    for pattern in (value if isinstance(value, list) else [value]) if word in PATTERNS else ():
        try:
            re.compile(pattern)
        except re.error as error:
            yield Finding(path=place, problem=f"{pattern!r} is not a pattern: {error}.", fix="Correct it.")


def _bounds(name: str, given: Mapping[str, Any], known: Mapping[str, Any], here: Path) -> Iterator[Finding]:
    low, high = given.get("min_value"), given.get("max_value")
    if low is None and high is None and "min_value" in known and name.endswith("_to_be_between"):
        problem = "needs min_value or max_value; without them it asks for nothing."
        yield Finding(path=here, problem=problem, fix="Add one.")
    strict = given.get("strict_min") is True or given.get("strict_max") is True
    yield from _between(low, high, here, strict=strict)
    most = given.get("value", high)
    if isinstance(most, int | float) and most < 0 and any(word in name for word in COUNTING):
        yield Finding(path=here, problem=f"asks for {most} at most, and it is never below 0.", fix="Correct the bound.")
    ranges = given.get("quantile_ranges", {})
    for one, other in ranges.get("value_ranges", ()):
        yield from _between(one, other, (*here, "quantile_ranges"))
    for share in (share for share in ranges.get("quantiles", ()) if not 0 <= share <= 1):
        yield Finding(path=(*here, "quantile_ranges"), problem=f"{share} is not a quantile.", fix="It is 0 to 1.")


def _between(low: Any, high: Any, here: Path, *, strict: bool = False) -> Iterator[Finding]:
    """Bounds that are none, or between which nothing lies."""
    sides = [side for side in (low, high) if side is not None]
    for side in sides:
        if (isinstance(side, str) and not is_moment(side)) or side != side:
            yield Finding(path=here, problem=f"{side!r} is neither a number nor a moment as ISO 8601 has it.")
            return
    alike = len(sides) == 2 and len({isinstance(side, str) for side in sides}) == 1
    if alike and (low > high or (strict and low == high)):
        problem = f"no value lies between min_value {low} and max_value {high}."
        yield Finding(path=(*here, "min_value"), problem=problem, fix="Write the lower bound as min_value.")
