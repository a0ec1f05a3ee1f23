"""SQL that a contract or a Dag brings, as it may be run: one SELECT, understood, and printed again from what was understood.

What a database's own rights and a transaction that only reads do not stop is stopped here: functions that read files, end
sessions, sleep, lock, or carry a statement elsewhere. Nothing of it replaces the other two.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST_SQL = 100_000  # characters
MOST_NODES = 20_000

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Functions of PostgreSQL's own ``pg_...`` that only say something; every other one of that name is refused.
_TELLING = """
pg_typeof pg_column_size pg_size_pretty pg_size_bytes pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size
pg_is_in_recovery pg_last_xact_replay_timestamp pg_postmaster_start_time pg_current_snapshot pg_table_is_visible
pg_get_constraintdef pg_get_expr pg_get_partition_constraintdef
"""
TELLING = frozenset(_TELLING.split())
#: What does more than give a value: files, other servers, other sessions, settings, SQL that is handed over as text.
_REACHING = re.compile(
    r"pg_.*|lo_.*|loread|lowrite|dblink.*|postgres_fdw_.*|set_config|setval|nextval|binary_upgrade_.*"
    r"|(query|table|cursor|schema|database)_to_xml.*|ts_stat|ts_rewrite|crosstab.*|connectby.*|xpath_table|http.*|curl.*|copy_.*"
    r"|read_.*|parquet_.*|csv_scan|json_scan|sniff_csv|glob|getenv|which_secret|duckdb_.*|query|query_table|pragma_.*|.*_scan"
    r"|.*_scan_.*|(postgres|mysql|sqlite)_.*|st_read.*|load_.*|install_.*|checkpoint|force_checkpoint|from_substrait.*|sql_auto_.*"
    r"|xslt_process|heap_force_.*|brin_(de)?summarize.*|gin_clean_.*|external_query|external_object_transform|session_user_.*",
    re.IGNORECASE,
)
#: Kinds of node that do something else than read.
_DOING = (
    "Insert Update Delete Merge Create Drop Alter TruncateTable Copy Command Attach Detach Set Use Pragma Execute Into Lock "
    "Transaction Commit Rollback Kill Analyze Describe LoadData Export Cache Refresh Grant Revoke Install Block"
)
DOING = frozenset(_DOING.split())


class SqlRefused(ValueError):
    """It is not one SELECT, or does more than read; the message is one sentence."""


@lru_cache(maxsize=512)
def one_select(sql: str, dialect: str = "postgres") -> str:
    """A query as it may be run, without comments and a semicolon at its end.

    :param dialect: sqlglot's name.
    :raises SqlRefused: it is anything else.

    >>> one_select("SELECT count(*) FROM t; -- all")
    'SELECT count(*) FROM t'
    """
    tree = _parsed(sql, dialect)
    for number, node in enumerate(tree.walk()):
        if number > MOST_NODES:
            raise SqlRefused(f"has more than {MOST_NODES:,} parts")
        _check(node)
    try:
        return str(tree.sql(dialect=dialect, comments=False, normalize_functions=False))
    except (ValueError, RecursionError) as error:
        raise SqlRefused(f"cannot be printed: {str(error)[:200]}") from error


def query(sql: str, dialect: str = "postgres") -> str:
    """A query that a Dag gave, as it may be run; empty where it gave none.

    :raises ConfigurationError: see ``one_select``.
    """
    if not sql.strip():
        return ""
    try:
        return one_select(sql, dialect)
    except SqlRefused as error:
        fix = "Write one SELECT that reads; what writes is for a task of your own."
        raise ConfigurationError("sql", f"{error}.", fix=fix) from error


def refusal(sql: str) -> str:
    """Why a check's own query cannot be run; empty where it can, and where there is none."""
    try:
        return "" if not sql else one_select(sql.replace("${table}", "t")) and ""
    except SqlRefused as error:
        return f"its query {error}"


def _parsed(sql: str, dialect: str) -> exp.Expr:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(sql) > LONGEST_SQL:
        raise SqlRefused(f"has {len(sql):,} characters; {LONGEST_SQL:,} at most")
    if "\x00" in sql:
        raise SqlRefused("holds a NUL character")
    try:
        found = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlRefused(f"cannot be read as one SELECT: {_plain(str(error))}") from error
    statements = [one for one in found if one is not None and not isinstance(one, exp.Semicolon)]
    if len(statements) != 1:
        raise SqlRefused(f"is {len(statements)} statements; one SELECT may be run")
    statement = statements[0]
    inner = statement.unnest() if isinstance(statement, exp.Subquery) else statement
    if not isinstance(inner, exp.Select | exp.SetOperation):
        raise SqlRefused(f"is {type(inner).__name__.upper()}; one SELECT may be run")
    return statement


def _check(node: exp.Expr) -> None:
    from sqlglot import exp

    kind = type(node).__name__
    if kind in DOING or (isinstance(node, exp.DML | exp.DDL) and not isinstance(node, exp.Query)):
        raise SqlRefused(f"holds {kind.upper()}; only reading is possible here")
    if not isinstance(node, exp.Func):
        return
    names = (node.name,) if isinstance(node, exp.Anonymous) else node.sql_names()
    for name in names:
        if isinstance(node, exp.Anonymous) and not _WORD.fullmatch(name):
            raise SqlRefused(f"calls {_plain(name)!r}, which is no plain name of a function")
        if name.lower() not in TELLING and _REACHING.fullmatch(name):
            raise SqlRefused(f"calls {_plain(name).lower()}, which does more than read these rows")


def _plain(text: str) -> str:
    """Words of a parser, without its colours, on one line."""
    return " ".join(re.sub(r"\x1b\[\d*m", "", text).split())[:200]
