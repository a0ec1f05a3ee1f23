"""SQL that a contract or a Dag brings, as it may be run: one SELECT, understood, printed again, and understood once more.

What a database's own rights and a transaction that only reads do not stop is stopped here: functions that read files, end
sessions, sleep, lock, or carry a statement elsewhere. Nothing of it replaces the other two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.authored.allowed import (
    BEYOND,
    FUNCTIONS,
    KINDS,
    REACHING,
    SECRET_RELATIONS,
    SIGNS,
    WORDS,
)
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST_SQL = 100_000  # characters
MOST_NODES = 20_000

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_PHRASE = re.compile(r"[A-Za-z_ ]*")


class SqlRefused(ValueError):
    """It is not one SELECT, or does more than read; the message is one sentence."""


@lru_cache(maxsize=512)
def one_select(sql: str, dialect: str = "postgres") -> str:
    """A query as it may be run, without comments and a semicolon at its end.

    :param dialect: sqlglot's name.
    :raises SqlRefused: it is anything else.

    >>> one_select("SELECT count(*) FROM t; -- all")
    'SELECT COUNT(*) FROM t'
    """
    tree = _parsed(sql, dialect)
    for number, node in enumerate(tree.walk()):
        if number > MOST_NODES:
            raise SqlRefused(f"has more than {MOST_NODES:,} parts")
        _check(node, dialect)
    if dialect == "postgres":
        _refuse_fields(tree)
    try:
        printed = str(_plain_texts(tree).sql(dialect=dialect, comments=False, normalize_functions=False))
    except (ValueError, RecursionError) as error:
        raise SqlRefused(f"cannot be printed: {str(error)[:200]}") from error
    if _parsed(printed, dialect) != tree or not _keeps_texts(sql, printed, dialect):
        raise SqlRefused(f"would be run as another one, {_shown(printed)}; write it as it is to be run")
    return printed


def printed_alike(tree: exp.Expr, dialect: str) -> str:
    """A statement of ours with somebody's query in it, in another dialect, where it must still be one statement that reads.

    :raises SqlRefused: printed, it is read as something else.
    """
    printed = str(tree.sql(dialect=dialect))
    again = _statement(printed, dialect)
    if type(again) is not type(tree) or not _tables(again) <= _tables(tree):
        raise SqlRefused(f"is read as another one in {dialect}")
    for node in again.walk():
        _refuse_reaching(node)
    return printed


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
    from sqlglot import exp

    if len(sql) > LONGEST_SQL:
        raise SqlRefused(f"has {len(sql):,} characters; {LONGEST_SQL:,} at most")
    if "\x00" in sql:
        raise SqlRefused("holds a NUL character")
    statement = _statement(sql, dialect)
    inner = statement.unnest() if isinstance(statement, exp.Subquery) else statement
    if not isinstance(inner, exp.Select | exp.SetOperation):
        raise SqlRefused(f"is {type(inner).__name__.upper()}; one SELECT may be run")
    return statement


def _statement(sql: str, dialect: str) -> exp.Expr:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        found = sqlglot.parse(sql, read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise SqlRefused(f"cannot be read as one SELECT: {_shown(str(error))}") from error
    statements = [one for one in found if one is not None and not isinstance(one, exp.Semicolon)]
    if len(statements) != 1:
        raise SqlRefused(f"is {len(statements)} statements; one SELECT may be run")
    return statements[0]


def _check(node: exp.Expr, dialect: str) -> None:
    from sqlglot import exp

    kind = type(node).__name__
    if isinstance(node, exp.Anonymous):
        _check_function(node, dialect)
    elif kind not in KINDS:
        _refuse_kind(node, kind)
    elif kind in _FORMS:
        known, why = _FORMS[kind]
        if not known(node):
            raise SqlRefused(f"holds {_shown(node.sql(dialect=dialect))}, which {why}")
    else:
        _check_words(node, kind)


def _is_number(node: Any) -> bool:
    return not node.is_string and _NUMBER.fullmatch(node.name) is not None


def _is_literal(node: Any) -> bool:
    return (node.is_string and type(node.parent).__name__ != "DataType") or _is_number(node)


def _is_word(node: Any) -> bool:
    named = type(node.parent).__name__ == "Kwarg" and _WORD.fullmatch(node.name)
    return bool(named) or node.name.upper() in WORDS


def _is_name(node: Any) -> bool:
    return bool(node.quoted or node.name.translate({ord("$"): "_", ord("-"): "_"}).isidentifier())


#: Kind -> what its bare text must be, and what is told of any other.
_FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "Literal": (_is_literal, "is neither a text nor a number here"),
    "ByteString": (lambda node: "'" not in node.name, "is easily misread: write it without E"),
    "Var": (_is_word, "is not a part of time or the like"),
    "Operator": (
        lambda node: node.args["operator"].removeprefix("pg_catalog.") in SIGNS,
        "is not an operator of PostgreSQL's",
    ),
    "DataTypeParam": (
        lambda node: type(node.this).__name__ == "Literal" and _is_number(node.this),
        "is not a length of a type",
    ),
    "PropertyEQ": (
        lambda node: _WORD.fullmatch(node.this.sql()) is not None,
        "names an argument in another way than plainly",
    ),
    "Table": (
        lambda node: node.name.lower() not in SECRET_RELATIONS,
        "holds what is not a row: passwords, files or what other sessions do",
    ),
    "Identifier": (_is_name, "is not a name without quotation marks"),
    "Alias": (
        lambda node: not (node.this.is_number and re.match(r"_\d", node.alias)),
        "is not a number: write it without _",
    ),
}


def _check_words(node: exp.Expr, kind: str) -> None:
    """What a node holds as bare text is words; names, texts and numbers are nodes of their own."""
    for value in node.args.values():
        if isinstance(value, str) and not kind.startswith("JSONPath") and not _PHRASE.fullmatch(value):
            raise SqlRefused(f"holds {_shown(value)!r} in {kind.upper()}")


def _refuse_kind(node: exp.Expr, kind: str) -> None:
    from sqlglot import exp

    if isinstance(node, exp.Func):
        raise SqlRefused(f"calls {node.sql_name().lower()}, which is not a function that is known to only read")
    if isinstance(node, exp.DML | exp.DDL | exp.Into | exp.Lock | exp.Command):
        raise SqlRefused(f"holds {kind.upper()}; only reading is possible here")
    raise SqlRefused(f"holds {kind.upper()} ({_shown(node.sql())}), which cannot be read here")


def _check_function(node: exp.Anonymous, dialect: str) -> None:
    from sqlglot import exp

    name, home = node.name, node.parent.this.sql() if isinstance(node.parent, exp.Dot) else ""
    if not _WORD.fullmatch(name):
        raise SqlRefused(f"calls {_shown(name)!r}, which is not a plain name of a function")
    if (name if isinstance(node.this, exp.Identifier) else name.lower()) in FUNCTIONS[dialect]:
        return
    if not home or "pg_catalog" in home.lower():
        own = "" if home else f"; write the schema of one of your own: schema.{name}"
        raise SqlRefused(f"calls {name.lower()}, which is not a function that is known to only read{own}")
    _refuse_reaching(node)


def _refuse_reaching(node: exp.Expr) -> None:
    from sqlglot import exp

    if not isinstance(node, exp.Func):
        return
    home = node.parent.this.name if isinstance(node.parent, exp.Dot) else ""
    if BEYOND.fullmatch(home):
        raise SqlRefused(f"calls a function of {_shown(home).lower()}, which does more than read these rows")
    for name in (node.name,) if isinstance(node, exp.Anonymous) else node.sql_names():
        if REACHING.fullmatch(name) and name.lower() not in FUNCTIONS["postgres"]:
            raise SqlRefused(f"calls {_shown(name).lower()}, which does more than read these rows")


def _refuse_fields(tree: exp.Expr) -> None:
    """PostgreSQL takes ``(x).name`` for ``name(x)``, and so ``x.name`` where x is what a function in FROM gives."""
    from sqlglot import exp

    rows, values = _in_from(tree)
    fields = [node.expression.name for node in tree.find_all(exp.Dot) if isinstance(node.expression, exp.Identifier)]
    for node in tree.find_all(exp.Column):
        of = node.table.lower()
        fields += [node.name] if of and (of in values or of not in rows) else []
    for called in fields:
        if REACHING.fullmatch(called):
            raise SqlRefused(f"takes {_shown(called).lower()} of a value, which calls a function of that name")


def _in_from(tree: exp.Expr) -> tuple[set[str], set[str]]:
    """Names in FROM that stand for rows, and those that may stand for the value of a function, wherever they are."""
    from sqlglot import exp

    rows = {table.alias_or_name.lower() for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier)}
    values = {name.lower() for called in tree.find_all(exp.Func) for name in (called.name, *called.sql_names())}
    for alias in tree.find_all(exp.TableAlias):
        of_rows = isinstance(alias.parent, exp.Subquery | exp.CTE | exp.Values) or (
            isinstance(alias.parent, exp.Table) and isinstance(alias.parent.this, exp.Identifier)
        )
        (rows if of_rows else values).add(alias.name.lower())
    return rows, values


def _tables(tree: exp.Expr) -> set[str]:
    from sqlglot import exp

    return {table.name.lower() for table in tree.find_all(exp.Table)}


def _plain_texts(tree: exp.Expr) -> exp.Expr:
    """The tree with its texts in dollars (or raw ones) as plain texts."""
    from sqlglot import exp

    for raw in list(tree.find_all(exp.RawString)):
        raw.replace(exp.Literal.string(raw.name))
    return tree


def _keeps_texts(sql: str, printed: str, dialect: str) -> bool:
    """Whether each text and each quoted name is still there; of intervals and parts of time the case and the spaces change."""
    from sqlglot import Dialect, TokenType

    tokenize = Dialect.get_or_raise(dialect).tokenize
    there = "\n".join(_squeezed(token.text) for token in tokenize(printed))
    quoted = (token for token in tokenize(sql) if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER))
    return all(_squeezed(token.text) in there for token in quoted)


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())


def _shown(text: str) -> str:
    """Words of a parser, without its colours, on one line."""
    return " ".join(re.sub(r"\x1b\[\d*m", "", text).split())[:200]
