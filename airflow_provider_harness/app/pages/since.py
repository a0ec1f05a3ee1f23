"""Since when: a moment, or a length of time before now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from airflow_provider_harness.core.errors import ConfigurationError

_LENGTH = re.compile(r"(\d{1,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def since_of(text: str, now: datetime, place: str = "since") -> datetime | None:
    """A moment, or a length of time before now, such as 90m, 12h or 2d; None where none was given.

    :param place: what the text was given as, for the error.
    :raises ConfigurationError: it is neither.
    """
    if not text:
        return None
    if length := _LENGTH.fullmatch(text):
        return now - timedelta(**{_UNITS[length[2]]: int(length[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        fix = "Say 90m, 12h or 2d, or a moment as 2026-11-29T22:00:00+01:00."
        raise ConfigurationError(place, f"{text!r} is no moment and no length of time.", fix=fix)
    return at
