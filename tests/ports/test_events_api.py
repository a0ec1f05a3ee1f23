"""The real PagerDuty client against the stand-in, over TLS as in earnest."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator

import pagerduty
import pytest

from airflow_provider_harness.testing.events_api import MAX_BYTES, EventsApiStandIn


@pytest.fixture
def client(events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[pagerduty.EventsApiV2Client]:
    """The real client, which waits between its tries as short as it can."""
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    trusted = ssl.create_default_context(cafile=events_api.ca_file)
    with pagerduty.EventsApiV2Client("0" * 32, base_url=events_api.url, verify=trusted) as client:
        yield client


def state(stand_in: EventsApiStandIn, key: str) -> str:
    return str(next(page["state"] for page in stand_in.pages() if page["dedup_key"] == key))


def answer(error: pagerduty.HttpError) -> tuple[int, str]:
    """Status and text of what the client was answered."""
    assert error.response is not None
    return error.response.status_code, error.response.text


def test_an_alert_lives_by_its_key(events_api: EventsApiStandIn, client: pagerduty.EventsApiV2Client) -> None:
    assert client.trigger("broken", "flights", severity="error", dedup_key="harness:life") == "harness:life"
    assert state(events_api, "harness:life") == "triggered"
    client.acknowledge("harness:life")
    assert state(events_api, "harness:life") == "acknowledged"
    client.resolve("harness:life")
    assert state(events_api, "harness:life") == "resolved"
    lines = [json.loads(line) for line in events_api.file.read_text().splitlines()]
    actions = [line["event"]["event_action"] for line in lines if line["event"]["dedup_key"] == "harness:life"]
    assert actions == ["trigger", "acknowledge", "resolve"]


def test_a_key_is_made_when_none_is_given(events_api: EventsApiStandIn, client: pagerduty.EventsApiV2Client) -> None:
    key = client.trigger("broken", "flights")
    assert state(events_api, key) == "triggered"


def test_the_client_needs_no_setting_but_the_bundle(
    events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(events_api.ca_bundle))
    with pagerduty.EventsApiV2Client("0" * 32, base_url=events_api.url) as client:
        assert client.trigger("broken", "flights", dedup_key="harness:bundle") == "harness:bundle"


@pytest.mark.parametrize(
    ("summary", "severity", "field"),
    [("s" * 1025, "error", "payload.summary"), ("", "error", "payload.summary"), ("s", "high", "payload.severity")],
)
def test_a_wrong_event_is_refused(
    events_api: EventsApiStandIn, client: pagerduty.EventsApiV2Client, summary: str, severity: str, field: str
) -> None:
    before = events_api.received()["rejected"]
    with pytest.raises(pagerduty.HttpError) as caught:
        client.trigger(summary, "flights", severity=severity)
    status, text = answer(caught.value)
    assert status == 400
    assert field in text
    assert events_api.received()["rejected"] == before + 1


def test_an_event_that_is_too_big_is_refused(client: pagerduty.EventsApiV2Client) -> None:
    with pytest.raises(pagerduty.HttpError) as caught:
        client.trigger("s", "flights", custom_details={"log": "x" * MAX_BYTES})
    assert answer(caught.value)[0] == 413


@pytest.mark.parametrize("status", [429, 500])
def test_the_client_outlasts_refusals(
    events_api: EventsApiStandIn, client: pagerduty.EventsApiV2Client, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pagerduty.api_client.time.sleep", lambda _: None)
    events_api.refuse(status, times=2)
    key = client.trigger("broken", "flights", dedup_key=f"harness:refused-{status}")
    assert state(events_api, key) == "triggered"


def test_a_change_is_received(events_api: EventsApiStandIn, client: pagerduty.EventsApiV2Client) -> None:
    client.send_change_event({"summary": "deployed", "source": "flights"})
    assert events_api.received()["changes"][-1]["payload"]["summary"] == "deployed"
