"""Rules of SQL where rows pass by: which of them DuckDB reads as the warehouse does, and which columns they need."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.adapters.sql.checks import UNDER_TEST, WHOLE
from airflow_provider_harness.adapters.sql.values import Family, family, kind_of
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode

_ALIKE = """
Select From Where Group Having Order Ordered Limit With CTE Subquery Table TableAlias Alias Column Identifier Star
Literal Boolean Null Paren Tuple And Or Not Is EQ NEQ LT LTE GT GTE Between In Exists Case If Coalesce Nullif Neg Add Sub
Mul Count Sum Min Max Abs Filter Distinct Union Except Intersect Join All
"""
ALIKE = frozenset(_ALIKE.split())
"""Parts of a statement, by sqlglot's names, that mean the same in PostgreSQL and in DuckDB. Division, casts, functions of
texts and moments and operators of patterns are not among them: they are the warehouse's to run."""


def columns_in_flight(sql: str, contract: Contract) -> tuple[str, ...] | None:
    """The columns that a rule reads, where it can be run on the rows that pass by; None if it reads other tables, or says
    what the engines do not read alike.

    >>> from airflow_provider_harness.core.contracts.contract import Column, LogicalType
    >>> one = Column(name="n", logical_type=LogicalType.INTEGER, physical_type="bigint")
    >>> contract = Contract(id="t", version="1", name="t", table="public.t", columns=(one,))
    >>> columns_in_flight("SELECT count(*) FROM ${table} WHERE n > 4", contract)
    ('n',)
    >>> columns_in_flight("SELECT count(*) FROM ${table} WHERE n / 2 > 4", contract) is None
    True
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql.replace("${table}", UNDER_TEST), read="postgres")
    except SqlglotError:
        return None
    if any(type(node).__name__ not in ALIKE for node in tree.walk()):
        return None
    own = {UNDER_TEST, *(cte.alias for cte in tree.find_all(exp.CTE))}
    if contract.load.mode is LoadMode.FULL and not contract.quarantine.possible:
        own.add(WHOLE)  # the rows that pass by are all that there will be: none of them is set aside
    if any(table.name not in own or table.db for table in tree.find_all(exp.Table)):
        return None
    if any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star)):
        return None
    named = {node.name for node in tree.find_all(exp.Column)}
    found = tuple(name for name in contract.names if name in named)
    return found if all(_alike(tree, name, contract) for name in found) else None


CARRIED = (Family.WHOLE, Family.DECIMAL, Family.BINARY, Family.BOOLEAN, Family.TEXT, Family.DATE)
"""What travels as what it is: padded texts, uuids, JSON and moments are compared otherwise on their way."""


def _alike(tree: Any, name: str, contract: Contract) -> bool:
    """Whether a column is compared in the same way on its way and at its end: texts are told apart, and not put in order,
    which depends on a collation, nor compared with numbers."""
    from sqlglot import exp

    own = family(kind_of(contract, name))
    if own is not Family.TEXT:
        return own in CARRIED
    order = exp.LT | exp.LTE | exp.GT | exp.GTE | exp.Between | exp.Min | exp.Max | exp.Ordered
    for node in tree.find_all(exp.Binary, exp.In, exp.Between, exp.Min, exp.Max, exp.Ordered):
        parts = [] if isinstance(node, exp.Connector) else list(node.find_all(exp.Column, exp.Literal))
        numbers = any(isinstance(one, exp.Literal) and not one.is_string for one in parts)
        here = any(isinstance(one, exp.Column) and one.name == name for one in parts)
        if here and (isinstance(node, order) or numbers):
            return False
    return True
