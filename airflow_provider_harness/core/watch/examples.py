"""Which earlier slices say what is usual: those that were sound, and what stayed unusual so long that somebody was told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from airflow_provider_harness.core.watch.profile import Looked

FEWEST_FLAGGED, NEW_NORMAL = 5, timedelta(days=7)
"""What was unusual in so many slices in a row, for so long, is usual from then on: somebody was told seven days ago."""
FEWEST_OF_SLOT = 3
"""So is what was unusual in the same number so many times in a row at the same weekday and hour."""


def examples(history: Sequence[Looked], length: timedelta, zone: str) -> list[Looked]:
    """The slices that say what is usual, oldest first. Empty ones before the first that has rows say nothing: nobody knew the table.

    :param length: how long a slice is.
    :param zone: IANA name of the zone in which weekdays and hours are meant.
    """
    ordered = _begun(sorted(history, key=lambda one: one.at))
    again = _of_slots(ordered, length, ZoneInfo(zone))
    found: list[Looked] = []
    run: list[Looked] = []
    for one in ordered:
        if one.flagged or (run and _empty(one)):
            run.append(one)
            continue
        found += _accepted(run, again, lasts=False)
        found.append(one)
        run = []
    return [*found, *_accepted(run, again, lasts=True)]


def slot(at: datetime, length: timedelta, zone: ZoneInfo) -> tuple[int, ...]:
    """Weekday and time of day; of a slice longer than a day, nothing: all are alike."""
    local = at.astimezone(zone)
    return (local.weekday(), local.hour, local.minute) if length <= timedelta(hours=25) else ()


def alike(starts: Sequence[datetime], at: datetime, length: timedelta, zone: str) -> list[datetime]:
    """Of these slices those of the same weekday and hour, oldest first.

    :param at: where the slice begins that they are compared with; ``length`` is how long it is.
    """
    where = ZoneInfo(zone)
    return sorted(one for one in starts if slot(one, length, where) == slot(at, length, where))


def _empty(one: Looked) -> bool:
    return not one.numbers.get("rows", 0.0)


def _begun(ordered: Sequence[Looked]) -> Sequence[Looked]:
    first = next((place for place, one in enumerate(ordered) if not _empty(one)), len(ordered))
    return ordered[first:]


def _accepted(run: Sequence[Looked], again: set[datetime], *, lasts: bool) -> list[Looked]:
    """Of slices that were unusual in a row, with empty ones between them that are usual, those that say what is usual.

    :param again: slices that were unusual at the same weekday and hour each time.
    :param lasts: no other slice came after them. A table that has no rows for a week is known to have none while that lasts, and
        what it had before is usual when they come again.
    """
    flagged = [one.at for one in run if one.flagged]
    if not lasts and all(map(_empty, run)):
        return []
    told = len(flagged) >= FEWEST_FLAGGED and flagged[-1] - flagged[0] >= NEW_NORMAL - timedelta(days=1)
    return [one for one in run if told or not one.flagged or one.at in again]


def _of_slots(ordered: Sequence[Looked], length: timedelta, zone: ZoneInfo) -> set[datetime]:
    """Slices of which one number was unusual three times in a row, or more, in their slot: a shop that opens on Saturdays, too. Three
    failures that have nothing in common are none."""
    slots: dict[object, list[Looked]] = defaultdict(list)
    for one in ordered:
        slots[slot(one.at, length, zone)].append(one)
    found: set[datetime] = set()
    for mine in slots.values():
        run: list[datetime] = []
        same: frozenset[str] = frozenset()
        for one in mine:
            goes_on = bool(one.wrong & same)
            same = one.wrong & same if goes_on else one.wrong
            run = [*(run if goes_on else ()), *((one.at,) if one.flagged else ())]
            if len(run) >= FEWEST_OF_SLOT:
                found.update(run)
    return found
