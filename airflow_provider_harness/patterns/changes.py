"""The current state of a table from its captured changes."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Gate, Pattern

DELETED = "is_deleted"


def current_state(
    changes: str | Pattern,
    *,
    key: str | Sequence[str],
    columns: str | Sequence[str],
    sequence: str | Sequence[str],
    deleted: str | tuple[str, str] | None = None,
    deletes: str = "drop",
    slice_by: str | None = None,
) -> Pattern:
    """The newest row of each key in a log of changes, in whatever order they arrived.

    :param changes: ``schema.table`` of the log, or another pattern; a row is the whole row after a change.
    :param key: columns of the primary key. Changes with a null in it count as one key; the gate stops them.
    :param columns: other columns that it gives.
    :param sequence: columns that order the changes of a key, the most important first; null is the oldest. Of changes
        that are equal in all of them, a delete wins, then the greater text of the columns, so the same one is taken
        each time.
    :param deleted: what marks a delete: a boolean column, or a column and its text: ``("op", "d")``. None: nothing is
        deleted.
    :param deletes: ``drop``: the result has no row for a deleted key. ``tombstone``: the result has a row with
        ``is_deleted``, the key and the ``sequence`` and ``slice_by`` columns; other columns are null.
    :param slice_by: one of the columns; a run gives the keys whose newest change lies in its slice, and the contract is
        of mode ``merge``, so deletes are tombstones. None: all at once, of mode ``full``.
    """
    given = sql.Arguments("current_state")
    own, carried = given.names("key", key), given.names("columns", columns, some=False)
    order = given.names("sequence", sequence)
    tombs = _tombstones(given, deleted, deletes, slice_by)
    given.apart(key=own, columns=carried, deletes=(DELETED,) if tombs else ())
    names = (*own, *carried)
    sql.sliced(given, slice_by, names)
    gone = sql.gone(given, "deleted", deleted)
    rank = sql.ranked(own, order, names, then=[gone] if deleted else [])
    log = f"{given.source('changes', changes)} AS t"
    inside = f"SELECT {sql.columns(names)}, {gone} AS harness_gone, {rank} AS harness_rank FROM {log}"
    kept = {*own, *order, slice_by}
    outside = [sql.emptied(name, "r") if tombs and name not in kept else sql.columns([name], "r") for name in names]
    outside += [f"r.harness_gone AS {sql.ident(DELETED)}"] if tombs else []
    where = ["r.harness_rank = 1", *([] if tombs else ["NOT r.harness_gone"])]
    where += [sql.in_slice(f"r.{sql.ident(slice_by)}")] if slice_by else []
    return Pattern(
        name="current_state",
        text=f"SELECT {', '.join(outside)} FROM ({inside}) AS r WHERE {' AND '.join(where)}",
        columns=(*names, DELETED) if tombs else names,
        gates=(*_gates(own), *(sql.tombstone(DELETED, own) if tombs else ())),
        mode="merge" if slice_by else "full",
    )


def _tombstones(
    given: sql.Arguments, deleted: str | tuple[str, str] | None, deletes: str, slice_by: str | None
) -> bool:
    """Whether deleted keys stay, and whether that fits the other arguments."""
    tombs = given.choice("deletes", deletes, ("drop", "tombstone")) == "tombstone"
    if tombs and deleted is None:
        fix = 'Name what marks a delete: "is_deleted", or ("op", "d").'
        raise given.wrong("deleted", "is not given, and deletes is 'tombstone'.", fix=fix)
    if slice_by and deleted is not None and not tombs:
        fix = "Give deletes='tombstone', or no slice_by."
        raise given.wrong("deletes", "is 'drop', and mode merge takes no row away.", valid=("tombstone",), fix=fix)
    return tombs


def _gates(key: Sequence[str]) -> tuple[Gate, ...]:
    return sql.once("one_row_per_key", key), sql.there("key_is_there", key)
