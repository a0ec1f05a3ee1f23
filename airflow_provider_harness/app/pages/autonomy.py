"""Autonomy as a page shows it: each record with its interval, and whether it is proposed, accepted, expired or withdrawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from airflow_provider_harness.core.incidents.events import (
    ActStarted,
    Answered,
    Asked,
    Diagnosed,
    Event,
    Proposed,
    Settled,
)
from airflow_provider_harness.core.policy.autonomy import Acceptance, Bar, Case, Record, earned, false_since, records


class Standing(StrEnum):
    NONE = "none"
    PROPOSED = "proposed"  # the bar is passed; a person with the right may accept it
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"  # by an act that did not help, or by a person


@dataclass(frozen=True, slots=True, kw_only=True)
class BarShown:
    heals: int
    lower: float
    days: int
    valid_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AutonomyRow:
    """One act against one cause.

    :param rate: of heals among the acts that ended; ``low`` and ``high`` are its 95 % interval (Wilson).
    :param withdrawn_by: the incident whose act did not help, or the person.
    """

    category: str
    action: str
    asked: int
    approved: int
    refused: int
    healed: int
    not_healed: int
    harm: int
    unknown: int
    rate: float | None
    low: float
    high: float
    state: Standing
    proposal: str
    accepted_by: str
    accepted_at: datetime | None
    until: datetime | None
    withdrawn_by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutonomyView:
    """:param bar: None where the administrator set none: then nothing is proposed."""

    bar: BarShown | None
    bar_text: str
    rows: Sequence[AutonomyRow]
    may_accept: bool
    now: datetime


Key = tuple[str, str]
#: Days of a record where the administrator set no bar.
USUAL_DAYS = 90


def counted_from(bar: Bar | None, now: datetime) -> datetime:
    """Since when cases count for a record."""
    return now - timedelta(days=bar.days if bar else USUAL_DAYS)


def view(
    cases: Sequence[Case], accepted: Mapping[Key, Acceptance], bar: Bar | None, now: datetime, *, may_accept: bool
) -> AutonomyView:
    """The page.

    :param cases: of the bar's days, and older ones since anything was accepted, which count for no record.
    :param accepted: category and action -> the newest acceptance.
    """
    first = counted_from(bar, now)
    counted = [case for case in cases if case.at >= first]
    found = {(record.category, record.action): record for record in records(counted)}
    for key in accepted:
        found.setdefault(key, Record(category=key[0], action=key[1]))
    rows = [row_of(record, cases, accepted.get(key), bar, now) for key, record in found.items()]
    shown = BarShown(heals=bar.heals, lower=bar.lower, days=bar.days, valid_days=bar.valid) if bar else None
    return AutonomyView(
        bar=shown, bar_text=str(bar or ""), rows=rows, may_accept=may_accept and bar is not None, now=now
    )


def row_of(
    record: Record, cases: Sequence[Case], acceptance: Acceptance | None, bar: Bar | None, now: datetime
) -> AutonomyRow:
    """One row; an acceptance counts only where the administrator still has a bar."""
    failed = false_since(cases, record.category, record.action, acceptance.at) if acceptance else None
    by = failed.incident if failed else acceptance.withdrawn if acceptance else ""
    state = _state(record, acceptance, failed, bar, now)
    low, high = record.interval
    names = ("asked", "approved", "refused", "healed", "not_healed", "harm", "unknown")
    words = f"{record.action} against {record.category}"
    return AutonomyRow(
        category=record.category,
        action=record.action,
        **{name: getattr(record, name) for name in names},
        rate=record.healed / record.ended if record.ended else None,
        low=low,
        high=high,
        state=state,
        proposal=f"Do {words} without asking" if state is Standing.PROPOSED else "",
        accepted_by=acceptance.by if acceptance else "",
        accepted_at=acceptance.at if acceptance else None,
        until=acceptance.until if acceptance else None,
        withdrawn_by=by,
        text=_text(record, state, by, acceptance, bar),
    )


def _state(
    record: Record, acceptance: Acceptance | None, failed: Case | None, bar: Bar | None, now: datetime
) -> Standing:
    if bar is not None and earned(acceptance, failed, now):
        return Standing.ACCEPTED
    if failed is not None or (acceptance and acceptance.withdrawn):
        return Standing.WITHDRAWN
    if bar is not None and record.passes(bar):
        return Standing.PROPOSED
    return Standing.EXPIRED if acceptance else Standing.NONE


def _text(record: Record, state: Standing, by: str, acceptance: Acceptance | None, bar: Bar | None) -> str:
    share = f"{record.healed} of {record.ended} acts healed, {record.harm} did harm"
    until = f"{acceptance.until:%Y-%m-%d}" if acceptance else ""
    if state is Standing.WITHDRAWN:
        return f"It asks again: withdrawn by {by}. {share}."
    if state is Standing.ACCEPTED and acceptance:
        return f"It is done without asking until {until}, by {acceptance.by}'s word. {share}."
    if state is Standing.PROPOSED:
        return f"It passes the bar ({bar}): {share}. A person with the right may accept it."
    if state is Standing.EXPIRED:
        return f"It asks again since {until}: the acceptance has expired. {share}."
    return f"It asks. {share}."


def cases(events: Sequence[Event]) -> list[Case]:
    """Every proposal with what came of it, in the order of the events of all incidents."""
    found: list[Case] = []
    open_: dict[str, Case] = {}
    for event in events:
        before = open_.get(event.incident_id, Case(incident=event.incident_id, category="", action="", at=event.at))
        if isinstance(event.body, Proposed) and before.action:  # another try: the one before is over
            found.append(before)
            before = _afresh(before)
        after = _with(before, event)
        if after.outcome:
            found.append(after)
            after = _afresh(after)
        open_[event.incident_id] = after
    return sorted((*found, *(case for case in open_.values() if case.action)), key=lambda case: case.at)


def _afresh(case: Case) -> Case:
    return Case(incident=case.incident, category=case.category, action="", at=case.at)


def _with(case: Case, event: Event) -> Case:
    """The case after an event of its incident."""
    body = event.body
    if isinstance(body, Diagnosed):
        return replace(case, category=body.category)
    if isinstance(body, Proposed):
        return replace(case, action=body.action, at=event.at)
    if isinstance(body, Asked):
        return replace(case, asked=True)
    if isinstance(body, Answered):
        return replace(case, answer=body.answer)
    if isinstance(body, ActStarted):
        return replace(case, acted=True)
    if isinstance(body, Settled) and case.action:
        return replace(case, outcome=body.outcome.value, at=event.at)
    return case
