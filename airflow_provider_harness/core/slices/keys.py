"""What a partition key says: the time that it names, and how exactly it names it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from urllib.parse import unquote


class Precision(StrEnum):
    """The shortest period that a key names."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    HOUR = "hour"
    MINUTE = "minute"
    SECOND = "second"

    @property
    def calendar(self) -> bool:
        """Whether it is one of whole days."""
        return self in _CALENDAR


_CALENDAR = (Precision.YEAR, Precision.QUARTER, Precision.MONTH, Precision.WEEK, Precision.DAY)
_SHORT: Mapping[Precision, timedelta] = {
    Precision.HOUR: timedelta(hours=1),
    Precision.MINUTE: timedelta(minutes=1),
    Precision.SECOND: timedelta(seconds=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The period that a key names.

    :param start: without a zone where the key has none.
    """

    start: datetime
    precision: Precision

    @property
    def end(self) -> datetime:
        """The first moment after it, with a zone where ``start`` has one."""
        if not self.precision.calendar:
            return self.start + _SHORT[self.precision]
        months = {Precision.YEAR: 12, Precision.QUARTER: 3, Precision.MONTH: 1}.get(self.precision, 0)
        if months:
            return months_later(self.start, months)
        return self.start + timedelta(days=7 if self.precision is Precision.WEEK else 1)


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and time some months later; the month's last day where it has no such day."""
    count = 12 * moment.year + moment.month - 1 + months
    first = moment.replace(year=count // 12, month=count % 12 + 1, day=1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(moment.day, last.day))


def read(key: str) -> Named | None:
    """The period that a key names; None for a key that is no date.

    :param key: as it is, or percent-encoded: ``2026``, ``2026-Q1``, ``2026-01``, ``2026-W01``, ``2026-01-01``, ``20260101``,
        ``2026-W01-1``, ``2026-01-01T05``, ``2026-01-01T05:30``, ``20260101T053000Z`` and the like.
    """
    text = unquote(key).strip()
    try:
        for form, build in _FORMS:
            found = form.fullmatch(text)
            if found:
                return build(found.groupdict())
        return Named(start=datetime.fromisoformat(text), precision=Precision.SECOND)
    except (ValueError, OverflowError):
        return None


def _of_day(day: date, precision: Precision) -> Named:
    return Named(start=datetime.combine(day, time()), precision=precision)


def _year(part: Mapping[str, str | None]) -> Named:
    return _of_day(date(int(part["y"] or 0), 1, 1), Precision.YEAR)


def _quarter(part: Mapping[str, str | None]) -> Named:
    return _of_day(date(int(part["y"] or 0), 3 * int(part["q"] or 0) - 2, 1), Precision.QUARTER)


def _month(part: Mapping[str, str | None]) -> Named:
    return _of_day(date(int(part["y"] or 0), int(part["m"] or 0), 1), Precision.MONTH)


def _week(part: Mapping[str, str | None]) -> Named:
    return _of_day(date.fromisocalendar(int(part["y"] or 0), int(part["w"] or 0), 1), Precision.WEEK)


def _weekday(part: Mapping[str, str | None]) -> Named:
    return _of_day(date.fromisocalendar(*(int(part[name] or 0) for name in ("y", "w", "wd"))), Precision.DAY)


def _week_of_day(part: Mapping[str, str | None]) -> Named:
    """As Airflow's ``StartOfWeekMapper`` writes a week: its first day, then its number."""
    day = date.fromisoformat(str(part["date"]))
    if day.isocalendar().week != int(part["w"] or 0):
        raise ValueError(f"{day} is not in week {part['w']}")
    return _of_day(day, Precision.WEEK)


def _moment(part: Mapping[str, str | None]) -> Named:
    digits = re.sub(r"\D", "", part["date"] or "")
    day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    clock = [part["h"], part["mi"], part["s"]]
    hour, minute, second = (int(value or 0) for value in clock)
    micro = int((part["f"] or "").ljust(6, "0"))
    start = datetime.combine(day, time(hour, minute, second, micro), tzinfo=_zone(part["zone"]))
    given = sum(value is not None for value in clock)
    return Named(start=start, precision=(Precision.DAY, Precision.HOUR, Precision.MINUTE, Precision.SECOND)[given])


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    digits = re.sub(r"\D", "", text).ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


_DATE = r"(?P<date>\d{4}[-/]\d{2}[-/]\d{2}|\d{8})"
_CLOCK = r"(?P<h>\d{2})(?::?(?P<mi>\d{2})(?::?(?P<s>\d{2})(?:[.,](?P<f>\d{1,6})\d*)?)?)?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[Mapping[str, str | None]], Named]], ...] = (
    (re.compile(r"(?P<y>\d{4})"), _year),
    (re.compile(r"(?P<y>\d{4})-?Q(?P<q>[1-4])"), _quarter),
    (re.compile(r"(?P<y>\d{4})[-/]?(?P<m>\d{2})"), _month),
    (re.compile(r"(?P<y>\d{4})-?W(?P<w>\d{2})"), _week),
    (re.compile(r"(?P<y>\d{4})-?W(?P<w>\d{2})-?(?P<wd>[1-7])"), _weekday),
    (re.compile(r"(?P<date>\d{4}-\d{2}-\d{2}) \(W(?P<w>\d{2})\)"), _week_of_day),
    (re.compile(rf"{_DATE}(?:[T _-]?{_CLOCK}(?P<zone>Z|[+-]\d{{2}}(?::?\d{{2}})?)?)?"), _moment),
)
"""How a key may be written -> what it means."""
