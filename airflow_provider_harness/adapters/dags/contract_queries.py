"""A query against the contract of the table that it fills: columns, key, slice, nulls, types."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.adapters.dags.joins import Saw, many_sides, sources_of
from airflow_provider_harness.adapters.dags.queries import offset
from airflow_provider_harness.adapters.dags.query_rules import _grouped
from airflow_provider_harness.adapters.dags.statements import SLICE, parse, table_name
from airflow_provider_harness.app.authoring.finding import FindingSeverity, Found
from airflow_provider_harness.app.authoring.model import Query, Task
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode, LogicalType

_KINDS: Mapping[LogicalType, str] = {
    LogicalType.STRING: "text",
    LogicalType.DATE: "date",
    LogicalType.TIMESTAMP: "timestamp",
    LogicalType.NUMBER: "number",
    LogicalType.INTEGER: "integer",
    LogicalType.BOOLEAN: "boolean",
}
_SQL_KINDS = (
    ("TIMESTAMP", "timestamp"),
    ("DATETIME", "timestamp"),
    ("DATE", "date"),
    ("BOOL", "boolean"),
    ("BIGINT", "integer"),
    ("SMALLINT", "integer"),
    ("INT", "integer"),
    ("DECIMAL", "number"),
    ("NUMERIC", "number"),
    ("DOUBLE", "number"),
    ("FLOAT", "number"),
    ("REAL", "number"),
    ("VARCHAR", "text"),
    ("TEXT", "text"),
    ("CHAR", "text"),
)


def findings(task: Task, query: Query, contract: Contract, known: Mapping[str, Contract]) -> Iterator[Found]:
    """Everything in which a query and the contract of its task do not fit.

    :param known: tables whose contracts are known.
    """
    from sqlglot import exp

    parsed = parse(query.text, query.dialect)
    trees = [tree for tree in parsed.trees if isinstance(tree, exp.Query)]
    if parsed.error or len(trees) != 1:
        return
    select = trees[0] if isinstance(trees[0], exp.Select) else trees[0].find(exp.Select)
    seen = [
        *_columns(select, contract),
        *_one_row_a_key(trees[0], contract),
        *_nullable(select, contract),
        *_types(select, contract),
    ]
    seen += [*_strangers(trees[0], known), *_joined(trees[0], known), *_compared(trees[0], known)]
    for rule, node, message in seen:
        severity = FindingSeverity.HINT if message.endswith("(nothing like it is known)") else None
        yield Found(rule=rule, line=query.line_at(offset(node)), message=f"{query.unit}: {message}", severity=severity)
    cut = contract.load.mode in (LoadMode.INCREMENTAL, LoadMode.APPEND)
    if cut and task.kind in ("SQLTransformOperator", "FeatureTableOperator") and not SLICE.search(query.text):
        yield Found(
            rule="HS114",
            line=query.line,
            message=f"{query.unit}: the contract is cut into slices by {contract.load.slice_column}, and the query names no slice",
        )


def _outputs(select: Any) -> dict[str, Any] | None:
    """Name -> expression; None where a star hides them."""
    if select is None or any(one.is_star for one in select.expressions):
        return None
    return {one.alias_or_name.lower(): one.unalias() for one in select.expressions}


def _columns(select: Any, contract: Contract) -> Iterator[Saw]:
    outputs = _outputs(select)
    if outputs is None:
        return
    names = {name.lower() for name in contract.names}
    for name in contract.names:
        if name.lower() not in outputs:
            rule = "HL109" if name == contract.load.slice_column else "HL105"
            yield rule, select, f"the query does not give {name}, which the contract of {contract.table} has"
    for name in outputs:
        if name and name not in names and name not in map(str.lower, contract.dropped):
            yield "HL106", select, f"the query gives {name}, which the contract of {contract.table} does not have"


def _one_row_a_key(tree: Any, contract: Contract) -> Iterator[Saw]:
    from sqlglot import exp

    group = tree.args.get("group") if isinstance(tree, exp.Select) else None
    outputs = _outputs(tree) if isinstance(tree, exp.Select) else None
    key = {name.lower() for name in (contract.merge_key or contract.key)}
    if group is None or outputs is None or not key or not group.expressions:
        return
    grouped = _grouped(tree, group)[1]
    named = {name for name, node in outputs.items() if node.sql().lower() in grouped or name in grouped}
    more = sorted(named - key)
    hidden = len(group.expressions) > len(named)
    if key <= set(outputs) and (more or hidden):
        by = ", ".join(sorted(named)) + (" and a column that is not selected" if hidden else "")
        yield (
            "HL107",
            tree,
            f"it gives one row for each {by}, and the key of {contract.table} is {', '.join(sorted(key))}",
        )


def _nullable(select: Any, contract: Contract) -> Iterator[Saw]:
    from sqlglot import exp

    outputs = _outputs(select)
    if outputs is None:
        return
    weak = {
        j.this.alias_or_name
        for j in select.args.get("joins") or ()
        if str(j.args.get("side") or "").upper() in ("LEFT", "FULL")
    }
    if any(str(j.args.get("side") or "").upper() in ("RIGHT", "FULL") for j in select.args.get("joins") or ()):
        weak |= {one.alias_or_name for one in sources_of(select)[:1]}
    for column in contract.columns:
        node = outputs.get(column.name.lower())
        if not column.required or node is None:
            continue
        inner = node.this if isinstance(node, exp.Cast) else node
        if isinstance(inner, exp.Column) and inner.table in weak:
            yield (
                "HS115",
                node,
                f"{column.name} is required, and {inner.sql()} is NULL where {inner.table} has no partner",
            )
        elif isinstance(inner, exp.Case) and inner.args.get("default") is None:
            yield "HS115", node, f"{column.name} is required, and its CASE has no ELSE"
        elif isinstance(inner, exp.Nullif) or (isinstance(inner, exp.Div | exp.Round) and inner.find(exp.Nullif)):
            yield "HS115", node, f"{column.name} is required, and NULLIF makes it NULL"
        elif isinstance(inner, exp.Window) and type(inner.this).__name__ in ("Lag", "Lead"):
            yield (
                "HS115",
                node,
                f"{column.name} is required, and {type(inner.this).__name__.upper()} gives NULL at the edge",
            )
        elif isinstance(inner, exp.Null):
            yield "HS115", node, f"{column.name} is required, and it is NULL"


def _types(select: Any, contract: Contract) -> Iterator[Saw]:
    outputs = _outputs(select)
    if outputs is None:
        return
    for column in contract.columns:
        node, wanted = outputs.get(column.name.lower()), _KINDS.get(column.logical_type, "")
        given = _kind(node) if node is not None else ""
        fine = (
            not given
            or not wanted
            or given == wanted
            or (given, wanted) in (("integer", "number"), ("date", "timestamp"))
        )
        if not fine:
            yield (
                "HL108",
                node,
                f"{column.name} is {given} in the query, and {column.physical_type} in the contract of {contract.table}",
            )


def _kind(node: Any) -> str:
    from sqlglot import exp

    if isinstance(node, exp.Cast):
        text = str(node.to).upper()
        return next((kind for word, kind in _SQL_KINDS if text.startswith(word)), "")
    if isinstance(node, exp.Count | exp.RowNumber):
        return "integer"
    if isinstance(node, exp.Literal):
        return "text" if node.is_string and not node.name.startswith("hole ") else ""
    if isinstance(node, exp.Concat | exp.DPipe | exp.Lower | exp.Upper | exp.Trim | exp.TimeToStr | exp.ToChar):
        return "text"
    return ""


def _strangers(tree: Any, known: Mapping[str, Contract]) -> Iterator[Saw]:
    """Columns that a table with a contract does not have."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        tables = {
            one.alias_or_name: known.get(table_name(one)) for one in sources_of(select) if isinstance(one, exp.Table)
        }
        for column in select.find_all(exp.Column):
            contract = tables.get(column.table) if column.parent_select is select else None
            if contract is None or isinstance(column.this, exp.Star):
                continue
            names = [*contract.names, *contract.dropped]
            if column.name not in names:
                near = difflib.get_close_matches(column.name, names, n=1, cutoff=0.75)
                said = f"did you mean {near[0]}?" if near else "(nothing like it is known)"
                yield "HL110", column, f"{column.sql()} is not a column of {contract.table}: {said}"


def _compared(tree: Any, known: Mapping[str, Contract]) -> Iterator[Saw]:
    """Joins by columns of which the contracts, or casts, say different types."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        tables = {one.alias_or_name: known.get(table_name(one)) for one in sources_of(select)}
        for join in select.args.get("joins") or ():
            on = join.args.get("on")
            for equal in on.find_all(exp.EQ) if on is not None else ():
                kinds = [_kind_of(side, tables) for side in (equal.left, equal.right)]
                if all(kinds) and kinds[0] != kinds[1] and set(kinds) != {"integer", "number"}:
                    yield "HL116", equal, f"{equal.sql()} compares {kinds[0]} with {kinds[1]}"


def _kind_of(node: Any, tables: Mapping[str, Contract | None]) -> str:
    from sqlglot import exp

    contract = tables.get(node.table) if isinstance(node, exp.Column) else None
    column = next((one for one in contract.columns if one.name == node.name), None) if contract else None
    return _KINDS.get(column.logical_type, "") if column is not None else _kind(node)


def _joined(tree: Any, known: Mapping[str, Contract]) -> Iterator[Saw]:
    """Joins with a table by less than its key, where rows are summed or counted."""
    from sqlglot import exp

    for select in tree.find_all(exp.Select):
        calls = [call for shown in select.expressions for call in shown.find_all(exp.Sum, exp.Avg, exp.Count)]
        if not calls or many_sides(select):
            continue
        for join in select.args.get("joins") or ():
            contract = known.get(table_name(join.this)) if isinstance(join.this, exp.Table) else None
            on, name = join.args.get("on"), join.this.alias_or_name
            if contract is None or not contract.key or on is None:
                continue
            met = {
                column.name for eq in on.find_all(exp.EQ) for column in eq.find_all(exp.Column) if column.table == name
            }
            lacking = [column for column in contract.key if column not in met]
            others = [c for c in calls if name not in {column.table for column in c.find_all(exp.Column)}]
            if lacking and others:
                yield (
                    "HL104",
                    join,
                    f"{contract.table} is joined without {', '.join(lacking)} of its key, so {others[0].sql()} counts rows several times",
                )
