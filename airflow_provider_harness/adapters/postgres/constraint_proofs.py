"""Checks that PostgreSQL's catalog proves: what a validated constraint guarantees need not be counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.checks import ident, literal
from airflow_provider_harness.adapters.sql.values import Family, family, kind_of
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.exact import written

if TYPE_CHECKING:
    import psycopg

CONSTRAINTS = """
SELECT c.conname, c.contype::text,
       ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(n, i)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.i),
       CASE WHEN c.confrelid <> 0 THEN (SELECT n.nspname || '.' || r.relname FROM pg_catalog.pg_class AS r
             JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace WHERE r.oid = c.confrelid) END,
       ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(n, i)
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.i),
       CASE WHEN c.contype = 'c' THEN pg_catalog.pg_get_expr(c.conbin, c.conrelid) END
FROM pg_catalog.pg_constraint AS c JOIN pg_catalog.pg_class AS t ON t.oid = c.conrelid
WHERE c.conrelid = to_regclass({table}) AND c.convalidated AND NOT c.condeferrable AND c.contype IN ('p', 'u', 'f', 'c')
  AND coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) AND {alone}
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS g WHERE g.tgconstraint = c.oid AND g.tgenabled <> 'O')
"""
"""Name, kind, columns, referenced table and columns, expression; none that may be broken at this moment."""

INDEXES = """
SELECT x.relname, ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(n, place)
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.n WHERE k.place <= i.indnkeyatts)
FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
WHERE i.indrelid = to_regclass({table}) AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL AND {alone}
"""

NOT_NULLS = """
SELECT a.attname::text FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS t ON t.oid = a.attrelid
WHERE a.attrelid = to_regclass({table}) AND a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND {alone}
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS c
                  WHERE c.conrelid = a.attrelid AND c.contype = 'n' AND a.attnum = ANY (c.conkey) AND NOT c.convalidated)
"""

ALONE = (
    "(t.relkind = 'p' OR t.relkind = 'r' AND NOT EXISTS "
    "(SELECT 1 FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = t.oid))"
)
"""A table whose rows are all its own: an inheriting table is read with its parent, without the parent's constraints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One constraint that holds now.

    :param kind: ``p`` primary key, ``u`` unique, ``f`` foreign key, ``c`` check; PostgreSQL's letters.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    table: str = ""
    theirs: tuple[str, ...] = ()
    expression: str = ""


def proofs(connection: psycopg.Connection[Any], contract: Contract, table: str) -> dict[str, str]:
    """Check id -> the constraint of a table that proves it."""
    place = {"table": literal(ident(table)), "alone": ALONE}
    found = [
        Constraint(name=n, kind=k, columns=tuple(c), table=t or "", theirs=tuple(r), expression=e or "")
        for n, k, c, t, r, e in connection.execute(CONSTRAINTS.format(**place).encode()).fetchall()
    ]
    found += [
        Constraint(name=name, kind="u", columns=tuple(columns))
        for name, columns in connection.execute(INDEXES.format(**place).encode()).fetchall()
    ]
    filled = {name for (name,) in connection.execute(NOT_NULLS.format(**place).encode()).fetchall()}
    return dict(_proved(contract, found, filled))


def _proved(contract: Contract, found: Sequence[Constraint], filled: set[str]) -> Iterator[tuple[str, str]]:
    for check in contract.checks:
        if check.looks_inside:
            continue
        if check.kind is CheckKind.NOT_NULL and not check.values and check.columns[0] in filled:
            yield check.id, f"column {check.columns[0]} is NOT NULL"
            continue
        proof = next((one for one in found if _implies(one, check, contract)), None)
        if proof is not None:
            yield check.id, f"{_WORDS[proof.kind]} {proof.name}"


_WORDS: Mapping[str, str] = {"p": "primary key", "u": "unique", "f": "foreign key", "c": "check constraint"}


def _implies(one: Constraint, check: Check, contract: Contract) -> bool:
    if check.kind is CheckKind.UNIQUE:
        return one.kind in "pu" and set(one.columns) <= set(check.columns)
    if check.kind is CheckKind.REFERENTIAL and check.reference is not None:
        own = set(zip(one.columns, one.theirs, strict=False))
        same = own == set(zip(check.columns, check.reference.columns, strict=True))
        return one.kind == "f" and one.table == check.reference.table and same
    if check.kind in (CheckKind.RANGE, CheckKind.ACCEPTED_VALUES) and one.kind == "c":
        alone = any(_bounds(part, check) for part in _parts(one.expression)) and not _lets_nan_pass(check, contract)
        return alone or _both_bounds(one.expression, check)
    return False


def _lets_nan_pass(check: Check, contract: Contract) -> bool:
    """Whether a lowest value alone is asked for of numbers among which NaN may be: it is over every number."""
    own = family(kind_of(contract, check.columns[0]))
    return check.kind is CheckKind.RANGE and check.high is None and own in (Family.BINARY, Family.DECIMAL, Family.OTHER)


def _parts(expression: str) -> list[Any]:
    """The conditions of a check constraint that must all hold; none if it cannot be read."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(expression, read="postgres").unnest()
    except SqlglotError:
        return []
    return [part.unnest() for part in tree.flatten()] if isinstance(tree, exp.And) else [tree]


def _bounds(part: Any, check: Check) -> bool:
    """Whether one condition alone implies a check."""
    sides = _sides(part, check)
    if check.kind is CheckKind.RANGE:
        return (check.low is None or "low" in sides) and (check.high is None or "high" in sides)
    return "values" in sides


def _both_bounds(expression: str, check: Check) -> bool:
    sides = {side for part in _parts(expression) for side in _sides(part, check)}
    return check.kind is CheckKind.RANGE and sides >= {"low", "high"}


def _sides(part: Any, check: Check) -> set[str]:
    """Which bounds of a check a condition on its column implies."""
    from sqlglot import exp

    if not isinstance(part, exp.Binary) or not _is_column(part.left, check.columns[0]):
        return set()
    if check.kind is CheckKind.ACCEPTED_VALUES:
        listed = set(_listed(part))
        return {"values"} if listed and listed <= {str(value) for value in check.values} else set()
    number = _number(part.right)
    both = [bound for bound in (check.low, check.high) if bound is not None]
    if number is None or not all(isinstance(bound, int | float | Decimal) and bound == bound for bound in both):
        return set()
    low, high = written(check.low), written(check.high)
    found = set()
    strict = isinstance(part, exp.GT | exp.LT)
    if isinstance(part, exp.GTE | exp.GT) and (low is None or _within(low, number, check.low_open and not strict)):
        found.add("low")
    if isinstance(part, exp.LTE | exp.LT) and (high is None or _within(number, high, check.high_open and not strict)):
        found.add("high")
    return found


def _within(less: Any, more: Any, apart: bool) -> bool:
    return bool(less < more if apart else less <= more)


def accepted(expression: str) -> dict[str, tuple[str, ...]]:
    """Column -> the texts that a check constraint allows it, in their order; columns of which it says something else are left out.

    :param expression: as PostgreSQL keeps it.
    """
    from sqlglot import exp

    parts = [part for part in _parts(expression) if isinstance(part, exp.EQ)]
    found = {
        _unwrapped(part.left).name: _listed(part) for part in parts if isinstance(_unwrapped(part.left), exp.Column)
    }
    return {name: values for name, values in found.items() if values}


def _listed(part: Any) -> tuple[str, ...]:
    """The texts of ``column = ANY (ARRAY[...])``, which is how PostgreSQL keeps ``IN``."""
    from sqlglot import exp

    if not isinstance(part, exp.EQ):
        return ()
    right = part.right.this.unnest() if isinstance(part.right, exp.Any) else part.right
    while isinstance(right, exp.Cast | exp.Paren):
        right = right.this
    found = [_unwrapped(value) for value in (right.expressions if isinstance(right, exp.Array) else [right])]
    plain = all(isinstance(value, exp.Literal) and value.is_string for value in found)
    return tuple(value.name for value in found) if plain else ()


def _is_column(node: Any, name: str) -> bool:
    from sqlglot import exp

    bare = _unwrapped(node)
    return isinstance(bare, exp.Column) and bare.name == name


def _number(node: Any) -> Decimal | None:
    from sqlglot import exp

    bare = _unwrapped(node)
    sign = -1 if isinstance(bare, exp.Neg) else 1
    bare = _unwrapped(bare.this) if isinstance(bare, exp.Neg) else bare
    try:
        found = sign * Decimal(bare.name) if isinstance(bare, exp.Literal) else None
    except InvalidOperation:
        return None
    return found if found is None or found.is_finite() else None


def _unwrapped(node: Any) -> Any:
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    return node
