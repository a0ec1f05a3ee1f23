"""Whether the harness's own parts run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from airflow_provider_harness.app.oncall.deadlines import UNCLAIMED
from airflow_provider_harness.app.oncall.watchdog import SILENCE, WATCHED
from airflow_provider_harness.app.pages.health import Part
from airflow_provider_harness.app.ports.store import Store
from airflow_provider_harness.core.incidents.incident import State

#: Passes of the reconciler that may be missed.
PASSES = 3
#: The watch looks every five minutes.
UNWATCHED = timedelta(minutes=15)


def parts(store: Store, mode: str, now: datetime, interval: timedelta) -> list[Part]:
    """The healer, the reconciler, the watch over both, and the mode.

    :param interval: between two passes of the reconciler.
    """
    watched = store.get_value(WATCHED)
    looked = datetime.fromisoformat(watched) if watched else None
    return [
        _beats("reconciler", store.last_pass(), now, max(PASSES * interval, SILENCE), "pass"),
        _beats("watch", looked, now, UNWATCHED, "look"),
        _healer(store, now),
        Part(part="mode", ok=mode == "act", last=None, text=_MODES[mode]),
    ]


_MODES = {
    "act": "It acts as the policy allows.",
    "shadow": "It looks on: verdicts are recorded, people are paged, and nothing is done.",
    "off": "It is off: failures are recorded, and nobody looks at them.",
}


def _beats(part: str, last: datetime | None, now: datetime, most: timedelta, what: str) -> Part:
    if last is None:
        return Part(part=part, ok=False, last=None, text=f"It has not ended a {what} yet.")
    return Part(part=part, ok=now - last <= most, last=last, text=f"Its last {what} ended {_ago(now - last)} ago.")


def _healer(store: Store, now: datetime) -> Part:
    waiting = [item.id for item in store.unsettled(now - UNCLAIMED) if item.state is State.OPEN]
    text = f"No healer run takes up {len(waiting)} incident(s)." if waiting else "No incident waits for a healer run."
    return Part(part="healer", ok=not waiting, last=None, text=text)


def _ago(length: timedelta) -> str:
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def wrong(found: list[Part]) -> Iterator[str]:
    """What does not run, in words."""
    for part in found:
        if not part.ok and part.part != "mode":
            yield f"{part.part}: {part.text}"
