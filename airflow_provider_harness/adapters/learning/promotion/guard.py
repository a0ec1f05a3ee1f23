"""The SQL of a proposal, as it may be run: one SELECT of the closed lists, over the tables that are named, of values alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused, one_select
from airflow_provider_harness.app.ports.promotion import ProposalRefused

if TYPE_CHECKING:
    from sqlglot import exp

#: Kinds of node whose value differs each time: a promotion that ran again would be another one.
UNSTEADY = frozenset(
    {"Rand", "Uuid", "TableSample"}
    | {f"Current{one}" for one in ("Date", "Datetime", "Time", "Timestamp", "User", "Schema", "Database")}
    | {"Localtime", "Localtimestamp", "SessionUser"}
)
_UNSTEADY_CALLS = frozenset(
    {"clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "uuidv4", "uuidv7", "age"}
)
_OF_SESSION = frozenset({"user", "system_user", "current_role"})
"""What PostgreSQL reads as a value of the session where it stands alone and bare, and sqlglot as a column."""
_OF_STORAGE = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_MOMENTS = frozenset({"now", "today", "tomorrow", "yesterday"})
"""Texts that become another moment each time."""


@lru_cache(maxsize=64)
def checked(sql: str, tables: frozenset[tuple[str, str]]) -> str:
    """The query as it may be run, in lines that a person can read.

    :param tables: schema and name of each that may be read.
    :raises ProposalRefused: it is anything else.
    """
    import sqlglot

    try:
        printed = one_select(sql)
    except SqlRefused as error:
        raise ProposalRefused(f"sql: it {error}.") from error
    tree = sqlglot.parse_one(printed, read="postgres")
    for node in tree.walk():
        _refuse(node)
    given = {_name(alias) for alias in _given(tree)}
    for place in _read(tree, given):
        if place not in tables:
            valid = ", ".join(".".join(one) for one in sorted(tables))
            raise ProposalRefused(f"sql: it reads {'.'.join(filter(None, place))}; valid, with their schema: {valid}.")
    readable = str(tree.sql(dialect="postgres", pretty=True, comments=False, normalize_functions=False))
    return readable if sqlglot.parse_one(readable, read="postgres") == tree else printed


def _refuse(node: exp.Expr) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Dot):
        raise ProposalRefused("sql: it calls a function of a schema; only PostgreSQL's own may be used.")
    if unsteady := _unsteady(node):
        raise ProposalRefused(f"sql: {unsteady} differs each time; a promotion must give the same rows again.")
    called = node.name.lower() if isinstance(node, exp.Anonymous) else ""
    if called.startswith(("pg_", "to_reg", "obj_", "col_")) or isinstance(node, exp.ObjectIdentifier):
        raise ProposalRefused(f"sql: {called or node.sql('postgres')} tells about the server, not about a row.")


def _unsteady(node: exp.Expr) -> str:
    """What of a node is another value each time; empty for nothing."""
    from sqlglot import exp

    kind, name = type(node).__name__, node.name.lower()
    if isinstance(node, exp.Anonymous):
        return name if name in _UNSTEADY_CALLS else ""
    if isinstance(node, exp.Column):
        bare = not node.table and not node.this.args.get("quoted")
        return name if name in _OF_STORAGE or (bare and name in _OF_SESSION) else ""
    if isinstance(node, exp.Cast) and node.is_type(*exp.DataType.TEMPORAL_TYPES):
        texts = {text.name.strip().lower() for text in node.find_all(exp.Literal) if text.is_string}
        return ", ".join(sorted(texts & _MOMENTS))
    return kind if kind in UNSTEADY else ""


def _given(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The names of the WITH."""
    from sqlglot import exp

    for cte in tree.find_all(exp.CTE):
        yield cte.args["alias"].this


def _read(tree: exp.Expr, given: Collection[str]) -> Iterator[tuple[str, str]]:
    from sqlglot import exp

    if strange := [name for name in given if name.startswith(("pg_", "information_schema"))]:
        raise ProposalRefused(f"sql: WITH {strange[0]}: choose another name.")
    for table in tree.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            if not isinstance(table.this, exp.Func):
                raise ProposalRefused("sql: only tables can stand in FROM.")
            continue  # a function of the closed list, which reads no table
        home = table.args.get("db")
        if table.args.get("catalog"):
            raise ProposalRefused("sql: a table is named as schema.table.")
        if home is not None or _name(table.this) not in given:
            yield (_name(home) if home is not None else "", _name(table.this))


def _name(identifier: exp.Expr) -> str:
    """A name as PostgreSQL reads it."""
    return str(identifier.name if identifier.args.get("quoted") else identifier.name.lower())
