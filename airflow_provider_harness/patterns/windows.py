"""Windows of time that do not overlap, with a bound for rows that arrive late, and the rows behind that bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from airflow_provider_harness.patterns import arguments as sql
from airflow_provider_harness.patterns.pattern import Engine, Gate, Pattern

START, END, ROWS, CLOSED = "window_start", "window_end", "row_count", "closed_at"
DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""Size by the calendar -> the most days that it has."""
MEASURES = {
    "count": "COUNT({0})",
    "count_distinct": "COUNT(DISTINCT {0})",
    "sum": "SUM({0})",
    "min": "MIN({0})",
    "max": "MAX({0})",
    "avg": "AVG({0})",
}
"""Name of a measure -> its SQL; nulls are left out by all of them."""
_FIXED = {
    Engine.POSTGRES: "TO_TIMESTAMP(FLOOR(EXTRACT(EPOCH FROM {at}) / {n}) * {n})",
    Engine.BIGQUERY: "TIMESTAMP_SECONDS(UNIX_SECONDS({at}) - MOD(MOD(UNIX_SECONDS({at}), {n}) + {n}, {n}))",
    Engine.DUCKDB: "TIME_BUCKET(INTERVAL '{n} seconds', {at}, TIMESTAMPTZ '1970-01-01 00:00:00+00')",
}
_LOCAL = "DATE_TRUNC('{unit}', {at} AT TIME ZONE {zone}) AT TIME ZONE {zone}"
_CALENDAR = {
    Engine.POSTGRES: _LOCAL,
    Engine.BIGQUERY: "TIMESTAMP(DATETIME_TRUNC(DATETIME({at}, {zone}), {unit}), {zone})",
    Engine.DUCKDB: _LOCAL,
}
_NEXT_LOCAL = "({at} AT TIME ZONE {zone} + INTERVAL '{n} {unit}') AT TIME ZONE {zone}"
_NEXT = {
    Engine.POSTGRES: _NEXT_LOCAL,
    Engine.BIGQUERY: "TIMESTAMP(DATETIME_ADD(DATETIME({at}, {zone}), INTERVAL {n} {unit}), {zone})",
    Engine.DUCKDB: _NEXT_LOCAL,
}


def tumbling_window(
    source: str | Pattern,
    *,
    time: str,
    size: timedelta | str,
    group_by: str | Sequence[str] = (),
    measures: Mapping[str, tuple[str, str]] | None = None,
    arrived: str | None = None,
    lateness: timedelta | None = None,
    time_zone: str = "UTC",
    sliced: bool = False,
) -> Pattern:
    """One row for each group and window that has rows: ``window_start``, ``window_end``, ``row_count`` and measures.

    A window holds the moments from its start, without its end.

    :param source: ``schema.table``, or another pattern.
    :param time: time of a row, a timestamp with a zone. A row without a time is in no window.
    :param size: a length of time in whole seconds, counted from 1970-01-01 in UTC; or by the calendar of ``time_zone``:
        ``day``, ``week`` (from Monday), ``month``, ``quarter``, ``year``.
    :param group_by: columns whose values have windows of their own; null is a value.
    :param measures: name that it gives -> (``count``, ``count_distinct``, ``sum``, ``min``, ``max`` or ``avg``,
        column).
    :param arrived: arrival time of a row. With ``lateness``, windows leave out later rows, and rows with a null there;
        ``late_rows`` with the same arguments returns them.
    :param lateness: how long after its end a window takes rows, in whole seconds. Once that is over, a re-run gives the
        same.
    :param time_zone: IANA name; for sizes by the calendar.
    :param sliced: a run gives the windows that start in its slice, and the contract is of mode ``incremental`` by
        ``window_start``; else all at once, of mode ``full``.
    """
    given = sql.Arguments("tumbling_window")
    groups = given.names("group_by", group_by, some=False)
    found = _measures(given, measures or {})
    given.apart(group_by=groups, measures=tuple(found), size=(START, END, ROWS))
    needed = tuple(dict.fromkeys((*groups, *(column for _, column in found.values()))))
    inside, snippets = _windowed(given, source, needed, time, size, arrived, lateness, time_zone, sliced)
    listed = [f"w.{sql.ident(name)}" for name in (*groups, START, END)]
    made = [f"COUNT(*) AS {ROWS}"]
    made += [
        f"{MEASURES[what].format(f'w.{sql.ident(of)}')} AS {sql.ident(name)}" for name, (what, of) in found.items()
    ]
    where = [f"w.{START} IS NOT NULL", *([f"w.harness_arrived < w.{CLOSED}"] if arrived else [])]
    where += [sql.in_slice(f"w.{START}")] if sliced else []
    return Pattern(
        name="tumbling_window",
        text=f"SELECT {', '.join([*listed, *made])} FROM ({inside}) AS w WHERE {' AND '.join(where)} GROUP BY "
        f"{', '.join(listed)}",
        columns=(*groups, START, END, ROWS, *found),
        gates=_gates(groups, size),
        mode="incremental" if sliced else "full",
        snippets=snippets,
    )


def late_rows(
    source: str | Pattern,
    *,
    columns: str | Sequence[str],
    time: str,
    size: timedelta | str,
    arrived: str,
    lateness: timedelta,
    time_zone: str = "UTC",
    sliced: bool = False,
) -> Pattern:
    """The rows that ``tumbling_window`` with the same arguments leaves out, with their window and when it closed
    (``closed_at``).

    Each row with a time is either in a window or here. The other parameters are those of ``tumbling_window``.

    :param columns: columns that it gives, with or without ``time`` and ``arrived``, which it gives anyway.
    """
    given = sql.Arguments("late_rows")
    named = given.names("columns", columns, some=False)
    names = tuple(dict.fromkeys((*named, *given.names("time", time), *given.names("arrived", arrived))))
    given.apart(columns=names, size=(START, END, CLOSED))
    inside, snippets = _windowed(given, source, names, time, size, arrived, lateness, time_zone, sliced)
    here = f" AND {sql.in_slice(f'w.{START}')}" if sliced else ""
    given_back = (*names, START, END, CLOSED)
    return Pattern(
        name="late_rows",
        text=f"SELECT {sql.columns(given_back, 'w')} FROM ({inside}) AS w "
        f"WHERE w.{START} IS NOT NULL AND (w.harness_arrived < w.{CLOSED}) IS NOT TRUE{here}",
        columns=given_back,
        gates=(sql.never("only_late_rows", f"{sql.ident(arrived)} < {CLOSED}"),),
        mode="incremental" if sliced else "full",
        snippets=snippets,
    )


Snippets = dict[str, dict[Engine, str]]


def _windowed(
    given: sql.Arguments,
    source: str | Pattern,
    names: Sequence[str],
    time: str,
    size: timedelta | str,
    arrived: str | None,
    lateness: timedelta | None,
    time_zone: str,
    sliced: bool,
) -> tuple[str, Snippets]:
    """The rows with the window that each lies in, and when that takes no more."""
    if (arrived is None) != (lateness is None):
        missing = "lateness" if lateness is None else "arrived"
        raise given.wrong(missing, "is not given.", fix="Give both arrived and lateness, or neither.")
    (moment,) = given.names("time", time)
    starts, ends, most = _placed(given, moment, size, time_zone)
    inner = ", ".join([*(f"t.{sql.ident(n)}" for n in names), f'"harness:start" AS {START}'])
    inner += f", t.{sql.ident(arrived)} AS harness_arrived" if arrived else ""
    at = f"t.{sql.ident(moment)}"
    here = f" WHERE {at} >= %(slice_start)s AND {at} < %(slice_end)s + INTERVAL '{most} SECONDS'" if sliced else ""
    more = ", s.harness_arrived" if arrived else ""
    rows = f"SELECT {inner} FROM {given.source('source', source)} AS t{here}"
    placed = f'SELECT {sql.columns((*names, START), "s")}{more}, "harness:end" AS {END} FROM ({rows}) AS s'
    snippets = {"harness:start": starts, "harness:end": ends}
    if not arrived:
        return placed, snippets
    seconds = given.span("lateness", lateness, zero=True)
    listed = sql.columns((*names, START, END), "e")
    closed = f"e.{END} + INTERVAL '{seconds} SECONDS' AS {CLOSED}"
    return f"SELECT {listed}, e.harness_arrived, {closed} FROM ({placed}) AS e", snippets


def _placed(
    given: sql.Arguments, moment: str, size: timedelta | str, time_zone: str
) -> tuple[dict[Engine, str], dict[Engine, str], int]:
    """What gives a window's start and its end, per engine, and the most seconds that it lasts."""
    mark = {engine: "`" if engine is Engine.BIGQUERY else '"' for engine in Engine}
    name = moment.replace('"', '""')
    at = {e: f"t.{mark[e]}{moment if e is Engine.BIGQUERY else name}{mark[e]}" for e in Engine}
    at = {e: said if e is Engine.DUCKDB else said.replace("%", "%%") for e, said in at.items()}
    start = dict.fromkeys(Engine, f"s.{START}")
    if isinstance(size, timedelta):
        n = given.span("size", size)
        starts = {e: _FIXED[e].format(at=at[e], n=n) for e in Engine}
        return starts, {e: f"{start[e]} + INTERVAL {_seconds(e, n)}" for e in Engine}, n
    valid = ("a timedelta", *DAYS)
    if size not in DAYS:
        raise given.wrong("size", f"is {size!r}.", valid=valid, fix="Give one of these.")
    zone = sql.text(_zone(given, time_zone))
    unit = {e: "ISOWEEK" if e is Engine.BIGQUERY and size == "week" else size.upper() for e in Engine}
    length = {e: ("3", "MONTH") if size == "quarter" else ("1", size.upper()) for e in Engine}
    starts = {e: _CALENDAR[e].format(at=at[e], zone=zone, unit=unit[e]) for e in Engine}
    ends = {e: _NEXT[e].format(at=start[e], zone=zone, n=length[e][0], unit=length[e][1]) for e in Engine}
    return starts, ends, (DAYS[size] + 1) * 86400


def _seconds(engine: Engine, n: int) -> str:
    return f"{n} SECOND" if engine is Engine.BIGQUERY else f"'{n} SECONDS'"


def _zone(given: sql.Arguments, name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        fix = "Give an IANA name such as Europe/Berlin."
        raise given.wrong("time_zone", f"is {name!r}.", fix=fix) from error
    return name


def _measures(given: sql.Arguments, measures: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Name -> measure and column, as given."""
    given.names("measures", tuple(measures), some=False)
    for name, said in measures.items():
        if not isinstance(said, tuple) or len(said) != 2 or said[0] not in MEASURES:
            fix = 'Give a measure and a column: ("sum", "amount").'
            raise given.wrong("measures", f"{name!r} is {said!r}.", valid=tuple(MEASURES), fix=fix)
        given.names("measures", said[1])
    return dict(measures)


def _gates(groups: Sequence[str], size: timedelta | str) -> tuple[Gate, ...]:
    key = ", ".join(sql.ident(name) for name in (*groups, START))
    twice = f"SELECT count(*) FROM (SELECT count(*) AS n FROM ${{table}} GROUP BY {key}) AS q WHERE q.n > 1"
    return (
        sql.counted("one_row_per_window", twice),
        sql.never("window_is_there", f"{START} IS NULL OR {END} IS NULL OR {START} >= {END}"),
        sql.never("window_has_rows", f"{ROWS} IS NULL OR {ROWS} < 1"),
        sql.counted("no_overlap", _overlap(groups)),
    )


def _overlap(groups: Sequence[str]) -> str:
    part = f"PARTITION BY {', '.join(map(sql.ident, groups))} " if groups else ""
    nexts = f"SELECT {END}, lead({START}) OVER ({part}ORDER BY {START}) AS following FROM ${{table}}"
    return f"SELECT count(*) FROM ({nexts}) AS q WHERE q.{END} > q.following"
