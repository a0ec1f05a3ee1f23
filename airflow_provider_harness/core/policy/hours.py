"""Hours of the week on somebody's clock, such as ``Mon-Fri 22:00-06:00 Europe/Berlin``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
_FORM = re.compile(
    rf"(?:(?P<first>[A-Z][a-z]{{2}})(?:-(?P<last>[A-Z][a-z]{{2}}))? )?(?P<start>{_CLOCK})-(?P<end>{_CLOCK}) (?P<zone>\S+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A window of each of some days.

    :param days: 0 is Monday; of a window over midnight, those on which it begins.
    :param end: excluded; not after ``start`` = it ends the next day.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    def hold(self, moment: datetime) -> bool:
        """Whether the clocks of the zone show such an hour at this moment."""
        there = moment.astimezone(self.zone)
        now, today, before = there.time(), there.weekday(), (there - timedelta(days=1)).weekday()
        if self.start < self.end:
            return today in self.days and self.start <= now < self.end
        return (today in self.days and now >= self.start) or (before in self.days and now < self.end)


@lru_cache(maxsize=64)
def hours(text: str) -> Hours:
    """The window that a text says.

    :raises ValueError: it says none; the message has an example.

    >>> hours("22:00-06:00 Europe/Berlin").hold(datetime.fromisoformat("2026-11-21T21:30:00+00:00"))
    True
    """
    found = _FORM.fullmatch(text)
    example = f"{text!r} is not a window such as 'Mon-Fri 22:00-06:00 Europe/Berlin'"
    if found is None or any(found[name] not in (None, *DAYS) for name in ("first", "last")):
        raise ValueError(example)
    try:
        zone = ZoneInfo(found["zone"])
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{example}: no time zone {found['zone']!r}") from error
    first = DAYS.index(found["first"]) if found["first"] else 0
    last = DAYS.index(found["last"] or found["first"]) if found["first"] else 6
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    start, end = (time.fromisoformat(found[name]) for name in ("start", "end"))
    return Hours(days=days, start=start, end=end, zone=zone)


def is_moment(text: str) -> bool:
    """Whether a text is a moment, with its distance to UTC.

    >>> is_moment("2026-11-21T21:30:00+00:00"), is_moment("2026-11-21T21:30:00"), is_moment("now")
    (True, False, False)
    """
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
