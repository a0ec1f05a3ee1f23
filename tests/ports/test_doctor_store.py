"""What ``airflow harness doctor`` says of the store's rows and roles, and of the address of pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from airflow_provider_harness.adapters.paging.pagerduty import PagerDuty
from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import grant_tasks, lacking, upgrade
from airflow_provider_harness.adapters.store.rights import excess, superuser
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.adapters.store.unreadable import READERS, unreadable
from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.cli.doctor import local as doctor_here
from airflow_provider_harness.cli.doctor.findings import Health
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import store as wiring_store
from tests.ports.test_forms import GOOD, without_forms
from tests.ports.test_store import NOW, engine, url

__all__ = ["engine", "url"]

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "run-the-store-on-postgresql.md"
#: Table -> what makes a row of it one that nobody can read.
ODD: dict[str, dict[str, Any]] = {
    "harness_gates": {"place": "elsewhere"},
    "harness_contracts": {"body": "{}"},
    "harness_lineage": {"recorded_at": "never"},
    "harness_lineage_edges": {"how": "sorcery"},
    "harness_leases": {"expires_at": "never"},
    "harness_watermarks": {"slice_end": "9999-12-31T00:00:00.000000+00:00"},
    "harness_grant_uses": {"used_at": "never"},
    "harness_model_events": {"kind": "sorcery"},
}
#: Tables of which every row can be read that the database itself takes.
ALWAYS = {"harness_gate_checks"}


def test_every_table_that_tasks_may_write_is_looked_at() -> None:
    written = {table for table, rights in t.TASK_RIGHTS.items() if "INSERT" in rights}
    assert {table.name for table in READERS} == written - {"harness_failures", "harness_reports"} == {*ODD, *ALWAYS}


@pytest.mark.attack
def test_rows_that_nobody_can_read_are_counted_table_by_table(engine: Engine) -> None:
    without_forms(engine)
    with engine.begin() as connection:
        for name, row in GOOD.items():
            connection.execute(t.metadata.tables[name].insert().values(**row))
    assert unreadable(engine) == {}
    with engine.begin() as connection:
        for name, odd in ODD.items():
            key = {"key": "b" * 64, "number": 9, "name": "b", "table_name": "b", "grant_id": "b" * 26, "seq": 9}
            mine = {column: value for column, value in key.items() if column in t.metadata.tables[name].primary_key}
            connection.execute(t.metadata.tables[name].insert().values(**GOOD[name] | mine | odd))
    assert {name: len(rows) for name, rows in unreadable(engine).items()} == dict.fromkeys(ODD, 1)


@pytest.mark.attack
def test_an_edge_that_nobody_can_read_takes_nothing_from_what_another_task_told(engine: Engine) -> None:
    source, target = Dataset(namespace="db", name="a"), Dataset(namespace="db", name="b")
    store = SqlLineage(lambda: engine)
    store.keep(TryKey(dag_id="d", run_id="r", task_id="t"), Flow(task="d.t", inputs=(source,), output=target), NOW)
    without_forms(engine)
    with engine.begin() as connection:
        key = connection.execute(text("SELECT key FROM harness_lineage")).scalar_one()
        edge = {**GOOD["harness_lineage_edges"], "lineage": key, "number": 99, "how": "sorcery"}
        connection.execute(t.lineage_edges.insert().values(**edge))
    assert store.graph().downstream(source) == (target,)
    assert list(unreadable(engine)) == ["harness_lineage_edges"]


@pytest.mark.attack
def test_what_a_task_tells_takes_nothing_back_of_what_was_ever_told(engine: Engine) -> None:
    """It told of five tables that are made of its own, and of none at last."""
    store, mine = SqlLineage(lambda: engine), Dataset(namespace="db", name="mine")
    for number in range(5):
        made = Flow(task=f"d.t{number}", inputs=(mine,), output=Dataset(namespace="db", name=f"t{number}"))
        store.keep(TryKey(dag_id="d", run_id="r", task_id=f"t{number}"), made, NOW)
        later = Flow(task=f"d.t{number}", inputs=(), output=made.output)
        store.keep(TryKey(dag_id="d", run_id="r", task_id=f"t{number}"), later, NOW.replace(hour=13))
    assert len(store.graph().downstream(mine)) == 0
    assert len(store.graph(ever=True).downstream(mine)) == 5


@pytest.fixture
def role(postgres: PostgresServer, database: str) -> Iterator[tuple[Engine, Engine]]:
    """The store as its owner opens it, and as tasks do; the role bears the database's name."""
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {database} LOGIN PASSWORD 'pw'"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))  # which PostgreSQL 14 gives to everybody
    grant_tasks(owner, database)
    address = owner.url.set(username=database, password="pw").render_as_string(hide_password=False)
    tasks = open_engine(address)
    yield owner, tasks
    tasks.dispose()
    with owner.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {database}"))
        connection.execute(text(f"DROP ROLE {database}"))
    owner.dispose()


TOO_MUCH = {
    "GRANT UPDATE, DELETE ON harness_events TO {role}": "UPDATE, DELETE on harness_events",
    "GRANT TRUNCATE ON harness_failures TO PUBLIC": "TRUNCATE on harness_failures",
    "GRANT UPDATE (body) ON harness_failures TO {role}": "UPDATE on harness_failures",
    "GRANT CREATE ON SCHEMA public TO {role}": "CREATE on schema public",
    "GRANT pg_write_all_data TO {role}": "everything that pg_write_all_data may",
    "ALTER ROLE {role} CREATEROLE": "CREATEROLE",
    "ALTER ROLE {role} SUPERUSER": "SUPERUSER",
}


@pytest.mark.attack
def test_what_the_role_of_tasks_has_too_much_is_named_with_what_takes_it_away(role: tuple[Engine, Engine]) -> None:
    owner, tasks = role
    name = str(tasks.url.username)
    assert (excess(tasks), lacking(tasks)) == ([], [])
    for given, what in TOO_MUCH.items():
        with owner.begin() as connection:
            connection.execute(text(given.format(role=name)))
        found = excess(tasks)
        assert what in [item.what for item in found]
        with owner.begin() as connection:
            for item in found:
                connection.exec_driver_sql(item.statement)
        if "(body)" in given:
            grant_tasks(owner, name)
        assert excess(tasks) == [], given
    with owner.begin() as connection:
        connection.execute(text(f"REVOKE INSERT ON harness_failures FROM {name}"))
    assert lacking(tasks) == ["INSERT on harness_failures"]


def test_a_store_whose_owner_is_a_superuser_is_named(
    role: tuple[Engine, Engine], postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, tasks = role
    assert (superuser(owner), superuser(tasks)) == (postgres.user, "")
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", postgres.airflow_connection(database))
    (found,) = doctor_here.owner()
    wiring_store.store_engine().dispose()
    assert (found.health, f"owner {postgres.user} is a superuser" in found.text) == (Health.NOTE, True)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "events.example"])
def test_an_address_that_the_client_of_pagerduty_refuses_is_named_and_fails_no_healer(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"conn_type": "pagerduty_events", "password": "k" * 32, "extra": {"base_url": address}}
    monkeypatch.setenv("AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT", json.dumps(given))
    (found,) = doctor_here.pages()
    assert found.health is Health.WRONG
    assert "https://" in found.text and "pagerduty_events_default" in found.fix
    page = Page(dedup_key="k", summary="s", severity=PageSeverity.LOW, source="a", details={}, links={})
    with pytest.raises(HarnessUnavailable, match="https"):
        PagerDuty("k" * 32, address).trigger(page)
    assert PagerDuty("k" * 32).refused() == ""


def test_the_how_to_lists_exactly_the_rights_that_the_role_gets() -> None:
    rows = re.findall(r"^\| `(harness_\w+)` \| ([^|]+) \|", HOW_TO.read_text(), re.MULTILINE)
    assert {table: tuple(re.findall(r"`(\w+)`", rights)) for table, rights in rows} == dict(t.TASK_RIGHTS)
