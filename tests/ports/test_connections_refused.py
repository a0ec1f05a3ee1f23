"""The harness's own connections are no warehouses, under any name; and the healer reads with what the administrator named."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any, cast

import pytest

from airflow_provider_harness.adapters.airflow.published_gates import PublishedGates
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.operators import ValidateOperator
from airflow_provider_harness.wiring import access as wiring_access
from airflow_provider_harness.wiring import evidence as wiring_reads
from airflow_provider_harness.wiring import probes as wiring_looks
from airflow_provider_harness.wiring import rows as wiring_rows
from tests.ports.operators_case import context, moved, run, terms
from tests.ports.rows_case import Case

STORE = {"conn_type": "postgres", "host": "localhost", "port": 5433, "schema": "harness", "login": "harness_store"}
CAPTURE = {**STORE, "login": "harness_tasks"}
AIRFLOW = {"conn_type": "http", "host": "http://localhost:8080", "login": "harness"}
DAY = "20130309T050000Z"


@pytest.fixture(autouse=True)
def forgotten() -> None:
    wiring_access._places.cache_clear()


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def give(**connections: dict[str, Any]) -> None:
        for name, found in connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(found))

    give(harness_store=STORE, harness_capture=CAPTURE, harness_airflow=AIRFLOW)
    return give


OTHERS = {
    "the same": STORE,
    "another login": {**STORE, "login": "author"},
    "an address": {**STORE, "host": "127.0.0.1"},
    "the other address": {**STORE, "host": "::1"},
    "this machine by its name": {**STORE, "host": socket.gethostname()},
    "a socket": {**STORE, "host": "/var/run/postgresql"},
    "no host": {**STORE, "host": ""},
    "a list of hosts": {**STORE, "host": "localhost,127.0.0.1"},
    "another word for its type": {**STORE, "conn_type": "postgresql"},
    "the words of libpq": {"conn_type": "postgres", "schema": "host=localhost port=5433 dbname=harness"},
    "a URL as the database": {"conn_type": "postgres", "schema": "postgresql://localhost:5433/harness"},
    "any address": {**STORE, "host": "0.0.0.0"},
    "any address, in short": {**STORE, "host": "0"},
    "any address, the other kind": {**STORE, "host": "::"},
    "an address within another": {**STORE, "host": "::ffff:127.0.0.1"},
    "the words of libpq, quoted": {**STORE, "schema": "dbname='harness'"},
    "the words of libpq, with spaces": {**STORE, "schema": "dbname = harness"},
    "a URL without a host": {**STORE, "schema": "postgresql://?host=127.0.0.1&port=5433&dbname=harness"},
    "a URL of several hosts": {**STORE, "schema": "postgresql://localhost:5433,127.0.0.1:5433/harness"},
    "the database in its extra": {**STORE, "schema": "sales", "extra": {"dbname": "harness"}},
}


@pytest.mark.attack
@pytest.mark.parametrize("extra", [{"host": "192.0.2.1"}, {"dbname": "sales"}, {"port": "1"}], ids=str)
def test_what_an_extra_says_hides_no_field_that_is_used(own: Callable[..., None], extra: dict[str, Any]) -> None:
    own(mine={**STORE, "extra": extra})
    with pytest.raises(ConfigurationError, match="leads to the same place"):
        wiring_rows.connections.dsn("mine")


@pytest.mark.attack
def test_what_the_environment_adds_to_an_empty_connection_is_looked_at(
    own: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    own(mine={"conn_type": "postgres", "login": "author"})
    wiring_rows.connections.dsn("mine")
    for name, value in {"PGHOST": "localhost", "PGPORT": "5433", "PGDATABASE": "harness"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match="leads to the same place"):
        wiring_rows.connections.dsn("mine")


@pytest.mark.attack
@pytest.mark.parametrize("found", OTHERS.values(), ids=OTHERS)
def test_where_the_store_is_no_rows_are_read_under_any_name(own: Callable[..., None], found: dict[str, Any]) -> None:
    own(mine=found)
    for read in (
        wiring_rows.connections.dsn,
        wiring_rows.connections.is_bigquery,
        lambda name: wiring_rows.connections.dataset(name, "t"),
    ):
        with pytest.raises(ConfigurationError, match="same place as the harness's own"):
            read("mine")


@pytest.mark.attack
@pytest.mark.parametrize(
    "name",
    ["harness_store", "harness_capture", "harness_airflow", "pagerduty_events_default", "anthropic_default"],
)
def test_the_harness_own_connections_are_refused_by_their_id(own: Callable[..., None], name: str) -> None:
    with pytest.raises(ConfigurationError, match="is the harness's own"):
        wiring_rows.connections.dsn(name)


@pytest.mark.attack
def test_configured_ids_are_refused_too(own: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HARNESS__STORE_CONN_ID", "team_store")
    own(team_store={**STORE, "schema": "elsewhere"}, mine={**STORE, "schema": "elsewhere", "login": "author"})
    for name in ("team_store", "mine"):
        with pytest.raises(ConfigurationError, match="harness's own"):
            wiring_rows.connections.dsn(name)


def test_another_database_of_the_same_server_is_a_warehouse(own: Callable[..., None]) -> None:
    own(sales={**STORE, "schema": "sales"}, other={**STORE, "port": 5434})
    assert "dbname=sales" in wiring_rows.connections.dsn("sales")
    assert "port=5434" in wiring_rows.connections.dsn("other")


@pytest.mark.attack
@pytest.mark.parametrize("conn_id", ["harness_store", "harness_capture", "mine"])
def test_an_operator_and_a_look_are_refused_before_they_read(
    case: Case, dag: Any, own: Callable[..., None], conn_id: str
) -> None:
    own(mine=OTHERS["an address"])
    with pytest.raises(Exception, match="harness's own"):
        run(ValidateOperator(task_id="v", **terms(dag, conn_id)), context(case))
    given = {"contract": str(case.folder.parent / "orders.odcs.yaml"), "conn_id": conn_id, "table": "public.orders"}
    with pytest.raises(ConfigurationError, match="harness's own"):
        wiring_looks.kept(**given, slice_key=DAY, running=[])
    with pytest.raises(ConfigurationError, match="harness's own"):
        wiring_rows.judging.verify_published(given["contract"], conn_id, given["table"], DAY)


def test_what_the_healer_may_read_with_is_the_administrators_word(
    case: Case, dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(case, dag)
    verify = wiring_access.for_healer(wiring_rows.judging.verify_published)
    given = str(case.folder.parent / "orders.odcs.yaml"), "wh", "public.orders", DAY
    assert verify(*given).passed
    for patterns in ("wh", "src, w?", "none,wh"):
        monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", patterns)
        assert verify(*given).passed
    for patterns in ("none", "WH", "warehouse,src", "w"):
        monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", patterns)
        with pytest.raises(NotAllowed, match="connections_allowed"):
            verify(*given)
        source = {"contract": given[0], "conn_id": "wh", "table": "public.orders", "slice_key": DAY}
        with pytest.raises(NotAllowed, match="connections_allowed"):
            wiring_reads.arrived(source)
    assert run(ValidateOperator(task_id="v", **terms(dag, "wh")), context(case)), (
        "a task's own gate is not the healer's"
    )


def test_where_a_table_is_and_of_what_the_healer_may_not_know_nothing(
    own: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    wh = {"conn_type": "postgres", "host": "db", "schema": "shop", "login": "me", "password": "hunter2"}
    own(wh=wh, lake={"conn_type": "google_cloud_platform", "extra": {"project": "acme"}})
    gates = PublishedGates(*[cast("Any", None)] * 4, place=wiring_access.for_healer(wiring_rows.connections.place))
    assert gates.place("wh", "public.t") == "postgres://db:5432/shop.public.t, connection wh"
    assert gates.place("lake", "sales.t") == "bigquery/acme.sales.t, connection lake"
    assert [gates.place(name, "public.t") for name in ("harness_store", "gone")] == ["", ""]
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "lake")
    assert gates.place("wh", "public.t") == ""
