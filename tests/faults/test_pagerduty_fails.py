"""PagerDuty fails in every way: a page waits in the outbox with its reason, and is told once when PagerDuty is there again."""

from __future__ import annotations

import ssl
import uuid
from collections.abc import Iterator
from pathlib import Path

import pagerduty
import pytest

from airflow_provider_harness.adapters.paging.pagerduty import PagerDuty
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.outbox import SqlOutbox
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.incidents.outbox import BACKOFF, Reached
from airflow_provider_harness.testing.certificate import make_certificate, trusting
from airflow_provider_harness.testing.events_api import EventsApiStandIn
from tests.faults.proxy import HTTP, NETWORK, FaultProxy, Mode
from tests.ports.test_outbox import Place

SURELY = [mode for mode in (*NETWORK, *HTTP) if mode not in (Mode.FLAPPING, Mode.TRICKLE)]
"""Left out: what PagerDuty's client makes up for, and an endless answer."""


@pytest.fixture(scope="module")
def trusted(events_api: EventsApiStandIn, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The key of the proxy, and a file with all certificates that are trusted."""
    folder = tmp_path_factory.mktemp("tls")
    public, private = make_certificate(folder)
    bundle = trusting(public, folder / "bundle.pem")
    bundle.write_bytes(bundle.read_bytes() + Path(events_api.ca_bundle).read_bytes())
    return private, bundle


@pytest.fixture(scope="module")
def before_pagerduty(events_api: EventsApiStandIn, trusted: tuple[Path, Path]) -> Iterator[FaultProxy]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(trusted[0])
    onward = ssl.create_default_context(cafile=str(events_api.ca_bundle))
    with FaultProxy(int(events_api.url.rstrip("/").rpartition(":")[2]), server=server, client=onward) as proxy:
        yield proxy


@pytest.fixture
def place(
    store_url: str, before_pagerduty: FaultProxy, trusted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted[1]))
    for name, value in {"sleep_timer": 0.001, "max_network_attempts": 1, "timeout": 0.3}.items():
        monkeypatch.setattr(pagerduty.EventsApiV2Client, name, value)
    before_pagerduty.be(Mode.WELL)
    engine = open_engine(store_url)
    yield Place(SqlOutbox(lambda: engine), PagerDuty("0" * 32, f"https://127.0.0.1:{before_pagerduty.port}"))
    engine.dispose()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mode", SURELY)
def test_a_page_is_told_once_when_pagerduty_is_there_again(
    place: Place, events_api: EventsApiStandIn, before_pagerduty: FaultProxy, mode: Mode
) -> None:
    key = f"harness:{uuid.uuid4().hex[:16]}"
    before_pagerduty.be(mode)
    place.teller.trigger(
        Page(dedup_key=key, summary="s", severity=PageSeverity.HIGH, source="airflow:d", details={"a": "b"})
    )
    assert place.teller.reached(key).reached is Reached.WAITING
    said = "PagerDuty answers 404" if mode is Mode.NOT_FOUND else "sends it later. PagerDuty is unavailable: "
    assert said in place.lines[0]
    before_pagerduty.be(Mode.WELL)
    place.clock.later(BACKOFF[0])
    place.another().flush()
    place.teller.flush()
    [found] = [item for item in events_api.pages() if item["dedup_key"] == key]
    assert found["opened"] == 1
    assert place.teller.reached(key).reached is Reached.SENT
