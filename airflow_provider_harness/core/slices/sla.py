"""By when a slice must be published: the contract's promises about time, and from when on one of them is at risk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.core.contracts.contract import Contract, Sla
from airflow_provider_harness.core.slices.lateness import first_after
from airflow_provider_harness.core.slices.slices import Slice

#: The standard's names for the time of day by which the data is there, in lower case.
AVAILABILITY = ("timeofavailability", "availability", "ta")
#: Its names for how long after its end a slice is there.
WITHIN = ("latency", "ly", "freshness")
#: Of these, the names that promise nothing but a time of day.
BY_CLOCK = ("timeofavailability", "ta")
#: A time of day with a zone: its name after a space, or its distance from UTC.
CLOCK = re.compile(
    r"(?:by )?(?P<time>\d{1,2}:\d{2}(?::\d{2})?) ?(?P<zone>Z|[+-]\d{2}:?\d{2}|(?<= )[A-Za-z][A-Za-z_+/0-9-]*)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """That one slice is published in time.

    :param due: UTC.
    :param words: what the contract says, for people.
    """

    due: datetime
    words: str


def promise_of(contract: Contract, piece: Slice) -> Promise | None:
    """The first promise that is broken while this slice is not published; None where the contract promises no time."""
    return first_promise(contract.slas, piece)


def first_promise(slas: tuple[Sla, ...], piece: Slice) -> Promise | None:
    """The same of promises alone."""
    return min(_promises(slas, piece), key=lambda found: found.due, default=None)


def _promises(slas: tuple[Sla, ...], piece: Slice) -> Iterator[Promise]:
    for sla in slas:
        clock = CLOCK.fullmatch(sla.value.strip()) if sla.prop.lower() in AVAILABILITY else None
        span = sla.span() if sla.prop.lower() in WITHIN else None
        if clock is not None:
            until = f"{clock['time'].zfill(5)} {clock['zone']}"
            yield Promise(due=first_after(until, piece.end + timedelta(microseconds=1)), words=f"by {until}")
        elif span is not None:
            yield Promise(due=piece.end + span, words=f"{sla.prop} {sla.value} {sla.unit}".rstrip())


def at_risk_from(promise: Promise, piece: Slice, warning: timedelta) -> datetime:
    """When on-call is told: so long before the deadline, but not in the first half of the time that the work has.

    :param warning: 0 or more.
    """
    return max(promise.due - warning, piece.end + (promise.due - piece.end) / 2)
