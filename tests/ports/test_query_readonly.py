"""The model's questions against a real PostgreSQL, each line of defence tried without the ones before it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from airflow_provider_harness.adapters.model import query_tool as query_readonly
from airflow_provider_harness.adapters.model.query_guard import QueryRefused, Visible
from airflow_provider_harness.adapters.model.query_tool import QueryReadonly
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.testing.postgres import PostgresServer

RELATIONS = {"public.flights": Visible(columns={"id": True, "note": True, "passenger": False})}
MAKE = """
CREATE TABLE public.flights (id int, note text, passenger text, unlisted text);
INSERT INTO public.flights SELECT n, 'note ' || n, 'jane@example.org', 'nobody may see' FROM generate_series(1, 200) n;
CREATE TABLE public.users (name text);
CREATE ROLE {role} LOGIN PASSWORD 'reader';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
GRANT INSERT, UPDATE, DELETE ON public.flights TO {role};
"""

REFUSALS = (
    psycopg.errors.ReadOnlySqlTransaction,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ActiveSqlTransaction,
)


@pytest.fixture
def reader(postgres: PostgresServer, database: str) -> Iterator[tuple[str, str]]:
    """A connection string of the reader, and its role; the role may write, so that the transaction is what prevents it."""
    role = f"reader_{uuid.uuid4().hex[:12]}"
    with postgres.connect(database) as connection:
        connection.execute(MAKE.format(role=role))  # type: ignore[call-overload]
    yield make_conninfo(postgres.url(database), user=role, password="reader"), role
    with postgres.connect(database) as connection:
        connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")  # type: ignore[call-overload]


@pytest.fixture
def tool(reader: tuple[str, str]) -> QueryReadonly:
    return QueryReadonly(dsn=lambda: reader[0], relations=RELATIONS)


def ask(tool: QueryReadonly, sql: str) -> str:
    return tool.read({"sql": sql})


def test_a_question_is_answered(tool: QueryReadonly) -> None:
    answer = ask(tool, "SELECT id, note FROM public.flights WHERE id < 3 ORDER BY id")
    assert answer == '{"id":1,"note":"note 1"}\n{"id":2,"note":"note 2"}'
    assert ask(tool, "SELECT id FROM public.flights WHERE id < 0") == "No rows."
    assert "public.flights(id, note, passenger)" in tool.description


def test_a_question_is_planned_and_not_answered(tool: QueryReadonly) -> None:
    plan = tool.plan("SELECT id, passenger FROM public.flights WHERE id < 3")
    assert "flights" in plan and "jane@" not in plan and "note 1" not in plan
    with pytest.raises(QueryRefused):
        tool.plan("SELECT name FROM public.users")
    with pytest.raises(QueryRefused):
        tool.plan("INSERT INTO public.flights SELECT * FROM public.flights")
    with pytest.raises(HarnessUnavailable, match="does not exist"):
        QueryReadonly(dsn=tool.dsn, relations={"public.gone": Visible(columns={"id": True})}).plan(
            "SELECT id FROM public.gone"
        )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM public.flights LIMIT 1",
        "SELECT passenger FROM public.flights LIMIT 1",
        "SELECT max(passenger || note) AS m FROM public.flights",
        "WITH a AS (SELECT * FROM public.flights) SELECT upper(passenger) FROM a LIMIT 2",
        "SELECT id FROM public.flights WHERE passenger LIKE 'jane%'",
        "SELECT id FROM public.flights ORDER BY passenger = 'jane@example.org' LIMIT 1",
    ],
)
def test_personal_data_is_not_there_whatever_the_expression(tool: QueryReadonly, sql: str) -> None:
    answer = ask(tool, sql)
    assert "jane" not in answer.lower() and "nobody" not in answer
    assert "***" in answer or answer in ("No rows.", '{"id":1}')


def test_rows_and_characters_are_bounded(tool: QueryReadonly, reader: tuple[str, str]) -> None:
    answer = ask(tool, "SELECT id FROM public.flights")
    assert answer.count('{"id"') == 50 and answer.endswith("[50 rows shown; there are more]")
    with psycopg.connect(reader[0]) as connection:
        connection.execute("UPDATE public.flights SET note = repeat('x', 10000000) WHERE id = 1")
        connection.execute("UPDATE public.flights SET note = repeat('y', 490) WHERE id > 1")
    long = ask(tool, "SELECT note FROM public.flights WHERE id = 1")
    assert len(long) < 520 and long.endswith("... [cut]")
    many = ask(tool, "SELECT note FROM public.flights WHERE id > 1")
    assert len(many) < 8100 and "there are more" in many


def test_time_is_bounded(tool: QueryReadonly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(query_readonly._SETTINGS, "statement_timeout", "'100ms'")
    joins = ", ".join(f"public.flights f{n}" for n in range(5))
    assert "No answer within" in ask(tool, f"SELECT count(*) FROM {joins}")


def test_what_is_locked_is_not_waited_for(tool: QueryReadonly, postgres: PostgresServer, database: str) -> None:
    with postgres.connect(database) as connection, connection.transaction():
        connection.execute("LOCK TABLE public.flights IN ACCESS EXCLUSIVE MODE")
        assert "lock timeout" in ask(tool, "SELECT id FROM public.flights")


def test_an_error_of_the_question_is_an_answer(tool: QueryReadonly) -> None:
    assert "division by zero" in ask(tool, "SELECT 1 / 0 AS n")


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM public.flights",
        "UPDATE public.flights SET id = 0",
        "CREATE TABLE public.c (id int)",
        "SET TRANSACTION READ WRITE",
        "COPY public.flights TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT rolpassword FROM pg_catalog.pg_authid",
        "SELECT id FROM public.flights FOR UPDATE",
    ],
)
def test_the_session_alone_would_refuse(reader: tuple[str, str], sql: str) -> None:
    """Without the guard: the transaction cannot write, and the role may read neither files nor passwords."""
    with (
        pytest.raises(REFUSALS),
        query_readonly._reading(reader[0]) as connection,
    ):
        connection.execute("SELECT count(*) FROM public.flights")
        connection.execute(sql)  # type: ignore[call-overload]


def test_the_cursor_alone_would_refuse_a_second_statement(reader: tuple[str, str]) -> None:
    sql = "SELECT 1) AS answer LIMIT 1; SELECT (1"
    with pytest.raises(psycopg.errors.SyntaxError), query_readonly._reading(reader[0]) as connection:
        query_readonly._rows(connection, sql)


@pytest.mark.parametrize(
    "more", ["ALTER ROLE {role} CREATEROLE", "ALTER ROLE {role} SUPERUSER", "GRANT pg_read_server_files TO {role}"]
)
def test_a_role_that_may_do_more_is_not_used(
    tool: QueryReadonly, reader: tuple[str, str], postgres: PostgresServer, database: str, more: str
) -> None:
    with postgres.connect(database) as connection:
        connection.execute(more.format(role=reader[1]))  # type: ignore[call-overload]
    assert ask(tool, "SELECT id FROM public.flights").startswith("query_readonly is not available: its role is")


def test_what_the_guard_refuses_never_reaches_the_database(tool: QueryReadonly) -> None:
    unreachable = QueryReadonly(dsn=lambda: pytest.fail("was asked"), relations=RELATIONS)
    for sql in ("SELECT 1; SELECT 2", "SELECT name FROM public.users", "SELECT pg_sleep(1)"):
        with pytest.raises(QueryRefused):
            ask(unreachable, sql)
    assert ask(tool, "SELECT count(*) AS n FROM public.flights") == '{"n":200}'
