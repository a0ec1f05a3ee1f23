"""The watch as it is installed: a folder of contracts, Airflow's connections, the store, doctor and the command of quality."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.app.watch.look import look
from airflow_provider_harness.cli import commands
from airflow_provider_harness.cli.doctor.findings import Health
from airflow_provider_harness.cli.doctor.watched import watched
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import ConfigurationError, NotAllowed
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import rows
from airflow_provider_harness.wiring import store as wiring_store
from airflow_provider_harness.wiring.watch import tables
from tests.ports.test_watch_sixty_days import CONTRACT
from tests.unit.app.fakes import world

TODAY = datetime(2026, 11, 3, 6, tzinfo=UTC)
TASK = TryKey(dag_id="harness_healer_tables", run_id="r", task_id="look", map_index=0, try_number=1)


@pytest.fixture
def folder(postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a contract; its table has a hundred rows a day, and nothing of the last one."""
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", postgres.airflow_connection(database))
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched/payments.yaml").write_text(CONTRACT.replace("AFTER", "withinMinutes: 60, historyDays: 22"))
    monkeypatch.setenv("AIRFLOW__HARNESS__WATCH_PATH", str(tmp_path / "watched"))
    with psycopg.connect(postgres.url(database), autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE payments AS SELECT n AS id, DATE '2026-10-05' + (n / 100)::int AS paid_on, 1.5::float8 AS amount, "
            "'DE' AS country, n AS customer FROM generate_series(0::bigint, 2799) AS n"
        )
    store = wiring_store.store_engine()
    upgrade(store)
    yield tmp_path / "watched"
    store.dispose()


def looked() -> tuple[list[str], list[str]]:
    """What a look found, and the failures that it recorded."""
    w = world()
    w.clock.at = TODAY
    [contract] = [one for each in tables.asked() for one in each.contracts]
    again = tables.contract_named(tables.name_of(contract))
    seen = look(tables.watch_of(w.healer, TASK), again)
    kinds = [wrong.kind.value for one in seen for wrong in one.failures]
    return kinds, [one.failure.detail["text"] for one in w.store.waiting()]


def test_a_quiet_table_is_found_kept_and_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kinds, [text] = looked()
    assert kinds == ["stale"]
    assert text.startswith("public.payments slice 20261102T000000Z: 0 rows, 0% of the usual 100")
    assert looked() == ([], []), "nothing is new"
    newest = json.loads(told(capsys))[-1]
    assert (newest["slice"], newest["rows"], newest["gate"]) == ("20261102T000000Z", 0, "watch")
    assert [one["id"] for one in newest["checks"] if one["flagged"]] == ["watch:rows"]
    [figures] = json.loads(told(capsys, kpis=True))
    assert (figures["slices"], figures["unusual"], figures["newest"]) == (22, 1, "20261102T000000Z")
    assert figures["stages"]["watch: gate"]["median"] >= 0
    assert figures["arrival_minutes"]["p95"] == 360, "the history of three weeks was not three weeks late"
    assert "hours since it ended" in told(capsys, kpis=True, output="table")


def told(capsys: pytest.CaptureFixture[str], **more: object) -> str:
    """What ``airflow harness quality payments`` prints; its newest slice is unusual, so it exits with 1."""
    given = {"table": "payments", "last": 30, "check": "", "kpis": False, "output": "json", "verbose": False}
    with pytest.raises(SystemExit) as ended:
        commands.quality(Namespace(**given | more))
    assert ended.value.code == 1
    return capsys.readouterr().out


def test_doctor_says_what_is_not_watched_and_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [first] = watched()
    assert (first.health, first.text) == (Health.NOTE, "The watch has not looked at public.payments yet.")
    looked()
    late = [one.text for one in watched()]
    assert all("The watch has not looked at" in text for text in late), late
    (folder / "broken.yaml").write_text("kind: DataContract")
    assert any("broken.yaml is not watched" in one.text for one in watched())
    (folder / "broken.yaml").unlink()
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "others_*")
    [refused] = watched()
    assert "public.payments is not watched: The healer does not read with connection warehouse" in refused.text
    monkeypatch.delenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED")
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE")
    [gone] = watched()
    assert "connection warehouse does not exist here" in gone.text
    (folder / "payments.yaml").unlink()
    [none] = watched()
    assert "no contract there has harness.watch" in none.text


def test_the_lineage_says_where_a_table_begins_and_who_writes_it(folder: Path) -> None:
    own = rows.connections.dataset("warehouse", "public.payments")
    orders = Dataset(namespace="postgres://crm", name="db.public.orders")
    middle = Dataset(namespace=own.namespace, name="wh.public.staged")
    store = SqlLineage(wiring_store.store_engine)
    task = TryKey(dag_id="d", run_id="r", task_id="t", try_number=1)
    store.keep(replace(task, task_id="stage"), Flow(task="d.stage", inputs=(orders,), output=middle), TODAY)
    store.keep(task, Flow(task="d.t", inputs=(middle,), output=own), TODAY)
    found = tables.upstream("warehouse", "public.payments")
    assert found.roots == ("postgres://crm/db.public.orders",)
    assert found.feeds == (f"{middle.namespace}/{middle.name}", "postgres://crm/db.public.orders")
    assert found.writers == ("d.t",)


@pytest.mark.attack
def test_the_watch_reads_with_no_connection_that_is_not_allowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED", "others_*")
    with pytest.raises(NotAllowed):
        tables.table("warehouse")
    kinds, [text] = looked()
    assert kinds == ["unread"]
    assert "connections_allowed is others_*" in text
    monkeypatch.delenv("AIRFLOW__HARNESS__CONNECTIONS_ALLOWED")
    monkeypatch.setenv("AIRFLOW__HARNESS__STORE_CONN_ID", "warehouse")
    with pytest.raises(ConfigurationError, match="the harness's own"):
        tables.table("warehouse")


@pytest.mark.attack
def test_a_look_takes_no_name_that_no_contract_of_the_administrators_folder_has(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"has no contract /tmp/mine\.yaml#public\.payments"):
        tables.contract_named("/tmp/mine.yaml#public.payments")


def test_a_day_later_it_is_looked_at_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked()
    monkeypatch.setattr("tests.ports.test_watch_wired.TODAY", TODAY + timedelta(days=1))
    assert looked()[0] == ["stale"]


def test_where_contracts_are_named_the_healer_has_a_dag_that_looks(folder: Path) -> None:
    from airflow.sdk import DAG

    from airflow_provider_harness import config
    from airflow_provider_harness.dags import healer

    made: list[DAG] = []

    class Noted(DAG):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            made.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(healer, "DAG", Noted)
        healer.healer_dag()
    tables_dag = next(one for one in made if one.dag_id == "harness_healer_tables")
    assert tables_dag.task_ids == ["watched", "look"]
    assert tables_dag.tags == {config.OWN_TAG}, "never enrolled"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(healer, "DAG", Noted)
        patch.delenv("AIRFLOW__HARNESS__WATCH_PATH")
        made.clear()
        healer.healer_dag()
    assert [one.dag_id for one in made if one.dag_id.endswith("_tables")] == []
