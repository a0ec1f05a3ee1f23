"""Single-use grants: given by the healer, used once by the run that they are for, within the contract's limits; and by
nobody else, nor for anything else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.migrate import grant_tasks, upgrade
from airflow_provider_harness.adapters.store.rows.grants import GrantsGiven, SqlGrants
from airflow_provider_harness.adapters.yaml_files.policy import load_policy
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.healing.act import act, proposal_of
from airflow_provider_harness.app.oncall import approve
from airflow_provider_harness.app.ports.airflow import Answer
from airflow_provider_harness.core.contracts.contract import MalformedRows
from airflow_provider_harness.core.contracts.grant import Grant
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.diagnosis.witness import Reader, Witnessed
from airflow_provider_harness.core.errors import ContractViolation, HarnessUnavailable
from airflow_provider_harness.core.policy.policy import VerdictKind
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator, PostgresTransferOperator
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring import grants as wiring_grants
from airflow_provider_harness.wiring.rows.contracts import contract_of
from tests.ports.operators_case import context, run, terms
from tests.ports.rows_case import CONTRACT, Case
from tests.unit.app.fakes import RUN, FakeAirflow, Scripted, failure, opened, task, world
from tests.unit.app.fakes import dag as flights

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = b"k" * 32
TASK = TryKey(dag_id="d", run_id="r1", task_id="load", try_number=2)
GRANT = Grant(
    id="G" * 26,
    incident_id="I" * 26,
    dag_id="d",
    run_id="r1",
    task_id="load",
    contract="orders",
    slice="s1",
    checks=("range:amount", "referential:a,b"),
    expires_at=NOW + timedelta(hours=1),
)


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def grants(engine: Engine) -> SqlGrants:
    return SqlGrants(lambda: engine)


@pytest.fixture
def given(engine: Engine) -> GrantsGiven:
    return GrantsGiven(SqlIncidentStore(engine, KEY))


def test_a_grant_is_found_and_used_once(grants: SqlGrants, given: GrantsGiven) -> None:
    given.give(GRANT)
    assert grants.find(TASK, "orders", "s1", NOW) == GRANT
    assert grants.use(GRANT, TASK, NOW)
    assert not grants.use(GRANT, TASK, NOW)
    assert grants.find(TASK, "orders", "s1", NOW) is None


@pytest.mark.parametrize(
    ("task", "contract", "piece", "ahead"),
    [
        (replace(TASK, dag_id="other"), "orders", "s1", 0),
        (replace(TASK, run_id="r2"), "orders", "s1", 0),
        (TASK, "others", "s1", 0),
        (TASK, "orders", "s2", 0),
        (TASK, "orders", "s1", 1),
    ],
)
def test_a_grant_is_for_one_run_one_contract_one_slice_and_a_while(
    grants: SqlGrants, given: GrantsGiven, task: TryKey, contract: str, piece: str, ahead: int
) -> None:
    given.give(GRANT)
    assert grants.find(task, contract, piece, NOW + timedelta(hours=ahead)) is None


def test_what_expired_or_was_withdrawn_or_never_given_is_not_used(grants: SqlGrants, given: GrantsGiven) -> None:
    assert not grants.use(GRANT, TASK, NOW)
    given.give(GRANT)
    assert not grants.use(GRANT, TASK, GRANT.expires_at)
    given.withdraw(GRANT.id)
    assert not grants.use(GRANT, TASK, NOW)


def test_many_who_use_it_at_once_are_one(grants: SqlGrants, given: GrantsGiven) -> None:
    given.give(GRANT)
    used: list[bool] = []
    tries = [
        threading.Thread(target=lambda n=n: used.append(grants.use(GRANT, replace(TASK, try_number=n), NOW)))
        for n in range(8)
    ]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    assert sorted(used) == [False] * 7 + [True]


def test_a_task_can_neither_make_nor_change_a_grant_nor_use_one_again(postgres: PostgresServer, database: str) -> None:
    """With a role of its own; on SQLite, whoever can write the file can write everything."""
    owner = open_engine(postgres.url(database, driver="psycopg"))
    upgrade(owner)
    role = f"tasks_{database}"
    with owner.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'"))
    engine = open_engine(replace(postgres, user=role, password="pw").url(database, driver="psycopg"))
    try:
        grant_tasks(owner, role)
        healer, tasks = GrantsGiven(SqlIncidentStore(owner, KEY)), SqlGrants(lambda: engine)
        with pytest.raises(HarnessUnavailable, match="permission denied"):
            GrantsGiven(SqlIncidentStore(engine, KEY)).give(GRANT)
        healer.give(GRANT)
        with pytest.raises(HarnessUnavailable, match="permission denied"):
            GrantsGiven(SqlIncidentStore(engine, KEY)).withdraw(GRANT.id)
        assert tasks.find(TASK, "orders", "s1", NOW) == GRANT
        assert tasks.use(GRANT, TASK, NOW)
        for statement in (
            "UPDATE harness_grants SET expires_at = '2099'",
            "UPDATE harness_grants SET checks = '[]'",
            "DELETE FROM harness_grants",
            "UPDATE harness_grant_uses SET grant_id = 'x'",
            "DELETE FROM harness_grant_uses",
            "TRUNCATE harness_grant_uses",
        ):
            with pytest.raises(Exception, match="permission denied"), engine.begin() as connection:
                connection.execute(text(statement))
        assert not tasks.use(GRANT, TASK, NOW)
    finally:
        engine.dispose()
        with owner.begin() as connection:
            connection.execute(text(f"DROP OWNED BY {role}"))
            connection.execute(text(f"DROP ROLE {role}"))
        owner.dispose()


# The operators, on a contract that rejects malformed rows and names limits.

BAD = "UPDATE public.orders SET amount = 5000 WHERE id IN (3, 4)"


@pytest.fixture
def rejecting(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Two rows of the first slice fail ``range:amount``; a store is there, and no grant in it."""
    (tmp_path / "orders.odcs.yaml").write_text(CONTRACT.replace("policy: quarantine", "policy: reject"))
    case.at_source(BAD)
    engine = open_engine(f"sqlite:///{tmp_path}/harness.db")
    upgrade(engine)
    monkeypatch.setattr(wiring_grants, "grants", lambda: SqlGrants(lambda: engine))
    return case


def healers() -> GrantsGiven:
    """Grants as the healer gives them, in the store of the tasks."""
    return GrantsGiven(SqlIncidentStore(wiring_grants.grants()._engine(), KEY))


def give(case: Case, **more: Any) -> None:
    given = {"run_id": "scheduled__0", "slice": case.piece().id, "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    healers().give(replace(GRANT, **given | {"checks": ("range:amount",)} | more))


def move(case: Case, dag: Any, number: int) -> Any:
    extract = PostgresExtractOperator(task_id=f"extract{number}", **terms(dag, "src"))
    folder = run(extract, context(case, task="extract", try_number=number))
    load = PostgresLoadOperator(task_id=f"load{number}", staged=folder, **terms(dag, "wh"))
    return run(load, context(case, task="load", try_number=number))


def transfer(case: Case, dag: Any, number: int) -> Any:
    copy = PostgresTransferOperator(task_id=f"copy{number}", source_conn_id="src", **terms(dag, "wh"))
    return run(copy, context(case, task="copy", try_number=number))


def published(case: Case) -> int:
    if case.at_warehouse("SELECT to_regclass('public.orders')") == [(None,)]:
        return 0
    return int(case.at_warehouse("SELECT count(*) FROM public.orders")[0][0])


@pytest.mark.parametrize("how", [move, transfer])
def test_a_grant_sets_the_failing_rows_aside_once(rejecting: Case, dag: Any, how: Any) -> None:
    with pytest.raises(Exception, match="range:amount"):
        how(rejecting, dag, 1)
    assert published(rejecting) == 0
    give(rejecting)
    told = how(rejecting, dag, 2)
    assert told["quarantined"] == {"range:amount": 2}
    assert published(rejecting) == told["rows"] > 0
    aside = rejecting.at_warehouse("SELECT \"row\"->>'id' FROM public.orders__quarantine ORDER BY 1")
    assert aside == [("3",), ("4",)]
    with pytest.raises(Exception, match="range:amount"):
        how(rejecting, dag, 3)
    assert published(rejecting) == told["rows"]


def test_from_the_blocked_gate_to_the_published_slice(rejecting: Case, dag: Any, tmp_path: Path) -> None:
    """The healer proposes by the gate's report, a person agrees, the act gives the grant, and the next try uses it."""
    with pytest.raises(Exception, match="range:amount") as blocked:
        transfer(rejecting, dag, 1)
    violation = blocked.value.__cause__
    assert isinstance(violation, ContractViolation)
    key = TryKey(dag_id="d", run_id="scheduled__0", task_id="copy", try_number=1)
    failed = task(
        dag_id="d",
        run_id=key.run_id,
        task_id="copy",
        operator="PostgresTransferOperator",
        rendered={"contract": "c", "conn_id": "wh", "table": "public.orders", "slice_key": rejecting.piece().id},
    )
    report = violation.report.as_dict()
    rules = RuleDiagnoser()
    seen = Evidence(witnessed=Witnessed(failure=failure(key=key, report=report), reader=Reader.LOG))
    brain = Scripted(rules.diagnose(failure(key=key, report=report), seen), seen)
    w = world(
        brain=brain, policy=load_policy(""), airflow=FakeAirflow(states=[failed], dags={"d": flights(dag_id="d")})
    )
    w.gates.contracts["d"] = contract_of(str(tmp_path / "orders.odcs.yaml"), "public.orders")
    healer = replace(w.healer, grants=healers(), now=lambda: datetime.now(UTC), new_id=lambda: "G" * 26)
    incident_id = opened(w, key=key, report=report)
    assert heal.claim(healer, incident_id, RUN)
    heal.diagnose(healer, incident_id)
    verdict = heal.decide(healer, incident_id)
    assert (verdict.kind, verdict.rule) == (VerdictKind.ASK, "quarantine")
    approve.question(healer, w.incident(incident_id), proposal_of(w.incident(incident_id)), RUN)
    with pytest.raises(Exception, match="range:amount"):
        transfer(rejecting, dag, 2)
    w.airflow.said = Answer(answered=True, chosen=(approve.APPROVE,), by="oncall", seconds=60.0)
    assert act(healer, incident_id, RUN).done
    assert [call[0] for call in w.airflow.writes] == ["clear"]
    assert transfer(rejecting, dag, 3)["quarantined"] == {"range:amount": 2}


@pytest.mark.parametrize("how", [move, transfer])
@pytest.mark.parametrize(
    "more",
    [
        {"checks": ("enum:status",)},
        {"run_id": "scheduled__1"},
        {"slice": "20130401T040000Z"},
        {"contract": "another"},
        {"dag_id": "another"},
        {"expires_at": NOW},
    ],
)
def test_a_grant_for_something_else_changes_nothing(rejecting: Case, dag: Any, how: Any, more: dict[str, Any]) -> None:
    give(rejecting, **more)
    with pytest.raises(Exception, match="range:amount"):
        how(rejecting, dag, 1)
    assert published(rejecting) == 0


@pytest.mark.parametrize("how", [move, transfer])
def test_more_rows_than_the_contract_lets_be_set_aside_block(rejecting: Case, dag: Any, how: Any) -> None:
    rejecting.at_source("UPDATE public.orders SET amount = 5000 WHERE id < 60")
    give(rejecting)
    with pytest.raises(Exception, match="range:amount"):
        how(rejecting, dag, 1)
    assert published(rejecting) == 0


def test_a_grant_that_goes_between_the_gate_and_its_use_blocks(
    rejecting: Case, dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(rejecting)
    monkeypatch.setattr(SqlGrants, "use", lambda *_: False)
    with pytest.raises(Exception, match="range:amount"):
        transfer(rejecting, dag, 1)
    assert published(rejecting) == 0
    assert rejecting.at_warehouse("SELECT count(*) FROM public.orders__quarantine") == [(0,)]


def test_rows_that_were_set_aside_are_forgotten_when_the_slice_is_published_whole(rejecting: Case, dag: Any) -> None:
    give(rejecting)
    transfer(rejecting, dag, 1)
    rejecting.at_source("UPDATE public.orders SET amount = 5 WHERE id IN (3, 4)")
    assert transfer(rejecting, dag, 2)["quarantined"] == {}
    assert rejecting.at_warehouse("SELECT count(*) FROM public.orders__quarantine") == [(0,)]


def test_a_contract_that_can_be_granted_nothing_asks_no_store(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> SqlGrants:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(wiring_grants, "grants", never)
    limits = case.contract.quarantine
    rejects = replace(limits, policy=MalformedRows.REJECT)
    for quarantine in (limits, replace(rejects, max_rows=0), replace(rejects, max_percent=0.0)):
        contract = replace(case.contract, quarantine=quarantine)
        assert wiring_grants.granted(contract, "s1", TASK) == (contract, None)


@pytest.mark.parametrize("step", ["find", "use"])
def test_a_store_that_is_away_lets_nothing_be_set_aside(
    rejecting: Case, dag: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    give(rejecting)

    def away(*_: Any) -> Any:
        raise HarnessUnavailable("the harness store", "down")

    monkeypatch.setattr(SqlGrants, step, away)
    with pytest.raises(Exception, match="range:amount"):
        transfer(rejecting, dag, 1)
    assert published(rejecting) == 0
