"""Rows that were set aside: shown without what is private, released only through the gate, right after a re-run."""

from __future__ import annotations

import json
import uuid
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.adapters.postgres.write.quarantine import HIDDEN, PostgresQuarantine
from airflow_provider_harness.adapters.store.incidents import open_engine
from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.adapters.store.rows.lineage import SqlLineage
from airflow_provider_harness.app.rows.gate import Gate
from airflow_provider_harness.app.rows.quarantine import Released, release
from airflow_provider_harness.cli import commands, quarantine
from airflow_provider_harness.core.contracts.anomaly import Point
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.diagnosis.failure import TryKey
from airflow_provider_harness.core.errors import (
    ConfigurationError,
    ContractViolation,
    SliceBusy,
    TableLocked,
    TargetInterferes,
)
from airflow_provider_harness.core.lineage.graph import Dataset, Flow
from airflow_provider_harness.core.slices.gate_run import GateSite, Place
from airflow_provider_harness.core.slices.local import with_local_day
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import CONTRACT, Case, NoHistory, drop, gate_of, make


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    name = f"q{uuid.uuid4().hex[:8]}"
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(f"{name}_w"))
    made = make(postgres, name, tmp_path)
    made.at_source('UPDATE public.orders SET amount = 5000, note = \'{"a": [1, "x"]}\' WHERE id IN (3, 4)')
    made.at_source("UPDATE public.orders SET customer = 'new' WHERE id IN (9, 11)")
    made.move()
    yield made
    drop(postgres, name)


def stop_grouping(case: Case, check: str = "") -> Released:
    return release(gate_of(case.contract, case.piece()), PostgresQuarantine(case.warehouse), check)[0]


def test_a_trigger_that_changes_what_is_released_is_named(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    before = case.at_warehouse("SELECT id, amount FROM public.orders ORDER BY id")
    case.at_warehouse(
        "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE public.orders SET amount = 0 WHERE id = NEW.id; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER later "
        "AFTER INSERT ON public.orders DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later()"
    )
    with pytest.raises(TargetInterferes, match=r"published rows differ from the written ones: amount.*trigger later"):
        stop_grouping(case)
    assert case.at_warehouse("SELECT id, amount FROM public.orders ORDER BY id") == before


def test_what_is_normal_counts_when_rows_come_back(case: Case) -> None:
    """A check against the history is judged too: it blocks a release as it blocks a load."""
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    usual = Check(
        id="usual",
        kind=CheckKind.ROW_COUNT_CHANGE,
        expect=Expectation(operator=Operator.BETWEEN, values=(-50, 50)),
    )
    contract = replace(case.contract, checks=(*case.contract.checks, usual))
    piece = case.piece()

    class Tiny(NoHistory):
        def points(self, contract: Contract, piece: Slice, post: GateSite) -> dict[str, list[Point]]:
            return {"usual": [Point(at=piece.start - timedelta(days=1), value=10)]}

    gate = Gate(contract, piece, GateSite(place=Place.PUBLISHED), Tiny())
    with pytest.raises(ContractViolation, match="usual"):
        release(gate, PostgresQuarantine(case.warehouse))
    assert len(waiting(case)) == 4


def waiting(case: Case) -> list[str]:
    query = "SELECT \"row\"->>'id' FROM public.orders__quarantine WHERE released_at IS NULL ORDER BY 1"
    return [row[0] for row in case.at_warehouse(query)]


def test_what_waits_is_counted_by_slice_and_check(case: Case) -> None:
    rows = PostgresQuarantine(case.warehouse).summary(case.contract)
    found = [(row["slice"], row["check"], row["waiting"], row["released"]) for row in rows]
    assert found == [(case.piece().id, "range:amount", 2, 0), (case.piece().id, "referential:customer", 2, 0)]


def test_what_is_not_public_is_not_shown(case: Case) -> None:
    rows = PostgresQuarantine(case.warehouse).rows(case.contract, check="range:amount")
    assert [row["row"]["amount"] for row in rows] == [5000, 5000]
    assert {row["row"]["customer"] for row in rows} == {HIDDEN}
    assert {row["reason"] for row in rows} == {"amount is not 0 to 1000"}
    assert PostgresQuarantine(case.warehouse).rows(case.contract, slice_id="another") == []


def test_rows_that_still_fail_stay(case: Case) -> None:
    before = case.published()
    assert stop_grouping(case) == Released(rows=0, staying=4)
    assert (case.published(), waiting(case)) == (before, ["11", "3", "4", "9"])


def test_rows_that_pass_now_are_published_into_their_slice_and_stay_right_when_it_runs_again(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    assert stop_grouping(case) == Released(rows=2, staying=2)
    assert waiting(case) == ["3", "4"]
    published = case.published()
    assert published == [row for row in case.rows() if row[0] not in (3, 4)]
    assert stop_grouping(case) == Released(rows=0, staying=2), "a second release finds nothing more"
    case.move()
    assert case.published() == published
    assert waiting(case) == ["3", "4"]
    noted = "SELECT count(*) FROM public.orders__quarantine WHERE released_at IS NOT NULL"
    assert case.at_warehouse(noted) == [(2,)], "what was released stays on record"


def test_a_wider_contract_lets_them_go_with_every_value_as_it_was(case: Case) -> None:
    wider = case.with_contract(
        checks=tuple(
            check for check in case.contract.checks if check.id not in ("range:amount", "referential:customer")
        )
    )
    assert stop_grouping(wider, "range:amount") == Released(rows=2, staying=0)
    assert waiting(case) == ["11", "9"]
    assert stop_grouping(wider) == Released(rows=2, staying=0)
    assert case.published() == case.rows()


def test_a_slice_that_would_break_with_them_releases_nothing(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    case.at_warehouse("ALTER TABLE public.orders DROP CONSTRAINT orders_pkey")
    case.at_warehouse(
        "INSERT INTO public.orders SELECT 9, placed_at, amount, status, 'c1', note FROM public.orders WHERE id = 10"
    )
    before = case.published()
    with pytest.raises(ContractViolation, match="unique:id"):
        stop_grouping(case)
    assert (case.published(), waiting(case)) == (before, ["11", "3", "4", "9"])


OF_ANOTHER_DAY = (
    "INSERT INTO public.orders SELECT 9, placed_at - interval '9 days', amount, status, 'c1', note "
    "FROM public.orders WHERE id = 10"
)


def test_a_key_that_another_slice_has_is_not_released(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    case.at_warehouse("ALTER TABLE public.orders DROP CONSTRAINT orders_pkey")
    case.at_warehouse(OF_ANOTHER_DAY)
    before = case.published()
    with pytest.raises(ContractViolation, match=r"unique:id.*1.*slice"):
        stop_grouping(case)
    assert (case.published(), waiting(case)) == (before, ["11", "3", "4", "9"])


def test_a_key_that_others_publish_meanwhile_is_not_released(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    case.at_warehouse("ALTER TABLE public.orders DROP CONSTRAINT orders_pkey")
    with PostgresQuarantine(case.warehouse).shelf(case.contract, case.piece()) as shelf:
        assert shelf.take("") == (2, 2)
        shelf.measure()
        case.at_warehouse(OF_ANOTHER_DAY)
        with pytest.raises(
            SliceBusy, match=r"beside which unique:id \(1 row\(s\)\) does not hold; nothing was released"
        ):
            shelf.publish()
    assert waiting(case) == ["11", "3", "4", "9"]


def test_a_release_waits_for_a_publication_where_no_constraint_keeps_the_key(case: Case) -> None:
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    case.at_warehouse("ALTER TABLE public.orders DROP CONSTRAINT orders_pkey")
    impatient = f"{case.warehouse}{'&' if '?' in case.warehouse else '?'}options=-c%20lock_timeout%3D100ms"
    with psycopg.connect(case.warehouse) as other:
        other.execute(OF_ANOTHER_DAY.encode())
        with pytest.raises(TableLocked):
            release(gate_of(case.contract, case.piece()), PostgresQuarantine(impatient))
    assert waiting(case) == ["11", "3", "4", "9"]


def test_where_nothing_was_ever_set_aside_it_says_so(case: Case) -> None:
    case.at_warehouse("DROP TABLE public.orders__quarantine")
    with pytest.raises(ConfigurationError, match="orders__quarantine: does not exist here"):
        stop_grouping(case)


Told = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    """A command on the case's contract: its status and what it says."""
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(CONTRACT)
    store = {"conn_type": "sqlite", "host": str(tmp_path / "harness.db")}
    monkeypatch.setenv("AIRFLOW_CONN_HARNESS_STORE", json.dumps(store))
    given = {"file": str(file), "conn_id": "WH", "output": "json"}

    def run(command: str, **more: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            getattr(quarantine, command)(Namespace(**given | more))
        out = capsys.readouterr()
        return int(ended.value.code or 0), out.out or out.err

    return run


def test_a_check_that_is_none_is_an_error(case: Case, run: Told) -> None:
    for command in ("quarantine_show", "quarantine_release"):
        status, out = run(command, slice=case.piece().id, check="range:amuont")
        assert status == 2
        assert "--check range:amuont: is not a check of contract" in out and "range:amount" in out
    assert waiting(case) == ["11", "3", "4", "9"]


def test_what_is_stale_after_a_release_is_named(case: Case, run: Told, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'harness.db'}")
    upgrade(engine)
    orders, daily, weekly = (Dataset(namespace="postgres://w:1", name=f"w.public.{n}") for n in ("orders", "d", "w"))
    for task, source, target in (("sum", orders, daily), ("roll", daily, weekly)):
        key = TryKey(dag_id="shop", run_id="r", task_id=task, try_number=1)
        flow = Flow(task=f"shop.{task}", inputs=(source,), output=target)
        SqlLineage(lambda: engine).keep(key, flow, datetime.now(UTC))
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    status, out = run("quarantine_release", slice=case.piece().id, check="referential:customer", output="table")
    assert status == 0, out
    assert "stale; run their tasks again for slice " in out
    assert "  w.public.d, made by shop.sum\n  w.public.w, made by shop.roll" in out
    assert with_local_day(case.piece().id, case.contract.load.time_zone) in out
    status, out = run("quarantine_release", slice="20200101T000000Z", check="", output="table")
    assert (status, f"Slices that have some: {case.piece().id}." in out) == (0, True), out
    engine.dispose()


def test_the_commands(case: Case, run: Told) -> None:

    status, out = run("quarantine_list")
    assert (status, [row["waiting"] for row in json.loads(out)]) == (0, [2, 2])
    status, out = run("quarantine_show", slice=case.piece().id, check="")
    assert (status, len(json.loads(out))) == (0, 4)
    case.at_warehouse("INSERT INTO public.customers VALUES ('new')")
    status, out = run("quarantine_release", slice=case.piece().id, check="referential:customer")
    [row] = json.loads(out)
    assert (status, row["slice"], row["released"], row["still fail"]) == (0, case.piece().id, 2, 0)
    assert (row["stale"], "db upgrade" in row["stale_unknown"]) == ([], True)
    status, out = run("quarantine_release", slice=case.piece().id, check="")
    assert (status, json.loads(out)[0]["still fail"]) == (1, 2)
    case.at_warehouse("ALTER TABLE public.orders__quarantine RENAME COLUMN reason TO why")
    status, out = run("quarantine_show", slice="", check="")
    assert (status, 'column "reason" does not exist' in out) == (2, True)


def test_a_database_that_does_not_answer_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", "postgres://nobody@127.0.0.1:1/none")
    with pytest.raises(SystemExit) as ended:
        commands.contract_init(Namespace(conn_id="WH", table="t"))
    assert ended.value.code == 3
    assert "connection WH is unavailable: " in capsys.readouterr().err
