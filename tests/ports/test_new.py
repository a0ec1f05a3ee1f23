"""``airflow harness new``: the how-to's own commands, and the pipeline that they leave, on a real PostgreSQL."""

from __future__ import annotations

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import yaml

from airflow_provider_harness.app.authoring.finding import FindingSeverity, Stage
from airflow_provider_harness.testing.postgres import PostgresServer
from airflow_provider_harness.wiring.authoring import checking
from tests.ports.operators_case import Extras, run
from tests.ports.sql_patterns_case import at

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "start-a-pipeline.md"
TABLES = """
CREATE TABLE orders (id bigint PRIMARY KEY, placed_at timestamptz NOT NULL, amount numeric(12,2),
                     status text CHECK (status IN ('open', 'paid')));
INSERT INTO orders SELECT n, timestamptz '2026-01-01 00:00+00' + n * interval '1 hour', n, 'open' FROM generate_series(0, 47) AS n;
CREATE TABLE log (at timestamp, seen date, note text);
CREATE TABLE tags (name text NOT NULL UNIQUE, day date, "it's ""odd\"\" one" int);
CREATE TABLE held (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, part int, at timestamptz NOT NULL,
                   price numeric CONSTRAINT price_is_positive CHECK (price > 0), "Sum" int, UNIQUE (order_id, part),
                   CONSTRAINT sums CHECK ("Sum" >= part AND at > '2020-01-01'), CONSTRAINT late CHECK (part < 9) NO INHERIT);
ALTER TABLE held ADD CONSTRAINT never_held CHECK (part > 1) NOT VALID;
COMMENT ON TABLE held IS 'What is held: of orders.';
CREATE UNIQUE INDEX held_prices ON held (lower(price::text));
CREATE TABLE "Odd Ones" (id int PRIMARY KEY, day date NOT NULL);
"""
BASE = ("--yes", "--conn-id", "shop", "--target-conn-id", "wh", "--dags-folder", "dags", "--tests-folder", "tests")


@pytest.fixture(scope="module")
def shop(postgres: PostgresServer) -> Iterator[PostgresServer]:
    for name in ("new_shop", "new_wh"):
        postgres.ensure_database(name)
    with psycopg.connect(postgres.url("new_shop"), autocommit=True) as connection:
        connection.execute(TABLES.encode())
    yield postgres
    for name in ("new_shop", "new_wh"):
        postgres.drop_database(name)


@pytest.fixture
def home(shop: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in which Airflow knows both connections."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", shop.airflow_connection("new_shop"))
    for name in ("WH", "WAREHOUSE"):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", shop.airflow_connection("new_wh"))
    return tmp_path


def harness(*arguments: str) -> int:
    """What ``airflow harness ...`` does, in this process."""
    from airflow.cli.cli_parser import get_parser

    args = get_parser().parse_args(["harness", *arguments])
    with pytest.raises(SystemExit) as ended:
        args.func(args)
    return int(ended.value.code or 0)


def weighing(file: str) -> list[tuple[str, str]]:
    """Rule and message of what stands above a hint."""
    found = checking.findings([file], imports=False, stage=Stage.COMPILE)
    return [(one.rule.id, one.message) for one in found if one.severity is not FindingSeverity.HINT]


def test_the_commands_of_the_page_make_a_pipeline_that_moves_rows(
    home: Path, shop: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "".join(re.findall(r"```bash\n(.*?)```", PAGE.read_text(), re.DOTALL)).splitlines()
    new, check, explain, test = (line.split() for line in lines)
    assert harness(*new[2:]) == 0
    assert "open     from when on is the source late?" in capsys.readouterr().out
    assert harness(*check[2:], "--no-import") == 1
    assert harness(*explain[2:], "--no-import") == 0
    assert "load: incremental: a re-run replaces the slice's rows" in capsys.readouterr().out
    written = [one for name, one in runpy.run_path(test[-1]).items() if name.startswith("test_")]
    assert len(written) == 2
    for one in written:
        one()
    contract = home / "dags" / "contracts" / "orders.odcs.yaml"
    answered = re.sub(r"# TODO.*\n", "", contract.read_text()).replace(
        "customProperties:\n",
        "customProperties:\n- {property: harness.late, value: {action: page, waitMinutes: 60}}\n",
    )
    contract.write_text(answered)
    assert harness(*check[2:], "--no-import") == 0
    assert moved(home / "dags" / "orders.py", shop) == [24, 24]


def moved(file: Path, shop: PostgresServer) -> list[int]:
    """Rows that the Dag's first day published, and those that are there after a second run of it."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(file))
    assert bag.import_errors == {}
    counts = []
    for number in range(2):
        for task in bag.dags["orders"].topological_sort():
            run(task, _context(task.task_id, number))
        with psycopg.connect(shop.url("new_wh")) as connection:
            counts += connection.execute("SELECT count(*) FROM public.orders").fetchone() or ()
    return counts


def _context(task: str, number: int) -> dict[str, Any]:
    bounds = {"data_interval_start": at("1"), "data_interval_end": at("2"), "logical_date": at("1")}
    run_of = SimpleNamespace(partition_key=None, run_type="scheduled", **bounds)
    ti = SimpleNamespace(dag_id="orders", run_id=f"r{number}", task_id=task, map_index=-1, try_number=1)
    return {"dag_run": run_of, "run_id": ti.run_id, "outlet_events": Extras(), "ti": ti}


OPEN = {
    ("HC008", "which team owns this Dag?"),
    ("HC008", "which team answers for this table? team: {name: ...}, and the owner in the Dag"),
    ("HC008", "by when must a slice be there? slaProperties: [{property: latency, value: 6, unit: h}]"),
}
KEY = ("HC008", "which columns tell two rows apart? primaryKey: true on these columns")
LATE = (
    "HC008",
    "from when on is the source late? customProperties: [{property: harness.late, value: {action: page, waitMinutes: 60}}]",
)
SHAPES = [
    (("--table", "log"), "log", OPEN | {KEY}, "full"),
    (("--table", "log", "--slice-column", "at", "--grain", "hour"), "log", OPEN | {KEY, LATE}, "incremental"),
    (("--table", "log", "--slice-column", "at", "--key", "at,note"), "log", OPEN | {LATE}, "incremental"),
    (("--table", "tags", "--grain", "month", "--time-zone", "Europe/Berlin"), "tags", OPEN | {LATE}, "incremental"),
    (("--table", "public.Odd Ones", "--late-minutes", "0"), "Odd_Ones", OPEN, "incremental"),
    (("--table", "orders", "--owner", 'a"b: #c', "--latency-hours", "1.5", "--late-minutes", "5"), "orders", set(), "incremental"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "name", "open_ones", "mode"), SHAPES, ids=map(str, range(len(SHAPES))))
def test_what_is_open_is_marked_and_nothing_else_weighs(
    home: Path, arguments: tuple[str, ...], name: str, open_ones: set[tuple[str, str]], mode: str
) -> None:
    assert harness("new", *BASE, *arguments) == 0
    assert set(weighing(f"dags/{name}.py")) == open_ones
    contract = yaml.safe_load((home / "dags" / "contracts" / f"{name}.odcs.yaml").read_text())
    assert contract["customProperties"][0]["value"]["mode"] == mode


def test_a_bigquery_is_loaded_from_staged_files(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BQ", json.dumps({"conn_type": "google_cloud_platform", "extra": {"project": "p"}}))
    assert harness("new", *BASE, "--table", "orders", "--target-conn-id", "bq", "--target-table", "shop.orders") == 0
    text = (home / "dags" / "orders.py").read_text()
    assert "fresh >> extract >> load" in text and "staged=extract.output" in text
    assert {rule for rule, _ in weighing("dags/orders.py")} == {"HC008"}


def test_conditions_are_rules_and_what_is_left_out_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("new", *BASE, "--table", "held", "--slice-column", "at", "--output", "json") == 0
    told = [line.split(":")[0] for line in json.loads(capsys.readouterr().out)["left_out"]]
    assert told == ["foreign key to orders.id", "never_held", "held_prices"]
    contract = yaml.safe_load((home / "dags" / "contracts" / "held.odcs.yaml").read_text())
    rules = {one.get("name", one.get("metric")): one for one in contract["schema"][0]["quality"]}
    assert set(rules) == {"rowCount", "held_order_id_part_key", "price_is_positive", "sums", "late"}
    assert contract["description"] == {"purpose": "What is held: of orders."}
    assert {rule for rule, _ in weighing("dags/held.py")} == {"HC008"}
    monkeypatch.setenv("AIRFLOW_CONN_BQ", json.dumps({"conn_type": "google_cloud_platform", "extra": {"project": "p"}}))
    bq = ("--table", "held", "--name", "held_bq", "--target-conn-id", "bq", "--target-table", "shop.held")
    assert harness("new", *BASE, *bq, "--slice-column", "at") == 0
    said = capsys.readouterr().out
    assert all(f"left out {name}: its SQL is PostgreSQL's" in said for name in ("price_is_positive", "sums", "late"))


def test_on_a_terminal_it_asks_and_proposes(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    answers = {"Connection of the PostgreSQL": "shop", "The table there": "tags", "Connection of the ware": "wh"}

    def typed(question: str) -> str:
        asked.append(question)
        return next((said for begin, said in answers.items() if question.startswith(begin)), "")

    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", typed)
    assert harness("new", "--dags-folder", "dags", "--output", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in told["files"]] == ["tags.odcs.yaml", "tags.py", "test_tags.py"]
    assert "Columns that tell two rows apart, as a,b [name]: " in asked
    assert any("(day); empty = the whole table each time [day]" in question for question in asked)
    assert len(told["questions"]) == 3 and len(asked) == 13


def files(home: Path) -> dict[str, str]:
    return {str(path.relative_to(home)): path.read_text() for path in home.rglob("*") if path.is_file()}


def test_nothing_is_replaced_without_force(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert harness("new", *BASE, "--table", "orders") == 0
    mine = home / "dags" / "orders.py"
    mine.write_text("# mine")
    before = files(home)
    assert harness("new", *BASE, "--table", "orders", "--owner", "ann") == 2
    told = capsys.readouterr().err
    assert "orders.py" in told and "the command wrote nothing" in told and "--force" in told and files(home) == before
    assert harness("new", *BASE, "--table", "orders", "--owner", "ann", "--force") == 0
    assert '"owner": "ann"' in mine.read_text()


def test_all_files_are_written_or_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "tests").write_text("a file where the folder should be")
    before = files(home)
    assert harness("new", *BASE, "--table", "orders") == 2
    assert files(home) == before and not (home / "dags").exists()
    assert "Traceback" not in capsys.readouterr().err


WRONG = [
    (("--table", "nope"), "table public.nope: does not exist here"),
    (("--table", "orders", "--conn-id", "nobody"), "connection nobody"),
    (("--table", "orders", "--slice-column", "amount"), "--slice-column: 'amount' is not a date or a timestamp. Valid: placed_at"),
    (("--table", "log", "--key", "id"), "--key: 'id' is not a column of public.log. Valid: at, seen, note"),
    (("--table", "tags", "--grain", "hour"), "--grain: is hour, and day is a date"),
    (("--table", "orders", "--grain", "year"), "--grain: is 'year'. Valid: hour, day, week, month"),
    (("--table", "orders", "--time-zone", "Mars"), "--time-zone: 'Mars' is not a time zone"),
    (("--table", "orders", "--latency-hours", "0"), "--latency-hours: is 0. Give a number above 0"),
    (("--table", "orders", "--late-minutes", "x"), "--late-minutes: 'x' is not a number. Give a whole number"),
    (("--table", "orders", "--name", "a/b"), "--name: 'a/b' is not a name of a Dag"),
    (("--table", "orders", "--start-date", "soon"), "--start-date: 'soon' is not a day"),
    (("--table", "orders", "--target-conn-id", "shop", "--target-table", "orders"), "--target-table: is the source itself"),
    (("--table", "orders", "--target-conn-id", "shop"), "--target-table: is not given"),
    ((), "--table: is not given"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_answer_is_named_and_nothing_is_written(
    home: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert harness("new", *BASE, *arguments) == 2
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told and not (home / "dags").exists()
