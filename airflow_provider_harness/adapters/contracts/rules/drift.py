"""The arguments of a drift check, as a contract writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from airflow_provider_harness.core.contracts.drift import USUAL_LEVELS, DriftMethod, DriftRule

MOST_BINS, MOST_DAYS = 100, 3660


def drift_rule(given: Mapping[str, Any]) -> DriftRule:
    """What a contract says of a drift check.

    :param given: the entry's ``implementation``.
    :raises ValueError: an argument has no meaning; the message names it and what it may be.
    """
    methods = ", ".join(map(str, DriftMethod))
    word = given.get("method", DriftMethod.PSI)
    if word not in tuple(map(str, DriftMethod)):
        raise ValueError(f"method {word!r} is none of {methods}")
    method = DriftMethod(word)
    usual = USUAL_LEVELS[method]
    rule = DriftRule(
        method=method,
        warning=_number(given, "warning", usual[0]),
        error=_number(given, "error", usual[1]),
        bins=_whole(given, "bins", 10, 2, MOST_BINS),
        minimum_rows=_whole(given, "minimumRows", 1000, 1, 10**12),
        floor=_number(given, "floor", 0.0001),
        **_reference(given.get("reference", {"days": 28})),
    )
    if not 0 < rule.warning <= rule.error:
        raise ValueError(
            f"warning {rule.warning:g} and error {rule.error:g} must be over 0, and warning not over error"
        )
    if not 0 < rule.floor <= 0.1:
        raise ValueError(f"floor {rule.floor:g} is not over 0 and at most 0.1")
    return rule


def _reference(given: Any) -> dict[str, Any]:
    """Days before the slice, or a fixed window."""
    if not isinstance(given, Mapping) or set(map(str, given)) not in ({"days"}, {"from", "to"}):
        raise ValueError("reference is {days: 28}, or {from: 2026-01-01, to: 2026-02-01}, where 'to' is not part of it")
    if "days" in given:
        return {"days": _whole(given, "days", 28, 1, MOST_DAYS)}
    first, end = (_moment(given[name], f"reference.{name}") for name in ("from", "to"))
    if not first < end:
        raise ValueError(f"reference begins at {first.isoformat()} and ends at {end.isoformat()}: it is empty")
    return {"days": 0, "first": first.isoformat(), "end": end.isoformat()}


def _moment(value: Any, name: str) -> datetime:
    """A day or a moment; without a zone, in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{name}: {value!r} is neither a date nor a timestamp; for example 2026-01-01") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(given: Mapping[str, Any], name: str, usual: Any) -> float:
    value = given.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise ValueError(f"{name}: {value!r} is not a number")
    return float(value)


def _whole(given: Mapping[str, Any], name: str, usual: int, least: int, most: int) -> int:
    value = _number(given, name, usual)
    if value != int(value) or not least <= value <= most:
        raise ValueError(f"{name}: {value:g} is not a whole number from {least} to {most}")
    return int(value)
