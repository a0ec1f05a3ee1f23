"""One question in SQL, taken apart and written anew: only what is named in the tables here comes through.

What is executed is never the text that came in but the tree that was understood, printed again. Every kind of node is
allowed by name, so a construct that nobody thought of is refused. Each relation becomes a subquery in which the columns
that may not be seen are masks: whatever an expression does, they are not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.authored.allowed import UNITS
from airflow_provider_harness.core.redaction.redactor import MASK

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST_QUERY = 4_000  # characters
LONGEST_PRINTED = 1_000_000  # with each relation as a subquery
MOST_NODES = 400
#: Names of sqlglot's classes that a question is made of: statements and clauses, operators, functions, values.
_KINDS = """
Select Union Intersect Except With CTE Subquery From Join Where Group Having Order Ordered Limit Offset Distinct
Table TableAlias Alias Identifier Column Star Tuple Paren Filter Window WindowSpec
And Or Not EQ NEQ LT LTE GT GTE Is In Between Like ILike Exists NullSafeEQ NullSafeNEQ
Add Sub Mul Div Mod Neg DPipe Case If Cast DataType DataTypeParam Interval Var
Count Sum Avg Min Max Abs Round Ceil Floor Coalesce Nullif Greatest Least Lower Upper Length Trim
TimestampTrunc Extract CurrentTimestamp CurrentDate RowNumber Rank DenseRank Lag Lead
Literal Null Boolean
"""
ALLOWED = frozenset(_KINDS.split())
#: Types that a value may be cast to; not the catalog's own, which look names up.
_TYPES = """
BOOLEAN SMALLINT INT BIGINT DECIMAL FLOAT DOUBLE TEXT VARCHAR CHAR DATE TIME TIMESTAMP TIMESTAMPTZ INTERVAL
"""
TYPES = frozenset(_TYPES.split())
_PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,62}")


class QueryRefused(ValueError):
    """The question is not one that may be asked; the message says what is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """One relation that may be asked about.

    :param columns: column name to whether its values may be seen; the others are shown as masks.
    """

    columns: Mapping[str, bool]


def guarded(sql: str, relations: Mapping[str, Visible]) -> str:
    """The question as it may be asked in PostgreSQL.

    :param sql: one SELECT.
    :param relations: ``schema.table`` to what may be seen of it.
    :raises QueryRefused: it is anything else.
    """
    from sqlglot import exp

    tree = _parsed(sql, LONGEST_QUERY)
    nodes = list(tree.walk())
    if len(nodes) > MOST_NODES:
        raise QueryRefused(f"sql: {len(nodes)} parts; {MOST_NODES} at most.")
    for node in nodes:
        _check(node)
    _check_columns(tree, relations)
    for table in _tables(tree, relations):
        name = f"{table.db}.{table.name}"
        table.replace(_masked(name, relations[name], table.alias or table.name))
    for one in tree.find_all(exp.Identifier):
        one.set("quoted", True)
    printed = str(tree.sql(dialect="postgres", comments=False))
    if _parsed(printed, LONGEST_PRINTED) != tree:
        raise QueryRefused("sql: would be asked as another question. Write it plainly.")
    return printed


def _parsed(sql: str, longest: int) -> exp.Query:
    """The one statement of the text, if it is a query."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

    if len(sql) > longest:
        raise QueryRefused(f"sql: {len(sql)} characters; {longest} at most.")
    if not all(sign.isprintable() or sign in "\n\t " for sign in sql):
        raise QueryRefused("sql: holds characters that cannot be seen.")
    if "\\" in sql:
        raise QueryRefused("sql: holds a backslash.")
    try:
        found = sqlglot.parse(sql, read="postgres", error_level=sqlglot.ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise QueryRefused(f"sql: cannot be parsed: {str(error)[:200]}") from error
    statements = [statement for statement in found if statement is not None]
    if len(statements) != 1 or len(found) != 1 or not isinstance(statements[0], exp.Select | exp.SetOperation):
        raise QueryRefused("sql: not one SELECT.")
    return normalize_identifiers(statements[0], dialect="postgres")


def _check(node: exp.Expr) -> None:
    from sqlglot import exp

    kind = type(node).__name__
    if kind not in ALLOWED:
        what = str(node.this)[:60] if isinstance(node, exp.Anonymous) else kind
        raise QueryRefused(f"sql: {what} cannot be used here. Plain SELECT, joins, GROUP BY and usual functions can.")
    if isinstance(node, exp.Identifier) and not _PLAIN.fullmatch(node.name):
        raise QueryRefused(f"sql: the name {node.name[:60]!r} is not made of a-z, 0-9 and _.")
    if isinstance(node, exp.DataType) and node.this.name not in TYPES:
        raise QueryRefused(f"sql: the type {node.this.name} cannot be used. Valid: {', '.join(sorted(TYPES))}.")
    if isinstance(node, exp.With) and (node.args.get("recursive") or node.parent is not node.root()):
        raise QueryRefused("sql: WITH stands at the start, once, and without RECURSIVE.")
    if isinstance(node, exp.Var) and node.name.upper() not in UNITS:
        raise QueryRefused(f"sql: {node.name[:60]} cannot be used here.")
    known = _ARGUMENTS.get(kind)
    if known is not None and (strange := [name for name, value in node.args.items() if value and name not in known]):
        raise QueryRefused(f"sql: {strange[0]} of {kind} cannot be used here.")


#: Kind of node -> the parts of it that may be there: what locks, samples or writes has its own part, not its own node.
_ARGUMENTS: Mapping[str, frozenset[str]] = {
    "Select": frozenset({"expressions", "with_", "from_", "joins", "where", "group", "having", "order", "limit"})
    | {"offset", "distinct"},
    "Table": frozenset({"this", "db", "alias"}),
    "TableAlias": frozenset({"this"}),
    "Subquery": frozenset({"this", "alias"}),
    "CTE": frozenset({"this", "alias"}),
    "Join": frozenset({"this", "side", "kind", "on", "using"}),
}


def _tables(tree: exp.Query, relations: Mapping[str, Visible]) -> Iterator[exp.Table]:
    """The relations that are read; a name without a schema is one of the WITH, given before it is used."""
    from sqlglot import exp

    given: dict[str, int] = {}
    with_ = tree.args.get("with_")
    names = [cte.alias for cte in with_.expressions] if with_ is not None else []
    if taken := [name for name in names if name.startswith("pg_") or names.count(name) > 1]:
        raise QueryRefused(f"sql: WITH {taken[0]}: choose another name.")
    for number, name in enumerate(names):
        given[name] = number
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            raise QueryRefused("sql: only tables can stand in FROM.")
        if not table.db:
            cte = table.find_ancestor(exp.CTE)
            before = given[cte.alias] if cte is not None else len(names)
            if given.get(table.name, len(names)) >= before:
                raise QueryRefused(f"sql: {table.name} is not known; {_valid(relations)}")
        elif f"{table.db}.{table.name}" not in relations:
            raise QueryRefused(f"sql: {table.db}.{table.name} is not known; {_valid(relations)}")
        else:
            yield table


def _valid(relations: Mapping[str, Visible]) -> str:
    return f"valid, with their schema: {', '.join(sorted(relations))}."


def _check_columns(tree: exp.Query, relations: Mapping[str, Visible]) -> None:
    """Every column is one of the relations, or a name that the question gives itself: a function is called by no dot."""
    from sqlglot import exp

    known = {name for relation in relations.values() for name in relation.columns}
    known |= {alias.alias for alias in tree.find_all(exp.Alias)}
    for column in tree.find_all(exp.Column):
        if not isinstance(column.this, exp.Star) and column.name not in known:
            raise QueryRefused(f"sql: no column {column.name}.")


def _masked(name: str, relation: Visible, alias: str) -> exp.Expr:
    """The relation with masks in place of what may not be seen."""
    from sqlglot import exp

    def column(one: str, seen: bool) -> exp.Expr:
        value: Any = exp.column(one) if seen else exp.cast(exp.Literal.string(MASK), "text")
        return exp.alias_(value, one)

    schema, table = name.split(".")
    shown = [column(one, seen) for one, seen in sorted(relation.columns.items())]
    return exp.select(*shown).from_(exp.table_(table, db=schema)).subquery(alias)
