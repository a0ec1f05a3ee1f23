"""The commands of contracts that read a live table, on a real PostgreSQL."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.contracts.odcs import compile_text, load_contract
from airflow_provider_harness.adapters.postgres.contract_draft import draft
from airflow_provider_harness.cli import commands, quarantine
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity, Reference
from airflow_provider_harness.core.contracts.contract import LogicalType
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.demo import data

YEAR_END = "2013-12-30T23:59:59-05:00"
CONTRACTS = Path(__file__).resolve().parents[2] / "dags" / "contracts"
TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop."Customers" (id bigint PRIMARY KEY);
CREATE TABLE shop.parts (a int, b text, PRIMARY KEY (b, a));
CREATE TABLE public.currency (code text PRIMARY KEY);
CREATE TABLE shop.orders (
  id bigint, line int, code text NOT NULL UNIQUE, customer bigint REFERENCES shop."Customers",
  a int, b text, amount numeric(12,2), "odd ""name"".x" text, tags text[], at timestamptz, doc jsonb, span tsrange,
  currency text REFERENCES public.currency, status text CHECK (status IN ('open', 'paid', 'gone')),
  PRIMARY KEY (line, id), FOREIGN KEY (b, a) REFERENCES shop.parts (b, a));
COMMENT ON COLUMN shop.orders.amount IS 'In euros: with tax';
COMMENT ON TABLE shop.orders IS 'What was ordered';
"""


@pytest.fixture
def dsn(postgres: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(database))
    with postgres.connect(database) as connection:
        connection.execute(TABLES.encode())
    return postgres.url(database)


@pytest.fixture(scope="module")
def real(postgres: PostgresServer) -> Iterator[str]:
    data.load(postgres, "contract_commands")
    yield "contract_commands"
    postgres.drop_database("contract_commands")


def run(command: str, capsys: pytest.CaptureFixture[str], **args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        getattr(quarantine if command.startswith("quarantine") else commands, command)(Namespace(**args))
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def test_a_draft_says_what_the_catalog_knows(dsn: str) -> None:
    text = draft(dsn, "shop.orders")
    contract = compile_text(text, "draft.yaml")
    assert (contract.table, contract.key) == ("shop.orders", ("line", "id"))
    assert contract.column("amount").physical_type == "numeric(12,2)"
    assert contract.column("amount").description == "In euros: with tax"
    kinds = {column.name: column.logical_type for column in contract.columns}
    assert kinds['odd "name".x'] is LogicalType.STRING
    assert (kinds["tags"], kinds["at"], kinds["doc"]) == ("array", "timestamp", "object")
    checks = {check.id: check for check in contract.checks}
    assert {"not_null:code", "unique:code", "unique:line,id", "row_count"} <= set(checks)
    assert checks["referential:customer"].reference == Reference(table="shop.Customers", columns=("id",))
    assert checks["referential:currency"].reference == Reference(table="public.currency", columns=("code",))
    assert checks["referential:b,a"].reference == Reference(table="shop.parts", columns=("b", "a"))
    assert checks["accepted_values:status"].values == ("open", "paid", "gone")
    keys = [check for check in contract.checks if check.kind is CheckKind.REFERENTIAL]
    assert len(keys) == 3 and {check.severity for check in keys} == {CheckSeverity.WARN}, "a foreign key blocks nothing"
    assert "description: What was ordered" in text


def test_a_draft_can_be_checked_at_once(dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, _ = run("contract_init", capsys, conn_id="WH", table="shop.orders")
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(text)
    assert status == 0
    assert run("contract_check", capsys, files=[str(file)], conn_id="", output="table")[0] == 0


def test_a_table_that_is_not_there_is_said_to(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"table public\.none: does not exist here"):
        draft(dsn, "none")
    status, _, said = run("contract_init", capsys, conn_id="WH", table="none")
    assert (status, "does not exist here" in said) == (2, True)


@pytest.mark.parametrize("name", list(data.TABLES))
def test_a_draft_of_each_real_table_is_valid(postgres: PostgresServer, real: str, name: str) -> None:
    drafted = compile_text(draft(postgres.url(real), name), "draft.yaml")
    written = load_contract(str(CONTRACTS / f"{name}.odcs.yaml"))
    assert drafted.names == written.names
    assert [c.physical_type for c in drafted.columns] == [c.physical_type for c in written.columns]


@pytest.mark.parametrize("name", list(data.TABLES))
def test_the_contracts_have_reached_the_level_that_they_claim(
    postgres: PostgresServer, real: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(real))
    file = str(CONTRACTS / f"{name}.odcs.yaml")
    status, text, _ = run("contract_check", capsys, files=[file], conn_id="WH", as_of=YEAR_END, output="markdown")
    assert (status, "- [ ]" in text) == (0, False), text
    assert load_contract(file).readiness is not None


def test_a_standard_that_is_not_met_ends_with_one(
    postgres: PostgresServer,
    real: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(real))
    file = tmp_path / "flights.odcs.yaml"
    file.write_text((CONTRACTS / "flights.odcs.yaml").read_text().replace("value: silver", "value: gold"))
    status, text, _ = run("contract_check", capsys, files=[str(file)], conn_id="WH", as_of=YEAR_END, output="markdown")
    assert status == 1
    assert "- [ ] availability: The contract promises a time by which the data are there. Not met:" in text
    assert "- [ ] warnings: Every check holds on the whole table, warnings too. Not met: referential:dest:" in text
    status, rows, _ = run("contract_check", capsys, files=[str(file)], conn_id="WH", as_of=YEAR_END, output="json")
    unmet = {row["standard"] for row in json.loads(rows) if not row["met"]}
    assert (status, unmet) == (1, {"availability", "warnings"})


@pytest.mark.parametrize("as_of", ["yesterday", "2013-12-31T23:59:00"])
def test_a_moment_without_a_zone_is_no_moment(dsn: str, capsys: pytest.CaptureFixture[str], as_of: str) -> None:
    file = str(CONTRACTS / "flights.odcs.yaml")
    status, _, said = run("contract_check", capsys, files=[file], conn_id="WH", as_of=as_of, output="markdown")
    assert (status, "--as-of" in said) == (2, True)


def test_old_data_are_not_fresh_today(
    postgres: PostgresServer, real: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection(real))
    file = str(CONTRACTS / "flights.odcs.yaml")
    status, text, _ = run("contract_check", capsys, files=[file], conn_id="WH", as_of="", output="markdown")
    assert (status, "freshness:time_hour: expected at most 86400" in text) == (1, True)


def test_no_table_is_no_crash(dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(CONTRACTS / "flights.odcs.yaml")
    status, text, _ = run("contract_check", capsys, files=[file], conn_id="WH", as_of="", output="markdown")
    assert status == 1
    assert "Not met: there is no table public.flights." in text


def test_where_no_level_is_claimed_the_command_says_so(
    dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(draft(f"{dsn}", "shop.orders"))
    status, _, said = run("contract_check", capsys, files=[str(file)], conn_id="WH", as_of="", output="json")
    assert status == 0
    assert "shop.orders claims no level, so the command demands none; " in said


@pytest.mark.parametrize(
    ("command", "given"),
    [
        ("contract_init", {"table": "shop.orders"}),
        ("contract_check", {"files": [str(CONTRACTS / "flights.odcs.yaml")], "as_of": "", "output": "table"}),
        ("quarantine_list", {"file": str(CONTRACTS / "flights.odcs.yaml"), "output": "table"}),
    ],
)
def test_a_connection_that_is_none_is_one_line(
    dsn: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    given: dict[str, object],
) -> None:
    status, _, said = run(command, capsys, conn_id="NO_SUCH", **given)
    assert (status, len(said.strip().splitlines())) == (2, 1)
    assert "connection NO_SUCH: does not exist." in said
    monkeypatch.setenv("AIRFLOW_CONN_WEB", "http://example.org")
    status, _, said = run(command, capsys, conn_id="WEB", **given)
    assert (status, len(said.strip().splitlines())) == (2, 1)
    assert "is of type 'http'" in said and "postgres" in said


SHOP = """
apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.0.0
status: active
schema:
  - name: parts
    physicalName: shop.parts
    quality: [{metric: rowCount, mustBeGreaterOrEqualTo: 0}]
    properties: [{name: a, logicalType: integer, physicalType: integer, required: true}, {name: b, logicalType: string, required: true}]
  - name: currency
    properties: [{name: code, logicalType: string, primaryKey: true}]
"""


def test_each_table_of_a_file_is_checked(dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop.odcs.yaml"
    file.write_text(SHOP)
    status, said, _ = run("contract_check", capsys, files=[str(file)], conn_id="", output="table")
    assert (status, said) == (0, "1 contract(s) of 2 tables, no findings.\n")
    _, rows, _ = run("contract_check", capsys, files=[str(file)], conn_id="WH", as_of="", output="json")
    assert {row["table"] for row in json.loads(rows)} == {"shop.parts", "public.currency"}
    _, rows, _ = run("contract_check", capsys, files=[f"{file}#currency"], conn_id="WH", as_of="", output="json")
    assert {row["table"] for row in json.loads(rows)} == {"public.currency"}


def test_what_became_of_each_line_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "shop.odcs.yaml"
    file.write_text(SHOP)
    status, rows, _ = run("contract_check", capsys, files=[str(file)], conn_id="", coverage=True, output="json")
    found = {row["field"]: row for row in json.loads(rows)}
    assert status == 0
    assert found["schema[0].properties[0].required"]["checks"] == "not_null:a (error)"
    assert found["schema[1].properties[0].primaryKey"]["line"] == 13
    status, text, _ = run("contract_check", capsys, files=[str(file)], conn_id="", coverage=True, output="table")
    assert "schema[0].quality[0].metric" in text and "row_count (error)" in text
    file.write_text(SHOP.replace("required: true", "requierd: true", 1))
    status, text, _ = run("contract_check", capsys, files=[str(file)], conn_id="", coverage=True, output="table")
    assert (status, "requierd: is not a field here" in text) == (1, True)


STRICT = """
CREATE TABLE public."odd.one" (id int PRIMARY KEY);
CREATE TABLE public.strict (
  odd int CONSTRAINT to_odd REFERENCES public."odd.one",
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, shop int NOT NULL REFERENCES public.shops, day date, amount numeric DEFAULT 0,
  kind text CHECK (kind IN ('a', 'b')), span int4range, CONSTRAINT one_a_day UNIQUE (shop, day),
  CONSTRAINT sound CHECK (amount >= 0 AND amount < 1000 OR kind = 'b'), EXCLUDE USING gist (span WITH &&));
ALTER TABLE public.strict ADD CONSTRAINT late CHECK (day > DATE '2000-01-01') NOT VALID;
CREATE UNIQUE INDEX few ON public.strict (kind) WHERE amount > 5;
COMMENT ON COLUMN public.strict.amount IS 'In euros'
"""


def test_an_import_has_all_that_the_catalog_knows_and_says_the_rest(
    dsn: str, database: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    from airflow_provider_harness.cli.authoring import converting

    with postgres.connect(database) as connection:
        connection.execute(b"CREATE TABLE public.shops (id int PRIMARY KEY)")
        connection.execute(STRICT.encode())
    given = {"source": "database", "file": "", "conn_id": "WH", "table": "strict", "output": "json"}
    with pytest.raises(SystemExit) as ended:
        converting.contract_import(Namespace(**given))
    body = json.loads(capsys.readouterr().out)
    assert ended.value.code == 0
    contract = compile_text(body["text"], "imported")
    checks = {check.id: check for check in contract.checks}
    assert {"unique:id", "not_null:shop", "referential:shop", "accepted_values:kind", "one_a_day", "sound"} <= set(
        checks
    )
    assert checks["one_a_day"].columns == ("shop", "day") and "amount >= " in checks["sound"].sql
    assert contract.column("amount").description == "In euros"
    lost = {one["place"]: one["why"] for one in body["lost"]}
    assert set(lost) == {"amount: default", "few", "id: identity always", "late", "strict_span_excl", "to_odd"}, lost
