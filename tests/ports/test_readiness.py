"""The audit of a warehouse, on a real PostgreSQL whose table was loaded by real operators: docs/how-to/make-data-ready-for-models.md."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG

from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.cli.learning import card as cards
from airflow_provider_harness.cli.learning import readiness as command
from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.store import task_engine
from tests.ports.operators_case import context, run, terms
from tests.ports.rows_case import Case, drop, make

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "make-data-ready-for-models.md"
CONTRACT = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
#: The end of the last of the three days that were loaded.
AS_OF = "2013-03-12T04:00:00Z"


@pytest.fixture(scope="module")
def place(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A warehouse into which three days were loaded under the page's contract, and a table and a view without a contract."""
    folder = tmp_path_factory.mktemp("readiness")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(folder))
        patch.setenv("AIRFLOW__HARNESS__STAGING_PATH", f"file://{folder}/staging")
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(folder))
        patch.setenv("AIRFLOW_CONN_SRC", postgres.airflow_connection("readiness_s"))
        patch.setenv("AIRFLOW_CONN_WH", postgres.airflow_connection("readiness_w"))
        patch.setenv("AIRFLOW_CONN_HARNESS_PERSONAL_KEY", json.dumps({"conn_type": "generic", "password": "k" * 64}))
        (folder / "orders.odcs.yaml").write_text(CONTRACT)
        upgrade(task_engine())
        case = make(postgres, "readiness", folder / "staging")
        load(case, folder)
        case.at_warehouse("CREATE VIEW public.paid AS SELECT id FROM public.orders WHERE status = 'paid'")
        yield folder
    drop(postgres, "readiness")


def load(case: Case, folder: Path) -> None:
    for day in range(3):
        dag = DAG(dag_id="d", schedule=None)
        dag.fileloc = str(folder / "d.py")
        extract = PostgresExtractOperator(task_id="extract", **terms(dag, "src"))
        staged = done(extract, context(case, day, task="extract"))
        done(PostgresLoadOperator(task_id="load", staged=staged, **terms(dag, "wh")), context(case, day, task="load"))


def done(operator: Any, here: dict[str, Any]) -> Any:
    """What Airflow does with a task that succeeds."""
    result = run(operator, here)
    operator.post_execute(here)
    return result


def audit(capsys: pytest.CaptureFixture[str], **given: Any) -> tuple[int, Any]:
    args = {"files": [], "conn_id": "wh", "level": "", "as_of": AS_OF, "output": "json", **given}
    with pytest.raises(SystemExit) as ended:
        command.readiness(Namespace(**args))
    shown = capsys.readouterr()
    told = shown.out + shown.err
    return int(str(ended.value.code)), json.loads(shown.out) if args["output"] == "json" and shown.out else told


def test_the_page_s_contract_reaches_ai_ready(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = audit(capsys)
    tables = {one["table"]: one for one in found["audited"]}
    assert tables["public.orders"]["missing"] == []
    assert (tables["public.orders"]["level"], tables["public.orders"]["claimed"]) == ("ai_ready", "ai_ready")
    assert status == 0


def test_tables_without_a_contract_are_said_with_what_to_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = audit(capsys, level="bronze")
    tables = {one["table"]: one for one in found["audited"]}
    assert set(tables) == {"public.orders", "public.customers", "public.paid"}
    assert tables["public.paid"]["level"] == "none"
    assert tables["public.paid"]["missing"][0]["add"] == "airflow harness contract init --conn-id wh public.paid"
    assert found["reach"] == {"ai_ready": 1, "gold": 0, "silver": 0, "bronze": 0, "none": 2}
    assert status == 1, "they fall short of the level that is asked for"


def test_text_has_the_warehouse_each_table_and_each_standard(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = audit(capsys, output="text", level="ai_ready")
    assert status == 1
    assert text.startswith("3 table(s): 1 ai_ready, 2 none\n")
    assert (
        "\npublic.customers: none, falls short of ai_ready\n  bronze contract: no contract covers it.\n    add: "
        in text
    )


@pytest.mark.parametrize(
    ("right", "wrong", "standard", "why"),
    [
        ("      groups: [status]\n", "", "bias", "nothing measures it, and nobody has said it."),
        ("      labels: [amount]\n", "", "label_quality", "nothing measures it, and nobody has said it."),
        ("labels: [amount]", "labels: [note]", "label_quality", "no check of the values of a label: note."),
        ("groups: [status]", "groups: [customer]", "bias", "no check of the shares of a group: customer."),
        ("jsonb, required: true", "jsonb", "completeness", "no check of nulls: note."),
        ("{personal: hash}", "{personal: keep}", "personal_data", "nothing measures it, and nobody has said it."),
        ("maximum: 1000}", "maximum: 800}", "label_quality", "range:amount: expected"),
    ],
)
def test_a_point_that_does_not_hold_is_named_with_its_reason(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, right: str, wrong: str, standard: str, why: str
) -> None:
    assert right in CONTRACT
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(CONTRACT.replace(right, wrong, 1))
    status, found = audit(capsys, files=[str(file)])
    missing = {line["standard"]: line for one in found["audited"] if one["contract"] for line in one["missing"]}
    assert missing[standard]["why"].startswith(why), missing
    assert (status, bool(missing[standard]["add"])) == (1, True)


def test_a_person_s_word_is_shown_as_one(place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = "      statements: [{point: bias, text: One country only., by: ana, date: 2013-03-01}]\n"
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(CONTRACT.replace("      groups: [status]\n", said))
    status, found = audit(capsys, files=[str(file)])
    [orders] = [one for one in found["audited"] if one["contract"]]
    assert (status, orders["level"]) == (0, "ai_ready")
    assert orders["persons"] == [{"standard": "bias", "said": "ana on 2013-03-01: One country only."}]
    status, found = audit(capsys, files=[str(file)], as_of="2014-03-12T04:00:00Z")
    missing = {line["standard"]: line["why"] for one in found["audited"] if one["contract"] for line in one["missing"]}
    assert missing["bias"] == "ana said it 376 days ago; it counts for 365."


def test_without_a_connection_nobody_looked_at_the_table(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = audit(capsys, conn_id="")
    [orders] = found["audited"]
    assert (status, orders["level"]) == (1, "none")
    assert "nobody looked at the table; name its connection with --conn-id." in {
        line["why"] for line in orders["missing"]
    }


def test_a_store_that_is_away_is_no_pass(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__HARNESS__STORE", "connection")
    monkeypatch.setenv("AIRFLOW__HARNESS__STORE_CONN_ID", "nowhere_at_all")
    status, found = audit(capsys)
    missing = {line["standard"]: line["why"] for one in found["audited"] if one["contract"] for line in one["missing"]}
    assert status == 1
    assert missing["lineage"].startswith("the store could not be read:")


def test_nothing_to_look_at_is_said(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path))
    status, text = audit(capsys, conn_id="")
    assert (status, "found no contract (*.odcs.yaml)" in text) == (2, True)


def test_a_database_without_tables_is_an_empty_audit(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    postgres: PostgresServer, database: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_EMPTY", postgres.airflow_connection(database))
    status, text = audit(capsys, conn_id="EMPTY", output="text")
    assert status == 0
    assert "0 table(s)" in text and "shows no table to its user" in text


def card(capsys: pytest.CaptureFixture[str], **given: Any) -> tuple[int, str, str]:
    args = {"name": "public.orders", "contract": None, "conn_id": "wh", "registry_conn_id": "", "as_of": AS_OF}
    with pytest.raises(SystemExit) as ended:
        cards.card(Namespace(**{**args, "output": "markdown", **given}))
    shown = capsys.readouterr()
    return int(str(ended.value.code)), shown.out, shown.err


def test_the_card_of_a_table_says_who_measured_each_number(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, said = card(capsys)
    assert (status, said) == (0, "")
    head, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert yaml.safe_load(head) == {
        "pretty_name": "orders",
        "tags": ["airflow-provider-harness"],
        "size_categories": ["n<1K"],
    }
    lines = body.splitlines()
    assert any(line == "| rows of the table | 894 | connection wh | 2013-03-12T04:00:00Z |" for line in lines)
    assert any(
        re.match(r"\| range:amount \| holds, found 0 \| gate staging of d/.*/load.*1 \| 20", line) for line in lines
    )
    assert any(re.match(r"\| drift:status:chi.*_square \| holds, found 0", line) for line in lines), body
    assert any(
        re.match(r"\| customer \| readiness\\_s\.public\.orders\.customer \| lineage \|", line) for line in lines
    )
    assert any(line.startswith("| level | ai\\_ready |") for line in lines)
    assert "| Amounts are those of the till's receipts. | said | ana, a person | 2026-11-30 |" in lines


def test_a_claim_needs_a_check_that_was_measured(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(CONTRACT.replace('check: "range:amount"', 'check: "range:amont"'))
    status, _, said = card(capsys, contract=[str(file)])
    assert (status, "'range:amont' is not a check of the contract." in said) == (2, True)
    own = "quality: [{metric: nullValues, mustBe: 0, name: new}]\n        logicalTypeOptions: {minimum: 0"
    new = CONTRACT.replace('check: "range:amount"', "check: new").replace("logicalTypeOptions: {minimum: 0", own)
    file.write_text(new)
    status, text, said = card(capsys, contract=[str(file)])
    assert (status, "not borne out: Claims, No amount is negative.: no gate has measured new." in said) == (1, True)
    assert "| No amount is negative. | NOT BORNE OUT: no gate has measured new. | new |" in text


def test_a_level_that_is_claimed_and_not_reached_is_not_borne_out(
    place: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "orders.odcs.yaml"
    file.write_text(CONTRACT.replace("      groups: [status]\n", ""))
    status, text, said = card(capsys, contract=[str(file)], output="json")
    assert status == 1
    assert "not borne out: Readiness, level: the contract claims ai_ready." in said
    assert json.loads(text)["unproved"] == ["Readiness, level: the contract claims ai_ready."]


def test_a_card_of_what_no_contract_is_about_names_those_that_are(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, said = card(capsys, name="public.paid")
    assert (status, said.strip()) == (2, "public.paid: is in no contract. Valid: public.orders.")


def test_without_a_connection_the_card_has_what_gates_found(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, text, said = card(capsys, conn_id="")
    assert "| range:amount | holds, found 0 |" in text and "rows of the table" not in text
    assert (status, "the contract claims ai_ready" in said) == (1, True), "nobody looked at the table"
