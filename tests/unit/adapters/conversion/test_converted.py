"""Contracts from dbt and rule sets and back: what is kept is kept, what is lost is said, and what is wrong is one sentence."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Iterator
from copy import deepcopy
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_harness.adapters.contracts.odcs import compile_file, load_contracts
from airflow_provider_harness.adapters.conversion.catalogue import to_dcat, to_openlineage
from airflow_provider_harness.adapters.conversion.dbt_read import from_dbt
from airflow_provider_harness.adapters.conversion.dbt_tests import TESTS
from airflow_provider_harness.adapters.conversion.dbt_write import to_dbt
from airflow_provider_harness.adapters.conversion.draft import Made
from airflow_provider_harness.adapters.conversion.page import to_html
from airflow_provider_harness.adapters.conversion.read import contracts_of
from airflow_provider_harness.adapters.conversion.ruleset import CHECKS, from_ruleset, to_ruleset
from airflow_provider_harness.cli.authoring import converting
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError
from tests.authors import sound

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
DBT, RULES = str(HERE / "orders_dbt.yml"), str(HERE / "orders_rules.yaml")
PAGE = ROOT / "docs" / "how-to" / "convert-contracts.md"
DEMO = sorted(str(path) for path in (ROOT / "dags" / "contracts").glob("*.odcs.yaml"))


def contracts(made: Made) -> tuple[Contract, ...]:
    return compile_file(made.text, "made").contracts


def checks(made: Made) -> dict[str, Any]:
    [contract] = contracts(made)
    return {check.id: check for check in contract.checks}


def places(made: Made) -> list[str]:
    return [one.place for one in made.lost]


def test_a_dbt_file_becomes_a_contract() -> None:
    made = from_dbt(DBT)
    [contract] = contracts(made)
    assert (contract.table, contract.key, contract.owner.team) == ("shop.orders", ("id",), "shop-team")
    assert contract.description == "One row per order." and contract.status == "draft"
    assert {column.name: column.physical_type for column in contract.columns}["shop_id"] == "bigint"
    found = checks(made)
    assert {"unique:id", "not_null:ordered_at", "unique:shop_id,ordered_at", "row_count", "amount_not_negative"} <= set(
        found
    )
    assert found["not_null:shop_id"].severity == "warn"
    assert found["accepted_values:status"].values == ("placed", "shipped")
    assert (found["range:amount"].low_open, found["range:amount"].high) == (True, 1000)
    assert found["referential:shop_id"].reference.table == "shop.shops"
    assert "TODO(harness)" in made.text


def test_what_of_a_dbt_file_is_lost_is_said() -> None:
    made = from_dbt(DBT)
    assert sorted(places(made)) == [
        "orders.amount.tests[2]",
        "orders.data_tests[2]",
        "orders.meta.sla",
        "orders.shop_id.data_type",
        "orders.status.tests[2]",
    ]
    assert not [one for one in made.lost if not one.why]


@pytest.mark.parametrize("file", [DBT, *DEMO])
def test_from_a_contract_to_dbt_and_back_nothing_more_is_lost(file: str, tmp_path: Path) -> None:
    found = contracts(from_dbt(file)) if file == DBT else load_contracts(file)
    first = to_dbt(found)
    (tmp_path / "schema.yml").write_text(first.text)
    back = from_dbt(str(tmp_path / "schema.yml"))
    assert back.lost == () and to_dbt(contracts(back)).text == first.text
    said = " ".join(one.place for one in first.lost)
    for old, new in zip(found, contracts(back), strict=True):
        kept = sorted((one.kind, one.columns, one.severity) for one in old.checks if f": {one.id}" not in said)
        assert sorted((one.kind, one.columns, one.severity) for one in new.checks) == kept
        assert (old.table, old.key, old.columns and [c.physical_type for c in old.columns]) == (
            new.table,
            new.key,
            [c.physical_type for c in new.columns],
        )


@pytest.mark.parametrize("file", DEMO)
def test_from_a_contract_to_a_rule_set_and_back_nothing_more_is_lost(file: str, tmp_path: Path) -> None:
    first = to_ruleset(load_contracts(file))
    schema = yaml.safe_load(first.text)
    assert schema.keys() == {"name", "rules"} and {rule["check"] for rule in schema["rules"]} <= set(CHECKS)
    (tmp_path / "rules.yaml").write_text(first.text)
    back = from_ruleset(str(tmp_path / "rules.yaml"), "")
    gone = {one.place for one in back.lost if not one.place.startswith("columns.")}
    again = yaml.safe_load(to_ruleset(contracts(back)).text)["rules"]
    named = {rule["name"]: rule for rule in again}
    for rule in schema["rules"]:
        assert named.get(rule["name"]) == rule or any(rule["name"] in one or "quality" in one for one in gone), rule


def test_a_rule_set_becomes_a_contract() -> None:
    made = from_ruleset(RULES, "shop.orders")
    found = checks(made)
    assert contracts(made)[0].table == "shop.orders"
    assert set(found) == {
        "order_id_not_null", "order_id_unique", "amount_min", "amount_mean", "few_nulls", "rows", "rows_2", "eu", "no_future"
    }  # fmt: skip
    assert str(found["few_nulls"].expect) == "at most 5%" or found["few_nulls"].expect.values == (5.0,)
    assert found["amount_mean"].expect.values == (45.0, 55.0) and found["few_nulls"].severity == "warn"
    assert "region <> 'EU'" in found["eu"].sql
    assert "eu.previous_name" in places(made) and "columns.amount" in places(made)


def rule_set(tmp_path: Path, *rules: dict[str, Any]) -> Made:
    (tmp_path / "set.yaml").write_text(yaml.safe_dump({"name": "t", "rules": list(rules)}))
    return from_ruleset(str(tmp_path / "set.yaml"), "shop.orders")


def nulls(column: str, **more: Any) -> dict[str, Any]:
    return {"name": "r", "check": "null_count", "column": column, "condition": {"equal_to": 0}, **more}


@pytest.mark.attack
@pytest.mark.parametrize(
    ("rule", "column", "lost"),
    [
        (nulls('"Order ""Id"""'), 'Order "Id"', ""),
        (nulls("`Order Id`"), "Order Id", ""),
        (nulls("Email"), "email", "r.column"),
        (nulls("größe"), "größe", ""),
        (nulls("lower(Email)"), "email", "columns.email"),
        (nulls("t.email"), "email", "columns.email"),
        (nulls("id", id="a-1"), "id", "r.id"),
        (nulls('"User"', partition_clause="TRUE"), "User", "columns.User"),
    ],
)
def test_a_column_is_the_one_that_the_providers_query_reads(
    rule: dict[str, Any], column: str, lost: str, tmp_path: Path
) -> None:
    made = rule_set(tmp_path, rule)
    [contract] = contracts(made)
    assert (contract.names, list(checks(made))) == ((column,), ["r"]) and lost in " ".join(places(made))


@pytest.mark.attack
def test_columns_of_conditions_and_queries_are_columns_of_the_draft(tmp_path: Path) -> None:
    made = rule_set(
        tmp_path,
        nulls("a", partition_clause="B = 1 OR \"C\" LIKE '%x' -- some"),
        {"name": "q", "check": "custom_sql", "sql": "SELECT sum(n) FROM (SELECT d AS n FROM {table} o WHERE o.e > 0) AS x", "condition": {"equal_to": 0}},
        {"name": "many", "check": "row_count", "condition": {"greater_than": 0, "less_than": 9}},
        {"name": "many_2", "check": "row_count", "condition": {"leq_to": 8}},
    )  # fmt: skip
    [contract] = contracts(made)
    assert set(contract.names) == {"a", "b", "C", "d", "e"}
    assert list(checks(made)) == ["r", "q", "many", "many_3", "many_2"]
    assert not [one for one in made.lost if not one.place.startswith("columns.")]


@pytest.mark.attack
@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"partition_clause": "ds = '{{ ds }}'"}, "r"),
        ({"check": "custom_sql", "sql": "SELECT 1 FROM {table} WHERE {% x %}"}, "r"),
        ({"check": "custom_sql", "sql": "SELECT count(*) FROM {table}", "partition_clause": "a = 1"}, "r.partition_clause"),
    ],
)  # fmt: skip
def test_what_a_gate_would_not_measure_as_the_provider_does_is_said(
    more: dict[str, str], place: str, tmp_path: Path
) -> None:
    made = rule_set(tmp_path, nulls("id") | {"name": "kept"}, nulls("id") | more)
    assert place in places(made) and (place != "r" or list(checks(made)) == ["kept"])


def test_a_rule_set_quotes_the_columns_that_need_it(tmp_path: Path) -> None:
    for name in ("user", "Email", "Order Id", "plain"):
        first = to_ruleset(contracts(rule_set(tmp_path, nulls('"' + name + '"'))))
        [rule] = yaml.safe_load(first.text)["rules"]
        assert rule["column"] == (name if name == "plain" else f'"{name}"')
        assert contracts(rule_set(tmp_path, rule))[0].names == (name,)


BAD: dict[str, tuple[str, str]] = {
    "no yaml": ("models: [", "is not YAML"),
    "a list": ("- a", "is not a mapping"),
    "nothing": ("version: 2", "has no models"),
    "a text": ("models: orders", "is not a list of mappings"),
    "no name": ("models: [{columns: []}]", "is not a name"),
    "no columns": ("models: [{name: a}]", "has no columns"),
    "tests": ("models: [{name: a, columns: [{name: b, tests: not_null}]}]", "is not a list"),
    "columns": ("models: [{name: a, columns: [b]}]", "is not a list of mappings"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_dbt_file_is_one_sentence_with_its_place(name: str, tmp_path: Path) -> None:
    file = tmp_path / "schema.yml"
    file.write_text(BAD[name][0])
    with pytest.raises(ConfigurationError, match=re.escape(BAD[name][1])) as error:
        from_dbt(str(file))
    assert "\n" not in str(error.value) and str(file) in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name: a", "has no rule"),
        ("name: a\nrules: [{name: b, check: odd, condition: {equal_to: 0}}]", "'odd' is not known"),
        ("name: a\nrules: [{name: b, check: row_count}]", "is not a condition"),
        ("name: a\nrules: [{name: b, check: min, column: c, condition: {equal_to: x}}]", "is not a number"),
        ("name: a\nrules: [{name: b, check: min, condition: {equal_to: 0}}]", "is not a name"),
        ("name: a\nrules: [{name: b, check: min, column: c, condition: {is: 0}}]", "not a word of a condition"),
        ("name: a\nrules: [{name: b, check: row_count, condition: {equal_to: 0}}]", "name no column"),
        ("name: a\nrules: [{name: b, check: row_count, odd: 1, condition: {equal_to: 0}}]", "not a key of a rule"),
        (
            "name: a\nrules: [{name: b, check: row_count, severity: fatal, condition: {equal_to: 0}}]",
            "'fatal' is not known",
        ),
        (
            "name: a\nrules: [{name: b, check: row_count, dimension: beauty, condition: {equal_to: 0}}]",
            "'beauty' is not",
        ),
        (
            "name: a\nrules: [{name: b, check: row_count, sql: SELECT 1, condition: {equal_to: 0}}]",
            "does not belong to",
        ),
        ("name: a\nrules: [{name: b, check: custom_sql, condition: {equal_to: 0}}]", "is not a name"),
        ("name: a\nrules: [{name: b, check: row_count, condition: {equal_to: 0, leq_to: 1}}]", "equal_to and another"),
        ("name: a\nrules: [&r {name: b, check: min, column: c, condition: {equal_to: 0}}, *r]", "of another rule, too"),
    ],
)
def test_a_bad_rule_set_is_one_sentence_with_its_place(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=re.escape(says)) as error:
        from_ruleset(str(file), "")
    assert "\n" not in str(error.value) and str(file) in str(error.value)


ARGUMENTS = st.dictionaries(
    st.sampled_from(
        ("values", "to", "field", "min_value", "max_value", "regex", "expression", "at_least", "inclusive", "quote")
    ),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.lists(st.integers() | st.text(max_size=5), max_size=3),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TESTS)), ARGUMENTS, st.booleans(), st.sampled_from(("int", "text", "jsonb", "x")))
def test_whatever_a_test_says_the_contract_is_one_or_the_test_is_lost(
    tmp_path_factory: pytest.TempPathFactory, name: str, arguments: dict[str, Any], warns: bool, kind: str
) -> None:
    test = {name: {"arguments": arguments, **({"config": {"severity": "warn"}} if warns else {})}}
    column = {"name": "c", "data_type": kind, "tests": [test]}
    file = tmp_path_factory.getbasetemp() / "any.yml"
    file.write_text(yaml.safe_dump({"models": [{"name": "t", "columns": [column], "tests": [test]}]}))
    made = from_dbt(str(file))
    assert contracts(made)
    assert len(contracts(made)[0].checks) > 0 or made.lost


ODD = (None, 5, "", [], {}, [None], {"a": 1}, "{{ x }}", True, [1, "a", {"b": None}], float("nan"), 10**40, "\x85")


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places_in(one, (*path, key))


@pytest.mark.parametrize("file", [DBT, RULES])
def test_an_odd_value_anywhere_is_said_or_is_one_sentence(file: str, tmp_path: Path) -> None:
    """Each place of a file with an odd value."""
    read = from_dbt if file == DBT else lambda path: from_ruleset(path, "")
    given = yaml.safe_load(Path(file).read_text())
    for number, (*way, last) in enumerate([path for path in places_in(given) if path]):
        odd = ODD[number % len(ODD)]
        data = holder = deepcopy(given)
        for part in way:
            holder = holder[part]
        holder[last] = odd
        (tmp_path / "odd.yml").write_text(json.dumps(data))
        try:
            assert contracts(read(str(tmp_path / "odd.yml")))
        except ConfigurationError as error:
            assert "\n" not in str(error), (way, last, odd)


class Texts(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.texts += data


@pytest.mark.attack
def test_a_page_has_no_markup_of_anybody_else() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=y>"
    text = sound.ORDERS_CONTRACT.replace("name: Orders", f"name: '{evil}'")
    text = text.replace("physicalType: timestamptz,", f"physicalType: timestamptz, description: '{evil}',")
    page = to_html(compile_file(text, "evil").contracts)
    seen = Texts()
    seen.feed(page.text)
    assert not seen.tags & {"script", "img", "link", "iframe"} and seen.texts.count(evil) == 3
    assert "http" not in page.text.replace("http-equiv", "") and page.lost == ()


@pytest.mark.parametrize("file", DEMO)
def test_a_page_has_every_column_and_rule(file: str) -> None:
    seen = Texts()
    seen.feed(to_html(load_contracts(file)).text)
    for contract in load_contracts(file):
        assert all(name in seen.texts for name in contract.names)
        assert all(check.id in seen.texts for check in contract.checks)


@pytest.mark.parametrize("file", DEMO)
def test_a_catalogue_gets_the_columns_and_says_the_rest(file: str) -> None:
    [contract] = load_contracts(file)
    lineage = to_openlineage([contract], "postgres://host:5432")
    [dataset] = json.loads(lineage.text)
    assert (dataset["namespace"], dataset["name"]) == ("postgres://host:5432", contract.table)
    assert [one["name"] for one in dataset["facets"]["schema"]["fields"]] == list(contract.names)
    [node] = json.loads(to_dcat([contract]).text)["@graph"]
    assert node["@type"] == "dcat:Dataset" and node["dct:title"] == contract.name
    assert [one["csvw:name"] for one in node["csvw:tableSchema"]["csvw:column"]["@list"]] == list(contract.names)
    for made in (lineage, to_dcat([contract])):
        said = " ".join(places(made))
        assert all(check.id in said for check in contract.checks) and bool(contract.slas) is ("slaProperties" in said)
    assert "namespace" in places(to_openlineage([contract], ""))


def test_several_tables_keep_their_descriptions(tmp_path: Path) -> None:
    tables = [{"name": n, "description": f"About {n}.", "columns": [{"name": "id", "data_type": "int"}]} for n in "ab"]
    (tmp_path / "s.yml").write_text(yaml.safe_dump({"models": tables}))
    (tmp_path / "c.odcs.yaml").write_text(from_dbt(str(tmp_path / "s.yml")).text)
    found = contracts_of(str(tmp_path / "c.odcs.yaml"))
    assert [one.description for one in found] == ["About a.", "About b."]
    with pytest.raises(ConfigurationError, match="one table"):
        to_ruleset(found)
    assert [one.name for one in contracts_of(f"{tmp_path}/c.odcs.yaml#b")] == ["b"] or len(found) == 2


def run(capsys: pytest.CaptureFixture[str], name: str, **args: Any) -> tuple[int, str, str]:
    given = {"file": "", "conn_id": "", "table": "", "namespace": "", "output": "text"} | args
    with pytest.raises(SystemExit) as ended:
        getattr(converting, name)(Namespace(**given))
    out = capsys.readouterr()
    return int(ended.value.code or 0), out.out, out.err


def test_the_commands_say_what_is_lost_on_standard_error_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "contract_import", source="dbt", file=DBT)
    assert status == 0 and out == from_dbt(DBT).text
    assert "lost: orders.amount.tests[2]: test my_own_test is not known" in err and len(err.splitlines()) == 5
    status, out, err = run(capsys, "contract_import", source="dbt", file=DBT, output="json")
    assert (status, err) == (0, "") and json.loads(out)["lost"][0].keys() == {"place", "why"}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"source": "dbt"}, "Name it"),
        ({"source": "dbt", "file": "/no/such.yml"}, "/no/such.yml: is missing."),
        ({"source": "dbt", "file": DBT, "table": "nope"}, "Valid: orders"),
        ({"source": "database"}, "Give --conn-id"),
    ],
)
def test_a_wrong_import_ends_with_two_and_one_line(
    args: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = run(capsys, "contract_import", **args)
    assert (status, out, len(err.splitlines())) == (2, "", 1) and says in err


def test_the_pages_commands_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each command of the how-to, with its files where it looks for them; that of the database is run on PostgreSQL elsewhere."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "schema.yml").write_text(Path(DBT).read_text())
    (tmp_path / "orders_rules.yaml").write_text(Path(RULES).read_text())
    (tmp_path / "dags").symlink_to(ROOT / "dags")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"^airflow harness contract (import|export) (.*)$", PAGE.read_text(), re.MULTILINE)
    seen = set()
    for word, rest in commands:
        rest, _, target = rest.partition(" > ")
        parts = rest.split()
        options = {
            "--from": "source",
            "--to": "target",
            "--table": "table",
            "--namespace": "namespace",
            "--output": "output",
        }
        options["--conn-id"] = "conn_id"
        args = {options[flag]: value for flag, value in pairwise(parts) if flag in options}
        values = set(args.values())
        args["file"] = next((one for one in parts if not one.startswith("--") and one not in values), "")
        seen.add(args.get("source") or args["target"])
        if args.get("source") != "database":
            status, out, _ = run(capsys, f"contract_{word}", **args)
            assert status == 0 and out, rest
            if target:
                Path(target).write_text(out)
    assert seen == {"dbt", "ruleset", "database", "html", "openlineage", "dcat"}


STRANGERS = """
version: 2
models:
  - {name: undescribed, description: No column is said}
  - name: customers
    config: {tags: [pii], freshness: {warn_after: {count: 1, period: day}}}
    columns:
      - {name: id, data_type: bigint, config: {tags: [key], meta: {sla: gold}}}
      - name: amount
        data_type: numeric
        tests:
          - dbt_utils.accepted_range: {min_value: 0}
          - dbt_utils.accepted_range: {max_value: other_column}
      - name: status
        tests:
          - accepted_values: {values: [placed, 3], quote: false}
      - {name: parts, data_type: "ARRAY<STRUCT<a INT64>>"}
      - {name: kind, data_type: text, tests: [{accepted_values: {values: [a, null]}}]}
  - {name: "orders; drop table x", columns: [{name: id, data_type: bigint}]}
sources:
  - name: shop
    loaded_at_field: _loaded_at
    tables: [{name: raw, columns: [{name: id, data_type: bigint}]}]
"""


def test_what_a_strangers_dbt_file_has_and_a_contract_has_not_is_said_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "schema.yml").write_text(STRANGERS)
    made = from_dbt(str(tmp_path / "schema.yml"))
    assert [one.table for one in contracts(made)] == ["public.customers", "shop.raw"]
    customers = contracts(made)[0]
    assert "range:amount" in {check.id for check in customers.checks}, "the bound that is right stays"
    assert not [check for check in customers.checks if "accepted_values" in check.id], (
        "no list without one of its values"
    )
    assert {one.name: one.physical_type for one in customers.columns}["parts"] == "text"
    assert set(places(made)) >= {
        "undescribed",
        "orders; drop table x",
        "shop.loaded_at_field",
        "customers.config.freshness",
        "customers.id.meta.sla",
        "customers.amount.logicalTypeOptions.maximum",
        "customers.status.enum",
        "customers.parts.physicalType",
        "customers.kind.tests[0]",
    }
    body = yaml.safe_load(made.text)["schema"][0]
    assert body["tags"] == ["pii"] and body["properties"][0]["tags"] == ["key"]
