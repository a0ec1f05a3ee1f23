"""PagerDuty down and up again: nothing lost, nothing sent twice, no stale trigger; on both stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pagerduty
import pytest

from airflow_provider_harness.adapters.paging.notifiers import named
from airflow_provider_harness.adapters.paging.pagerduty import DETAILS_BYTES, NoPager, PagerDuty, bounded
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.outbox import SqlOutbox
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.adapters.yaml_files.routes import load_routes
from airflow_provider_harness.app.oncall.delivery import Channel, PageDispatcher
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.outbox import (
    BACKOFF,
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    Reached,
)
from airflow_provider_harness.testing.events_api import EventsApiStandIn

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def later(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Place:
    """A teller and what stands around it."""

    def __init__(self, outbox: SqlOutbox, receiver: Channel, **more: Channel) -> None:
        self.outbox, self.clock, self.lines = outbox, Clock(), list[str]()
        self.number = 0
        self.receivers = {"pagerduty": receiver, **more}
        self.routes: dict[str, str] = {}
        self.teller = self.another()

    def another(self) -> PageDispatcher:
        return PageDispatcher(
            self.outbox, self.receivers, now=self.clock, new_id=self.new_id, log=self.lines.append, routes=self.routes
        )

    def new_id(self) -> str:
        self.number += 1
        return f"{self.number:026}"


@pytest.fixture
def outbox(store_url: str) -> Iterator[SqlOutbox]:
    engine = open_engine(store_url)
    yield SqlOutbox(lambda: engine)
    engine.dispose()


@pytest.fixture
def place(outbox: SqlOutbox, events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("SSL_CERT_FILE", str(events_api.ca_bundle))
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.001)
    yield Place(outbox, PagerDuty("0" * 32, events_api.url))
    events_api.refuse(500, times=0)


@pytest.fixture
def key() -> str:
    return f"harness:{uuid.uuid4().hex[:16]}"


def page(key: str, **more: Any) -> Page:
    given = {
        "dedup_key": key,
        "summary": "s",
        "severity": PageSeverity.HIGH,
        "source": "airflow:d",
        "details": {"a": "b"},
    }
    return Page(**given | more)


def received(stand_in: EventsApiStandIn, key: str) -> list[str]:
    return [
        event["event_action"]
        for item in stand_in.pages()
        if item["dedup_key"] == key
        for event in item["events"]
    ]  # fmt: skip


def test_what_is_said_in_an_outage_is_told_once_when_it_is_over(
    place: Place, events_api: EventsApiStandIn, key: str
) -> None:
    events_api.refuse(503, times=1000)
    place.teller.trigger(page(key))
    place.teller.trigger(page(key, summary="worse", severity=PageSeverity.CRITICAL))
    assert received(events_api, key) == []
    assert "sends it later" in place.lines[0]
    events_api.refuse(503, times=0)
    place.teller.flush()
    assert received(events_api, key) == []
    place.clock.later(BACKOFF[0])
    place.another().flush()
    place.teller.flush()
    [found] = [item for item in events_api.pages() if item["dedup_key"] == key]
    assert [event["payload"]["summary"] for event in found["events"]] == ["worse"]
    place.teller.resolve(key)
    assert received(events_api, key) == ["trigger", "resolve"]


def test_a_page_that_was_over_before_it_could_be_told_is_not_told(
    place: Place, events_api: EventsApiStandIn, key: str
) -> None:
    events_api.refuse(429, times=1000)
    place.teller.trigger(page(key))
    place.teller.resolve(key)
    events_api.refuse(429, times=0)
    place.clock.later(3600)
    place.teller.flush()
    assert received(events_api, key) == []
    assert place.outbox.waiting() == []


def test_a_resolve_waits_for_the_outage_too(place: Place, events_api: EventsApiStandIn, key: str) -> None:
    place.teller.trigger(page(key))
    events_api.refuse(500, times=1000)
    place.teller.resolve(key)
    events_api.refuse(500, times=0)
    place.clock.later(3600)
    place.teller.flush()
    assert received(events_api, key) == ["trigger", "resolve"]


def test_a_maintenance_window_holds_a_page_back(place: Place, events_api: EventsApiStandIn, key: str) -> None:
    place.teller.trigger(page(key, not_before=NOW + timedelta(hours=1)))
    assert received(events_api, key) == []
    place.clock.later(3600)
    place.teller.flush()
    assert received(events_api, key) == ["trigger"]


def test_a_change_is_told(place: Place, events_api: EventsApiStandIn, key: str) -> None:
    before = len(events_api.received()["changes"])
    place.teller.change(page(key, summary=f"healed {key}", links={"run": "http://airflow/"}))
    changes = events_api.received()["changes"]
    assert len(changes) == before + 1
    assert changes[-1]["payload"]["summary"] == f"healed {key}"


def test_whoever_died_while_telling_is_made_up_for(place: Place, events_api: EventsApiStandIn, key: str) -> None:
    place.outbox.put(message(key))
    [waiting] = place.outbox.waiting()
    assert place.outbox.take(waiting, NOW)
    assert not place.outbox.take(waiting, NOW)
    place.teller.flush()
    assert received(events_api, key) == []
    place.clock.later(200)
    place.teller.flush()
    assert received(events_api, key) == ["trigger"]


def message(key: str) -> Message:
    body = {"dedup_key": key, "summary": "s", "severity": "high", "source": "x", "details": {}, "links": {}}
    return Message(
        id=ulid(NOW),
        channel="pagerduty",
        dedup_key=key,
        kind=MessageKind.TRIGGER,
        body=body | {"not_before": None},
        due_at=NOW,
    )


class Broken:
    """A receiver that is away."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object) -> None:
            raise HarnessUnavailable("the other", "away")

        return refuse


def test_one_receiver_that_is_away_holds_nobody_else_up(
    outbox: SqlOutbox, place: Place, events_api: EventsApiStandIn, key: str
) -> None:
    both = Place(outbox, place.receivers["pagerduty"], other=Broken())
    both.teller.trigger(page(key))
    assert received(events_api, key) == ["trigger"]
    [left] = both.outbox.waiting()
    assert (left.channel, left.tries, left.state) == ("other", 1, MessageStatus.WAITING)


def test_any_notifier_of_airflow_is_told_beside_it(outbox: SqlOutbox, key: str) -> None:
    given = '[{"path": "tests.ports.notifier_case.Remembering", "kwargs": {"text": "{{ action }} {{ page.summary }}"}}]'
    from tests.ports.notifier_case import SAID

    SAID.clear()
    place = Place(outbox, named(given).popitem()[1])
    place.teller.trigger(page(key, summary="flights are late"))
    place.teller.acknowledge(key)
    place.teller.change(page(key, summary="healed"))
    place.teller.resolve(key)
    assert ["trigger flights are late", f"acknowledge {key}", "change healed", f"resolve {key}"] == SAID


SHOP = {"shop": "connection pd_shop", "lost": "connection pd_lost"}


def keys(stand_in: EventsApiStandIn, key: str) -> list[str]:
    """The routing keys of what was received about one page, in order."""
    return [event["routing_key"] for item in stand_in.pages() if item["dedup_key"] == key for event in item["events"]]


@pytest.fixture
def routed(place: Place, events_api: EventsApiStandIn) -> Place:
    place.receivers["connection pd_shop"] = PagerDuty("1" * 32, events_api.url)
    place.routes = SHOP
    place.teller = place.another()
    return place


def test_the_team_of_the_contract_is_paged_and_hears_the_end(
    routed: Place, events_api: EventsApiStandIn, key: str
) -> None:
    routed.teller.trigger(page(key, route=("nobody", "shop", "lost")))
    routed.teller.acknowledge(key)
    routed.teller.resolve(key)
    assert keys(events_api, key) == ["1" * 32] * 3
    [found] = [item for item in events_api.pages() if item["dedup_key"] == key]
    details = found["events"][0]["payload"]["custom_details"]
    assert details == {"a": "b", "sent to": "shop, by connection pd_shop"}
    assert routed.outbox.waiting() == []


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (("lost",), "the default, since the route of lost leads to connection pd_lost, which cannot be used"),
        (("nobody", "x"), "the default, since no route names nobody, x"),
        ((), ""),
    ],
)
def test_without_a_good_route_the_default_is_paged_and_told_why(
    routed: Place, events_api: EventsApiStandIn, key: str, route: tuple[str, ...], said: str
) -> None:
    routed.teller.trigger(page(key, route=route))
    assert keys(events_api, key) == ["0" * 32]
    [found] = [item for item in events_api.pages() if item["dedup_key"] == key]
    assert found["events"][0]["payload"]["custom_details"].get("sent to", "") == said


class Refuses:
    """A service whose integration key nobody knows any more."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object) -> None:
            raise NotAllowed("PagerDuty answers 400: Invalid routing key")

        return refuse


def test_a_route_that_refuses_falls_back_to_the_default_once(
    routed: Place, events_api: EventsApiStandIn, key: str
) -> None:
    routed.receivers["connection pd_shop"] = Refuses()
    routed.teller.trigger(page(key, route=("shop",)))
    assert keys(events_api, key) == ["0" * 32]
    [found] = [item for item in events_api.pages() if item["dedup_key"] == key]
    assert "Invalid routing key" in found["events"][0]["payload"]["custom_details"]["sent to"]
    routed.teller.resolve(key)
    assert keys(events_api, key) == ["0" * 32] * 2
    assert routed.outbox.waiting() == []


def test_a_default_that_refuses_keeps_its_pages(outbox: SqlOutbox, key: str) -> None:
    place = Place(outbox, Refuses())
    place.teller.trigger(page(key))
    assert [(item.channel, item.tries) for item in outbox.waiting()] == [("pagerduty", 1)]


def test_pagerduty_refuses_a_key_that_it_does_not_know(events_api: EventsApiStandIn, place: Place, key: str) -> None:
    with pytest.raises(NotAllowed, match="400"):
        PagerDuty("", events_api.url).trigger(page(key))


@pytest.mark.parametrize("text", ["- a", "a: 1", "a: {b: c}", "a: ''", "{"])
def test_a_wrong_routes_file_says_where(tmp_path: Path, text: str) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"routes\.yaml"):
        load_routes(str(path))


def test_a_routes_file(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text('shop: pd_shop\n"#sales": pd_sales\n')
    assert load_routes(str(path)) == {"shop": "pd_shop", "#sales": "pd_sales"}
    assert load_routes("") == {}
    with pytest.raises(ConfigurationError, match="away"):
        load_routes(str(tmp_path / "away"))


def test_a_notifier_that_fails_is_tried_again(outbox: SqlOutbox, key: str) -> None:
    place = Place(outbox, named('[{"path": "tests.ports.notifier_case.Nothing"}]').popitem()[1])
    place.teller.trigger(page(key))
    assert [item.tries for item in outbox.waiting()] == [1]


@pytest.mark.parametrize("text", ["{", "[1]", "[{}]", "7"])
def test_a_wrong_setting_says_where(text: str) -> None:
    with pytest.raises(ConfigurationError, match="notifiers"):
        named(text)


def test_details_fit() -> None:
    assert bounded({"a": "b"}) == {"a": "b"}
    cut = bounded({"a": "x" * 60_000, "b": "y" * 60_000, "c": "z"})
    assert sum(len(name) + len(text) for name, text in cut.items()) <= DETAILS_BYTES
    assert (len(cut["a"]), "c" in cut) == (60_000, False)


def test_what_became_of_a_page_is_known(place: Place, events_api: EventsApiStandIn, key: str) -> None:
    assert place.teller.reached(key).reached is Reached.NOBODY
    events_api.refuse(503, times=1000)
    place.teller.trigger(page(key))
    waits = place.teller.reached(key)
    assert (waits.reached, "tried 1 time(s), again at 2026-11-21 12:00 UTC" in waits.why) == (Reached.WAITING, True)
    events_api.refuse(503, times=0)
    place.clock.later(BACKOFF[0])
    place.teller.flush()
    assert place.teller.reached(key) == Delivery(reached=Reached.SENT)
    place.teller.resolve(key)
    assert place.teller.reached(key, MessageKind.RESOLVE) == Delivery(reached=Reached.SENT)


def test_a_page_that_is_held_back_is_not_sent(place: Place, key: str) -> None:
    place.teller.trigger(page(key, not_before=NOW + timedelta(hours=1)))
    held = place.teller.reached(key)
    assert (held.reached, held.why) == (Reached.WAITING, "it is held back until 2026-11-21 13:00 UTC")
    place.teller.resolve(key)
    assert place.teller.reached(key).why == "it was over before it could be sent"


def test_without_a_connection_nobody_is_paged(outbox: SqlOutbox, key: str) -> None:
    lines: list[str] = []
    place = Place(outbox, NoPager(lines.append))
    place.teller.trigger(page(key))
    found = place.teller.reached(key)
    assert (found.reached, found.why) == (Reached.NOBODY, "no PagerDuty connection")
    assert [item.state for item in outbox.newest(key, MessageKind.TRIGGER)] == [MessageStatus.UNHEARD]
    assert "nobody is paged; this would be the page:" in lines[0]
    place.teller.resolve(key)
    place.teller.acknowledge(key)
    assert len(lines) == 1
    assert outbox.waiting() == []
