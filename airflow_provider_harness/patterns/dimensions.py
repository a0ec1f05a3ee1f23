"""A dimension whose rows arrive after the facts that refer to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Pattern

INFERRED = "is_inferred"


def late_dimension(
    dimension: str | Pattern,
    facts: str | Pattern,
    *,
    key: str | Sequence[str] | Mapping[str, str],
    columns: str | Sequence[str],
) -> Pattern:
    """All rows of a dimension, and for each key that only facts have yet, a row with only the key and ``is_inferred``.
    So a join loses no fact. When the row itself arrives, the next run replaces the inferred row. The contract is of
    mode ``full``.

    :param dimension: ``schema.table``, or another pattern.
    :param facts: the same, for the table that refers to it.
    :param key: columns that both have, or name in the dimension -> name in the facts. A fact with a null in it refers
        to nothing.
    :param columns: other columns of the dimension.
    """
    given = sql.Arguments("late_dimension")
    keys = dict(key) if isinstance(key, Mapping) else {name: name for name in given.names("key", key)}
    own, theirs = given.names("key", tuple(keys)), given.names("key", tuple(keys.values()))
    carried = given.names("columns", columns, some=False)
    given.apart(key=own, columns=carried, dimension=(INFERRED,))
    home = given.source("dimension", dimension)
    known = f"SELECT {sql.columns((*own, *carried), 'd')}, FALSE AS {INFERRED} FROM {home} AS d"
    there = " AND ".join(f"t.{sql.ident(name)} IS NOT NULL" for name in theirs)
    named = f"SELECT DISTINCT {sql.columns(theirs)} FROM {given.source('facts', facts)} AS t WHERE {there}"
    listed = [sql.columns([other], "f") for other in theirs] + [sql.columns([name], "d") for name in carried]
    new = (
        f"SELECT {', '.join(listed)}, TRUE FROM ({named}) AS f LEFT JOIN {home} AS d ON "
        f"{sql.equal(keys, 'd', 'f')} WHERE {sql.columns(own[:1], 'd')} IS NULL"
    )
    return Pattern(
        name="late_dimension",
        text=f"{known} UNION ALL {new}",
        columns=(*own, *carried, INFERRED),
        gates=(
            sql.once("one_row_per_key", own),
            sql.there("key_is_there", own),
            sql.never("is_inferred_is_known", f"{INFERRED} IS NULL"),
        ),
        mode="full",
    )
