"""How well the harness does: times, outcomes, pages, promises, money, and whether its own parts run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from airflow_provider_harness.core.incidents.events import Outcome

#: Outcomes of acts that did not help, or did harm.
FALSE = (Outcome.NOT_HEALED, Outcome.MADE_WORSE)
WELL = (Outcome.HEALED, Outcome.RECOVERED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Seconds; None where nothing was timed."""

    median: float | None
    p95: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    asked: int
    approved: int
    refused: int
    expired: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesSent:
    """:param saved: failures that joined an incident instead of paging by themselves."""

    sent: int
    saved: int
    by_severity: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisesKept:
    """Of the slices of which on-call was told that they are at risk: in time, too late, not over yet."""

    told: int
    kept: int
    broken: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost:
    """US dollars, and the calls that cost them; ``name`` of the model, empty where none is asked."""

    cost_usd: float
    today_usd: float
    per_day_usd: float
    per_incident_usd: float
    calls: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """An incident that went to a person by what happened before."""

    incident: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """:param limit: acts of a day that did not help, after which none is made."""

    stopped: Sequence[Stopped]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the harness: whether it runs, and when it did last."""

    part: str
    ok: bool
    last: datetime | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A UTC day of incidents by the day on which they were opened; times are medians in seconds."""

    day: str
    opened: int
    healed: int
    escalated: int
    other: int
    pages: int
    saved: int
    cost_usd: float
    verdict_median: float | None
    recovery_median: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The same of a team's incidents; an incident of two teams counts for both."""

    team: str
    incidents: int
    healed: int
    escalated: int
    pages: int
    recovery_median: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    """Everything on the page, of the time from ``since`` until now."""

    since: datetime
    until: datetime
    teams: Sequence[str]
    verdict_seconds: Times
    recovery_seconds: Times
    outcomes: Mapping[str, int]
    incidents: int
    failures: int
    heals: int
    false_heals: int
    escalations: int
    questions: Questions
    pages: PagesSent
    promises: PromisesKept
    model: ModelCost
    breaker: Breaker
    alive: Sequence[Part]
    days: Sequence[Day]
    by_team: Sequence[Team]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One incident as far as it counts.

    :param verdict: seconds from its opening to its first verdict; ``recovery`` to its verified end.
    :param pages: severities of the pages that on-call's pager took or will take.
    """

    id: str
    day: str
    outcome: str
    teams: tuple[str, ...]
    failures: int
    acted: bool
    verdict: float | None
    recovery: float | None
    pages: tuple[str, ...] = ()
    asked: int = 0
    answers: tuple[str, ...] = ()
    cost_usd: float = 0.0
    calls: int = 0
    stopped: tuple[Stopped, ...] = ()


def times(seconds: Iterable[float | None]) -> Times:
    """Median and 95th percentile: the smallest time that so many do not exceed.

    >>> times([4.0, None, 1.0, 3.0, 2.0])
    Times(median=2.0, p95=4.0, count=4)
    """
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return Times(median=None, p95=None, count=0)
    at = [known[max(0, ceil(share * len(known)) - 1)] for share in (0.5, 0.95)]
    return Times(median=at[0], p95=at[1], count=len(known))


def health(
    told: Sequence[Told],
    *,
    since: datetime,
    now: datetime,
    promises: PromisesKept,
    model: ModelCost,
    limit: int,
    alive: Sequence[Part],
    teams: Sequence[str],
) -> HealthView:
    """The page, of these incidents."""
    outcomes = Counter(one.outcome or "open" for one in told)
    answers = Counter(answer for one in told for answer in one.answers)
    asked = sum(one.asked for one in told)
    approved, expired = answers["Approve"], sum(answers[word] for word in answers if "in time" in word)
    days, by_team = _groups(told, lambda one: (one.day,)), _groups(told, lambda one: one.teams)
    stopped = sorted((item for one in told for item in one.stopped), key=lambda item: item.at, reverse=True)
    return HealthView(
        since=since,
        until=now,
        teams=teams,
        verdict_seconds=times(one.verdict for one in told),
        recovery_seconds=times(one.recovery for one in told),
        outcomes=dict(outcomes),
        incidents=len(told),
        failures=sum(one.failures for one in told),
        heals=outcomes[Outcome.HEALED],
        false_heals=_false(told),
        escalations=outcomes[Outcome.ESCALATED],
        questions=Questions(
            asked=asked, approved=approved, refused=answers.total() - approved - expired, expired=expired
        ),
        pages=_pages(told),
        promises=promises,
        model=model,
        breaker=Breaker(stopped=stopped, limit=limit),
        alive=alive,
        days=[_day(day, group) for day, group in days],
        by_team=[_team(team, group) for team, group in by_team],
        now=now,
    )


def _false(told: Iterable[Told]) -> int:
    return sum(one.acted and one.outcome in FALSE for one in told)


def _pages(told: Sequence[Told]) -> PagesSent:
    sent = Counter(severity for one in told for severity in one.pages)
    saved = sum(max(0, one.failures - 1) for one in told)
    return PagesSent(sent=sent.total(), saved=saved, by_severity=dict(sent))


def _groups(told: Sequence[Told], names: Any) -> list[tuple[str, list[Told]]]:
    found: dict[str, list[Told]] = {}
    for one in told:
        for name in names(one):
            found.setdefault(name, []).append(one)
    return sorted(found.items())


def _day(day: str, group: Sequence[Told]) -> Day:
    outcomes = Counter(one.outcome for one in group)
    healed, escalated = sum(outcomes[word] for word in WELL), outcomes[Outcome.ESCALATED]
    pages = _pages(group)
    return Day(
        day=day,
        opened=len(group),
        healed=healed,
        escalated=escalated,
        other=len(group) - healed - escalated,
        pages=pages.sent,
        saved=pages.saved,
        cost_usd=round(sum(one.cost_usd for one in group), 6),
        verdict_median=times(one.verdict for one in group).median,
        recovery_median=times(one.recovery for one in group).median,
    )


def _team(team: str, group: Sequence[Told]) -> Team:
    outcomes = Counter(one.outcome for one in group)
    return Team(
        team=team,
        incidents=len(group),
        healed=sum(outcomes[word] for word in WELL),
        escalated=outcomes[Outcome.ESCALATED],
        pages=_pages(group).sent,
        recovery_median=times(one.recovery for one in group).median,
    )
