"""Which columns a statement's columns are made of, by sqlglot; what it cannot tell is left out, never guessed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_harness.adapters.lineage.names import NOBODY_KNOWS, name_outputs
from airflow_provider_harness.adapters.lineage.origins import relation
from airflow_provider_harness.adapters.lineage.relations import Origin, Relation, Unknown, base
from airflow_provider_harness.adapters.lineage.sources import PSEUDO, make_resolvable
from airflow_provider_harness.adapters.lineage.tables import (
    HOME,
    PLACE,
    TEMPORARY,
    Names,
    Statement,
    is_temporary,
    statements,
    target_of,
)
from airflow_provider_harness.adapters.lineage.writes import Written, written
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset

_TYPE = "text"
"""Lineage needs names and not types, and not every type of a catalog is one that sqlglot knows."""
Home = Callable[[str], str]


def _public(name: str) -> str:
    return HOME


def tables(sql: str, dialect: str = "postgres", home: Home = _public) -> tuple[str, ...]:
    """Everything that a text of SQL reads, as ``schema.table`` (in BigQuery ``dataset.table``, or ``project.dataset.table``
    where a project is written); common table expressions and what the text itself makes are left out. Empty if it is no SQL.

    :param home: name of a table that is written without a schema -> its schema in PostgreSQL.
    """
    made: set[str] = set()
    found: dict[str, None] = {}
    try:
        for tree, _ in _parsed(sql, dialect):
            body = _function_body(tree)
            if body is None and _is_quiet(tree):
                made -= _dropped(tree)
                continue
            names = Names(dialect, home, _temporary(made))
            into = _without_into(tree)
            names.bind(tree if body is None else body)
            found |= {name: None for name in names.read if name not in made and _is_placed(name, dialect)}
            made |= set() if body is not None else _made_by(tree, names, into)
    except _not_understood():
        return ()
    return tuple(found)


def unplaced(sql: str) -> tuple[str, ...]:
    """The tables of PostgreSQL that a text reads without naming their schema: where they are, the search path says."""
    asked: dict[str, None] = {}

    def home(name: str) -> str:
        asked.setdefault(name)
        return HOME

    tables(sql, home=home)
    return tuple(asked)


def edges(
    sql: str,
    schemas: Mapping[str, Schema | None],
    place: Callable[[str], Dataset],
    dialect: str = "postgres",
    *,
    home: Home = _public,
    target: str = "",
) -> tuple[ColumnEdge, ...]:
    """The edges into the columns that a statement gives or writes; empty where one of them is not known.

    Of several statements, those into the one table that they write; temporary ones on the way are seen through.

    :param schemas: a table, as ``tables`` names it -> its columns, which ``select *`` needs.
    :param place: such a name -> the dataset.
    :param dialect: sqlglot's word for it.
    :param home: see ``tables``.
    :param target: which table is meant, where the text writes several.
    """
    try:
        found = _Text(schemas, dialect, home).follow(sql, target)
    except _not_understood():
        return ()
    pairs = [(name, one) for name, ones in found.columns.items() for one in ones]
    pairs += [("", one) for one in found.deciders]
    return tuple(_edge(name, one, place) for name, one in sorted(set(pairs)))


def _edge(name: str, one: Origin, place: Callable[[str], Dataset]) -> ColumnEdge:
    return ColumnEdge(source=place(one.table), source_column=one.column, target_column=name, how=one.how)


def _not_understood() -> tuple[type[Exception], ...]:
    """What a statement that is not understood raises: here, and where sqlglot trips over it."""
    import sqlglot

    tripped = (LookupError, ValueError, TypeError, AttributeError, RecursionError)
    return (sqlglot.errors.SqlglotError, Unknown, *tripped)


def _parsed(sql: str, dialect: str) -> list[Statement]:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it does not support becomes unknown, and that is told
    return statements(sql, dialect)


def _is_placed(name: str, dialect: str) -> bool:
    """A name that says in which schema or dataset it is; in BigQuery, one without is temporary or nobody knows."""
    return "." in name if dialect == "bigquery" else name.partition(".")[0] != TEMPORARY


_QUIET = frozenset(
    "Transaction Commit Set Use Drop Analyze Comment Grant Revoke Alter TruncateTable Pragma Semicolon".split()  # noqa: SIM905
)
"""Classes of statements through which no value goes."""
_QUIET_COMMANDS = frozenset({"VACUUM", "ANALYZE", "RESET", "GRANT", "REVOKE", "LOCK", "CLUSTER", "REINDEX", "DISCARD"})


def _is_quiet(tree: Any) -> bool:
    """Whether no value goes through a statement.

    :raises Unknown: it changes what the names behind it mean.
    """
    from sqlglot import exp

    if _moves_names(tree):
        raise Unknown("where names are looked for is changed")
    if isinstance(tree, exp.Rollback):
        raise Unknown("what was written is taken back")
    if isinstance(tree, exp.Alter) and any(tree.find_all(exp.AlterRename, exp.RenameColumn)):
        raise Unknown("something is called otherwise from here on")
    if isinstance(tree, exp.Command):
        return str(tree.this).upper() in _QUIET_COMMANDS
    if isinstance(tree, exp.Create):
        empty = tree.expression is None and not is_temporary(tree)
        return empty or str(tree.args.get("kind")).upper() not in ("TABLE", "VIEW")
    return type(tree).__name__ in _QUIET


_WHERE_NAMES_ARE = ("search_path", "dataset_project_id")
"""Settings of PostgreSQL and BigQuery by which a name without a schema or a project means a table."""


def _moves_names(tree: Any) -> bool:
    """Whether a statement changes what names mean; one that sets what it does not say for sure may."""
    from sqlglot import exp

    if isinstance(tree, exp.Set | exp.Command):
        said = tree.sql().lower()
        return any(word in said for word in _WHERE_NAMES_ARE)
    calls = (call for call in tree.find_all(exp.Anonymous) if call.name.lower() == "set_config")
    settings = (call.expressions[0] if call.expressions else call for call in calls)
    return any(not one.is_string or one.name.lower() in _WHERE_NAMES_ARE for one in settings)


def _function_body(tree: Any) -> Any:
    """What a function or procedure that a text makes does, where it may read tables; None where it reads none."""
    from sqlglot import exp

    if not isinstance(tree, exp.Create) or str(tree.args.get("kind")).upper() not in ("FUNCTION", "PROCEDURE"):
        return None
    body = tree.expression
    return body if body is not None and body.find(exp.Table, exp.Heredoc, exp.RawString) else None


def _without_into(tree: Any) -> Any:
    """``SELECT .. INTO t`` without its target, and the target."""
    from sqlglot import exp

    into = tree.args.get("into") if isinstance(tree, exp.Select) else None
    if into is not None:
        tree.set("into", None)
    return into


def _made_by(tree: Any, names: Names, into: Any) -> set[str]:
    """The table that a statement makes, temporary or not."""
    from sqlglot import exp

    if into is not None:
        return {names.written(into.this, bool(into.args.get("temporary")))}
    if not isinstance(tree, exp.Create) or _is_quiet(tree):
        return set()
    return {_target_name(tree, names)}


def _temporary(made: Iterable[str]) -> set[str]:
    """Of the tables that a text made, the names of temporary ones."""
    return {name.partition(".")[2] for name in made if name.startswith(f"{TEMPORARY}.")}


def _dropped(tree: Any) -> set[str]:
    """The temporary tables that a statement drops, where such are there: their names mean other tables from then on."""
    from sqlglot import exp

    if not isinstance(tree, exp.Drop):
        return set()
    names = ([part.name for part in table.parts] for table in tree.args.get("tables") or ())
    return {f"{TEMPORARY}.{parts[-1]}" for parts in names if len(parts) == 1 or parts[-2] == TEMPORARY}


def _defined(tree: Any) -> tuple[str, ...]:
    """The columns of a table that is made without rows.

    :raises Unknown: it takes them from another one.
    """
    from sqlglot import exp

    parts = tree.this.expressions if isinstance(tree.this, exp.Schema) else []
    columns = tuple(part.name for part in parts if isinstance(part, exp.ColumnDef))
    if not columns or tree.find(exp.LikeProperty):
        raise Unknown("the columns of a table that is made")
    return columns


def _target_name(tree: Any, names: Names) -> str:
    from sqlglot import exp

    target = target_of(tree)
    return names.plain(target.this if isinstance(target, exp.Schema) else target)


class _Text:
    """A text of statements, one after the other.

    :param schemas: see ``edges``.
    """

    def __init__(self, schemas: Mapping[str, Schema | None], dialect: str, home: Home) -> None:
        self._schemas, self._dialect, self._home = schemas, dialect, home
        self._made: dict[str, Relation] = {}
        """Temporary tables that earlier statements made."""
        self._written: dict[str, Relation] = {}
        self._given: Relation | None = None
        self._spelled: dict[str, str] = {}

    def follow(self, sql: str, target: str) -> Relation:
        """What the text writes into its one table, or else gives.

        :raises Unknown: it is not known for sure.
        """
        for tree, spelled in _parsed(sql, self._dialect):
            if _function_body(tree) is not None:
                raise Unknown("what a function reads that the text makes")
            if _is_quiet(tree):
                for name in _dropped(tree):
                    self._made.pop(name, None)
            else:
                self._spelled |= spelled
                self._statement(tree, sql)
        if target or self._written:
            if not target and len(self._written) > 1:
                raise Unknown("several tables are written")
            found = self._written.get(target or next(iter(self._written)))
        else:
            found = self._given
        if found is None:
            raise Unknown("nothing is written")
        return _told(found if self._dialect != "bigquery" else self._respelled(found))

    def _respelled(self, found: Relation) -> Relation:
        """BigQuery does not tell ``userId`` from ``userid``; what a table calls a column it is called, else what is written."""
        held = [column.name for schema in self._schemas.values() if schema for column in schema.columns]
        spelled = {**self._spelled, **{name.lower(): name for name in held}}
        columns = {spelled.get(name, name): _spelled(ones, spelled) for name, ones in found.columns.items()}
        return Relation(columns=columns, deciders=_spelled(found.deciders, spelled))

    def _statement(self, tree: Any, sql: str) -> None:
        from sqlglot import exp

        into = _without_into(tree)
        names = Names(self._dialect, self._home, _temporary(self._made))
        names.bind(tree)
        if isinstance(tree, exp.Create) and tree.expression is None:
            self._made[_target_name(tree, names)] = Relation(columns=dict.fromkeys(_defined(tree), frozenset()))
            return
        name_outputs(tree, sql, self._dialect)
        make_resolvable(tree, self._dialect, lambda key: self._columns(names.known[key]))
        parts = [self._followed(part, names) for part in written(tree, lambda table: self._listed(names, table))]
        found = _together(parts)
        if target_of(tree) is None and into is None:
            self._given = found
            return
        temporary = bool(into.args.get("temporary")) if into is not None else is_temporary(tree)
        name = names.written(into.this, temporary) if into is not None else _target_name(tree, names)
        shelf = self._made if name in self._made or temporary else self._written
        new = isinstance(tree, exp.Create) or into is not None
        shelf[name] = found if new or name not in shelf else _together([shelf[name], found])

    def _followed(self, part: Written, names: Names) -> Relation:
        from sqlglot.optimizer.qualify import qualify

        qualified = qualify(
            part.query, schema=self._nested(names), dialect=self._dialect, quote_identifiers=False, identify=False
        )
        found = relation(qualified, {key: self._base(name) for key, name in names.known.items()})
        if part.names is None:
            return found
        fits = len(found.columns) <= len(part.names) if part.first else len(found.columns) == len(part.names)
        if part.names and not fits:
            raise Unknown("as many columns as are written")
        columns: dict[str, frozenset[Origin]] = {}
        for name, ones in zip(part.names, found.columns.values(), strict=False):
            columns[name] = columns.get(name, frozenset()) | ones
        return Relation(columns=columns, deciders=found.deciders)

    def _columns(self, name: str) -> Mapping[str, str] | None:
        """The columns of a table as the dialect folds them -> as they are spelled; None where nobody knows."""
        made = self._made.get(name) or self._written.get(name)
        if made is not None and (name in self._made or name not in self._schemas):
            return {column: column for column in made.columns}
        known = self._schemas.get(name)
        if known is None:
            return None
        folded = str.lower if self._dialect == "bigquery" else str
        return {folded(column.name): column.name for column in known.columns}

    def _listed(self, names: Names, table: Any) -> Sequence[str]:
        name = names.plain(table)
        if (known := self._columns(name)) is None:
            raise Unknown(f"columns of {name}")
        return tuple(known)

    def _base(self, name: str) -> Relation:
        return self._made.get(name) or base(name, self._columns(name), known=_is_placed(name, self._dialect))

    def _nested(self, names: Names) -> dict[str, Any]:
        quote = "`" if self._dialect == "bigquery" else '"'
        pseudo = PSEUDO if self._dialect == "bigquery" else ()
        found = {}
        for key, name in names.known.items():
            if (known := self._columns(name)) is not None:
                quoted = (f"{quote}{column.replace(quote, 2 * quote)}{quote}" for column in (*known, *pseudo))
                found[key.partition(".")[2]] = dict.fromkeys(quoted, _TYPE)
        return {PLACE: found} if found else {}


def _spelled(origins: frozenset[Origin], spelled: Mapping[str, str]) -> frozenset[Origin]:
    return frozenset(one._replace(column=spelled.get(one.column, one.column)) for one in origins)


def _together(found: Iterable[Relation]) -> Relation:
    """Several writes into one table."""
    columns: dict[str, frozenset[Origin]] = {}
    deciders = frozenset[Origin]()
    for one in found:
        deciders |= one.deciders
        for name, origins in one.columns.items():
            columns[name] = columns.get(name, frozenset()) | origins
    return Relation(columns=columns, deciders=deciders)


def _told(found: Relation) -> Relation:
    """What can be told: every column that is made of something under the name that it will have.

    :raises Unknown: a name is not known, or two columns that are made of different things have it.
    """
    columns: dict[str, frozenset[Origin]] = {}
    for held, origins in found.columns.items():
        name = held.partition("\0")[0]
        if not origins:
            continue
        if name.startswith(NOBODY_KNOWS) and name[1:].isdigit():
            raise Unknown("the name of a column")
        if columns.setdefault(name, origins) != origins:
            raise Unknown(f"two columns {name}")
    return Relation(columns=columns, deciders=found.deciders)
