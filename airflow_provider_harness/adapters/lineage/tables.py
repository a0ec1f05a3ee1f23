"""Which tables a statement names: common table expressions and tables told apart, each table under one plain name.

A name is folded as its database folds it, and means the common table expression that is visible where it stands, else a
table. Every table is then called ``h.tN`` in the tree, so that no case, dash or star of a name is in the way of resolving
columns, and every common table expression has a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_harness.adapters.lineage.relations import Unknown

if TYPE_CHECKING:
    from sqlglot import exp

HOME = "public"
"""The schema of PostgreSQL's tables that are named without one, unless the database says otherwise."""
PLACE = "h"
TEMPORARY = "pg_temp"
"""The schema of a session's temporary tables, which PostgreSQL looks into before all others."""

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_SAYS_NOTHING = re.compile(
    r"\bWITH\s+(?:NO\s+)?DATA\s*(?=;|\Z)|\bOVERRIDING\s+(?:SYSTEM|USER)\s+VALUE\b(?=\s*(?:\(|SELECT|VALUES|WITH|TABLE))"
    r"|\bON\s+COMMIT\s+(?:DROP|DELETE\s+ROWS|PRESERVE\s+ROWS)\b(?=\s*(?:;|AS\b|\Z))",
    re.IGNORECASE,
)
"""What the parser does not know, and what says nothing of where rows come from."""
_INSERT_ROW = re.compile(r"\bINSERT\s*(\([^()]*\))\s*ROW\b", re.IGNORECASE)
ROW = "_row_of_the_source"


class Statement(NamedTuple):
    """A statement, its names folded as the database folds them.

    :param spelled: a folded name -> as it is written; in an alias first.
    """

    tree: Any
    spelled: Mapping[str, str]


def statements(sql: str, dialect: str) -> list[Statement]:
    """The statements of a text.

    :raises sqlglot.errors.SqlglotError: it is no SQL.
    """
    import sqlglot
    from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

    text = _SAYS_NOTHING.sub("", _PLACEHOLDER.sub("NULL", sql).replace("%%", "%"))
    text = _INSERT_ROW.sub(rf"INSERT \1 VALUES ({ROW})", text)
    found = [(_with_target(tree), _spelled(tree)) for tree in sqlglot.parse(text, read=dialect) if tree is not None]
    return [Statement(normalize_identifiers(tree, dialect=dialect), spelled) for tree, spelled in found]


def _with_target(tree: Any) -> Any:
    """``DELETE t WHERE ..`` as ``DELETE FROM t WHERE ..``."""
    from sqlglot import exp

    named: list[Any] = tree.args.get("tables") or []
    if isinstance(tree, exp.Delete) and not tree.this and len(named) == 1:
        tree.set("tables", None)
        tree.set("this", named[0])
    return tree


def _spelled(tree: Any) -> Mapping[str, str]:
    from sqlglot import exp

    written = [node.name for node in tree.find_all(exp.Identifier)]
    aliases = [node.alias for node in tree.find_all(exp.Alias)]
    return {name.lower(): name for name in (*reversed(written), *reversed(aliases))}


class Names:
    """The tables of one statement.

    :param dialect: sqlglot's word for the SQL.
    :param home: the schema of a table of PostgreSQL that is named without one, by its name.
    :param temporary: the temporary tables that earlier statements of the text made.
    """

    def __init__(self, dialect: str, home: Callable[[str], str], temporary: Collection[str] = ()) -> None:
        self._dialect, self._home, self._temporary = dialect, home, temporary
        self.known: dict[str, str] = {}
        self.read: dict[str, None] = {}
        self._expressions = 0

    def bind(self, tree: Any) -> None:
        """Name every table and common table expression of a statement apart."""
        self._bind(tree, {})

    def plain(self, table: Any) -> str:
        """``schema.table``, ``dataset.table`` or ``project.dataset.table`` of a table that was bound."""
        return self.known[f"{table.db}.{table.name}"]

    def written(self, table: Any, temporary: bool = False) -> str:
        """The plain name of a table that is only written, which stays as it is.

        :param temporary: it is made as a temporary one.
        """
        parts: list[str] = [part.name for part in table.parts]
        if self._dialect == "bigquery":
            if len(parts) == 2 and parts[0].upper() == "_SESSION":
                return parts[1]
            if len(parts) < 2 and "INFORMATION_SCHEMA" not in parts[0].upper():
                return parts[0]  # temporary, or in a default dataset that nobody here knows
            return ".".join((*parts[:-1], parts[-1].partition("$")[0]))
        if temporary or (len(parts) == 1 and parts[0] in self._temporary):
            return f"{TEMPORARY}.{parts[-1]}"
        return ".".join(parts[-2:]) if len(parts) > 1 else f"{self._home(parts[0])}.{parts[0]}"

    def _bind(self, node: Any, visible: Mapping[str, str]) -> None:
        from sqlglot import exp

        if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
            self._table(node, visible)
        if (clause := node.args.get("with_")) is not None:
            visible = self._with(clause, visible)
        target = target_of(node)
        for child in children(node):
            if child is target:
                self._target(node, child)
            elif child is not clause:
                self._bind(child, visible)

    def _with(self, clause: Any, visible: Mapping[str, str]) -> Mapping[str, str]:
        """What is visible behind a list of common table expressions; each sees those before it, a recursive one all."""
        found = dict(visible)
        fresh = [(cte, f"_cte{self._expressions + place}") for place, cte in enumerate(clause.expressions)]
        self._expressions += len(fresh)
        if clause.args.get("recursive"):
            found |= {self._folded(cte.alias): name for cte, name in fresh}
        for cte, name in fresh:
            self._bind(cte.this, dict(found))
            found[self._folded(cte.alias)] = name
            cte.args["alias"].this.set("this", name)
        return found

    def _table(self, table: Any, visible: Mapping[str, str]) -> None:
        from sqlglot import exp

        name: str = table.name
        mine = visible.get(self._folded(name)) if len(table.parts) == 1 else None
        if is_model(table):
            return
        if mine is None:
            plain = self.written(table)
            self.read.setdefault(plain)
            self._call(table, plain, name)
        else:
            _aliased(table, name)
            table.set("this", exp.to_identifier(mine))

    def _target(self, node: Any, target: Any) -> None:
        """What a statement writes: never a common table expression."""
        from sqlglot import exp

        table = target.this if isinstance(target, exp.Schema) else target
        if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
            raise Unknown(node.sql())
        plain = self.written(table, is_temporary(node))
        if not isinstance(node, exp.Insert | exp.Create):  # what it changes, it also looks at
            self.read.setdefault(plain)
        self._call(table, plain, table.name)

    def _call(self, table: Any, plain: str, name: str) -> None:
        from sqlglot import exp

        key = next((key for key, held in self.known.items() if held == plain), f"{PLACE}.t{len(self.known)}")
        self.known[key] = plain
        _aliased(table, name if re.fullmatch(r"\w+", name) else key.partition(".")[2], self._dialect)
        table.set("this", exp.to_identifier(key.partition(".")[2]))
        table.set("db", exp.to_identifier(PLACE))
        table.set("catalog", None)

    def _folded(self, name: str) -> str:
        return name.lower() if self._dialect == "bigquery" else name


_OF_MODELS = frozenset({"ModelAttribute", "Predict", "MLForecast", "MLTranslate", "GenerateEmbedding", "GenerateText"})


def is_temporary(tree: Any) -> bool:
    """Whether a statement makes a temporary table."""
    from sqlglot import exp

    return isinstance(tree, exp.Create) and tree.find(exp.TemporaryProperty) is not None


def is_model(table: Any) -> bool:
    """Whether what looks like a table is a model of BigQuery, which is given to a function."""
    return type(table.parent).__name__ in _OF_MODELS and table.arg_key == "this"


def _aliased(table: Any, name: str, dialect: str = "") -> None:
    """A table under another name is still called by its own, where it has no alias."""
    from sqlglot import exp

    alias = table.args.get("alias")
    called = exp.to_identifier(name.lower() if dialect == "bigquery" else name, quoted=True)
    if alias is None:
        table.set("alias", exp.TableAlias(this=called))
    elif alias.this is None:
        alias.set("this", called)


def target_of(node: Any) -> exp.Expr | None:
    """The part of a statement that it writes to."""
    from sqlglot import exp

    if isinstance(node.parent, exp.When):  # a branch of a MERGE, whose target it is
        return None
    return node.this if isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Merge | exp.Create) else None


def children(node: Any) -> Iterator[Any]:
    """The parts of a node."""
    from sqlglot import exp

    for held in list(node.args.values()):
        for part in held if isinstance(held, list) else (held,):
            if isinstance(part, exp.Expression):
                yield part
