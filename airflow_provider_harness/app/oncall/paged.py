"""Whether on-call was really told: what is recorded of it, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_provider_harness.core.incidents.outbox import Delivery, Reached


def recorded(delivery: Delivery) -> dict[str, Any]:
    """What an event keeps of a delivery."""
    return {
        "reached": delivery.reached.value,
        "reached_why": delivery.why,
        "also_told": list(delivery.beside),
    }


def delivery_of(body: Mapping[str, Any]) -> Delivery:
    """The delivery as an event kept it; an earlier version kept none."""
    return Delivery(
        reached=Reached(body.get("reached", Reached.UNKNOWN)),
        why=str(body.get("reached_why", "")),
        beside=tuple(body.get("also_told", ())),
    )


def who_was_paged(delivery: Delivery, severity: str) -> str:
    """One clause on a page, for people."""
    beside = f"; told instead: {', '.join(delivery.beside)}" if delivery.beside else ""
    return {
        Reached.SENT: f"on-call was paged ({severity})",
        Reached.WAITING: f"on-call is not paged yet ({severity}): {delivery.why}",
        Reached.NOBODY: f"nobody was paged: {delivery.why}; it would have been {severity}{beside}",
        Reached.UNKNOWN: f"a page was made ({severity}); an earlier version did not record whether it was sent",
    }[delivery.reached]


def how_it_ended(delivery: Delivery) -> str:
    """One clause on the end of a page, for people."""
    return {
        Reached.SENT: "its page is resolved",
        Reached.WAITING: f"its page is not resolved yet: {delivery.why}",
        Reached.NOBODY: f"no page is resolved: {delivery.why}",
        Reached.UNKNOWN: "an earlier version did not record whether its page was resolved",
    }[delivery.reached]
