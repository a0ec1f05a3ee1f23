"""Every default is the safe one, every option is described, typed and parsed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from airflow_provider_harness import config
from airflow_provider_harness.config import OPTIONS, AskModel, Mode, Place, Settings, read


def given(**options: str) -> Settings:
    return read(lambda option, fallback: options.get(option, fallback))


#: Written down a second time: a changed default is a decision.
SAFE = Settings(
    mode=Mode.SHADOW,  # nothing is done
    enroll="none",  # no Dag is touched
    store=Place.EITHER,
    store_conn_id="harness_store",
    capture_conn_id="harness_capture",
    airflow_conn_id="harness_airflow",
    model="",
    model_fallback="",
    ask_model=AskModel.UNSURE,
    runbooks_path="",  # no text leaves
    model_conn_id="anthropic_default",
    pagerduty_conn_id="pagerduty_events_default",
    routes_file="",
    notifiers="",  # nobody else is told
    maintenance_file="",
    promise_warning_minutes=30,
    page_backfills=False,
    environment="production",  # what a policy keeps for the others is not given
    policy_file="",
    approvers_file="",
    runbook_url="",
    runbook_file="",  # nobody can approve
    healer_dag_id="harness_healer",
    staging_path="",
    personal_key_conn_id="harness_personal_key",
    spool_path="",
    audit_key_file="",
    reconcile_seconds=60,
    approval_minutes=60,
    verify_minutes=120,
    max_backfill_alone=3,
    recurrence_limit=3,
    recurrence_days=7,
    breaker_limit=3,
    autonomy_bar="",
    connections_allowed="*",  # what any task may read with, the healer may; it only reads, and never with its own
    watch_path="",
    watch_minutes=15,
    query_file="",  # no question in SQL reaches the warehouse
    max_model_turns=5,
    max_cost_usd_per_incident=0.5,
    max_cost_usd_per_day=10.0,
    promotion_limits="missing 0, added 0, emptied 0, changed 5",
)


def test_every_default_is_the_safe_one() -> None:
    assert given() == SAFE


def test_an_emptied_option_is_its_default() -> None:
    assert read(lambda option, fallback: "") == SAFE
    assert read(lambda option, fallback: None) == SAFE


def test_every_option_is_described_and_none_is_forgotten() -> None:
    assert set(OPTIONS) == {field.name for field in fields(Settings)}
    types = {"string": str, "integer": int, "float": float, "boolean": bool}
    for name, option in OPTIONS.items():
        assert option.description.endswith(".") or option.description[-1].isalnum(), name
        assert isinstance(getattr(SAFE, name), types[option.type]), name
        if option.example is not None:
            given(**{name: option.example})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mode", "on"),
        ("mode", "ACT"),
        ("mode", "act,shadow"),
        ("mode", " "),
        ("enroll", "tag:"),
        ("enroll", "everything"),
        ("enroll", "critical"),
        ("reconcile_seconds", "4"),
        ("reconcile_seconds", "soon"),
        ("approval_minutes", "0"),
        ("verify_minutes", "-1"),
        ("max_backfill_alone", "-1"),
        ("max_backfill_alone", "1.5"),
        ("recurrence_limit", "1"),
        ("recurrence_days", "0"),
        ("breaker_limit", "0"),
        ("environment", "moon"),
        ("max_model_turns", "0"),
        ("max_cost_usd_per_incident", "-1"),
        ("max_cost_usd_per_incident", "nan"),
        ("max_cost_usd_per_day", "inf"),
        ("max_cost_usd_per_day", "ten"),
    ],
)
def test_a_wrong_value_is_named_and_is_no_default(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=rf"\[harness\] {name}"):
        given(**{name: value})


@pytest.mark.parametrize(
    ("name", "value", "parsed"),
    [("mode", " act ", Mode.ACT), ("mode", "off", Mode.OFF), ("enroll", "all", "all"), ("max_backfill_alone", "0", 0)],
)
def test_a_right_value(name: str, value: str, parsed: object) -> None:
    assert getattr(given(**{name: value}), name) == parsed


def test_the_section_is_read_from_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HARNESS__MODE", "act")
    assert config.read().mode is Mode.ACT
    monkeypatch.setenv("AIRFLOW__HARNESS__MODE", "off")
    assert config.read().mode is Mode.OFF
    monkeypatch.delenv("AIRFLOW__HARNESS__MODE")
    assert config.read().mode is Mode.SHADOW
