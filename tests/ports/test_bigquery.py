"""What only BigQuery has: jobs with names, partitions, labels, files that it fetches itself, and its own words."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import BadRequest

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.bigquery import warehouse as adapter
from airflow_provider_harness.adapters.bigquery.warehouse import BigQueryWarehouse
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.contract import LoadMode, LogicalType, MalformedRows, QuarantinePolicy
from airflow_provider_harness.core.contracts.schema import SchemaDiff, Side, compare
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation, SliceBusy
from airflow_provider_harness.testing.bigquery import BigQueryServer, EmulatedBigQuery
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.testing.process import ServerFailed
from tests.ports.rows_case import Case, drop, gate_of, make, quiet, unheard
from tests.ports.targets import BigQueryTarget


@pytest.fixture
def case(
    postgres: PostgresServer, bigquery: BigQueryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    bigquery.ensure_dataset(name)
    yield make(postgres, name, tmp_path / "staging", BigQueryTarget(server=bigquery, home=name))
    drop(postgres, name)
    bigquery.drop_dataset(name)


@pytest.fixture
def plain(case: Case) -> Case:
    """A contract under which a slice is one partition: UTC days, no REQUIRED column, nothing set aside."""
    columns = tuple(replace(column, required=False) for column in case.contract.columns)
    load = replace(case.contract.load, time_zone="UTC")
    reject = QuarantinePolicy(policy=MalformedRows.REJECT)
    return case.with_contract(columns=columns, load=load, quarantine=reject)


def jobs(case: Case, step: str) -> list[Any]:
    """The jobs of one step of the case's contract, oldest first."""
    assert isinstance(case.target, BigQueryTarget)
    client = case.target.server.client()
    table = case.contract.table.replace(".", "_")
    found = [job for job in client.list_jobs() if job.labels.get("harness_table") == table]
    return sorted((job for job in found if job.labels["harness_step"] == step), key=lambda job: job.created)


def test_a_new_table_is_partitioned_by_day_and_clustered_by_key(case: Case, bigquery: BigQueryServer) -> None:
    case.move()
    table = bigquery.client().get_table(case.contract.table)
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "placed_at")
    assert table.clustering_fields == ["id"]
    assert [field.name for field in table.schema if field.mode == "REQUIRED"] == ["id", "placed_at", "customer"]


def test_a_slice_that_is_a_partition_replaces_it_by_one_job(plain: Case) -> None:
    for _ in range(2):
        assert [plain.move(day).rows for day in range(3)] == [240, 302, 302]
    destinations = [job.destination.table_id for job in jobs(plain, "publish")]
    assert sorted(destinations[:3]) == ["orders$20130309", "orders$20130310", "orders$20130311"]
    assert plain.published() == [row for day in range(3) for row in plain.rows(day)]
    assert plain.move(1).before == 302


@pytest.mark.parametrize("why", ["a New York day", "a required column", "rows may be set aside", "not partitioned"])
def test_any_other_slice_is_replaced_by_a_transaction(case: Case, plain: Case, why: str) -> None:
    changed = {
        "a New York day": plain.with_contract(load=case.contract.load),
        "a required column": plain.with_contract(columns=case.contract.columns),
        "rows may be set aside": plain.with_contract(quarantine=case.contract.quarantine),
        "not partitioned": plain,
    }[why]
    if why == "not partitioned":
        plain.at_warehouse(
            f"CREATE TABLE {plain.contract.table} (id INT64, placed_at TIMESTAMP, amount NUMERIC(12, 2), status STRING, "
            "customer STRING, note JSON)"
        )
    for _ in range(2):
        changed.move()
    assert changed.published() == changed.rows()
    assert [
        job.destination for job in jobs(changed, "publish") if job.destination and "$" in str(job.destination)
    ] == []


def test_a_day_of_a_date_column_is_a_partition_in_any_time_zone(plain: Case) -> None:
    columns = tuple(
        replace(column, physical_type="date", logical_type=LogicalType.DATE) if column.name == "placed_at" else column
        for column in plain.contract.columns
    )
    load = replace(plain.contract.load, time_zone="America/New_York")
    plain = plain.with_contract(columns=columns, load=load)
    plain.at_source("ALTER TABLE public.orders ALTER COLUMN placed_at TYPE date USING placed_at::date")
    assert plain.move(1).rows == 302
    assert [job.destination.table_id for job in jobs(plain, "publish")] == ["orders$20130310"]


def test_the_same_files_are_loaded_once_until_they_are_published(case: Case) -> None:
    case.extract()
    interrupted = case.with_contract(checks=())
    with case.target.warehouse().slice(case.contract, case.piece()) as session:
        session.create()
        session.stage_files(case.stage(), case.stage().manifest(), quiet)
    assert case.load()[0].rows == 303
    (first,) = jobs(case, "load")
    assert first.job_id.endswith("_0_0")
    assert interrupted.load()[0].before == 303, "a second run publishes again, from a staging table of its own"
    assert [job.job_id.removeprefix(first.job_id[:-4]) for job in jobs(case, "load")] == ["_0_0", "_1_0"]
    assert case.published() == case.rows()


def test_a_load_that_failed_is_done_again_under_the_next_name(case: Case) -> None:
    case.extract()
    manifest, stage = case.stage().manifest(), case.stage()
    part = case.folder / case.piece().id / "part-00000.parquet"
    right = part.read_bytes()
    part.write_bytes(bytes(len(right)))
    session = case.target.warehouse().slice(case.contract, case.piece())
    with session as here, pytest.raises(BadRequest, match="Error while reading data"):
        here.create()
        here.stage_files(stage, manifest, quiet)
    part.write_bytes(right)
    assert case.load()[0].rows == 303
    assert [job.job_id[-4:] for job in jobs(case, "load") if job.error_result is None] == ["_1_0"]


def test_a_publication_that_is_done_counts_as_done(case: Case) -> None:
    """Killed between the commit and the end of the task: the next run finds the job, and its counts."""
    case.extract()
    with case.target.warehouse().slice(case.contract, case.piece()) as session:
        session.create()
        session.stage_files(case.stage(), case.stage().manifest(), quiet)
        measured = session.measure_staged()
        kept = pytest.MonkeyPatch()
        kept.setattr(session, "discard", lambda: None)
        first = session.publish(measured, set_aside=False, run="dag/run")
        kept.undo()
    again, _ = case.load()
    assert again == first
    assert len([job for job in jobs(case, "publish") if job.parent_job_id is None]) == 1
    assert case.target.leftovers() == []


def staged(case: Case, held: Any) -> tuple[Any, Any]:
    """A run that has staged and measured its slice, and stops there for a while."""
    assert isinstance(case.target, BigQueryTarget)
    case.extract()
    client = case.target.server.client()
    session = BigQueryWarehouse(client, held=held).slice(case.contract, case.piece()).__enter__()
    session.create()
    session.stage_files(case.stage(), case.stage().manifest(), quiet)
    return session, session.measure_staged()


def lost() -> None:
    raise SliceBusy("the lease is another run's now")


@pytest.mark.parametrize("by", ["transaction", "partition"])
def test_who_lost_the_lease_does_not_publish(case: Case, plain: Case, by: str) -> None:
    one = plain if by == "partition" else case
    session, measured = staged(one, lost)
    with pytest.raises(SliceBusy, match="another run's now"):
        session.publish(measured, set_aside=False, run="dag/run")
    assert one.published() == []


@pytest.mark.parametrize("by", ["transaction", "partition"])
def test_the_job_of_a_holder_that_was_stopped_finds_nothing_to_publish(case: Case, plain: Case, by: str) -> None:
    """Even where it looked at its lease just before it was stopped: the next holder has dropped its staging table."""
    one = plain if by == "partition" else case
    late, measured = staged(one, lambda: None)
    one.at_source("UPDATE public.orders SET amount = amount + 1 WHERE id < 50")
    next_one, of_next = staged(one, lambda: None)
    assert next_one.publish(of_next, set_aside=False, run="dag/next").rows == len(one.rows())
    with pytest.raises(SliceBusy, match="another run has the slice"):
        late.publish(measured, set_aside=False, run="dag/late")
    assert one.published() == one.rows()
    assert one.target.leftovers() == []


def test_merge_updates_what_is_known_and_keeps_the_rest(case: Case) -> None:
    case.move()
    case.at_source("DELETE FROM public.orders WHERE id = 7; UPDATE public.orders SET amount = 1 WHERE id = 8")
    case.at_source("INSERT INTO public.orders SELECT 5000, placed_at, 1, 'open', 'c1' FROM public.orders WHERE id = 8")
    merging = case.with_contract(load=replace(case.contract.load, mode=LoadMode.MERGE))
    case.extract()
    with case.target.warehouse().slice(merging.contract, case.piece()) as session:
        session.stage_files(case.stage(), case.stage().manifest(), quiet)
        published = session.publish(session.measure_staged(), set_aside=False, run="dag/run")
    assert (published.before, published.rows) == (303, 304)
    assert len(case.published()) == 304, "what was not delivered again stays"
    assert [row for row in case.published() if row[0] in (8, 5000)] == [r for r in case.rows() if r[0] in (8, 5000)]


def test_jobs_say_what_they_are_for(case: Case) -> None:
    case.move()
    (load,) = jobs(case, "load")
    assert load.labels == {
        "harness_step": "load",
        "harness_contract": "orders",
        "harness_table": case.contract.table.replace(".", "_"),
        "harness_slice": "20130309t050000z",
    }


def test_files_in_a_bucket_are_fetched_by_bigquery(
    case: Case, bigquery: BigQueryServer, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    case.extract()
    bucket = Path(bigquery.gcs) / "bucket" / case.target.home
    shutil.copytree(case.folder / case.piece().id, bucket)
    monkeypatch.setattr(ParquetStage, "uri", lambda self, name: f"gs://bucket/{case.target.home}/{name}")
    assert case.load()[0].rows == 303
    (job,) = jobs(case, "load")
    assert job.source_uris == [f"gs://bucket/{case.target.home}/part-00000.parquet"]


def test_rows_that_changed_after_the_gate_stop_the_publication(case: Case) -> None:
    case.move()
    before = case.published()
    case.extract()
    with case.target.warehouse().slice(case.contract, case.piece()) as session:
        session.stage_files(case.stage(), case.stage().manifest(), quiet)
        measured = replace(session.measure_staged(), rows=302)
        with pytest.raises(SliceBusy, match="nothing was published"):
            session.publish(measured, set_aside=False, run="dag/run")
    assert case.published() == before


def test_a_dataset_that_is_not_there_is_named(case: Case) -> None:
    case.extract()
    nowhere = case.with_contract(table="nowhere.orders")
    with pytest.raises(ConfigurationError, match=r"dataset nowhere: is not in project stand-in-.*Create it"):
        nowhere.load()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"table": "project.shop.orders"}, "is not dataset.table"),
        ({"table": "orders"}, "is not dataset.table"),
    ],
)
def test_what_bigquery_cannot_hold_is_refused_before_data_moves(case: Case, changes: Any, words: str) -> None:
    case.extract()
    with pytest.raises(ConfigurationError, match=words):
        case.with_contract(**changes).load()


def test_drift_speaks_bigquerys_words(case: Case) -> None:
    case.at_warehouse(
        f"CREATE TABLE {case.contract.table} (id INT64, placed_at TIMESTAMP, amount NUMERIC(10, 2), status STRING, "
        "customer STRING, note STRING)"
    )
    found = case.target.warehouse()
    assert isinstance(found, BigQueryWarehouse)
    with found.slice(case.contract, case.piece()) as session:
        diff: SchemaDiff = compare(case.contract, session.schema() or pytest.fail("no table"), Side.TARGET)
    assert [(str(change.kind), change.ddl) for change in diff.changes] == [
        ("widening", f"ALTER TABLE {case.contract.table} ALTER COLUMN amount SET DATA TYPE NUMERIC(12, 2);"),
        ("breaking", f"ALTER TABLE {case.contract.table} ALTER COLUMN note SET DATA TYPE JSON;"),
    ]


def test_a_blocked_transform_leaves_nothing(case: Case) -> None:
    case.move()
    summary = replace(case.contract, table=f"{case.target.home}.summary")
    sql = f"SELECT id, placed_at, -1 AS amount, status, customer, note FROM {case.contract.table}"
    with pytest.raises(ContractViolation, match="range:amount"):
        gate = gate_of(summary, case.piece())
        move.transform(summary, case.piece(), sql, case.target.warehouse(), "dag/run", unheard, gate=gate)
    assert case.target.leftovers() == []
    assert case.at_warehouse(f"SELECT count(*) FROM {summary.table}") == [(0,)]


def test_a_stopped_stand_in_is_gone_and_a_wrong_server_is_noticed(tmp_path: Path, bigquery: BigQueryServer) -> None:
    other = EmulatedBigQuery(tmp_path)
    with pytest.raises(RuntimeError, match="is not running"):
        _ = other.server
    stranger = replace(bigquery, project="somebody-elses")
    with pytest.raises(ServerFailed, match="answered by another server"):
        other._answers(stranger)


def test_the_adapter_gives_up_on_a_table_that_is_always_busy(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.move()
    monkeypatch.setattr(adapter, "BUSY_SECONDS", 0)
    warehouse = case.target.warehouse()
    assert isinstance(warehouse, BigQueryWarehouse)

    def conflict(*arguments: Any) -> Any:
        raise BadRequest("Transaction is aborted due to concurrent update against table shop.orders")

    monkeypatch.setattr(warehouse._jobs, "once", conflict)
    with pytest.raises(SliceBusy, match="being changed by others"):
        move.load(
            case.contract, case.piece(), case.stage(), warehouse, "r", quiet, gate=gate_of(case.contract, case.piece())
        )
