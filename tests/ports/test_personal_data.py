"""Personal data on its way from a real PostgreSQL: what must not leave the source is in no file, sample or message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.adapters.arrow.personal_data import Hasher, Watch
from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.duckdb.in_flight import ArrowChecks
from airflow_provider_harness.adapters.evidence.airflow import AirflowEvidence
from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.adapters.postgres.warehouse import PostgresWarehouse
from airflow_provider_harness.app.oncall.page import build_page
from airflow_provider_harness.app.ports.healing import PageSeverity
from airflow_provider_harness.app.ports.rows import Manifest
from airflow_provider_harness.app.rows import move
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.contracts.report import Report
from airflow_provider_harness.core.errors import ConfigurationError, ContractError, ContractViolation
from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.redaction.redactor import Redactor
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.rows_case import gate_of, quiet
from tests.unit.app.fakes import opened, world

KEY = b"k" * 32
ALL = Slice(id="all", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: people
version: 1.0.0
status: active
customProperties:
  - {property: harness.load, value: {mode: full}}
  - {property: harness.personalData, value: {personal: hash}}
schema:
  - name: people
    physicalName: public.people_published
    properties:
      - {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, classification: public}
      - {name: email, logicalType: string, physicalType: text, classification: personal, required: true, unique: true}
      - name: born
        logicalType: string
        physicalType: text
        classification: personal
        customProperties: [{property: harness.personalData, value: mask}]
      - name: password
        logicalType: string
        classification: personal
        customProperties: [{property: harness.personalData, value: drop}]
      - {name: contact, logicalType: string, physicalType: text}
      - {name: visits, logicalType: integer, physicalType: integer, classification: public, logicalTypeOptions: {minimum: 0}}
"""
PEOPLE = """
CREATE TABLE public.people AS
SELECT n::bigint AS id, 'secret' || n || '@example.org' AS email, date '1970-01-01' + n AS born, 'hunter' || n AS password,
       CASE WHEN n % 2 = 0 THEN 'call' || n || '@example.net' END AS contact, n AS visits
FROM generate_series(1, 300) AS n;
UPDATE public.people SET born = NULL WHERE id = 7;
"""


@pytest.fixture
def dsn(postgres: PostgresServer, database: str) -> str:
    with psycopg.connect(postgres.url(database), autocommit=True) as connection:
        connection.execute(PEOPLE.encode())
    return postgres.url(database)


def contract() -> Contract:
    return compile_text(CONTRACT, "people.odcs.yaml")


def extract(dsn: str, folder: Path, found: Contract | None = None, key: bytes = KEY) -> tuple[Manifest, Report]:
    wanted = found or contract()
    with PostgresSource(dsn, table="public.people", hasher=Hasher(key, "the key")) as source:
        stage, gauge = ParquetStage(f"file://{folder}"), ArrowChecks(wanted, None)
        given = {"gate": gate_of(wanted, ALL), "watch": Watch(wanted)}
        manifest, report, drift = move.extract(wanted, ALL, source, stage, gauge, quiet, **given)
    assert not drift.changes, "what is dropped or treated is not a drift"
    return manifest, report


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for part in sorted(folder.glob("*.parquet")) for row in pq.read_table(part).to_pylist()]


def test_nothing_personal_is_staged_and_equal_values_stay_equal(dsn: str, tmp_path: Path) -> None:
    manifest, report = extract(dsn, tmp_path / "a")
    assert report.passed
    staged = rows(tmp_path / "a")
    assert len(staged) == 300
    assert set(staged[0]) == {"id", "email", "born", "contact", "visits"}
    everything = b"".join(path.read_bytes() for path in (tmp_path / "a").iterdir())
    for secret in (b"secret", b"hunter", b"1970-", KEY):
        assert secret not in everything
    by_id = {row["id"]: row for row in staged}
    assert {row["born"] for row in staged} == {"***", None}
    assert by_id[7]["born"] is None
    assert len({row["email"] for row in staged}) == 300
    assert all(len(row["email"]) == 64 for row in staged)
    extract(dsn, tmp_path / "b")
    assert {row["id"]: row["email"] for row in rows(tmp_path / "b")} == {n: by_id[n]["email"] for n in by_id}
    extract(dsn, tmp_path / "c", key=b"x" * 32)
    assert {row["email"] for row in rows(tmp_path / "c")}.isdisjoint({row["email"] for row in staged})
    assert manifest.treated == {"email": "hash", "born": "mask", "password": "drop"}
    assert manifest.hash_key == Hasher(KEY, "").id
    assert json.loads((tmp_path / "a" / "_manifest.json").read_text())["hash_key"] == manifest.hash_key


def test_the_source_is_not_even_asked_for_what_is_masked_or_dropped(
    dsn: str, postgres: PostgresServer, database: str, tmp_path: Path
) -> None:
    with psycopg.connect(postgres.url(database), autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS reader_of_people; CREATE ROLE reader_of_people LOGIN PASSWORD 'reader'")
        admin.execute("GRANT SELECT (id, email, born, contact, visits) ON public.people TO reader_of_people")
    try:
        limited = psycopg.conninfo.make_conninfo(dsn, user="reader_of_people", password="reader")
        assert extract(limited, tmp_path / "a")[1].passed
    finally:
        with psycopg.connect(postgres.url(database), autocommit=True) as admin:
            admin.execute("DROP OWNED BY reader_of_people; DROP ROLE reader_of_people")


def test_what_is_published_has_the_treated_columns_alone(dsn: str, tmp_path: Path) -> None:
    extract(dsn, tmp_path / "a")
    stage = ParquetStage(f"file://{tmp_path / 'a'}")
    given = {"gate": gate_of(contract(), ALL)}
    published, _ = move.load(contract(), ALL, stage, PostgresWarehouse(dsn), "dag/run", quiet, **given)
    assert published.rows == 300
    with psycopg.connect(dsn) as connection:
        text = str(connection.execute("SELECT * FROM public.people_published").fetchall())
    assert not any(secret in text for secret in ("secret", "hunter", "1970"))


def test_no_sample_of_a_failed_check_shows_a_value(dsn: str, tmp_path: Path) -> None:
    wanted = contract()
    checks = tuple(replace(c, low=None, high=-1) if c.id == "range:visits" else c for c in wanted.checks)
    with pytest.raises(ContractViolation) as caught:
        extract(dsn, tmp_path / "a", replace(wanted, checks=checks))
    said = json.dumps(caught.value.report.as_dict())
    assert '"visits": 1' in said
    assert not any(secret in said for secret in ("secret", "hunter", "1970"))
    assert not list((tmp_path / "a").glob("*.parquet"))


def test_a_page_shows_public_values_of_the_rows_that_failed_and_no_personal_one(dsn: str, tmp_path: Path) -> None:
    found = contract()
    wanted = tuple(replace(c, low=None, high=-1) if c.id == "range:visits" else c for c in found.checks)
    with pytest.raises(ContractViolation) as caught:
        extract(dsn, tmp_path / "a", replace(found, checks=wanted))
    w = world()
    incident_id = opened(w, report=caught.value.report.as_dict())
    dossier = AirflowEvidence(w.airflow, Redactor()).collect(w.store.failures(incident_id)[0])
    w.event(
        incident_id,
        EventKind.EVIDENCE,
        facts={},
        observations=[{"source": item.source, "text": item.text} for item in dossier.observations],
        unavailable=[],
    )
    page = build_page(w.healer, w.incident(incident_id), asks="look", severity=PageSeverity.HIGH)
    assert "range:visits: id=1, visits=1" in page.details["samples"]
    assert not any(secret in str(page) for secret in ("secret", "hunter", "1970"))


def test_a_column_that_nobody_classified_is_watched(dsn: str, tmp_path: Path) -> None:
    _, report = extract(dsn, tmp_path / "a")
    (warning,) = report.failed
    assert (warning.id, warning.blocking) == ("personal_data:contact", False)
    assert "e-mail" in warning.actual
    assert "example" not in json.dumps(report.as_dict()), "the warning shows no value"


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="32 random bytes"):
        Hasher(b"short", "the key")


WRONG = {
    "classification: personal, required: true, unique: true}": (
        "classification: pii, required: true, unique: true}",
        "pii data needs a treatment",
    ),
    "value: mask}]": ("value: hide}]", "'hide' is not valid. Valid: keep, mask, hash, drop"),
    "name: born\n        logicalType: string": ("name: born\n        logicalType: date", "born becomes text"),
    "value: drop}]": ("value: drop}]\n        quality: [{metric: nullValues, mustBe: 0}]", "password is not published"),
    "primaryKey: true, classification: public}": (
        "primaryKey: true, classification: personal, customProperties: [{property: harness.personalData, value: mask}]}",
        "id tells rows apart",
    ),
    "minimum: 0}}": (
        "minimum: 0}, customProperties: [{property: harness.personalData, value: hash}]}",
        "visits has logicalTypeOptions, which need the value itself",
    ),
    "{personal: hash}": ("{personal: encrypt}", "is not valid"),
    "customProperties: [{property: harness.personalData, value: mask}]": (
        "customProperties: [{property: harness.personal, value: mask}]",
        "'harness.personal' is not a property of a column. Valid: harness.personalData",
    ),
}


@pytest.mark.parametrize("old", WRONG)
def test_what_cannot_be_done_is_a_finding_with_its_line(old: str) -> None:
    new, problem = WRONG[old]
    assert CONTRACT.count(old) == 1
    with pytest.raises(ContractError, match=r"people\.odcs\.yaml:\d+") as caught:
        compile_text(CONTRACT.replace(old, new), "people.odcs.yaml")
    assert problem in str(caught.value)


NESTED = "{name: more, logicalType: object, physicalType: jsonb, properties: [{name: city, logicalType: string, required: true}]"


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("{name: more, logicalType: string, physicalType: jsonb, HASH}", "more becomes text"),
        ("{name: more, logicalType: string, physicalType: jsonb, MASK}", "more becomes text"),
        ("{name: more, logicalType: string, physicalType: uuid, MASK}", "more becomes text"),
        (f"{NESTED}, MASK}}", "more becomes text"),
        (f"{NESTED}, HASH}}", "more becomes text"),
        (f"{NESTED}, DROP}}", "more is not published, so nothing in it can be checked. Remove required below it"),
    ],
)
def test_a_document_that_becomes_text_or_goes_keeps_no_rule_below_it(column: str, problem: str) -> None:
    for word in ("HASH", "MASK", "DROP"):
        column = column.replace(word, f"customProperties: [{{property: harness.personalData, value: {word.lower()}}}]")
    with pytest.raises(ContractError) as caught:
        compile_text(f"{CONTRACT.rstrip()}\n      - {column}\n", "people.odcs.yaml")
    assert problem in str(caught.value)


def test_what_is_kept_is_kept() -> None:
    found = compile_text(CONTRACT.replace("{personal: hash}", "{personal: keep}"), "people.odcs.yaml")
    assert found.column("email").treatment is Treatment.KEEP
    assert found.column("born").treatment is Treatment.MASK
