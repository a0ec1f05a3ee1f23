"""Join each row with the row that was valid at its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Gate, Pattern

MATCHED, KNOWN = "matched_at", "matched_known_at"


def as_of_join(
    left: str | Pattern,
    right: str | Pattern,
    *,
    key: str | Sequence[str] | Mapping[str, str],
    left_key: str | Sequence[str],
    left_time: str,
    right_time: str,
    left_columns: str | Sequence[str] = (),
    right_columns: str | Sequence[str] | Mapping[str, str] = (),
    known_at: str | None = None,
    ties: str | Sequence[str] = (),
    max_age: timedelta | None = None,
    slice_by: str | None = None,
) -> Pattern:
    """Each row of the left once, with the newest row of the right at or before its time, and when that was
    (``matched_at``).

    :param left: ``schema.table``, or another pattern.
    :param right: the same, for a table with a history: prices, versions, measurements.
    :param key: columns that both have, or name on the left -> name on the right. A null matches nothing.
    :param left_key: columns that identify a row of the left; the gate stops a duplicate key.
    :param left_time: time of a row of the left; it is in the result. Null matches nothing.
    :param right_time: since when a row of the right is valid.
    :param left_columns: further columns of the left.
    :param right_columns: columns of the right, or name on the right -> name that it gives.
    :param known_at: the right's column with the time at which a row became known. A row that was not known at
        ``left_time``, or has a null there, is left out, so a later correction does not leak into the past. It is in the
        result as ``matched_known_at``.
    :param ties: columns of the right that order rows of one time; then the greater text decides.
    :param max_age: how old a match may be, in whole seconds; None for no limit.
    :param slice_by: one of the left's columns that are given; a run gives the rows of its slice, and the contract is of
        mode ``incremental``. None: all at once, of mode ``full``.
    """
    given = sql.Arguments("as_of_join")
    keys = dict(key) if isinstance(key, Mapping) else {name: name for name in given.names("key", key)}
    given.names("key", tuple(keys)), given.names("key", tuple(keys.values()))
    own = given.names("left_key", left_key)
    (moment,) = given.names("left_time", left_time)
    mine = tuple(dict.fromkeys((*own, moment, *given.names("left_columns", left_columns, some=False))))
    theirs = _renamed(given, right_columns)
    found = {right_time: MATCHED} | ({known_at: KNOWN} if known_at else {})
    given.apart(left_columns=mine, right_columns=tuple(theirs.values()), right_time=tuple(found.values()))
    sql.sliced(given, slice_by, mine)
    tied = given.names("ties", ties, some=False)
    outputs = [(name, name_out) for part in (theirs, found) for name, name_out in part.items()]
    rows = _rows(tuple(dict.fromkeys((*mine, *keys))), mine, own, given.source("left", left), slice_by)
    on = " AND ".join(_matches(given, keys, moment, right_time, known_at, max_age))
    rank = _newest((*own, "harness_twin"), (right_time, *tied), tuple(theirs))
    right_list = ", ".join(f"b.{sql.ident(name)} AS {sql.ident(out)}" for name, out in outputs)
    joined = (
        f"SELECT {sql.columns(mine, 'a')}, {right_list}, {rank} AS harness_rank FROM ({rows}) AS a LEFT JOIN "
        f"{given.source('right', right)} AS b ON {on}"
    )
    names = (*mine, *(out for _, out in outputs))
    return Pattern(
        name="as_of_join",
        text=f"SELECT {sql.columns(names, 'r')} FROM ({joined}) AS r WHERE r.harness_rank = 1",
        columns=names,
        gates=_gates(own, moment, tuple(found.values())),
        mode="incremental" if slice_by else "full",
    )


def _renamed(given: sql.Arguments, columns: str | Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Name on the right -> name that is given."""
    if not isinstance(columns, Mapping):
        return {name: name for name in given.names("right_columns", columns, some=False)}
    given.names("right_columns", tuple(columns.values()), some=False)
    return dict(zip(given.names("right_columns", tuple(columns), some=False), columns.values(), strict=True))


def _rows(needed: Sequence[str], ordered: Sequence[str], own: Sequence[str], source: str, slice_by: str | None) -> str:
    """The left's rows, with a number that tells even those apart that have the same key: none may vanish before the
    gate."""
    twin = sql.ranked(own, (), ordered)
    here = f" WHERE {sql.in_slice(f't.{sql.ident(slice_by)}')}" if slice_by else ""
    return f"SELECT {sql.columns(needed)}, {twin} AS harness_twin FROM {source} AS t{here}"


def _matches(
    given: sql.Arguments,
    keys: Mapping[str, str],
    moment: str,
    right_time: str,
    known_at: str | None,
    max_age: timedelta | None,
) -> list[str]:
    """The conditions under which a row of the right may stand beside one of the left."""
    seconds = given.span("max_age", max_age)
    then, since = f"a.{sql.ident(moment)}", f"b.{sql.ident(right_time)}"
    found = [sql.equal(keys, "a", "b"), f"{since} <= {then}"]
    found += [f"b.{sql.ident(known_at)} <= {then}"] if known_at else []
    found += [f"{since} >= {then} - INTERVAL '{seconds} SECONDS'"] if seconds else []
    return found


def _newest(partition: Sequence[str], newest: Sequence[str], carried: Sequence[str]) -> str:
    order = [f"b.{sql.ident(name)} DESC NULLS LAST" for name in newest]
    order += [sql.as_text(f"b.{sql.ident(name)}") for name in carried if name not in newest]
    return f"ROW_NUMBER() OVER (PARTITION BY {sql.columns(partition, 'a')} ORDER BY {', '.join(order)})"


def _gates(own: Sequence[str], moment: str, matched: Sequence[str]) -> tuple[Gate, ...]:
    at = sql.ident(moment)
    return (
        sql.once("one_row_per_row", own),
        sql.there("key_is_there", own),
        *(sql.never(f"{name}_is_not_later", f"{sql.ident(name)} > {at}") for name in matched),
    )
