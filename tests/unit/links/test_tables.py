"""Links of a task's page: where each kind of connection leads, and what has no page."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset, BaseOperator

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.links import IncidentLink, IncidentsLink, PublishedTableLink, QuarantineLink
from airflow_provider_harness.operators import (
    BigQueryLoadOperator,
    PostgresExtractOperator,
    PostgresLoadOperator,
    PostgresTransferOperator,
    SQLTransformOperator,
    ValidateOperator,
)

FLIGHTS = str(Path(__file__).parents[3] / "dags" / "contracts" / "flights.odcs.yaml")
AIRLINES = FLIGHTS.replace("flights.odcs", "airlines.odcs")

CONNECTIONS: dict[str, dict[str, Any]] = {
    "plain": {"conn_type": "postgres", "host": "db", "schema": "shop"},
    "paged": {
        "conn_type": "postgres",
        "host": "db",
        "port": 5432,
        "schema": "my shop",
        "extra": {"table_url": "https://tables.example/{host}:{port}/{database}/{schema}/{table}"},
    },
    "wrong": {"conn_type": "postgres", "extra": {"table_url": "https://tables.example/{tabel}"}},
    "google": {"conn_type": "google_cloud_platform", "extra": {"project": "acme"}},
    "stand_in": {"conn_type": "google_cloud_platform", "extra": {"project": "acme", "api_endpoint": "http://here"}},
}


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/x/")
    for name, value in CONNECTIONS.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(value))


def task(conn_id: str, contract: str = FLIGHTS, outlets: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(conn_id=conn_id, contract=contract, table="public.flights", outlets=outlets)


CONSOLE = "https://console.cloud.google.com/bigquery?project=acme&p=acme&d=public&t=flights{}&page=table"


@pytest.mark.parametrize(
    ("conn_id", "page"),
    [
        ("paged", "https://tables.example/db:5432/my%20shop/public/flights{}"),
        ("google", CONSOLE),
        ("plain", ""),
        ("stand_in", ""),
    ],
)
def test_where_a_connection_leads(conn_id: str, page: str) -> None:
    key: Any = None
    assert PublishedTableLink().get_link(task(conn_id), ti_key=key) == page.format("")
    assert QuarantineLink().get_link(task(conn_id), ti_key=key) == page.format("__quarantine")


def test_without_a_page_it_is_the_asset() -> None:
    key: Any = None
    here = task("plain", outlets=(Asset("flights & more"),))
    assert (
        PublishedTableLink().get_link(here, ti_key=key)
        == "https://airflow.example/x/assets?name_pattern=flights%20%26%20more"
    )


def test_what_sets_nothing_aside_has_no_quarantine() -> None:
    key: Any = None
    assert QuarantineLink().get_link(task("google", AIRLINES), ti_key=key) == ""


def test_a_wrong_template_is_named() -> None:
    key: Any = None
    with pytest.raises(ConfigurationError, match=r"table_url: has a place that is not known \('tabel'\).*database"):
        PublishedTableLink().get_link(task("wrong"), ti_key=key)


def test_who_publishes_has_both_and_who_validates_one() -> None:
    def links(operator: type[BaseOperator]) -> list[str]:
        told: Any = operator.operator_extra_links
        return [link.name for link in (told.__get__(object()) if isinstance(told, property) else told)]

    both = ["Published table", "Quarantine", "Incidents"]
    for operator in (
        BigQueryLoadOperator, PostgresLoadOperator, PostgresTransferOperator, SQLTransformOperator
    ):  # fmt: skip
        assert links(operator) == both
    assert links(ValidateOperator) == ["Published table", "Incidents"]
    assert links(PostgresExtractOperator) == ["Incidents"]


def test_incidents_are_linked_below_airflows_own_address() -> None:
    key: Any = SimpleNamespace(dag_id="a b", task_id="load")
    base = "https://airflow.example/x/plugin/harness/incidents"
    assert IncidentsLink().get_link(task("plain"), ti_key=key) == f"{base}?state=all&dag_id=a%20b&task_id=load"
    led: Any = SimpleNamespace(incident_id="01K")
    assert IncidentLink().get_link(led, ti_key=key) == f"{base}/01K"
    assert IncidentLink().get_link(SimpleNamespace(incident_id=""), ti_key=key) == ""  # type: ignore[arg-type]
