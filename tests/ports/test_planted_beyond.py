"""Planted secrets and values of rows where another program keeps them: PostgreSQL's quarantine, PagerDuty's stand-in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pagerduty
import psycopg
import pytest

from airflow_provider_harness.adapters.paging.pagerduty import PagerDuty
from airflow_provider_harness.adapters.postgres.write.quarantine import PostgresQuarantine
from airflow_provider_harness.adapters.sql.checks import literal
from airflow_provider_harness.testing.events_api import EventsApiStandIn
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.planted import plant
from tests.ports.rows_case import Case, drop, make
from tests.sinks import told

pytestmark = pytest.mark.attack


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path) -> Iterator[Case]:
    name = f"p{uuid.uuid4().hex[:8]}"
    yield make(postgres, name, tmp_path)
    drop(postgres, name)


def test_a_reason_of_quarantine_and_a_report_say_nothing_of_the_row(case: Case) -> None:
    """All planted texts are values of a column that nobody classified; their rows are set aside."""
    planted = list(plant(12))
    for number in range(6):
        text = "\n".join(item.text for item in planted[number::6]).replace("\x00", "")
        case.at_source(f"UPDATE public.orders SET customer = {literal(text)} WHERE id = {number}")
    case.extract()
    _, report = case.load()
    with psycopg.connect(case.warehouse) as connection:
        kept = connection.execute('SELECT "check", reason, slice, run FROM public.orders__quarantine').fetchall()
    shown = PostgresQuarantine(case.warehouse).rows(case.contract)
    assert len(kept) == len(shown) == 6 and all("customer" in reason for _, reason, *_ in kept)
    for text in (str(kept), json.dumps(shown, default=str), json.dumps(asdict(report), default=str)):
        assert [item.text for item in planted if item.leaks(text)] == []


def test_no_planted_secret_is_in_what_pagerduty_gets(
    events_api: EventsApiStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One form of each family, sent by the real client; all of them as the page that is sent: ``tests/sinks.py``."""
    monkeypatch.setenv("SSL_CERT_FILE", str(events_api.ca_bundle))
    monkeypatch.setattr(pagerduty.EventsApiV2Client, "sleep_timer", 0.01)
    pager, one_each = PagerDuty("0" * 32, events_api.url), {item.family: item for item in plant(13)}
    for item in one_each.values():
        page = told(item.text).page
        pager.trigger(page)
        found = next(kept for kept in events_api.pages() if kept["dedup_key"] == page.dedup_key)
        assert not item.leaks(json.dumps(found, ensure_ascii=False)), item
