"""A list of incidents: what is asked for, since when, and what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from airflow_provider_harness.app.pages.incidents.row import OPEN, Row, Stand
from airflow_provider_harness.core.errors import ConfigurationError

#: Rows of one answer, at most and where nobody says how many.
MOST, USUAL = 200, 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which incidents are wanted; what is empty does not filter.

    :param readable: leading Dags that may be shown; None = all.
    :param map_index: of a mapped task; None = all.
    """

    states: Sequence[Stand] = OPEN
    severities: Sequence[str] = ()
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int | None = None
    owner: str = ""
    team: str = ""
    table: str = ""
    category: str = ""
    since: datetime | None = None
    search: str = ""
    readable: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many incidents: by state of all severities that are wanted, by severity of all states that are."""

    state: Mapping[str, int]
    severity: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What can be filtered by, among all that may be read."""

    dag_id: Sequence[str]
    owner: Sequence[str]
    team: Sequence[str]
    category: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentList:
    """One page of the list.

    :param next_cursor: what to ask for the page after it; None at the end.
    :param total: incidents that are wanted, on all pages.
    """

    rows: Sequence[Row]
    next_cursor: str | None
    total: int
    counts: Counts
    choices: Choices
    now: datetime


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
        given = datetime.fromisoformat(text)
        at = given.astimezone(UTC) if given.tzinfo else None
    except (ValueError, OverflowError):  # the first and the last hours of the calendar are no moments in UTC
        at = None
    if at is None:
        fix = "Say 90m, 12h or 2d, or a moment as 2026-11-29T22:00:00+01:00."
        raise ConfigurationError(place, f"{text!r} is not a timestamp or a length of time.", fix=fix)
    return at
