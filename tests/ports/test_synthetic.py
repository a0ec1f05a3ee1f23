"""Synthetic tables in PostgreSQL: as like the real ones as they say, no nearer to a real row than the holdout, and marked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from airflow.sdk import DAG, Asset
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators import SyntheticDataOperator
from airflow_provider_harness.testing.postgres import PostgresServer
from tests.ports.fine_tuning_case import LABELLED, context
from tests.ports.operators_case import run

HEAD = """
apiVersion: v3.1.0
kind: DataContract
id: {0}
version: 1.0.0
status: active
customProperties:
  - {{property: harness.load, value: {{mode: full}}}}
schema:
  - name: {0}
    physicalName: public.{0}
    properties:
      - {{name: id, logicalType: integer, physicalType: bigint, primaryKey: true, required: true}}
"""
CUSTOMERS = (
    HEAD.format("customers")
    + """
      - {name: name, logicalType: string, physicalType: text, required: true, classification: personal,
         customProperties: [{property: harness.personalData, value: keep}]}
      - {name: age, logicalType: integer, physicalType: bigint, logicalTypeOptions: {minimum: 18, maximum: 99}}
      - {name: income, logicalType: number, physicalType: "numeric(12,2)"}
      - name: band
        logicalType: string
        physicalType: text
        enum: [{value: low}, {value: middle}, {value: high}]
      - {name: joined, logicalType: timestamp, physicalType: timestamptz, required: true}
      - {name: country, logicalType: string, physicalType: text}
"""
)
ORDERS = (
    HEAD.format("orders")
    + """
      - name: customer_id
        logicalType: integer
        physicalType: bigint
        required: true
        relationships: [{to: customers.id}]
      - {name: amount, logicalType: number, physicalType: double precision}
      - {name: paid, logicalType: boolean, physicalType: boolean}
"""
)
FILLED = """
CREATE TABLE public.customers (id bigint PRIMARY KEY, name text, age bigint, income numeric(12,2), band text, joined timestamptz, country text);
CREATE TABLE public.orders (id bigint PRIMARY KEY, customer_id bigint, amount double precision, paid boolean);
SELECT setseed(0.5);
INSERT INTO public.customers
SELECT n, 'Person ' || n, 18 + (age * 60)::int, CASE WHEN random() < 0.2 THEN NULL ELSE (20000 + age * 60000 + random() * 9000)::numeric(12,2) END,
       CASE WHEN age < 0.4 THEN 'low' WHEN age < 0.8 THEN 'middle' ELSE 'high' END,
       timestamptz '2020-01-01 00:00Z' + random() * interval '5 years', 'DE'
FROM (SELECT n, random() AS age FROM generate_series(1001, 2500) n) AS made;
INSERT INTO public.orders
SELECT row_number() OVER (), id, exp(random() * 3 + age / 50.0), random() < 0.7 FROM public.customers, generate_series(1, (id % 4)::int) k;
"""


class Shop:
    """Two real tables, one referring to the other, and the operator."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        (folder / "customers.odcs.yaml").write_text(CUSTOMERS)
        (folder / "orders.odcs.yaml").write_text(ORDERS)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def make(self, **more: Any) -> dict[str, Any]:
        dag = DAG(dag_id="d", schedule=None, start_date=LABELLED)
        dag.fileloc = str(self.folder / "d.py")
        given: dict[str, Any] = {
            "contract": "customers.odcs.yaml",
            "table": "public.customers",
            "conn_id": "shop",
            "target": "made.customers",
            "folder": f"file://{self.folder}/report",
        }
        self.task = SyntheticDataOperator(task_id="t", dag=dag, **{**given, **more})
        self.context = context()
        told: dict[str, Any] = run(self.task, self.context)
        return told

    def report(self, folder: str = "report") -> dict[str, Any]:
        home = self.folder / folder
        version = json.loads((home / "_manifest.json").read_text())["version"]
        found: dict[str, Any] = json.loads((home / version / "report.json").read_text())
        return found


ORDERED = {"contract": "orders.odcs.yaml", "table": "public.orders", "target": "made.orders"}


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    postgres.ensure_database("shop")
    with psycopg.connect(postgres.url("shop"), autocommit=True) as connection:
        connection.execute(FILLED.encode())
        connection.execute("CREATE SCHEMA made")
    yield "shop"
    postgres.drop_database("shop")


@pytest.fixture
def shop(postgres: PostgresServer, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP", postgres.airflow_connection(database))
    return Shop(postgres.url(database), tmp_path)


def test_two_tables_keep_what_the_tolerances_say_and_refer_to_each_other(shop: Shop) -> None:
    told = shop.make(children=[ORDERED], outlets=[Asset("made")])
    gates = {one["id"]: one["verdict"] for one in shop.report()["gates"]}
    assert set(gates.values()) == {"passed"}
    assert {
        "association:public.customers.age,income",
        "children:public.orders.customer_id",
        "privacy:share:public.customers",
    } <= set(gates)
    assert told["tables"]["made.customers"]["rows"] == 1500
    numbers = "SELECT corr(age, income), count(*) FILTER (WHERE income IS NULL) / 1500.0, avg(age), count(DISTINCT id) FROM {}.customers"
    real, made = (shop.ask(numbers.format(home))[0] for home in ("public", "made"))
    assert abs(real[0] - made[0]) < 0.05 and abs(float(real[1] - made[1])) < 0.03 and abs(float(real[2] - made[2])) < 2
    assert made[3] == 1500 and real[0] > 0.9
    orphans = "SELECT count(*) FROM made.orders o LEFT JOIN made.customers c ON c.id = o.customer_id WHERE c.id IS NULL"
    assert shop.ask(orphans) == [(0,)]
    assert shop.ask("SELECT count(*) FROM made.customers m JOIN public.customers r USING (age, income, joined)") == [
        (0,)
    ]
    assert shop.ask("SELECT count(*) FROM made.customers WHERE name LIKE 'Person%'") == [(0,)]
    assert shop.context["outlet_events"][Asset("made")].extra["synthetic"] is True


def test_what_is_made_says_that_it_is_synthetic(shop: Shop) -> None:
    shop.make()
    [(comment,)] = shop.ask("SELECT obj_description('made.customers'::regclass)")
    assert comment.startswith("Synthetic data, made like public.customers: no row of it is real. Seed 1")
    folder = shop.folder / "report" / json.loads((shop.folder / "report" / "_manifest.json").read_text())["version"]
    contract = (folder / "made.customers.odcs.yaml").read_text()
    assert "id: customers.synthetic" in contract and "- synthetic" in contract
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 5 + 2 and "(the column is constant)" in page
    assert all(edge.masking for edge in shop.task._lineage_edges())


def test_the_same_seed_gives_the_same_rows(shop: Shop) -> None:
    rows = "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM made.customers AS c"
    found = []
    for seed in (1, 1, 2):
        shop.make(seed=seed)
        found.append(shop.ask(rows))
    assert found[0] == found[1] != found[2]


def test_a_tolerance_that_is_not_kept_publishes_nothing_and_leaves_a_report(shop: Shop) -> None:
    shop.make()
    before = shop.ask("SELECT count(*), max(xmin::text) FROM made.customers"), shop.report()
    with pytest.raises(AirflowFailException, match=r"marginal:public.customers.age: expected at most 0, found 0\.\d+"):
        shop.make(tolerances={"marginal": 0}, seed=3)
    assert (shop.ask("SELECT count(*), max(xmin::text) FROM made.customers"), shop.report()) == before
    assert any(one["verdict"] == "FAILED" for one in shop.report("report/refused")["gates"])


@pytest.mark.attack
def test_a_table_of_real_rows_is_never_replaced(shop: Shop) -> None:
    before = shop.ask("SELECT count(*) FROM public.orders")
    for target in ("public.orders", "public.customers"):
        with pytest.raises(
            AirflowFailException, match="its comment does not begin with 'Synthetic data': they may be real"
        ):
            shop.make(target=target)
    assert shop.ask("SELECT count(*) FROM public.orders") == before


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_no_row_or_of_one_teaches_nothing(shop: Shop, rows: int) -> None:
    shop.ask("DROP TABLE IF EXISTS public.few")
    shop.ask(f"CREATE TABLE public.few AS SELECT * FROM public.customers LIMIT {rows}")
    (shop.folder / "few.odcs.yaml").write_text(CUSTOMERS.replace("customers", "few"))
    with pytest.raises(
        AirflowFailException, match=f"rows:public.few: expected at least 40 rows to learn from, found {rows} rows"
    ):
        shop.make(contract="few.odcs.yaml", table="public.few", target="made.few")
    assert shop.ask("SELECT to_regclass('made.few')") == [(None,)]


def test_too_many_children_are_told(shop: Shop) -> None:
    shop.ask("DROP TABLE IF EXISTS public.visits")
    shop.ask(
        "CREATE TABLE public.visits AS SELECT n AS id, 1001 + n % 3 AS customer_id, 1.0::float8 AS amount, true AS paid FROM generate_series(1, 30000) n"
    )
    (shop.folder / "visits.odcs.yaml").write_text(ORDERS.replace("orders", "visits"))
    with pytest.raises(
        AirflowFailException,
        match=r"samples 1500 rows of public.customers, to which \d+ rows and more of public.visits refer",
    ):
        shop.make(
            sample_rows=1500,
            children=[{"contract": "visits.odcs.yaml", "table": "public.visits", "target": "made.visits"}],
        )


def _people(shop: Shop, properties: str, sql: str, *, more: str = "") -> None:
    shop.ask("DROP TABLE IF EXISTS public.people, made.people")
    shop.ask(f"CREATE TABLE public.people AS {sql}")
    head = HEAD.format("people")
    (shop.folder / "people.odcs.yaml").write_text(
        head.replace("    properties:\n", f"{more}    properties:\n") + properties
    )


PEOPLE: dict[str, Any] = {"contract": "people.odcs.yaml", "table": "public.people", "target": "made.people"}


def test_a_reference_to_its_own_table_leads_to_a_row_of_it(shop: Shop) -> None:
    boss = "      - {name: boss, logicalType: integer, physicalType: bigint, relationships: [{to: people.id}]}\n"
    _people(shop, boss, "SELECT 5000 + n AS id, 5000 + nullif(n / 2, 0) AS boss FROM generate_series(1::bigint, 300) n")
    shop.make(**PEOPLE)
    orphans = "SELECT count(*) FILTER (WHERE b.id IS NULL AND m.boss IS NOT NULL), count(m.boss) > 250, bool_and(m.boss <= m.id) FROM made.people m LEFT JOIN made.people b ON b.id = m.boss"
    assert shop.ask(orphans) == [(0, True, True)]


def test_numbers_at_the_edge_of_their_type_stay_within_it(shop: Shop) -> None:
    wide = "      - {name: wide, logicalType: number, physicalType: 'numeric(38,18)'}\n"
    great = "      - {name: great, logicalType: integer, physicalType: bigint}\n"
    few = "      - {name: few, logicalType: number, physicalType: 'numeric(4,2)'}\n"
    _people(
        shop,
        wide + great + few,
        "SELECT n AS id, CASE n % 2 WHEN 0 THEN 99999999999999999999.999999999999999999 ELSE n / 7.0 END::numeric(38,18) AS wide, "
        "CASE n % 2 WHEN 0 THEN 9223372036854775807 ELSE -9223372036854775808 END AS great, "
        "CASE n % 2 WHEN 0 THEN 99.99 ELSE n / 10.0 END::numeric(4,2) AS few FROM generate_series(1::bigint, 400) n",
    )
    shop.make(**PEOPLE, tolerances={"association": 2})
    [found] = shop.ask("SELECT max(wide) > 99999999999999999999, max(great), min(great), max(few) FROM made.people")
    assert found[0] and found[1:3] == (2**63 - 1, -(2**63)) and str(found[3]) == "99.99"


BACK = "      - {name: order_id, logicalType: integer, physicalType: bigint, relationships: [{to: orders.id}]}\n"


@pytest.mark.parametrize(
    ("first", "then"), [("orders", "customers"), ("customers", "orders")], ids=["before what it refers to", "a cycle"]
)
def test_references_that_cannot_be_kept_are_refused_before_anything_is_made(shop: Shop, first: str, then: str) -> None:
    if first == "customers":
        (shop.folder / "customers.odcs.yaml").write_text(CUSTOMERS + BACK)
    shop.ask("DROP TABLE IF EXISTS made.customers, made.orders")
    child = {"contract": f"{then}.odcs.yaml", "table": f"public.{then}", "target": f"made.{then}"}
    with pytest.raises(AirflowFailException, match="List each table after those that it refers to"):
        shop.make(contract=f"{first}.odcs.yaml", table=f"public.{first}", target=f"made.{first}", children=[child])
    assert shop.ask("SELECT to_regclass('made.customers'), to_regclass('made.orders')") == [(None, None)]


def test_a_reference_of_several_columns_is_refused_before_anything_is_made(shop: Shop) -> None:
    properties = "".join(f"      - {{name: {c}, logicalType: integer, physicalType: bigint}}\n" for c in ("a", "b"))
    both = "    relationships: [{from: [people.a, people.b], to: [customers.id, customers.age]}]\n"
    _people(shop, properties, "SELECT n AS id, n AS a, n AS b FROM generate_series(1::bigint, 100) n", more=both)
    with pytest.raises(AirflowFailException, match=r"refers to id, age of public\.customers"):
        shop.make(children=[PEOPLE])


@pytest.mark.parametrize(
    "given",
    [
        {"rows": 0}, {"rows": 1.5}, {"rows": "many"}, {"sample_rows": 39}, {"seed": "x"}, {"seed": True}, {"folder": ""},
        {"folder": "sets/shop"}, {"tolerances": {"marginal": "x"}}, {"tolerances": {"nulls": True}},
    ],
    ids=str,
)  # fmt: skip
def test_numbers_without_meaning_are_an_error_of_the_dag(shop: Shop, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        SyntheticDataOperator(task_id="t", **{**PEOPLE, "conn_id": "shop", "folder": "file:///x", **given})
