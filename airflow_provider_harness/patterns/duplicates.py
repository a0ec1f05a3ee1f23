"""Keep one row of each key of a source that has several."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Pattern


def deduplicate(
    source: str | Pattern,
    *,
    key: str | Sequence[str],
    columns: str | Sequence[str],
    order_by: str | Sequence[str],
    keep: str = "last",
    slice_by: str | None = None,
) -> Pattern:
    """One row of each key: the last or the first.

    :param source: ``schema.table``, or another pattern.
    :param key: columns that identify a row. Rows with a null in it count as one key; the gate stops them.
    :param columns: other columns that it gives.
    :param order_by: columns that order the rows of a key; null comes last either way. If rows are equal in these, the
        text of the result's columns decides, so the same row is kept each time.
    :param keep: ``last`` or ``first``.
    :param slice_by: one of the columns; a run gives the keys whose row lies in its slice, and the contract is of mode
        ``merge``. None: all at once, of mode ``full``.
    """
    given = sql.Arguments("deduplicate")
    own, carried = given.names("key", key), given.names("columns", columns, some=False)
    given.apart(key=own, columns=carried)
    names = (*own, *carried)
    sql.sliced(given, slice_by, names)
    way = {"last": "DESC", "first": "ASC"}[given.choice("keep", keep, ("last", "first"))]
    rank = sql.ranked(own, given.names("order_by", order_by), names, way=way)
    inside = f"SELECT {sql.columns(names)}, {rank} AS harness_rank FROM {given.source('source', source)} AS t"
    here = f" AND {sql.in_slice(f'r.{sql.ident(slice_by)}')}" if slice_by else ""
    return Pattern(
        name="deduplicate",
        text=f"SELECT {sql.columns(names, 'r')} FROM ({inside}) AS r WHERE r.harness_rank = 1{here}",
        columns=names,
        gates=(sql.once("one_row_per_key", own), sql.there("key_is_there", own)),
        mode="merge" if slice_by else "full",
    )
