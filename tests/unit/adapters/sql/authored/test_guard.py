"""SQL that somebody else wrote: one SELECT that reads comes through, printed anew; nothing else does."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused, one_select, query, refusal
from airflow_provider_harness.adapters.sql.dialects import translate
from airflow_provider_harness.core.errors import ConfigurationError

STACKED = "1) AS m1 FROM t; GRANT ALL ON ALL TABLES IN SCHEMA public TO author; WITH t AS (SELECT 1) SELECT (SELECT 1"
REFUSED = {
    "a stack": STACKED,
    "a parenthesis that closes ours": "SELECT 1) AS m1 FROM t; DELETE FROM harness_events; SELECT (1",
    "two statements": "SELECT 1; SELECT 2",
    "a write": "DELETE FROM t RETURNING 1",
    "a write within": "WITH gone AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM gone",
    "a table that is made": "SELECT 1 INTO made",
    "a lock": "SELECT count(*) FROM t FOR UPDATE",
    "a block": "DO $$ BEGIN DELETE FROM t; END $$",
    "a copy": "COPY t TO PROGRAM 'sh'",
    "a plan that runs": "EXPLAIN ANALYZE DELETE FROM t",
    "a call": "CALL forget()",
    "a setting": "SET ROLE owner",
    "nothing": "",
    "a comment alone": "-- nothing",
    "a name in escapes": 'SELECT U&"pg\\005fsleep"(1)',
    "depth": "SELECT " + "(" * 5_000 + "1" + ")" * 5_000,
    "a NUL": "SELECT 1 \x00",
}
FUNCTIONS = """
pg_read_file('/etc/passwd')|pg_catalog.pg_sleep(9)|"pg_sleep"(9)|PG_TERMINATE_BACKEND(1)|pg_ls_dir('/')|lo_import('/etc/passwd')
|lo_export(1, '/tmp/x')|set_config('role', 'owner', false)|nextval('s')|setval('s', 1)|pg_advisory_lock(1)|pg_notify('a', 'b')
|dblink_exec('dbname=store', 'DELETE FROM harness_events')|query_to_xml('SELECT 1', true, true, '')|pg_reload_conf()
|database_to_xml(true, true, '')|ts_stat('SELECT 1')|pg_logical_emit_message(true, 'a', 'b')|read_text('/etc/passwd')|getenv('HOME')
""".replace("\n", "").split("|")
RELATIONS = [
    "dblink('dbname=store', 'SELECT 1') AS d(n int)",
    "read_csv('/etc/passwd')",
    "glob('/*')",
    "duckdb_secrets()",
    "pg_ls_dir('/') AS f",
    "parquet_scan('x')",
    "sqlite_scan('harness.db', 'harness_events')",
    "LATERAL pg_sleep(9) AS s",
    "query('SELECT 1')",
]


@pytest.mark.attack
@pytest.mark.parametrize("sql", REFUSED.values(), ids=REFUSED)
def test_what_is_not_one_select_is_refused(sql: str) -> None:
    with pytest.raises(SqlRefused):
        one_select(sql)
    if sql.strip():
        assert refusal(sql)
        with pytest.raises(ConfigurationError, match="one SELECT"):
            query(sql)


@pytest.mark.attack
@pytest.mark.parametrize("call", FUNCTIONS)
def test_what_does_more_than_read_rows_is_refused_wherever_it_stands(call: str) -> None:
    for sql in (
        f"SELECT {call}",
        f"SELECT count(*) FROM t WHERE coalesce({call}::text, '') = ''",
        f"SELECT max((SELECT {call}))",
    ):
        with pytest.raises(SqlRefused, match="calls"):
            one_select(sql)


#: What reaches files, networks, settings or other sessions, in either engine's words.
DUCK = """
SELECT * FROM read_csv('/etc/passwd')|SELECT * FROM read_blob('/etc/passwd')|SELECT * FROM glob('/**')|SELECT * FROM iceberg_scan('s3://b/x')
|COPY t TO 's3://b/x' (FORMAT parquet)|ATTACH 'host=x' AS pg (TYPE postgres)|LOAD httpfs|FORCE INSTALL httpfs FROM community|PRAGMA database_list
|EXPORT DATABASE '/tmp/x'|CREATE SECRET s (TYPE s3)|SET home_directory='/tmp'|SELECT * FROM postgres_query('pg', 'SELECT 1')
|SELECT * FROM pragma_database_list()|FROM read_text('/etc/passwd') SELECT content|SELECT which_secret('s3://x', 's3')|CALL pragma_version()
""".replace("\n", "").split("|")
POSTGRES = """
COPY (SELECT 1) TO PROGRAM 'id'|SELECT lo_from_bytea(0, 'x')|SELECT pg_read_binary_file('/etc/passwd')|SELECT (pg_stat_file('/etc/passwd')).size
|SELECT dblink_connect('dbname=store')|SELECT set_config('statement_timeout', '0', false)|SELECT pg_try_advisory_xact_lock(1)|SELECT nextval('s'::regclass)
|SELECT pg_sleep_until(now())|SELECT * FROM ROWS FROM (pg_sleep(1)) AS x|SELECT pg_catalog . pg_sleep (1)|SELECT "pg_catalog"."lo_unlink"(1)
|SELECT pg_export_snapshot()|SELECT schema_to_xml('public', true, true, '')|SELECT xslt_process('a', 'b')|SELECT heap_force_kill('t', null)
|LISTEN a|LOCK TABLE t|REFRESH MATERIALIZED VIEW m|PREPARE p AS SELECT 1|DECLARE c CURSOR FOR SELECT 1|SELECT 1 FOR SHARE
""".replace("\n", "").split("|")


@pytest.mark.attack
@pytest.mark.parametrize(("sql", "dialect"), [(q, "duckdb") for q in DUCK] + [(q, "postgres") for q in POSTGRES])
def test_nothing_reaches_beyond_the_rows_in_either_dialect(sql: str, dialect: str) -> None:
    for read_as in {"postgres", dialect}:
        with pytest.raises(SqlRefused):
            one_select(sql, read_as)


@pytest.mark.attack
@pytest.mark.parametrize("relation", RELATIONS)
def test_no_relation_is_another_place(relation: str) -> None:
    with pytest.raises(SqlRefused, match=r"calls|cannot be read"):
        one_select(f"SELECT count(*) FROM t, {relation}")


SECRETS = """
pg_authid|pg_shadow|pg_catalog.pg_user_mappings|"pg_catalog"."pg_subscription"|PG_HBA_FILE_RULES|warehouse.pg_catalog.pg_largeobject|pg_stat_activity
|information_schema.user_mapping_options|pg_file_settings AS f
""".replace("\n", "").split("|")


@pytest.mark.attack
@pytest.mark.parametrize("relation", SECRETS)
def test_no_check_asks_for_passwords_files_or_other_sessions(relation: str) -> None:
    """A check that counts rows tells, question by question, what a password begins with."""
    for sql in (f"SELECT count(*) FROM {relation}", f"SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM {relation})"):
        with pytest.raises(SqlRefused, match="other sessions do"):
            one_select(sql)


REPRINTED = {
    "a unit": 'SELECT EXTRACT("epoch FROM now()), pg_sleep(1), EXTRACT(epoch" FROM now())',
    "a unit, as a text": "SELECT DATE_PART('YEAR FROM now()) + length(pg_sleep(1)::text) + EXTRACT(YEAR', now())",
    "an operator": 'SELECT 1 OPERATOR("pg_catalog.+) length(pg_sleep(1)::text) OPERATOR(pg_catalog.+") 2',
    "an operator of an author": "SELECT 1 OPERATOR(public.+) 2",
    "a length of a type": 'SELECT CAST(1 AS numeric("9)) + length(pg_sleep(1)::text) + CAST(1 AS numeric(9"))',
    "a text as a length": """SELECT CAST(1 AS varchar('1)), pg_sleep(1), cast(1 as varchar(1'))""",
    "words of a type": """SELECT CAST(1 AS ENUM('a'' , pg_sleep(1) --'))""",
    "a name of an argument": 'SELECT format("1, pg_sleep(1), x" => 1)',
    "a name of an argument, in the old way": 'SELECT format("1, pg_sleep(1), x" := 1)',
    "a text with escapes": "SELECT E'\\' , pg_sleep(1) --'",
    "a stack": 'SELECT EXTRACT("epoch FROM now()); DROP TABLE t; SELECT extract(epoch" FROM now())',
}
CHANGED = [
    "SELECT * FROM t PIVOT(sum(a) FOR b IN ('x'))",
    "SELECT @x FROM t",
    "SELECT :x FROM t",
    "SELECT lag(a) IGNORE NULLS OVER (ORDER BY b) FROM t",
    "SELECT try_cast(a AS int) FROM t",
    "SELECT CURRENT_TIMESTAMP(3)",
    "SELECT datediff('day', a, b) FROM t",
    "SELECT interval(3) '1 s'",
    "SELECT '1'::\"int) , pg_sleep(1\"",
    "SELECT 1_000",
]
MORE_THAN_READS = """
setseed(0.5)|txid_current()|gin_clean_pending_list('i')|brin_summarize_new_values('i')|brin_desummarize_range('i', 0)
|currtid2('t', '(0,1)')|current_setting('data_directory')|fmgr_sql_validator(1)|pg_current_xact_id()|currval('s')|lastval()
|pg_stat_get_activity(1)|inet_server_addr()|public.dblink('dbname=store', 'SELECT 1')|tidy(1)
|aws_s3.query_export_to_s3('a', 'b')|"AWS_lambda".invoke('a', 'b')|d.azure_storage.blob_put('a', 'b')|net.send('a')|cron.schedule('a', 'b')|google_ml.predict_row('a', 'b')
|utl_file.fopen('/tmp', 'x', 'w')|dbms_lock.sleep(9)|dbms_pipe.send_message('a')|duckdb.raw_query('COPY t TO x')|ai.openai_embed('m', 'a')|amqp.publish(1, 'e')
|public.run_command_on_workers('DROP TABLE t')|public.citus_add_node('h', 1)|obj.get_access_url('a', 'r')|keys.new_keyset('AEAD_AES_GCM_256')
""".replace("\n", "").split("|")


@pytest.mark.attack
@pytest.mark.parametrize("sql", REPRINTED.values(), ids=REPRINTED)
def test_what_is_printed_is_what_was_checked(sql: str) -> None:
    with pytest.raises(SqlRefused):
        one_select(sql)


@pytest.mark.attack
@pytest.mark.parametrize("sql", CHANGED)
def test_a_query_is_never_run_as_another_one(sql: str) -> None:
    with pytest.raises(SqlRefused):
        one_select(sql)


@pytest.mark.attack
@pytest.mark.parametrize("call", MORE_THAN_READS)
def test_a_function_that_is_not_known_to_only_read_is_refused(call: str) -> None:
    with pytest.raises(SqlRefused, match="calls"):
        one_select(f"SELECT {call}")


@pytest.mark.attack
@pytest.mark.parametrize("dialect", ["duckdb", "bigquery"])
def test_a_text_stays_a_text_in_every_dialect(dialect: str) -> None:
    import sqlglot

    for text in ("\\'', pg_sleep(1) --", "\\", "''", "`", '"', "*/ x /*", "\n"):
        printed = translate(one_select(f"SELECT count(*) FROM t WHERE a = '{text}' AND b ->> 'k' = 'x'"), dialect)
        literals = [one.name for one in sqlglot.parse_one(printed, read=dialect).find_all(sqlglot.exp.Literal)]
        assert text.replace("''", "'") in literals


SAME = [
    "SELECT count(*) FROM pg_class AS c JOIN information_schema.columns AS n ON n.table_name = c.relname",
    "SELECT make_interval(days => 1), interval '2 hrs', date_trunc('month', at), 1 OPERATOR(pg_catalog.+) 2 FROM t",
    "SELECT count(*) FROM t WHERE name ~ E'^\\\\d+\\n$' AND amount::numeric(12,2) > 1.5e3 AND kind = ANY(ARRAY['a', 'b'])",
    "SELECT sum(n) OVER (ORDER BY at ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t",
    "SELECT count(*) FROM t, jsonb_array_elements(note -> 'items') AS i WHERE i ->> 'sku' IS NULL",
    "SELECT gr\u00f6\u00dfe FROM t WHERE regexp_replace(gr\u00f6\u00dfe, 'a', 'b', 'g') = '\u2019'",
    "SELECT count(*) FROM t WHERE a ~ '^\\d+$' AND NOT b ~* 'x''y'",
    "SELECT count(*) FILTER(WHERE x IS DISTINCT FROM y) FROM t",
    "WITH a AS (SELECT 1 AS n UNION ALL SELECT 2) SELECT sum(n) FROM a",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM t",
    "SELECT count(*) FROM t WHERE pg_typeof(note) = 'jsonb'::regtype AND note ->> 'a' = 'b' AND note @> '{}'",
    "SELECT own.tidy(name) FROM t",
    "SELECT count(*) FROM t WHERE extract(HOUR FROM at AT TIME ZONE 'Europe/Berlin') < 6",
    'SELECT own."Own"(a), "Column" FROM "Own Schema"."Table"',
]


@pytest.mark.parametrize("sql", SAME)
def test_a_query_that_reads_comes_through_and_says_the_same(sql: str) -> None:
    import sqlglot

    printed = one_select(sql)
    assert sqlglot.parse_one(printed, read="postgres") == sqlglot.parse_one(sql, read="postgres")
    assert query(f"{sql}; -- the end") == printed
    assert refusal(sql) == ""


def test_where_there_is_no_query_there_is_none_to_refuse() -> None:
    assert query("  ") == ""
    assert refusal("") == ""


BY_FIELD = (
    "(margin).{}",
    "(o.margin).{}",
    "(1).{}",
    "(names[1]).{}",
    "(names)[1].{}",
    "((SELECT 1)).{}",
    "(CAST(0 AS int)).{}",
    "(margin + 1).{}",
    '(margin)."{}"',
    "g.{}",
    "n.{}",
    "l.{}",
    "abs.{}",
)
"""Ways to write a function so that it looks like a column: PostgreSQL runs each of them."""
FROM_VALUES = (
    "FROM bronze.orders AS o, generate_series(1, 1) AS g, unnest(ARRAY['x']) AS n(m), LATERAL lower('x') AS l, abs(1)"
)


@pytest.mark.attack
@pytest.mark.parametrize("way", BY_FIELD)
@pytest.mark.parametrize(
    "called", ["pg_read_file", "pg_terminate_backend", "LO_CREATE", "nextval", "setseed", "query_to_xml"]
)
def test_no_function_is_called_as_if_it_were_a_column(way: str, called: str) -> None:
    with pytest.raises(SqlRefused, match=f"takes {called.lower()} of a value"):
        one_select(f"SELECT {way.format(called)} AS x {FROM_VALUES}")


@pytest.mark.attack
def test_a_name_of_rows_elsewhere_hides_no_function() -> None:
    for hidden in (
        "SELECT (SELECT g.pg_sleep FROM generate_series(1, 1) AS g) FROM t AS g",
        "SELECT (SELECT abs.pg_sleep FROM abs(1)) FROM t AS abs",
        "WITH g AS (SELECT 1 AS a) SELECT (SELECT G.pg_sleep FROM generate_series(1, 1) AS g) FROM g",
    ):
        with pytest.raises(SqlRefused, match="takes pg_sleep of a value"):
            one_select(hidden)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT o.pg_version, o.load_date, o.query FROM bronze.orders AS o",
        "SELECT orders.http_status, bronze.orders.read_at FROM bronze.orders",
        "WITH c AS (SELECT load_date FROM t) SELECT c.load_date, s.query FROM c JOIN (SELECT query FROM t) AS s ON TRUE",
        "SELECT e.key, e.value, g.g, x.n FROM t, jsonb_each(t.j) AS e, generate_series(1, 2) AS g, unnest(t.a) AS x(n)",
        "SELECT (address).street FROM t",
    ],
)
def test_columns_that_are_called_like_functions_are_columns(sql: str) -> None:
    assert one_select(sql)
