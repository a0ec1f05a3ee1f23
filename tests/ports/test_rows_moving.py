"""Extract, load and transform on a real PostgreSQL: what is published, what is set aside, what is refused."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from airflow_provider_harness.adapters import progress
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.adapters.postgres.write import alone as adapter
from airflow_provider_harness.app.ports.rows import Progress
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.contract import LoadMode
from airflow_provider_harness.core.contracts.report import Decision
from airflow_provider_harness.core.errors import (
    ConfigurationError,
    ContractViolation,
    DatabaseRefused,
    DatabaseUnavailable,
    MalformedFile,
    SchemaDrift,
    SliceBusy,
    UncarriedValue,
)
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import Case, drop, gate_of, make, quiet


@pytest.fixture
def case(postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    name = f"rows_{uuid.uuid4().hex[:12]}"
    yield make(postgres, name, tmp_path / "staging")
    drop(postgres, name)


def test_the_staged_files_are_complete_and_the_manifest_counts_them(case: Case) -> None:
    manifest, _ = case.extract()
    assert case.staged() == ["_manifest.json", "part-00000.parquet"]
    assert manifest.rows == 303
    assert case.stage().manifest() == manifest
    [(name, (rows, size, digest))] = manifest.files.items()
    content = next(case.folder.rglob(name)).read_bytes()
    assert (rows, size, digest) == (303, len(content), hashlib.sha256(content).hexdigest())
    assert (manifest.contract_version, bool(manifest.snapshot)) == ("1.0.0", True)
    spent = manifest.milliseconds
    assert spent["total"] >= spent["gate"] > 0
    assert abs(spent["total"] - sum(spent[stage] for stage in ("read", "gate", "write", "seal"))) <= 1
    parts = {path.name: path.stat().st_mtime_ns for path in case.folder.rglob("*") if path.is_file()}
    assert max(parts, key=lambda name: parts[name]) == "_manifest.json"


@pytest.mark.parametrize("straight", [True, False])
def test_a_part_that_was_written_anew_since_is_not_loaded(case: Case, straight: bool) -> None:
    """Same name, columns and number of rows; only the checksum tells."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    case = case if straight else case.with_contract(load=replace(case.contract.load, mode=LoadMode.MERGE, key=("id",)))
    case.extract()
    part = next(case.folder.rglob("part-00000.parquet"))
    table = pq.read_table(part)
    pq.write_table(table.set_column(0, table.schema.field(0), pc.add(table.column(0), 10_000)), part)
    with pytest.raises(MalformedFile, match=r"part-00000\.parquet: is not what the extract left"):
        case.load()
    assert not case.target.exists("orders")


def test_one_flipped_bit_is_found_before_a_row_is_sent(case: Case) -> None:
    case.extract()
    part = next(case.folder.rglob("part-00000.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    with pytest.raises(MalformedFile, match="SHA-256"):
        case.load()


def test_files_of_other_bounds_are_not_loaded(case: Case) -> None:
    case.extract()
    manifest = next(case.folder.rglob("_manifest.json"))
    manifest.write_text(manifest.read_text().replace("2013-03-10T05:00:00+00:00", "2013-03-10T04:00:00+00:00"))
    with pytest.raises(ConfigurationError, match=r"2013-03-10T04:00:00\+00:00.*not slice.*2013-03-10T05:00:00\+00:00"):
        case.load()


@pytest.mark.parametrize("bad", [7, 11], ids=["over the share", "over the number of rows"])
def test_too_many_malformed_rows_block_at_the_source(case: Case, bad: int) -> None:
    case.move()
    before = case.published()
    case.at_source(f"UPDATE public.orders SET amount = 5000 WHERE id < {bad}")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    (result,) = caught.value.report.failed
    assert (result.id, result.failing, result.expected) == (
        "range:amount",
        bad,
        "exactly 0 failing rows (amount is not 0 to 1000)",
    )
    assert len(result.samples) == min(bad, 100)
    assert result.samples[0] == {"id": 0, "amount": "5000.00"}
    assert case.staged() == []
    assert case.published() == before


def test_a_duplicate_key_blocks_however_few(case: Case) -> None:
    case.at_source("INSERT INTO public.orders SELECT * FROM public.orders WHERE id = 3")
    with pytest.raises(ContractViolation) as caught:
        case.extract()
    (result,) = caught.value.report.failed
    assert (result.id, result.actual, result.samples) == ("unique:id", "1 rows too many", ({"id": 3},))
    assert caught.value.report.decision is Decision.BLOCK


def test_an_empty_slice_blocks(case: Case) -> None:
    case.at_source("DELETE FROM public.orders")
    with pytest.raises(ContractViolation, match="row_count: expected more than 0 rows, found 0 rows"):
        case.extract()


def test_a_renamed_column_is_recognised_before_a_row_moves(case: Case) -> None:
    case.at_source("ALTER TABLE public.orders RENAME COLUMN amount TO total")
    with pytest.raises(SchemaDrift) as caught:
        case.extract()
    assert caught.value.diff.ddl == ("ALTER TABLE public.orders RENAME COLUMN amount TO total;",)
    assert "total has its type and place: a rename?" in str(caught.value)
    assert case.staged() == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("ALTER TABLE public.orders DROP COLUMN status", "breaking"),
        ("ALTER TABLE public.orders ALTER COLUMN amount TYPE numeric(14,2)", "widening"),
        ("ALTER TABLE public.orders ALTER COLUMN status TYPE integer USING 1", "breaking"),
    ],
)
def test_other_drift_blocks_with_its_kind(case: Case, change: str, kind: str) -> None:
    case.at_source(change)
    with pytest.raises(SchemaDrift) as caught:
        case.extract()
    assert [str(one.kind) for one in caught.value.diff.changes] == [kind]


def test_a_new_or_narrower_source_column_is_no_reason_to_stop(case: Case) -> None:
    case.at_source("ALTER TABLE public.orders ADD COLUMN extra text, ALTER COLUMN id TYPE integer")
    assert case.move().rows == 303


def test_a_query_is_described_by_the_server(case: Case) -> None:
    manifest, _ = case.extract(sql="SELECT * FROM public.orders WHERE id < 100")
    assert manifest.rows == 100
    with pytest.raises(SchemaDrift, match="column status"):
        case.extract(sql="SELECT id, placed_at, amount, customer, note FROM public.orders")


def test_a_long_query_says_how_far_it_is(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.move()
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0.05)
    summary = replace(case.contract, table="public.copy_of_orders")
    sql = f"SELECT * FROM {case.contract.table} WHERE pg_sleep(0.003)::text = ''"
    told: list[tuple[str, int]] = []
    expected: list[int | None] = []

    def telling(rows: int | None) -> Progress:
        expected.append(rows)
        return lambda stage, so_far: told.append((stage, so_far))

    gate = gate_of(summary, case.piece())
    move.transform(summary, case.piece(), sql, PostgresWarehouse(case.warehouse), "dag/run", telling, gate=gate)
    counts = [so_far for _, so_far in told]
    assert {stage for stage, _ in told} == {"transform"}
    assert counts == sorted(counts)
    assert len(set(counts)) > 1, "it grows"
    assert 0 < counts[-1] < 2 * 303, "about as many as there are"
    assert expected[0] is not None


def test_two_runs_of_one_slice_do_not_interleave(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    case.extract()
    monkeypatch.setattr(adapter, "BUSY_SECONDS", 1)
    with PostgresWarehouse(case.warehouse).slice(case.contract, case.piece()), pytest.raises(SliceBusy):
        case.load()
    assert case.load()[0].rows == 303


def test_a_publication_waits_for_a_lock_on_its_table_and_can_be_cancelled(case: Case) -> None:
    case.move()
    warehouse = PostgresWarehouse(case.warehouse)
    seen: list[BaseException] = []

    def publish() -> None:
        try:
            gate = gate_of(case.contract, case.piece())
            move.load(case.contract, case.piece(), case.stage(), warehouse, "dag/run", quiet, gate=gate)
        except DatabaseUnavailable as error:
            seen.append(error)

    with psycopg.connect(case.warehouse) as holder:
        holder.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        thread = threading.Thread(target=publish)
        thread.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with psycopg.connect(case.warehouse, autocommit=True) as watcher:
            for _ in range(200):
                if watcher.execute(waiting).fetchone() == (1,):
                    break
                thread.join(0.05)
        warehouse.cancel()
        thread.join(20)
    assert [type(error.__cause__) for error in seen] == [psycopg.errors.QueryCanceled]
    assert len(case.published()) == 303


def test_a_publication_that_breaks_in_the_middle_leaves_the_old_slice(case: Case) -> None:
    case.move()
    before = case.published()
    case.at_warehouse(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON public.orders EXECUTE FUNCTION refuse()"
    )
    with pytest.raises(
        DatabaseRefused, match=r"no room \(table public.orders, function refuse\(\), P0001\)\. Look at"
    ) as caught:
        case.load()
    assert isinstance(caught.value.__cause__, psycopg.errors.RaiseException)
    assert case.published() == before


UNCARRIED = {
    "date": ("infinity", "-infinity"),
    "timestamp with time zone": ("infinity", "-infinity"),
    "timestamp without time zone": ("infinity", "0044-03-15 BC"),
    "numeric(12,2)": ("NaN", "NaN"),
}
"""Type -> values of it that Arrow, or the driver on the way there, would change."""


@pytest.mark.parametrize("kind", UNCARRIED)
def test_values_that_the_driver_would_change_are_refused(case: Case, kind: str) -> None:
    case = one_column(case, kind)
    case.at_source(f"CREATE TABLE public.orders (v {kind}); INSERT INTO public.orders VALUES (NULL)")
    for value in UNCARRIED[kind]:
        case.at_source(f"INSERT INTO public.orders VALUES ('{value}')")
    with pytest.raises(UncarriedValue, match=r"public.orders: v: 2 value\(s\)") as caught:
        case.extract()
    assert ("NaN" if kind.startswith("numeric") else "infinity") in caught.value.columns["v"]
    assert case.staged() == []


def test_a_number_with_too_many_digits_stops_at_the_source(case: Case) -> None:
    case = one_column(case, "numeric(12,2)")
    case.at_source("CREATE TABLE public.orders (v numeric(14,2)); INSERT INTO public.orders VALUES (1), (123456789012)")
    with pytest.raises(SchemaDrift, match="column v"):
        case.extract()
    assert case.staged() == []


def one_column(case: Case, kind: str) -> Case:
    case.at_source("DROP TABLE public.orders")
    text = f"""
apiVersion: v3.1.0
kind: DataContract
id: one
version: 1.0.0
status: active
schema:
  - name: orders
    physicalName: public.orders
    properties:
      - {{name: v, logicalType: string, physicalType: "{kind}"}}
"""
    return replace(case, contract=compile_text(text, "one.odcs.yaml"))


def test_staged_files_that_are_damaged_gone_or_of_another_contract_are_named(case: Case) -> None:
    case.extract()
    (part,) = case.folder.rglob("part-*.parquet")
    whole = part.read_bytes()
    part.write_bytes(whole[:-100])
    with pytest.raises(MalformedFile, match=r"part-00000\.parquet: is not what the extract left"):
        case.load()
    part.unlink()
    with pytest.raises(MalformedFile, match=r"part-00000\.parquet: is in the manifest and not in the folder"):
        case.load()
    part.write_bytes(whole)
    fewer = case.with_contract(columns=case.contract.columns[:-1])
    with pytest.raises(
        MalformedFile, match=r"under other columns than the contract has now .*note.*extract the slice again"
    ):
        fewer.load()
    case.at_warehouse("DROP TABLE public.orders")  # of fewer columns: nothing was made before
    assert case.load()[0].rows == 303
    assert case.target.leftovers() == []
