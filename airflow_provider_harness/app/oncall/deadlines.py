"""By when something must happen to an incident, and whether that time is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_provider_harness.core.incidents.events import ActEnded, Asked, Judged, Noted
from airflow_provider_harness.core.incidents.incident import Incident, State

#: An incident waits so long for a healer run; on-call is told then.
UNCLAIMED = timedelta(minutes=15)
#: How long a step of the healer may take that waits for nobody.
STEP = timedelta(minutes=5)
#: The same where a model may be asked.
DIAGNOSIS = timedelta(minutes=15)
#: What is done while a heal is verified, for as long as the administrator lets it take.
VERIFYING = "the act is made, and it is looked whether it helped"
#: The longest that an act waits for another run which works on its slice.
SLICE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the healer does now, and until when.

    :param what: a clause for people.
    :param until: UTC; when it has ended at the latest, or the next thing begins.
    :param late: from when it is not in time any more.
    """

    what: str
    until: datetime
    late: datetime


def pace(incident: Incident, verify: timedelta) -> Pace | None:
    """What is due next of an incident that the healer has in hand; None where it waits for a person, or is over.

    :param verify: how long a heal may take until its outcome is unknown.
    """
    step = _STEPS.get(incident.state)
    if step is None or incident.touched_at is None:
        return None
    what, until = step(incident, incident.touched_at, verify)
    return Pace(what=what, until=until, late=until + (timedelta(0) if incident.state in _EXACT else STEP))


def overdue(incident: Incident, verify: timedelta, now: datetime) -> str:
    """One sentence where nothing has happened in time; empty where it is in time."""
    found = pace(incident, verify)
    if found is None or incident.touched_at is None or now <= found.late:
        return ""
    return (
        f"No answer in time: {found.what}, and nothing has happened since {incident.touched_at:%Y-%m-%d %H:%M} UTC; it was "
        f"expected by {found.until:%Y-%m-%d %H:%M} UTC. Airflow's scheduler may be down: see `airflow harness doctor`."
    )


Step = Callable[[Incident, datetime, timedelta], tuple[str, datetime]]


def _fixed(what: str, length: timedelta) -> Step:
    return lambda _incident, touched, _verify: (what, touched + length)


def _judged(incident: Incident, touched: datetime, _verify: timedelta) -> tuple[str, datetime]:
    due, noted = _moment(incident.last[Judged].due) or touched, incident.last.get(Noted)
    if noted and noted.waits_for:
        return "the act waits for another run that works on the slice", max(due, touched + SLICE)
    return "the verdict is given, and the act is due", max(due, touched)


def _asked(incident: Incident, touched: datetime, _verify: timedelta) -> tuple[str, datetime]:
    return "a person is asked", _moment(incident.last[Asked].expires) or touched


def _verifying(incident: Incident, touched: datetime, verify: timedelta) -> tuple[str, datetime]:
    ended = incident.last.get(ActEnded)
    acted = _moment(ended.at if ended else None) or touched
    return VERIFYING, acted + verify


#: What the healer does in a state, and until when.
_STEPS: Mapping[State, Step] = {
    State.OPEN: _fixed("it waits for a healer run", UNCLAIMED),
    State.CLAIMED: _fixed("the cause is looked for", DIAGNOSIS),
    State.DIAGNOSED: _fixed("the cause is found, and the policy is asked", STEP),
    State.JUDGED: _judged,
    State.ASKED: _asked,
    State.ANSWERED: _fixed("the answer is given, and the act is due", STEP),
    State.ACTING: _fixed("the act has begun", STEP),
    State.VERIFYING: _verifying,
}
#: States whose time already is the latest.
_EXACT = frozenset({State.OPEN, State.CLAIMED, State.DIAGNOSED, State.ANSWERED, State.ACTING})


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
