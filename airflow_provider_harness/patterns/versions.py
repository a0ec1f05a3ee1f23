"""The history of a dimension: each version of a row with the time for which it was valid (SCD type 2)."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Gate, Pattern

FROM, TO, CURRENT, DELETED = "valid_from", "valid_to", "is_current", "is_deleted"
_PARTITION = "PARTITION BY {key} ORDER BY {of}.valid_from ASC NULLS FIRST"


def scd2(
    source: str | Pattern,
    *,
    key: str | Sequence[str],
    columns: str | Sequence[str],
    time: str,
    by: str = "time",
    ties: str | Sequence[str] = (),
    deleted: str | tuple[str, str] | None = None,
    hard_deletes: bool = True,
    deletes: str = "close",
) -> Pattern:
    """Each version of each key with ``valid_from``, ``valid_to`` (null for the last) and ``is_current``.

    Each run computes it from the whole source, so changes may arrive in any order and twice, and a late change between
    two versions ends the version before it. The contract is of mode ``full``.

    :param source: ``schema.table``, or another pattern. By time: a log, one row for each change. By column: an archive
        of snapshots, each of them the whole table as it was.
    :param key: columns that identify a row. Rows with a null in it count as one key; the gate stops them.
    :param columns: columns whose change makes a new version; a null is a value. A repeated version is none.
    :param time: time of the change, or of the snapshot. A gate stops null.
    :param by: ``time`` or ``column``.
    :param ties: columns that order rows of the same key and time, the greatest counts; then a delete wins, then the
        greater text.
    :param deleted: by time: what marks a delete, a boolean column, or a column and its text: ``("op", "d")``.
    :param hard_deletes: by column: a key that the next snapshot lacks was deleted then. False: it stays as it was.
    :param deletes: ``close``: the last version ends at the delete. ``tombstone``: it is followed by one with
        ``is_deleted``, in which the key alone is not null.
    """
    given = sql.Arguments("scd2")
    own, carried = given.names("key", key), given.names("columns", columns)
    (moment,) = given.names("time", time)
    snapshots = given.choice("by", by, ("time", "column")) == "column"
    tombs = given.choice("deletes", deletes, ("close", "tombstone")) == "tombstone"
    if snapshots and deleted is not None:
        fix = "Leave it out: what the next snapshot lacks was deleted. Or give by='time'."
        raise given.wrong("deleted", "is given, and by is 'column'.", fix=fix)
    given.apart(key=own, columns=carried, time=(FROM, TO, CURRENT, *((DELETED,) if tombs else ())))
    steps = [_events(given, source, own, carried, moment, given.names("ties", ties, some=False), deleted)]
    steps += _missing(own, carried) if snapshots and hard_deletes else []
    last = "harness_all" if len(steps) > 1 else "harness_events"
    values = [sql.emptied(name, "v") if tombs else sql.columns([name], "v") for name in carried]
    outputs = [sql.columns(own, "v"), *values, f"v.{FROM}", f"v.{TO}", f"v.{TO} IS NULL AS {CURRENT}"]
    outputs += [f"v.harness_gone AS {DELETED}"] if tombs else []
    where = "" if tombs else " WHERE NOT v.harness_gone"
    return Pattern(
        name="scd2",
        text=f"WITH {', '.join([*steps, *_spans(own, carried, last)])} SELECT {', '.join(outputs)} FROM "
        f"harness_spans AS v{where}",
        columns=(*own, *carried, FROM, TO, CURRENT, *((DELETED,) if tombs else ())),
        gates=_gates(own, tombs),
        mode="full",
    )


def _events(
    given: sql.Arguments,
    source: str | Pattern,
    key: Sequence[str],
    carried: Sequence[str],
    moment: str,
    ties: Sequence[str],
    deleted: str | tuple[str, str] | None,
) -> str:
    """One row for each key and time."""
    gone = sql.gone(given, "deleted", deleted)
    rank = sql.ranked((*key, moment), ties, carried, then=[gone] if deleted else [])
    names = (*key, *carried)
    inside = (
        f"SELECT {sql.columns(names)}, t.{sql.ident(moment)} AS {FROM}, {gone} AS harness_gone, {rank} AS "
        f"harness_rank FROM {given.source('source', source)} AS t"
    )
    return (
        f"harness_events AS (SELECT {sql.columns(names, 'r')}, r.{FROM}, r.harness_gone FROM ({inside}) AS r "
        f"WHERE r.harness_rank = 1)"
    )


def _missing(key: Sequence[str], carried: Sequence[str]) -> list[str]:
    """The deletes that snapshots tell: a key that was in one and is not in the next."""
    names = (*key, *carried)
    times = f"SELECT DISTINCT e.{FROM} FROM harness_events AS e WHERE e.{FROM} IS NOT NULL"
    moments = f"SELECT d.{FROM}, LEAD(d.{FROM}) OVER (ORDER BY d.{FROM}) AS harness_next FROM ({times}) AS d"
    partition = _PARTITION.format(key=sql.columns(key, "e"), of="e")
    seen = (
        f"SELECT {sql.columns(names, 'e')}, e.{FROM}, LEAD(e.{FROM}) OVER ({partition}) AS harness_again FROM "
        f"harness_events AS e"
    )
    lost = (
        f"SELECT {sql.columns(names, 's')}, m.harness_next, TRUE FROM harness_seen AS s JOIN harness_moments AS "
        f"m ON m.{FROM} = s.{FROM} WHERE m.harness_next IS NOT NULL AND (s.harness_again IS NULL OR "
        f"s.harness_again > m.harness_next)"
    )
    live = f"SELECT {sql.columns(names, 'l')}, l.{FROM}, l.harness_gone FROM harness_events AS l"
    return [
        f"harness_moments AS ({moments})",
        f"harness_seen AS ({seen})",
        f"harness_all AS ({live} UNION ALL {lost})",
    ]


def _spans(key: Sequence[str], carried: Sequence[str], of: str) -> list[str]:
    """The changes among the events, and until when each holds."""
    names, partition = (*key, *carried), _PARTITION.format(key=sql.columns(key, "e"), of="e")
    before = [f"LAG(e.{sql.ident(name)}) OVER ({partition}) AS harness_was_{n}" for n, name in enumerate(carried)]
    marked = (
        f"SELECT {sql.columns(names, 'e')}, e.{FROM}, e.harness_gone, LAG(e.harness_gone) OVER ({partition}) "
        f"AS harness_was_gone, {', '.join(before)} FROM {of} AS e"
    )
    other = " OR ".join(f"m.{sql.ident(name)} IS DISTINCT FROM m.harness_was_{n}" for n, name in enumerate(carried))
    new = (
        f"CASE WHEN m.harness_gone THEN m.harness_was_gone IS NOT TRUE ELSE m.harness_was_gone IS NULL OR "
        f"m.harness_was_gone OR {other} END"
    )
    changed = f"SELECT {sql.columns(names, 'm')}, m.{FROM}, m.harness_gone FROM harness_marked AS m WHERE {new}"
    ends = _PARTITION.format(key=sql.columns(key, "c"), of="c")
    spans = (
        f"SELECT {sql.columns(names, 'c')}, c.{FROM}, c.harness_gone, LEAD(c.{FROM}) OVER ({ends}) AS {TO} FROM "
        f"harness_changes AS c"
    )
    return [f"harness_marked AS ({marked})", f"harness_changes AS ({changed})", f"harness_spans AS ({spans})"]


def _gates(key: Sequence[str], tombs: bool) -> tuple[Gate, ...]:
    part = ", ".join(map(sql.ident, key))
    nexts = f"SELECT {TO}, lead({FROM}) OVER (PARTITION BY {part} ORDER BY {FROM}) AS following FROM ${{table}}"
    overlap = (
        f"SELECT count(*) FROM ({nexts}) AS q WHERE q.following IS NOT NULL AND (q.{TO} IS NULL OR q.{TO} > "
        f"q.following)"
    )
    number = f"sum(CASE WHEN {CURRENT} THEN 1 ELSE 0 END)"
    rule = f"q.n {'<>' if tombs else '>'} 1"
    current = f"SELECT count(*) FROM (SELECT {number} AS n FROM ${{table}} GROUP BY {part}) AS q WHERE {rule}"
    return (
        sql.there("key_is_there", (*key, FROM)),
        sql.once("one_version_at_a_time", (*key, FROM)),
        sql.never("version_ends_after_it_begins", f"{TO} <= {FROM}"),
        sql.never("current_has_no_end", f"{CURRENT} IS NULL OR {CURRENT} <> ({TO} IS NULL)"),
        sql.counted("no_overlap", overlap),
        sql.counted("one_current_row", current),
        *(sql.tombstone(DELETED, key) if tombs else ()),
    )
