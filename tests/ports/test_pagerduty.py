"""Pages through the real PagerDuty client, over TLS, to the stand-in of its Events API."""

from __future__ import annotations

import uuid
from typing import Any

import pagerduty
import pytest

from airflow_provider_harness.adapters.paging.pagerduty import SEVERITY, NoPager, PagerDuty
from airflow_provider_harness.app.oncall.delivery import NobodyThere
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed
from airflow_provider_harness.testing.events_api import EventsApiStandIn


@pytest.fixture
def pager(events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch) -> PagerDuty:
    monkeypatch.setenv("SSL_CERT_FILE", str(events_api.ca_bundle))
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    return PagerDuty("0" * 32, events_api.url)


def page(**more: Any) -> Page:
    given = {
        "dedup_key": f"harness:{uuid.uuid4().hex[:16]}",
        "summary": "flights: timeout",
        "severity": PageSeverity.HIGH,
        "source": "airflow:flights",
        "details": {"cause": "c"},
        "links": {"The run in Airflow": "http://airflow/dags/flights"},
    }
    return Page(**given | more)


def received(stand_in: EventsApiStandIn, key: str) -> dict[str, Any]:
    return next(item for item in stand_in.pages() if item["dedup_key"] == key)


def test_what_on_call_gets(events_api: EventsApiStandIn, pager: PagerDuty) -> None:
    given = page()
    pager.trigger(given)
    (event,) = received(events_api, given.dedup_key)["events"]
    assert event["routing_key"] == "0" * 32
    assert event["links"] == [{"href": "http://airflow/dags/flights", "text": "The run in Airflow"}]
    payload = event["payload"]
    assert (payload["summary"], payload["source"], payload["severity"]) == (given.summary, given.source, "error")
    assert payload["custom_details"] == {"cause": "c"}


@pytest.mark.parametrize("severity", PageSeverity)
def test_severities(events_api: EventsApiStandIn, pager: PagerDuty, severity: PageSeverity) -> None:
    given = page(severity=severity)
    pager.trigger(given)
    (event,) = received(events_api, given.dedup_key)["events"]
    words = {"low": "info", "medium": "warning", "high": "error", "critical": "critical"}
    assert event["payload"]["severity"] == SEVERITY[severity] == words[severity]


def test_an_episode_is_one_page_that_is_resolved(events_api: EventsApiStandIn, pager: PagerDuty) -> None:
    given = page()
    pager.trigger(given)
    pager.trigger(given)
    found = received(events_api, given.dedup_key)
    assert (found["state"], found["opened"], len(found["events"])) == ("triggered", 1, 2)
    pager.resolve(given.dedup_key)
    assert received(events_api, given.dedup_key)["state"] == "resolved"


def test_a_long_summary_is_accepted(events_api: EventsApiStandIn, pager: PagerDuty) -> None:
    given = page(summary="x" * 5000)
    pager.trigger(given)
    assert len(received(events_api, given.dedup_key)["events"][0]["payload"]["summary"]) == 1024


@pytest.mark.parametrize("status", [429, 500])
def test_a_refusal_is_tried_again(events_api: EventsApiStandIn, pager: PagerDuty, status: int) -> None:
    given = page()
    events_api.refuse(status, times=1)
    try:
        pager.trigger(given)
    finally:
        events_api.refuse(status, times=0)
    assert received(events_api, given.dedup_key)["opened"] == 1


@pytest.mark.parametrize("call", ["trigger", "resolve"])
def test_what_goes_on_refusing_is_unavailable(events_api: EventsApiStandIn, pager: PagerDuty, call: str) -> None:
    given = page()
    events_api.refuse(500, times=50)
    try:
        with pytest.raises(HarnessUnavailable, match="PagerDuty"):
            pager.trigger(given) if call == "trigger" else pager.resolve(given.dedup_key)
    finally:
        events_api.refuse(500, times=0)
    assert given.dedup_key not in {item["dedup_key"] for item in events_api.pages()}


def test_an_event_that_is_not_accepted_is_not_lost_silently(pager: PagerDuty) -> None:
    with pytest.raises(NotAllowed, match="source"):
        pager.trigger(page(source=""))


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "max_network_attempts", 1)
    with pytest.raises(HarnessUnavailable):
        PagerDuty("0" * 32, "https://127.0.0.1:1").trigger(page())


def test_an_untrusted_receiver_gets_nothing(events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "max_network_attempts", 1)
    given = page()
    with pytest.raises(HarnessUnavailable):
        PagerDuty("0" * 32, events_api.url).trigger(given)
    assert given.dedup_key not in {item["dedup_key"] for item in events_api.pages()}


def test_without_pagerduty_a_page_is_in_the_log() -> None:
    lines: list[str] = []
    pager = NoPager(lines.append)
    given = page()
    with pytest.raises(NobodyThere, match="no PagerDuty connection"):
        pager.trigger(given)
    with pytest.raises(NobodyThere, match="no PagerDuty connection"):
        pager.resolve(given.dedup_key)
    assert given.summary in lines[0]
    assert "cause: c" in lines[0]
    assert given.dedup_key in lines[1]
