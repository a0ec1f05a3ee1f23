"""Asks the warehouse one bounded question that a diagnosing model put, as a role that is made for it and can only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.model.query_guard import Visible, guarded
from airflow_provider_harness.adapters.sql.authored.whose import refuse_store
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.redaction.redactor import visible

if TYPE_CHECKING:
    from psycopg import Connection

SECONDS = 10
MOST_ROWS, LONGEST_ROW, MOST_CHARACTERS = 50, 500, 8_000

#: What a session may not be: each would reach beyond the relations that are named.
_TOO_MUCH = """
SELECT rolname FROM pg_catalog.pg_roles
WHERE rolname IN (session_user, current_user) AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
UNION ALL
SELECT r.rolname FROM pg_catalog.pg_roles r
WHERE r.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_read_all_data',
 'pg_write_all_data', 'pg_signal_backend')
AND (pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER') OR pg_catalog.pg_has_role(current_user, r.oid, 'MEMBER'))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryReadonly:
    """A ``ReadTool``: one SELECT over the relations that the administrator named, their personal columns masked.

    :param dsn: gives the connection string; called when a question is asked.
    """

    dsn: Callable[[], str]
    relations: Mapping[str, Visible]
    name: str = "query_readonly"
    description: str = field(init=False, default="")

    def __post_init__(self) -> None:
        tables = "; ".join(f"{name}({', '.join(one.columns)})" for name, one in sorted(self.relations.items()))
        text = f"One SELECT in PostgreSQL's SQL, {MOST_ROWS} rows at most, with schemas. Relations: {tables}."
        object.__setattr__(self, "description", text)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """See ``app.ports.diagnosis.ReadTool``."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": ["sql"],
            "properties": {"sql": {"type": "string"}},
        }

    def read(self, arguments: Mapping[str, Any]) -> str:
        """See ``app.ports.diagnosis.ReadTool``."""
        import psycopg

        question = guarded(arguments["sql"], self.relations)
        try:
            with _reading(self.dsn()) as connection:
                rows = _rows(connection, question)
        except (NotAllowed, ConfigurationError) as refusal:
            return str(refusal)
        except psycopg.errors.QueryCanceled:
            return f"No answer within {SECONDS} s. Ask about less."
        except psycopg.Error as error:
            return visible(f"PostgreSQL refused: {str(error).strip()}")
        return _text(rows)

    def plan(self, sql: str) -> str:
        """How the warehouse would answer a question, without answering it.

        :raises ValueError: it is not a question that may be asked.
        :raises HarnessUnavailable: the warehouse does not plan it.
        """
        import psycopg

        question = guarded(sql, self.relations)
        try:
            with _reading(self.dsn()) as connection:
                rows = connection.execute(f"EXPLAIN {question}").fetchall()  # printed by query_guard
        except psycopg.Error as error:
            raise HarnessUnavailable("The warehouse", visible(str(error).strip())) from error
        return _text([str(row[0]) for row in rows])


@contextmanager
def _reading(dsn: str) -> Iterator[Connection[Any]]:
    """A connection in a transaction that cannot write, of a role that could do little else.

    :raises NotAllowed: the role may do more.
    """
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        refuse_store(lambda asked: connection.execute(asked.encode()).fetchall(), "the connection of query_readonly")
        too_much = connection.execute(_TOO_MUCH).fetchall()
        if too_much:
            raise NotAllowed(f"query_readonly is not available: its role is, or is a member of, {too_much[0][0]}.")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name, value in _SETTINGS.items():
            connection.execute(f"SET LOCAL {name} = {value}")
        yield connection
        connection.execute("ROLLBACK")


_SETTINGS = {
    "statement_timeout": f"'{SECONDS}s'",
    "lock_timeout": "'1s'",
    "idle_in_transaction_session_timeout": "'30s'",
    "search_path": "pg_catalog",
    "standard_conforming_strings": "on",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "'16MB'",
}


def _rows(connection: Connection[Any], question: str) -> Sequence[str]:
    """A cursor takes nothing but a SELECT; each row is cut where it is, so that a long value never travels."""
    cut = f"SELECT left(row_to_json(answer)::text, {LONGEST_ROW + 1}) FROM ({question}) AS answer LIMIT {MOST_ROWS + 1}"
    with connection.cursor(name="question") as cursor:
        cursor.execute(cut)  # printed by query_guard, never the text that came in
        return [row[0] for row in cursor.fetchall()]


def _text(rows: Sequence[str]) -> str:
    shown, used = [], 0
    for row in rows[:MOST_ROWS]:
        line = row if len(row) <= LONGEST_ROW else f"{row[:LONGEST_ROW]}... [cut]"
        if used + len(line) > MOST_CHARACTERS:
            break
        shown.append(line)
        used += len(line)
    more = "" if len(shown) == len(rows) else f"\n[{len(shown)} rows shown; there are more]"
    return ("\n".join(shown) or "No rows.") + more
