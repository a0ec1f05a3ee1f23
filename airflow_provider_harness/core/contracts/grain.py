"""How long one slice is: words for the usual lengths, ISO 8601 durations for the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

WORDS: Mapping[str, str] = {
    "minute": "PT1M",
    "quarterHour": "PT15M",
    "hour": "PT1H",
    "day": "P1D",
    "week": "P1W",
    "month": "P1M",
    "quarter": "P3M",
    "year": "P1Y",
}
"""Word -> the duration that it stands for."""
OTHERS = "an ISO 8601 duration of months (P2M), of days (P2W), or one of which a day has a whole number (PT20M)"
"""What else a grain can be, in words."""
_DAY = 24 * 60 * 60
_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


class Grain(str):
    """One length: calendar months, or days, or a part of a day of which a day has a whole number.

    Its text is the shortest that says it, so that two that are equal are the same text.

    :raises ValueError: it is no duration, or slices of it could not be laid end to end.

    >>> Grain("PT15M"), Grain("P7D"), Grain("PT6H").seconds
    ('quarterHour', 'week', 21600)
    """

    __slots__ = ()
    DAY: ClassVar[Grain]
    HOUR: ClassVar[Grain]

    def __new__(cls, text: str) -> Grain:
        months, days, seconds = parts = _parts(WORDS.get(text, text))
        if sum(bool(part) for part in parts) != 1 or (seconds and _DAY % seconds):
            raise ValueError(f"{text!r} is not a length by which time can be cut")
        same = (word for word, duration in WORDS.items() if _parts(duration) == (months, days, seconds))
        return super().__new__(cls, next(same, text))

    @property
    def months(self) -> int:
        """Calendar months; 0 where it is shorter."""
        return _parts(WORDS.get(self, self))[0]

    @property
    def days(self) -> int:
        """Calendar days; 0 where it is months, or shorter than a day."""
        return _parts(WORDS.get(self, self))[1]

    @property
    def seconds(self) -> int:
        """Seconds; 0 where it is a day or longer."""
        return _parts(WORDS.get(self, self))[2]

    @property
    def usual_seconds(self) -> int:
        """About how long it is: a month of 30 days, a day of 24 hours."""
        return 30 * _DAY * self.months + _DAY * self.days + self.seconds


def _parts(text: str) -> tuple[int, int, int]:
    """Months, days, seconds; nothing where the text is no duration."""
    found = _DURATION.fullmatch(text)
    if not found:
        return 0, 0, 0
    n = {name: int(value or 0) for name, value in found.groupdict().items()}
    seconds = 3600 * n["hours"] + 60 * n["minutes"] + n["seconds"]
    return 12 * n["years"] + n["months"], 7 * n["weeks"] + n["days"], seconds


Grain.DAY, Grain.HOUR = Grain("day"), Grain("hour")
