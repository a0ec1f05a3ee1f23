"""Pages when the harness itself has not run; from a Dag of its own, because a stopped healer cannot report itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow_provider_harness.app.oncall.deadlines import UNCLAIMED, overdue
from airflow_provider_harness.app.ports.healing import Healer, Page, PageSeverity
from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.core.incidents.incident import State

#: The reconciler is missed after so long, and an incident that no healer run takes up.
SILENCE = timedelta(minutes=10)
#: A part of Airflow may be unwell for so long: one that is started anew is.
UNWELL = timedelta(minutes=4)
#: Since when a part of Airflow is unwell.
_UNWELL = "airflow_unwell_since"

#: The mark of the last look, for whoever watches the watch.
WATCHED = "watch_looked_at"

_ASK = {
    "reconciler": "See in Airflow whether the reconciler's Dag is paused or fails, and whether the scheduler runs; then "
    "`airflow harness reconcile`. Until then only failures with a callback are seen.",
    "healer": "See in Airflow whether the healer's Dag is paused, fails, or has no free slot. Until then look after these "
    "incidents yourself: `airflow harness incidents list --open`.",
    "acts": "Look after these incidents yourself, and see in Airflow what became of their healer runs: "
    "`airflow harness incidents show ID`, `airflow harness doctor`.",
    "airflow": "Start what is unwell again, and see its log. Until then tasks may not run, or nobody notices that they failed.",
}


def check(healer: Healer) -> list[str]:
    """What of the harness has not run, one word each; paged once, and resolved when it runs again."""
    now = healer.now()
    if healer.store.last_pass() is None and healer.store.get_value("watched_since") is None:
        healer.store.set_value("watched_since", now.isoformat())
    found = {
        "reconciler": _reconciler(healer, now),
        "healer": _healer(healer, now),
        "acts": _acts(healer, now),
        "airflow": _airflow(healer, now),
    }
    for part, text in found.items():
        _tell(healer, part, text)
    healer.pager.flush()
    healer.store.set_value(WATCHED, now.isoformat())
    return [part for part, text in found.items() if text]


def _reconciler(healer: Healer, now: datetime) -> str:
    last = healer.store.last_pass()
    if last is None:
        since = datetime.fromisoformat(healer.store.get_value("watched_since") or now.isoformat())
        return (
            "" if now - since <= SILENCE else f"The reconciler has not run since {since:%Y-%m-%d %H:%M} UTC, or ever."
        )
    return "" if now - last <= SILENCE else f"The reconciler's last pass was at {last:%Y-%m-%d %H:%M} UTC."


def _healer(healer: Healer, now: datetime) -> str:
    waiting = [item.id for item in healer.store.unsettled(now - UNCLAIMED) if item.state is State.OPEN]
    return f"No healer run takes up {len(waiting)} incident(s): {', '.join(waiting[:5])}." if waiting else ""


def _acts(healer: Healer, now: datetime) -> str:
    """Incidents that a healer run leads and to which nothing happened in time; who waits for a healer is told above."""
    limits = healer.limits
    led = [item for item in healer.store.unsettled(now) if item.state is not State.OPEN]
    late = [item.id for item in led if overdue(item, limits.verify, now)]
    return f"{len(late)} incident(s) have no answer in time: {', '.join(late[:5])}." if late else ""


def _airflow(healer: Healer, now: datetime) -> str:
    """Parts of Airflow that say that they are not healthy, at two looks; who does not answer says nothing."""
    try:
        parts = healer.airflow.health()
    except HarnessError:
        return ""
    unwell = [f"{name} is {status}" for name, status in parts.items() if status != "healthy"]
    since = healer.store.get_value(_UNWELL)
    if bool(unwell) is not bool(since):
        healer.store.set_value(_UNWELL, now.isoformat() if unwell else "")
    lasts = since and now - datetime.fromisoformat(since) >= UNWELL
    return f"Airflow says of itself: {', '.join(unwell)}." if unwell and lasts else ""


def _tell(healer: Healer, part: str, text: str) -> None:
    name, key = f"dead_man:{part}", f"harness-self:{part}"
    paged = healer.store.get_value(name) == "paged"
    if text and not paged:
        page = Page(
            dedup_key=key,
            summary=f"The harness does not work: {text}"[:1024],
            severity=PageSeverity.CRITICAL,
            source="airflow:harness",
            details={"what is broken": text, "you are asked to": _ASK[part]},
        )
        healer.pager.trigger(page)
    elif paged and not text:
        healer.pager.resolve(key)
    if bool(text) is not paged:
        healer.store.set_value(name, "paged" if text else "well")
