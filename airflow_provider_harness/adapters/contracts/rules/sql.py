"""Rules of type ``sql``: their placeholders, and what they read of the contract's own table; one SELECT that gives one number.

A rule that reads the table under its own name is about the table as it will be, once the rows under test are published;
``${table}`` stands for the rows under test alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import did_you_mean
from airflow_provider_harness.core.contracts.contract import Contract

ROWS = ("object", "table", "model")
COLUMN = ("property", "column")
KNOWN = (*ROWS, *COLUMN)
"""The standard's placeholders (v3.0: ``${...}``, v3.1: ``{...}``) and those that its tools use."""
WHOLE = "harness_whole"
"""What stands for the contract's own table; see ``sql_checks.WHOLE``."""
_STANDS_IN = "harness_rows"
_SYSTEM = ("ctid", "tableoid", "xmin", "xmax", "cmin", "cmax")
_PARTS = re.compile(
    r"""(?P<text>(?P<open>\b[eE]')(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|(?P<dollar>\$(?:[A-Za-z_]\w*)?\$).*?(?P=dollar))"""
    r"""|(?P<name>"(?:[^"]|"")*")|(?P<tick>`[^`]*`)|(?P<note>--[^\n]*|/\*.*?\*/)"""
    r"""|(?P<mark>\$?\{\s*(?P<word>[A-Za-z_]\w*)\s*\})""",
    re.DOTALL,
)
_MARK = re.compile(r"\$?\{\s*([A-Za-z_]\w*)\s*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with a rule.

    :param place: which character of the query it is about, 0 for the first.
    """

    problem: str
    place: int = 0
    valid: tuple[str, ...] = ()
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that was read.

    :param sql: the query; ``${table}`` for the rows under test, ``harness_whole`` for the table as it will be.
    """

    sql: str
    problems: tuple[Problem, ...] = ()


def rule(query: str, *, column: str, table: str, names: Sequence[str], columns: Sequence[str]) -> Rule:
    """A query of a contract, as the gates run it.

    :param column: the column that it stands under; empty under the table.
    :param table: ``schema.table`` as published.
    :param names: other names of the table, with or without a schema.
    :param columns: the table's columns.
    """
    problems: list[Problem] = []
    text = _filled(query, column, table, problems)
    if problems:
        return Rule(sql=text, problems=tuple(problems))
    return _read(text, {table, *names}, columns)


def named(contract: Contract) -> Contract:
    """The contract for the table that it is applied to: a rule that names that table reads it as it will be, too."""
    columns = contract.names
    checks = tuple(
        replace(check, sql=_read(check.sql, {contract.table}, columns).sql) if check.sql else check
        for check in contract.checks
    )
    return replace(contract, checks=checks)


def _filled(query: str, column: str, table: str, problems: list[Problem]) -> str:
    """The query without placeholders but ``${table}``."""
    own = f'"{column.replace(chr(34), chr(34) * 2)}"'

    def word(name: str, place: int, *, bare: bool) -> str:
        if name in ROWS:
            return table.rpartition(".")[2] if bare else "${table}"
        if name in COLUMN and column:
            return column if bare else own
        if name in COLUMN:
            fix = "Name the column, or move the rule to a property."
            problems.append(Problem(problem=f"{{{name}}} stands for no column here.", place=place, fix=fix))
        else:
            valid = tuple(f"${{{one}}}" for one in KNOWN)
            problems.append(
                Problem(
                    problem=f"{{{name}}} is not a placeholder.", place=place, valid=valid, fix=did_you_mean(name, KNOWN)
                )
            )
        return ""

    def put(found: re.Match[str]) -> str:
        if found["note"]:
            return " "
        if found["mark"]:
            return word(found["word"], found.start(), bare=_dotted(query, found.start()))
        whole = found[0]
        inner = _MARK.fullmatch(whole[1:-1].strip())
        if inner and not found["text"]:
            bare = _dotted(query, found.start())
            said = word(inner[1], found.start(), bare=bare)
            return f'"{said}"' if bare else said
        return _kept(found) if found["text"] else whole

    return _PARTS.sub(put, query)


def _kept(found: re.Match[str]) -> str:
    """A text as it is written; where it has ``${table}`` in it, in two pieces, so that nothing is put there later either."""
    if "${table}" not in found[0]:
        return found[0]
    mark, begin = found["dollar"], found["open"] or "'"
    body = found[0][len(mark) : -len(mark)].replace("'", "''") if mark else found[0][len(begin) : -1]
    pieces = f"{begin}{body}'".replace("${table}", f"$' || {begin}{{table}}")
    return f"({pieces})" if "${table}" in body else pieces


def _dotted(query: str, place: int) -> bool:
    """Whether a schema stands before a name."""
    return query[:place].rstrip().endswith(".")


def _read(text: str, names: set[str], columns: Sequence[str]) -> Rule:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        found = [one for one in sqlglot.parse(text.replace("${table}", _STANDS_IN), read="postgres") if one is not None]
    except SqlglotError as error:
        reason = re.sub(r"\x1b\[\d*m", "", str(error)).splitlines()[0].replace(_STANDS_IN, "${table}")
        return Rule(sql=text, problems=(Problem(problem=f"is not SQL of PostgreSQL: {reason}"),))
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        what = f"has {len(found)} statements" if len(found) != 1 else f"is not a query, but {found[0].key.upper()}"
        return Rule(sql=text, problems=(Problem(problem=f"{what}.", fix="Write one SELECT that gives one number."),))
    tree: Any = found[0]
    if any(tree.find(kind) for kind in (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Into)):
        return Rule(sql=text, problems=(Problem(problem="writes.", fix="Write one SELECT that gives one number."),))
    if unfilled := next(tree.find_all(exp.Parameter, exp.Placeholder), None):
        problem = f"has {unfilled.sql('postgres')}, which nobody fills."
        fix = "Write the value, or a placeholder of the standard such as ${table}."
        return Rule(sql=text, problems=(Problem(problem=problem, fix=fix),))
    outputs = tree.selects
    if len(outputs) != 1 or isinstance(outputs[0], exp.Star) or outputs[0].find(exp.Star) is outputs[0]:
        count = "all columns" if any(one.is_star for one in outputs) else f"{len(outputs)} columns"
        return Rule(sql=text, problems=(Problem(problem=f"gives {count}.", fix="Select one number."),))
    problems = tuple(_strangers(tree, names, columns))
    changed = _to_be(tree, names)
    if not changed:
        return Rule(sql=text.strip().rstrip("; \n\t"), problems=problems)
    return Rule(sql=tree.sql("postgres").replace(_STANDS_IN, "${table}"), problems=problems)


def _folded(node: Any) -> str:
    """An identifier as PostgreSQL keeps it: in lower case unless it is in quotes."""
    return "" if node is None else str(node.name) if node.args.get("quoted") else str(node.name).lower()


def _is_own(node: Any, names: set[str]) -> bool:
    """Whether a table of a query is the contract's own."""
    name, home = _folded(node.this), _folded(node.args.get("db"))
    if not name:
        return False
    if home:
        return f"{home}.{name}" in names
    return any(name == own.rpartition(".")[2] for own in names)


def _shadowed(node: Any) -> bool:
    """Whether a name is that of a common table expression in reach."""
    from sqlglot import exp

    if node.args.get("db"):
        return False
    name, part = _folded(node.this), node
    while part is not None:
        holder = part.args.get("with_") or part.args.get("with")
        for cte in holder.expressions if holder is not None else ():
            inside = cte.find_ancestor(exp.CTE) is cte or _within(node, cte)
            if _folded(cte.args["alias"].this) == name and (not inside or holder.args.get("recursive")):
                return True
        part = part.parent
    return False


def _within(node: Any, holder: Any) -> bool:
    while node is not None and node is not holder:
        node = node.parent
    return node is holder


def _to_be(tree: Any, names: set[str]) -> bool:
    """Put the table as it will be where the contract's own table is read by its name; whether that was anywhere."""
    from sqlglot import exp

    own = [node for node in tree.find_all(exp.Table) if _is_own(node, names) and not _shadowed(node)]
    for node in own:
        if not node.args.get("alias"):
            node.set("alias", exp.TableAlias(this=node.this.copy()))
        for part in ("db", "catalog", "only"):
            node.set(part, None)
        node.set("this", exp.to_identifier(WHOLE))
    for column in tree.find_all(exp.Column) if own else ():
        home = column.args.get("db")
        if home is not None and f"{_folded(home)}.{_folded(column.args['table'])}" in names:
            column.set("db", None)
            column.set("catalog", None)
    return bool(own)


def _strangers(tree: Any, names: set[str], columns: Sequence[str]) -> Iterator[Problem]:
    """Columns that nothing has of what can be seen where they stand, wherever that is in the query."""
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.scope import traverse_scope

    try:
        scopes = traverse_scope(tree)
    except SqlglotError:
        return
    seen: set[int] = set()
    told: set[str] = set()
    for scope in scopes:  # what is inside comes first
        reach = [_Sources(one, names, columns) for one in _in_reach(scope)]
        for node in scope.columns:
            name = _folded(node.this)
            if id(node) in seen or _is_output(node, scope) or name in told:
                continue
            seen.add(id(node))
            if (missed := _missed(node, name, reach)) is not None:
                told.add(name)
                own = set(columns) <= missed
                what = "of the table" if own else "of what is read there"
                valid = tuple(columns) if own else tuple(sorted(missed))
                start = int(node.this.meta.get("start", 0))
                problem = f"{name!r} is not a column {what}."
                yield Problem(problem=problem, place=start, valid=valid, fix=did_you_mean(name, list(valid)))


def _in_reach(scope: Any) -> Iterator[Any]:
    """A part of a query, and the parts around it whose tables it may name."""
    yield scope
    yield from _around(scope)


def _around(scope: Any) -> Iterator[Any]:
    """A FROM's own subquery, and a common table expression, do not see what stands beside them, but what is further out."""
    if scope.parent is None:
        return
    blind = scope.scope_type.name in ("DERIVED_TABLE", "CTE", "SET_OPERATION")
    yield from _around(scope.parent) if blind else _in_reach(scope.parent)


class _Sources:
    """What one part of a query reads: name -> its columns, None where they are not known.

    :param names: names of the contract's own table.
    :param depth: queries around it whose columns are asked for, 0 for none.
    """

    def __init__(self, scope: Any, names: set[str], columns: Sequence[str], depth: int = 0) -> None:
        self.names, self.columns, self.depth = names, columns, depth
        read = scope.selected_sources or {alias: (one, one) for alias, one in scope.sources.items()}
        self.known = {_alias(alias, node): self._of(node, one) for alias, (node, one) in read.items()}

    def _of(self, node: Any, source: Any) -> frozenset[str] | None:
        from sqlglot import exp

        if isinstance(node, exp.Table) and node.alias_column_names:
            return None
        if isinstance(source, exp.Table):
            return frozenset((*self.columns, *_SYSTEM)) if _only_own(source, self.names) else None
        query = source.expression
        if not isinstance(query, exp.Query) or self.depth > _DEPTH:
            return None
        outputs = [self._output(one, source) for one in query.selects]
        given = [name.lower() for name in source.outer_columns]
        if given:
            return frozenset(given) if len(given) == len(outputs) else None
        return _all(outputs)

    def _output(self, node: Any, source: Any) -> frozenset[str] | None:
        """The names of one entry of a SELECT's list; what PostgreSQL calls an expression without a name is not known."""
        from sqlglot import exp

        if isinstance(node, exp.Star):
            return _all([*_Sources(source, self.names, self.columns, self.depth + 1).known.values()])
        if isinstance(node, exp.Alias):
            return frozenset({_folded(node.args["alias"])})
        return frozenset({_folded(node.this)}) if isinstance(node, exp.Column) and not node.is_star else None


def _alias(alias: str, node: Any) -> str:
    """What a source is called, as PostgreSQL folds it."""
    from sqlglot import exp

    given = node.args.get("alias") if isinstance(node, exp.Table) else None
    said = given.this if given else node.args.get("this") if isinstance(node, exp.Table) else None
    return _folded(said) if isinstance(said, exp.Identifier) else alias.lower()


def _all(parts: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """All names of several sets; None where one of them is not known, or there is none."""
    known = [part for part in parts if part is not None]
    return frozenset().union(*known) if parts and len(known) == len(parts) else None


_DEPTH = 20
"""Queries within queries whose columns are looked for."""
_WORDS = ("user", "current_role", "system_user")
"""What PostgreSQL reads as a value, and the parser as a column."""


def _missed(node: Any, name: str, reach: Sequence[_Sources]) -> frozenset[str] | None:
    """All columns that a name could have been; None where it is one of them, or may be."""
    from sqlglot import exp

    home = _folded(node.args.get("table"))
    if isinstance(node.this, exp.Star) or (not home and name in _WORDS):
        return None
    if home:
        found = next((one.known[home] for one in reach if home in one.known), None)
        return found if found is not None and name not in found else None
    seen = [part for one in reach for part in one.known.items()]
    if not seen or any(known is None or name in (alias, *known) for alias, known in seen):
        return None
    return frozenset().union(*(known for _, known in seen if known is not None))


def _is_output(node: Any, scope: Any) -> bool:
    """Whether a name stands where it may be that of an entry of the SELECT's list."""
    from sqlglot import exp

    part = node.find_ancestor(exp.Order, exp.Group, exp.Select)
    if isinstance(part, exp.Select) or part is None or not isinstance(scope.expression, exp.Query):
        return False
    return isinstance(scope.expression, exp.SetOperation) or _folded(node.this) in {
        _folded(one.args.get("alias")) for one in scope.expression.selects
    }


def _only_own(node: Any, names: set[str]) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Table) and (node.name == _STANDS_IN or _is_own(node, names))
