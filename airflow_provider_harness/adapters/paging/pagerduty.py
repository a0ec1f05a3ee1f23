"""Pages through PagerDuty's Events API v2, with PagerDuty's own client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_harness.app.oncall.delivery import NobodyThere
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.errors import HarnessUnavailable, MissingExtra, NotAllowed
from airflow_provider_harness.core.redaction.escaping import links as shown_links
from airflow_provider_harness.core.redaction.escaping import pagerduty

#: PagerDuty's four words (Events API v2, ``payload.severity``).
SEVERITY = {
    PageSeverity.LOW: "info",
    PageSeverity.MEDIUM: "warning",
    PageSeverity.HIGH: "error",
    PageSeverity.CRITICAL: "critical",
}


#: The client tries so often again at once, 1.5 s apart and longer; later tries are the outbox's.
RETRIES = 2
#: Characters of a summary that PagerDuty takes.
SUMMARY = 1024
#: Bytes of all details; PagerDuty takes 512 KB an event, and nobody reads as much on a phone.
DETAILS_BYTES = 100_000


def bounded(details: Mapping[str, str]) -> dict[str, str]:
    """The details that fit, the first first; the last that does is cut."""
    kept: dict[str, str] = {}
    left = DETAILS_BYTES
    for name, text in details.items():
        cut = pagerduty(text).encode(errors="replace")[: max(0, left - len(name))].decode(errors="ignore")
        if not cut:
            break
        kept[name] = cut
        left -= len(name) + len(cut.encode())
    return kept


class PagerDuty:
    """:param routing_key: the integration key of the service.
    :param base_url: another receiver than PagerDuty's own, or empty.
    """

    def __init__(self, routing_key: str, base_url: str = "") -> None:
        try:
            from pagerduty import EventsApiV2Client
        except ImportError as error:
            raise MissingExtra("Paging", "pagerduty") from error

        def open_client() -> Any:
            client = EventsApiV2Client(routing_key, base_url=base_url or None)
            client.retry.update(dict.fromkeys((429, 500, 502, 503, 504), RETRIES))
            return client

        self._open: Callable[[], Any] = open_client

    def refused(self) -> str:
        """Why the client cannot be opened at all, such as for an address that it does not take; empty where it can."""
        from pagerduty import UrlError

        try:
            self._open().close()
        except UrlError as error:
            return str(error)
        return ""

    def trigger(self, page: Page) -> None:
        self._send(
            lambda client: client.trigger(
                summary=pagerduty(page.summary, SUMMARY),
                source=page.source,
                dedup_key=page.dedup_key,
                severity=SEVERITY[page.severity],
                custom_details=bounded(page.details),
                links=[{"href": url, "text": text} for text, url in shown_links(page.links).items()],
            )
        )

    def resolve(self, dedup_key: str) -> None:
        self._send(lambda client: client.resolve(dedup_key))

    def acknowledge(self, dedup_key: str) -> None:
        self._send(lambda client: client.acknowledge(dedup_key))

    def change(self, page: Page) -> None:
        payload = {
            "summary": pagerduty(page.summary, SUMMARY),
            "source": page.source,
            "custom_details": bounded(page.details),
        }
        links = [{"href": url, "text": text} for text, url in shown_links(page.links).items()]
        self._send(lambda client: client.send_change_event(payload=payload, links=links))

    def _send(self, call: Callable[[Any], object]) -> None:
        """One event over a connection of its own, closed after it: pages are rare, healers are many."""
        from httpx import HTTPError
        from pagerduty import Error, HttpError, UrlError

        try:
            with self._open() as client:
                call(client)
        except HttpError as error:
            answer = error.response
            if answer is not None and 400 <= answer.status_code < 500 and answer.status_code not in (408, 429):
                raise NotAllowed(f"PagerDuty answers {answer.status_code}: {answer.text[:200]}") from error
            raise HarnessUnavailable("PagerDuty", f"{type(error).__name__}: {error}") from error
        except (Error, UrlError, HTTPError, OSError) as error:
            raise HarnessUnavailable("PagerDuty", f"{type(error).__name__}: {error}") from error


class NoPager:
    """Where no PagerDuty connection exists: a page is a line in the healer's log, and nobody is paged."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log

    def trigger(self, page: Page) -> None:
        details = "\n".join(f"  {name}: {text}" for name, text in page.details.items())
        self._written(f"nobody is paged; this would be the page:\n{page.summary}\n{details}")

    def resolve(self, dedup_key: str) -> None:
        self._written(f"this would be resolved: {dedup_key}")

    def change(self, page: Page) -> None:
        self._written(f"this would be told: {page.summary}")

    def acknowledge(self, dedup_key: str) -> None:
        self._written(f"this would be acknowledged: {dedup_key}")

    def _written(self, text: str) -> None:
        self._log(f"No PagerDuty connection; {text}")
        raise NobodyThere("no PagerDuty connection")
