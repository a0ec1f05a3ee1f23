"""The SQL of a proposal: one SELECT over the tables that are named, of values alone."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.learning.promotion.guard import checked
from airflow_provider_harness.app.ports.promotion import ProposalRefused

TABLES = frozenset({("bronze", "orders")})

GOOD = (
    "SELECT id, UPPER(status) AS status FROM bronze.orders",
    "WITH o AS (SELECT * FROM bronze.orders) SELECT DISTINCT ON (id) id FROM o ORDER BY id, amount DESC",
    "SELECT id, sum(amount) OVER (PARTITION BY status) AS total FROM BRONZE.Orders WHERE id IS NOT NULL",
    'SELECT id FROM "bronze"."orders" UNION SELECT id FROM bronze.orders',
    "SELECT o.id, part FROM bronze.orders AS o, generate_series(1, 2) AS part",
    'SELECT o.user, "user", o.load_date, part.part FROM bronze.orders AS o, generate_series(1, 2) AS part',
    "SELECT CAST('now' AS text) AS id, CAST('2026-01-01' AS date) AS day FROM bronze.orders",
)

BAD = {
    "DELETE FROM bronze.orders": "one SELECT",
    "INSERT INTO promotion.t SELECT * FROM bronze.orders": "one SELECT",
    "DROP TABLE bronze.orders": "one SELECT",
    "GRANT SELECT ON bronze.orders TO public": "one SELECT",
    "COPY bronze.orders TO PROGRAM 'sh'": "one SELECT",
    "SELECT id FROM bronze.orders; DROP TABLE bronze.orders": "2 statements",
    "SELECT id INTO other.t FROM bronze.orders": ".",
    "WITH gone AS (DELETE FROM bronze.orders RETURNING id) SELECT id FROM gone": ".",
    "SELECT id FROM bronze.orders FOR UPDATE": ".",
    "SELECT id FROM other.secret": "it reads other.secret",
    "SELECT id FROM bronze.orders JOIN other.secret USING (id)": "it reads other.secret",
    "SELECT (SELECT word FROM other.secret) AS id FROM bronze.orders": "it reads other.secret",
    "SELECT id FROM orders": "it reads orders",
    'SELECT id FROM "Bronze".orders': "it reads Bronze.orders",
    "SELECT id FROM elsewhere.bronze.orders": "schema.table",
    "SELECT rolpassword FROM pg_catalog.pg_authid": ".",
    "SELECT relname FROM pg_class": "it reads pg_class",
    "WITH pg_class AS (SELECT 1 AS id) SELECT id FROM pg_class": "another name",
    "SELECT pg_read_file('/etc/passwd') AS id FROM bronze.orders": ".",
    "SELECT pg_ls_dir('/') AS id FROM bronze.orders": ".",
    "SELECT lo_import('/etc/passwd') AS id FROM bronze.orders": ".",
    "SELECT * FROM dblink('host=elsewhere', 'SELECT 1') AS t (id int)": ".",
    "SELECT public.dblink_exec('host=elsewhere', 'DROP TABLE t') AS id FROM bronze.orders": ".",
    "SELECT other.reach() AS id FROM bronze.orders": "function of a schema",
    "SELECT nextval('other.numbers') AS id FROM bronze.orders": ".",
    "SELECT set_config('search_path', 'other', false) AS id FROM bronze.orders": ".",
    "SELECT pg_sleep(100) AS id FROM bronze.orders": ".",
    "SELECT query_to_xml('SELECT 1', true, true, '') AS id FROM bronze.orders": ".",
    "SELECT pg_advisory_lock(1) AS id FROM bronze.orders": ".",
    "SELECT pg_relation_size('other.secret') AS id FROM bronze.orders": "about the server",
    "SELECT random() AS id FROM bronze.orders": "differs each time",
    "SELECT now() AS id FROM bronze.orders": "differs each time",
    "SELECT current_user AS id FROM bronze.orders": "differs each time",
    "SELECT id FROM bronze.orders TABLESAMPLE BERNOULLI (10)": "differs each time",
    "SELECT user AS id FROM bronze.orders": "user differs each time",
    "SELECT current_role AS id FROM bronze.orders": "current_role differs each time",
    "SELECT o.ctid AS id FROM bronze.orders AS o": "ctid differs each time",
    'SELECT "xmin" AS id FROM bronze.orders': "xmin differs each time",
    "SELECT ' Now'::timestamptz AS id FROM bronze.orders": "now differs each time",
    "SELECT date 'today' AS id FROM bronze.orders": "today differs each time",
    "SELECT CAST(COALESCE(id, 'tomorrow') AS timestamp) AS id FROM bronze.orders": "tomorrow differs each time",
    "SELECT 'other.secret'::regclass AS id FROM bronze.orders": "about the server",
    "SELECT CAST('postgres' AS regrole)::text AS id FROM bronze.orders": "about the server",
    "SELECT g.pg_sleep FROM bronze.orders, generate_series(1, 9) AS g": "takes pg_sleep of a value",
    "SELECT g.lo_create FROM bronze.orders, LATERAL generate_series(1, 9) AS g": "takes lo_create of a value",
    "SELECT t.pg_read_file FROM bronze.orders, unnest(ARRAY['/etc/passwd']) AS t": "takes pg_read_file of a value",
    "": ".",
    "I have promoted the table.": ".",
}


@pytest.mark.parametrize("sql", GOOD)
def test_one_select_of_the_table_is_run(sql: str) -> None:
    assert checked(sql, TABLES)


@pytest.mark.attack
@pytest.mark.parametrize("sql", BAD)
def test_a_proposal_that_is_more_than_one_select_of_its_table_is_not_run(sql: str) -> None:
    with pytest.raises(ProposalRefused, match=BAD[sql]):
        checked(sql, TABLES)
