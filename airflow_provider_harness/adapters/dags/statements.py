"""A text of SQL with templates, parsed by sqlglot; what each statement reads and writes."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from airflow_provider_harness.app.authoring.model import Statement

_BLOCK = re.compile(r"\{%-?.*?-?%\}|\{#.*?#\}", re.DOTALL)
_HOLE = re.compile(r"\{\{.*?\}\}|\{[^{}'\"]*(?:\[[^\]]*\])?[^{}]*\}|%\([A-Za-z_]\w*\)s|%s", re.DOTALL)
_NAME_BEFORE = re.compile(
    r"(?i)(?:\b(?:from|into|join|table|update|exists|overwrite|view|schema|using|only)\s+|[.`\"\w]|\.\s*)$"
)
_OTHERS = (
    "postgres",
    "bigquery",
    "snowflake",
    "mysql",
    "tsql",
    "duckdb",
    "trino",
    "spark",
    "sqlite",
    "oracle",
    "clickhouse",
    "redshift",
)
SLICE = re.compile(
    r"data_interval|slice_start|slice_end|slice_key|\bds\b|\bds_nodash\b|\bts\b|ts_nodash|logical_date|execution_date|partition|\bprev_"
    r"|run_date|start_date|end_date|date_from|date_to|window_|interval_"
)
"""How a text names the time of its run."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text of SQL, parsed.

    :param trees: sqlglot's trees, one a statement.
    :param error: why it cannot be parsed; empty where it can.
    """

    trees: tuple[Any, ...]
    dialect: str
    error: str = ""


def plain(text: str) -> str:
    """SQL in which each template and parameter is a name or a text, as its place wants it."""
    text = _BLOCK.sub(" ", text).replace("%%", "%")
    made: list[str] = []
    last = 0
    for hole in _HOLE.finditer(text):
        before = text[last : hole.start()]
        made.append(before)
        made.append(_instead(hole.group(), "".join(made), text[hole.end() : hole.end() + 1]))
        last = hole.end()
    return "".join([*made, text[last:]])


def _instead(hole: str, before: str, after: str) -> str:
    words = "_".join(re.findall(r"\w+", hole)) or "value"
    if before.count("'") % 2:
        return words
    if _NAME_BEFORE.search(before) or after in (".", "`", '"', "_"):
        return f"t_{words}"[:60]
    return f"'hole {words}'"


@lru_cache(maxsize=512)
def parse(text: str, dialect: str = "") -> Parsed:
    """The statements of a text. Where nobody says whose SQL it is, any engine that understands it will do.

    :param dialect: sqlglot's word.
    """
    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    shown, error = plain(text), ""
    for word in (dialect,) if dialect else _OTHERS:
        try:
            trees = tuple(tree for tree in sqlglot.parse(shown, dialect=word) if tree is not None)
        except (sqlglot.errors.SqlglotError, RecursionError, ValueError, AttributeError, TypeError) as found:
            error = error or str(found).split("\n")[0].replace("\x1b[4m", "").replace("\x1b[0m", "")
            continue
        if not dialect and any(type(tree).__name__ == "Command" for tree in trees):
            error = error or ""
        return Parsed(trees, word)
    return Parsed((), dialect or "postgres", error or "it is not SQL")


def statements(text: str, dialect: str = "") -> tuple[Statement, ...]:
    """What each statement of a text reads and writes."""
    return tuple(_statement(tree) for tree in parse(text, dialect).trees)


def table_name(node: Any) -> str:
    """A table as it is written, in lower case, without quotes and without ``public``."""
    parts = [str(part.name) for part in getattr(node, "parts", ())]
    return ".".join(parts).lower().removeprefix("public.")


def _statement(tree: Any) -> Statement:
    from sqlglot import exp

    kinds = {
        exp.Insert: "insert",
        exp.Update: "update",
        exp.Delete: "delete",
        exp.Merge: "merge",
        exp.TruncateTable: "truncate",
        exp.Create: "create",
        exp.Drop: "drop",
    }
    kind = next((word for type_, word in kinds.items() if isinstance(tree, type_)), "")
    if type(tree).__name__ == "Copy" and tree.args.get("kind") and not str(tree.this).startswith("("):
        into = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
        loads = isinstance(into, exp.Table) and not any("@" in one.sql() for one in tree.args.get("files") or ())
        return Statement(kind="insert" if loads else "other", target=table_name(into) if loads else "", rows=True)
    if not kind:
        query = isinstance(tree, exp.Query)
        return Statement(
            kind="select" if query else "other", reads=_reads(tree, None), where=bool(tree.find(exp.Where))
        )
    into = _target(tree)
    query = tree.args.get("expression")
    adds, adds_at = _adds(tree, into)
    return Statement(
        kind=kind,
        target=table_name(into) if into is not None else "",
        reads=_reads(tree, into),
        where=bool(tree.args.get("where")) or bool(query is not None and query.find(exp.Where)),
        keeps=_keeps(tree),
        rows=isinstance(query, exp.Query) and query.find(exp.From) is not None,
        source=kind == "create" and isinstance(query, exp.Query),
        replaces=bool(tree.args.get("replace") or tree.args.get("exists") or tree.args.get("overwrite")),
        temporary=_temporary(tree),
        adds=adds,
        adds_at=adds_at,
    )


_COUNTS_CHANGES = re.compile(r"(?i)^(?:version|revision|row_version|attempts?|tries|retries)$")


def _adds(tree: Any, into: Any) -> tuple[str, int]:
    """The column to which a statement adds what is there already, so that the same again gives another result; and its line."""
    from sqlglot import exp

    if into is None:
        return "", 0
    names = {"", into.name.lower(), into.alias_or_name.lower()}
    set_ = [one for one in tree.find_all(exp.EQ) if isinstance(one.parent, exp.Update | exp.OnConflict)]
    where = tree.args.get("where")
    guards = {column.name for column in where.find_all(exp.Column)} if where is not None else set()
    for one in set_:
        name = one.left.name
        more = one.right.unnest() if isinstance(one.right, exp.Paren) else one.right
        own = (c for c in one.right.find_all(exp.Column) if c.name == name and c.table.lower() in names)
        guarded = guards & {other.left.name for other in set_ if other is not one}
        if isinstance(more, exp.Add | exp.Sub | exp.Mul | exp.DPipe | exp.Concat) and any(own) and not guarded:
            at = one.left.this.meta.get("line") or 1
            return ("", 0) if _COUNTS_CHANGES.match(name) else (str(name), at - 1)
    return "", 0


def _temporary(tree: Any) -> bool:
    properties = tree.args.get("properties")
    return any(type(one).__name__ == "TemporaryProperty" for one in getattr(properties, "expressions", ()))


def _target(tree: Any) -> Any:
    from sqlglot import exp

    found = tree.this if not isinstance(tree, exp.TruncateTable) else (tree.expressions or [None])[0]
    if found is None:
        found = next(iter(tree.args.get("tables") or ()), None)
    if isinstance(found, exp.Schema):
        found = found.this
    return (
        found
        if isinstance(found, exp.Table) and str(tree.args.get("kind") or "TABLE").upper() in ("TABLE", "VIEW")
        else None
    )


def _reads(tree: Any, into: Any) -> frozenset[str]:
    from sqlglot import exp

    named = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    found = (table for table in tree.find_all(exp.Table) if table is not into)
    names = (table_name(table) for table in found)
    return frozenset(name for name in names if name and name not in named)


def _keeps(tree: Any) -> str:
    conflict = tree.args.get("conflict")
    if conflict is not None:
        return "nothing" if "NOTHING" in conflict.sql().upper() else "update"
    if type(tree).__name__ == "Merge":
        return "update"
    head = tree.sql()[:40].upper()
    return "update" if head.startswith(("REPLACE", "INSERT OR REPLACE", "UPSERT")) else ""
