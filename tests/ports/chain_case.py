"""A store on both databases, in which the chain holds one row of each kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.grants import GrantsGiven, SqlGrants
from airflow_provider_harness.adapters.store.rows.leases import SqlLeases
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.ports.store import Approval, AskState
from airflow_provider_harness.core.actions import ActionKind, Parameter, Proposal
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.failure import Failure, FailureKind, Origin, TryKey
from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.policy.policy import Limit
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.events import event_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = b"k" * 32
TASK = TryKey(dag_id="flights", run_id="run1", task_id="load", try_number=1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def emptied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> Iterator[Engine]:
    """One store for all tests here."""
    name = "rows_in_the_chain"
    if request.param == "postgresql":
        postgres.ensure_database(name)
        url = postgres.url(name, driver="psycopg")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('store')}/harness.db"
    engine = open_engine(url)
    upgrade(engine)
    yield engine
    engine.dispose()
    if request.param == "postgresql":
        postgres.drop_database(name)


@pytest.fixture
def engine(emptied: Engine) -> Engine:
    with emptied.begin() as connection:
        for table in t.metadata.tables.values():
            connection.execute(table.delete())
    return emptied


@pytest.fixture
def store(engine: Engine) -> SqlIncidentStore:
    return SqlIncidentStore(engine, KEY)


def done(engine: Engine, *statements: str) -> None:
    """By the owner of the store, past the harness and past the triggers, which he can switch off."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def proposal(try_number: int = 1) -> Proposal:
    names = {Parameter.DAG: "flights", Parameter.RUN: "run1", Parameter.TASK: "load"}
    return Proposal(kind=ActionKind.RETRY_TASK, arguments=names | {Parameter.TRY_NUMBER: str(try_number)})


def lived(store: SqlIncidentStore, engine: Engine) -> str:
    """An incident with an act, a spent approval, a used grant, a switch and a watermark; its id."""
    failure = Failure(key=TASK, kind=FailureKind.TASK_FAILED, origin=Origin.CALLBACK, occurred_at=NOW)
    store.record(failure, ulid(NOW))
    incident = store.intake(NOW, store.waiting())[0].incident_id
    steps = (EventKind.DIAGNOSED, EventKind.PROPOSED, EventKind.JUDGED)
    claimed = event_of(incident_id=incident, kind=EventKind.CLAIMED, at=NOW, body={"run": "heal"})
    store.append(claimed, *(event_of(incident_id=incident, kind=kind, at=NOW) for kind in steps))
    assert store.reserve_act(incident, "flights", proposal(), Limit(per_incident=2), NOW)
    approval = Approval(
        id=ulid(NOW),
        incident_id=incident,
        act=proposal().canonical(),
        policy_version=3,
        healer_run="heal",
        assigned=("ann",),
        expires_at=NOW + timedelta(hours=1),
    )
    store.ask(approval)
    assert store.use_approval(approval, NOW) is AskState.USED
    store.set_value("mode", "shadow")
    grant = Grant(
        id="G" * 26,
        incident_id=incident,
        dag_id="flights",
        run_id="run1",
        task_id="load",
        contract="orders",
        slice="s1",
        checks=("range:amount",),
        expires_at=NOW + timedelta(hours=1),
    )
    GrantsGiven(store).give(grant)
    assert SqlGrants(lambda: engine).use(grant, TASK, NOW)
    published = Slice(id="s1", start=NOW - timedelta(hours=1), end=NOW)
    SqlLeases(lambda: engine).advance_high_water_mark("warehouse", "orders", published, NOW)
    store.note_pass(NOW)
    return incident


def older(engine: Engine, store: SqlIncidentStore) -> None:
    """A store as an earlier version left it: events alone are chained."""
    lived(store, engine)
    entries = [entry for entry in store.audit_entries() if isinstance(entry.event, audit.Recorded)]
    with engine.begin() as connection:
        connection.execute(t.events.delete())
        connection.execute(t.marks.update().values(seal=""))
        previous = audit.GENESIS
        for number, entry in enumerate(entries, 1):
            previous = audit.link(KEY, previous, entry.event)
            row: dict[str, Any] = {
                "seq": number,
                "incident_id": entry.event.incident_id,
                "kind": entry.event.kind.value,
            }
            row |= {"at": t.text_of(entry.event.at), "body": json.dumps(entry.event.body), "hash": previous}
            connection.execute(t.events.insert().values(**row))
