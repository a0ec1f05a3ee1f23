"""A table promoted in a sandbox by rules, on a real PostgreSQL: what is proposed, graded and handed over, and by which role."""

from __future__ import annotations

import json
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from psycopg.conninfo import make_conninfo

from airflow_provider_harness.adapters.contracts.odcs import compile_text
from airflow_provider_harness.adapters.learning.promotion import sandbox as sandbox_of
from airflow_provider_harness.adapters.learning.promotion.sandbox import PostgresSandbox
from airflow_provider_harness.app.ports.promotion import ProposalRefused
from airflow_provider_harness.core.errors import ConfigurationError, SliceBusy
from airflow_provider_harness.core.lineage.graph import Dataset
from tests.ports.promotion_case import CONTRACT, Promotion, promotion, unmet, warehouse

__all__ = ["promotion", "warehouse"]

FILES = {
    "checklist.md",
    "contract.diff",
    "contract.odcs.yaml",
    "difference.md",
    "lineage.json",
    "promotion.json",
    "transform.sql",
}


def test_by_rules_alone_a_table_is_promoted_and_handed_over(promotion: Promotion) -> None:
    told = promotion.run()
    files = Path(told["files"])
    assert (told["outcome"], unmet(told), {one.name for one in files.iterdir()}) == ("ready", set(), FILES)
    [table] = promotion.built()
    # Of 60 orders each tenth has no amount; the others have their number and a half.
    amounts = sum(n + 0.5 for n in range(1, 61) if n % 10)
    assert promotion.sql(f"SELECT count(*), sum(amount)::float8 FROM promotion.{table}") == [(60, amounts)]
    page = (files / "checklist.md").read_text()
    assert "- [x] errors: " in page and "(before: not met, `unique:id" in page
    assert "- rows: 62 before, 60 after" in page and "| `code` | 0 | 0 | 7 | 7 |" in page
    edges = json.loads((files / "lineage.json").read_text())
    assert {(one["column"], one["source_column"]) for one in edges} >= {("id", "id"), ("email", "email")}
    assert "+    physicalType: bigint" in (files / "contract.diff").read_text().replace("+      ", "+    ")
    assert told["subject"] == "bronze.orders: promote to silver? ready"
    assert told["question"].startswith("**Agreeing publishes nothing.**")


def test_what_it_proposed_is_nothing_to_do_for_who_promotes_it_again(promotion: Promotion) -> None:
    """The grader passes only what the untouched table fails."""
    told = promotion.run()
    [table] = promotion.built()
    text = (Path(told["files"]) / "contract.odcs.yaml").read_text()
    (promotion.folder / "orders.odcs.yaml").write_text(text.replace("silver.orders", "bronze.done"))
    promotion.sql(f"CREATE TABLE bronze.done AS TABLE promotion.{table}")
    promotion.sql(
        f"GRANT SELECT ON bronze.done TO {promotion.role}; REVOKE SELECT ON bronze.orders FROM {promotion.role}"
    )
    try:
        again = promotion.run(table="bronze.done")
    finally:
        promotion.sql(f"DROP TABLE bronze.done; GRANT SELECT ON bronze.orders TO {promotion.role}")
    assert (again["outcome"], again["proposals"], again["digest"]) == ("nothing_to_do", 0, "")


def test_a_contract_may_have_a_name_of_its_own(promotion: Promotion) -> None:
    (promotion.folder / "orders.odcs.yaml").write_text(
        CONTRACT.replace("id: orders\n", "id: shop\nname: All that was ordered\n")
    )
    assert promotion.run()["outcome"] == "ready"


def test_what_only_people_know_is_theirs_to_write(promotion: Promotion) -> None:
    (promotion.folder / "orders.odcs.yaml").write_text(CONTRACT.replace("roles: [{role: analyst, access: read}]", ""))
    told = promotion.run()
    assert (told["outcome"], unmet(told)) == ("needs_people", {"roles"})
    assert "A person must write it." in (Path(told["files"]) / "checklist.md").read_text()
    assert "- [ ] roles" in told["question"]


def test_limits_are_the_administrators(promotion: Promotion, monkeypatch: pytest.MonkeyPatch) -> None:
    promotion.sql("INSERT INTO bronze.orders VALUES (NULL, '1', 1, 'open', '001', 'x@example.org')")
    try:
        strict = promotion.run()
        monkeypatch.setenv("AIRFLOW__HARNESS__PROMOTION_LIMITS", "missing 5")
        wide = promotion.run(folder=str(promotion.folder / "wide"))
    finally:
        promotion.sql("DELETE FROM bronze.orders WHERE id IS NULL")
    assert "rows_kept" in unmet(strict) and "rows_kept" not in unmet(wide)


def test_a_retry_begins_with_a_clean_sandbox_and_leaves_what_others_built(promotion: Promotion) -> None:
    promotion.run()
    [table] = promotion.built()
    promotion.sql(
        f"ALTER TABLE promotion.{table} RENAME TO {table[:-1]}77; CREATE TABLE promotion.of_another_1 (n int)"
    )
    try:
        promotion.run(folder=str(promotion.folder / "second"))
        assert promotion.built() == sorted([table, "of_another_1"])
    finally:
        promotion.sql("DROP TABLE promotion.of_another_1")


def test_two_runs_of_a_task_do_not_build_at_once(promotion: Promotion) -> None:
    promotion.run()
    [table] = promotion.built()
    own = f"promotion.{table[:-1]}"
    with promotion.server.connect(promotion.database) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [own])
        with pytest.raises(SliceBusy, match="Another run of this task"):
            promotion.run()
    assert promotion.run()["outcome"] == "ready"  # whoever is killed holds nothing


def test_a_query_without_end_ends_with_the_budget_and_is_a_refused_proposal(promotion: Promotion) -> None:
    sandbox = PostgresSandbox(
        dsn=make_conninfo(promotion.server.url(promotion.database), user=promotion.role, password="sandbox"),
        contract=compile_text(CONTRACT, "orders"),
        schema="promotion",
        prefix="slow_",
        left=lambda: 0.0,
        place=lambda table: Dataset(namespace="n", name=table),
    )
    endless = "SELECT count(*) AS n FROM bronze.orders, generate_series(1, 2000000000) AS g"
    with sandbox.opened(), pytest.raises(ProposalRefused, match="57014"):
        sandbox.build(endless, 1)
    assert "slow_1" not in promotion.built()


@pytest.mark.attack
@pytest.mark.parametrize(
    "given",
    [
        {"max_cost_usd": nan},
        {"max_seconds": nan},
        {"max_seconds": inf},
        {"max_proposals": nan},
        {"folder": ""},
        {"folder": "x"},
    ],
)
def test_a_budget_that_is_no_number_and_a_folder_that_is_none_are_refused(
    promotion: Promotion, given: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError, match=r"has a budget out of range|has folder="):
        promotion.operator(**given)


def test_a_day_that_no_calendar_has_stays_a_text(promotion: Promotion) -> None:
    """Rules give a type only to a column all of whose values have it; before, nothing of such a table was proposed."""
    promotion.sql("UPDATE bronze.orders SET code = '2026-02-' || (27 + id::int % 4) WHERE id IS NOT NULL")
    try:
        told = promotion.run()
        [table] = promotion.built()
        kinds = dict(
            promotion.sql(f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{table}'")
        )
    finally:
        promotion.sql("UPDATE bronze.orders SET code = lpad((id::int % 7)::text, 3, '0')")
    assert (told["outcome"], kinds["code"], kinds["id"]) == ("ready", "text", "bigint")


@pytest.mark.attack
def test_a_query_whose_rows_fill_the_disk_is_a_refused_proposal(
    promotion: Promotion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_of, "ROOM", 0)
    sandbox = PostgresSandbox(
        dsn=make_conninfo(promotion.server.url(promotion.database), user=promotion.role, password="sandbox"),
        contract=compile_text(CONTRACT, "orders"),
        schema="promotion",
        prefix="wide_",
        left=lambda: 60.0,
        place=lambda table: Dataset(namespace="n", name=table),
    )
    with sandbox.opened():
        with pytest.raises(ProposalRefused, match=r"its rows have [\d,]+ bytes; [\d,]+ at most for this table"):
            sandbox.build("SELECT id, repeat(id, 100000) AS code FROM bronze.orders", 1)
        assert sandbox.build("SELECT id, code FROM bronze.orders", 2)
        sandbox.keep("")


def test_what_cannot_be_compared_is_no_pass(promotion: Promotion) -> None:
    without = CONTRACT.replace("name: id, logicalType: string", "name: number, logicalType: string")
    (promotion.folder / "orders.odcs.yaml").write_text(without.replace("primaryKey: true, ", ""))
    promotion.sql("ALTER TABLE bronze.orders RENAME id TO number")
    try:
        told = promotion.run()
    finally:
        promotion.sql("ALTER TABLE bronze.orders RENAME number TO id")
    assert {"key", "rows_kept", "values_true", "no_constant"} <= unmet(told)
    assert "the contract has no primary key" in (Path(told["files"]) / "checklist.md").read_text()


TOO_MUCH = {
    "GRANT INSERT ON other.secret TO {role}": "may write other.secret",
    "GRANT UPDATE (status) ON bronze.orders TO {role}": "may write bronze.orders",
    "GRANT SELECT ON other.secret TO {role}": "may read other.secret",
    "GRANT SELECT ON other.secret TO PUBLIC": "may read other.secret",
    "GRANT CREATE ON SCHEMA other TO {role}": "may create in schema other",
    "GRANT CREATE ON DATABASE {database} TO {role}": "may create in database",
    "GRANT pg_read_all_data TO {role}": "pg_read_all_data",
    "ALTER ROLE {role} CREATEDB": "CREATEDB",
    "ALTER ROLE {role} SUPERUSER": "SUPERUSER",
    "ALTER TABLE other.secret OWNER TO {role}": "may write other.secret",
    "GRANT REFERENCES ON other.secret TO {role}": "may write other.secret",
    "GRANT UPDATE ON LARGE OBJECT 4711 TO {role}": "may write large object 4711",
    "GRANT SELECT ON pg_authid TO {role}": "may read pg_authid",
    "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO {role}": "may call what not everybody may, pg_read_file(text)",
    "GRANT USAGE ON SEQUENCE other.numbers TO {role}": "may write other.numbers",
    "GRANT USAGE ON SCHEMA other TO {role}": "runs with its owner's rights, other.reach",
}
"""What somebody gave the sandbox's role -> what is said of it."""
UNDO = """
REVOKE ALL ON other.secret, bronze.orders FROM PUBLIC, {role}; REVOKE ALL ON SCHEMA other FROM {role};
REVOKE ALL ON SEQUENCE other.numbers FROM {role}; REVOKE ALL ON LARGE OBJECT 4711 FROM {role}; REVOKE ALL ON pg_authid FROM {role};
REVOKE ALL ON FUNCTION pg_read_file(text) FROM {role};
REVOKE CREATE ON DATABASE {database} FROM {role}; REVOKE pg_read_all_data FROM {role};
ALTER ROLE {role} NOSUPERUSER NOCREATEDB; ALTER TABLE other.secret OWNER TO postgres; GRANT SELECT ON bronze.orders TO {role};
"""


@pytest.mark.attack
def test_a_role_that_can_do_more_promotes_nothing(promotion: Promotion) -> None:
    names = {"role": promotion.role, "database": promotion.database}
    promotion.sql("CREATE SEQUENCE IF NOT EXISTS other.numbers; SELECT lo_create(4711)")
    promotion.sql("CREATE FUNCTION other.reach() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    for given, said in TOO_MUCH.items():
        promotion.sql(given.format(**names))
        try:
            with pytest.raises(AirflowFailException, match="Nothing is promoted") as error:
                promotion.run()
        finally:
            promotion.sql(UNDO.format(**names))
        assert said in str(error.value), given
    assert promotion.run()["outcome"] == "ready"


@pytest.mark.attack
def test_a_column_that_the_contract_drops_is_none_that_the_role_may_read(promotion: Promotion) -> None:
    entry = "      - {name: passport, logicalType: string, physicalType: text, classification: restricted,\n"
    treated = "         customProperties: [{property: harness.personalData, value: drop}]}\n"
    (promotion.folder / "orders.odcs.yaml").write_text(CONTRACT + entry + treated)
    promotion.sql("ALTER TABLE bronze.orders ADD COLUMN passport text")
    try:
        with pytest.raises(AirflowFailException, match=r"the contract drops, bronze\.orders\.passport"):
            promotion.run()
        others = "GRANT SELECT (id, amount, margin, status, code, email) ON bronze.orders"
        promotion.sql(f"REVOKE SELECT ON bronze.orders FROM {promotion.role}; {others} TO {promotion.role}")
        told = promotion.run()
        assert (told["outcome"], "passport" in (Path(told["files"]) / "transform.sql").read_text()) == ("ready", False)
    finally:
        promotion.sql(f"GRANT SELECT ON bronze.orders TO {promotion.role}")
        promotion.sql("ALTER TABLE bronze.orders DROP COLUMN passport")


def test_a_role_that_cannot_build_is_told_how(promotion: Promotion) -> None:
    promotion.sql(f"REVOKE CREATE ON SCHEMA promotion FROM {promotion.role}")
    try:
        with pytest.raises(AirflowFailException, match="GRANT USAGE, CREATE ON SCHEMA promotion TO"):
            promotion.run()
    finally:
        promotion.sql(f"GRANT CREATE ON SCHEMA promotion TO {promotion.role}")


def test_a_wrong_task_is_told_when_the_dag_is_parsed(promotion: Promotion) -> None:
    for wrong, said in (
        ({"level": "platinum"}, "bronze, silver, gold"),
        ({"sandbox": 'x"; DROP'}, "name of a schema"),
        ({"target": "orders"}, "Give schema.table"),
        ({"max_proposals": 0}, "max_proposals from 1 to 20"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            promotion.operator(**wrong)
