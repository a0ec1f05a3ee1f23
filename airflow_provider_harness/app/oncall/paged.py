"""Whether on-call was really told: what is recorded of it, and in which words."""

from __future__ import annotations

from dataclasses import replace

from airflow_provider_harness.core.incidents.events import Paged
from airflow_provider_harness.core.incidents.outbox import Delivery, MessageKind, Reached


def resolved(dedup_key: str, delivery: Delivery) -> Paged:
    """The event of a page that is over."""
    return with_delivery(Paged(dedup_key=dedup_key, action=MessageKind.RESOLVE.value), delivery)


def with_delivery(page: Paged, delivery: Delivery) -> Paged:
    """The event with what became of its page."""
    return replace(page, reached=delivery.reached.value, reached_why=delivery.why, also_told=delivery.beside)


def delivery_of(page: Paged) -> Delivery:
    """The delivery as an event kept it; an earlier version kept none."""
    return Delivery(
        reached=Reached(page.reached or Reached.UNKNOWN), why=page.reached_why or "", beside=tuple(page.also_told or ())
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
