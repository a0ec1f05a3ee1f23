"""A folder of events: which rows arrive when, and what happens to their sources.

``FOLDER/<connection>/schema.sql`` is run before the clock starts; ``FOLDER/<connection>/<schema>.<table>.csv`` (or ``.jsonl``) holds
rows, each with the moment ``arrives_at``; ``FOLDER/simulation.yaml`` holds the rest, and may be absent.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.slices.moments import moment_of

ARRIVES = "arrives_at"
"""The field of an event that says when its row is there; every other field is a column."""
PLAN = "simulation.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A row that is in its table from a moment on.

    :param at: UTC.
    :param place: file and line, for errors.
    :param row: column -> value as text; None for null.
    """

    at: datetime
    place: str
    conn_id: str
    table: str
    row: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL that somebody runs in a database.

    :param at: UTC; None for before the clock starts.
    """

    at: datetime | None
    place: str
    conn_id: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which a database refuses every connection, from ``start`` up to ``end``; both UTC."""

    conn_id: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """Tries of a task whose process is killed, so that no callback runs.

    :param at: ``start``: before the work; ``end``: when the work is done, and Airflow has not been told.
    :param tries: how many tries, 1 or more, counted over all runs.
    """

    task_id: str
    at: str = "start"
    tries: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What happens around a Dag.

    :param dag: id or file of the Dag, relative to the folder; empty where the command names it.
    :param start: UTC; when the clock starts; None for the Dag's own start.
    :param until: UTC; when it ends; None where the command says so.
    :param runs: UTC; when a Dag without a schedule by a clock is started by hand.
    :param hide: ``connection/schema.table.column`` that is left out of the outcome, as it is not the same twice.
    """

    arrivals: Sequence[Arrival] = ()
    statements: Sequence[Statement] = ()
    outages: Sequence[Outage] = ()
    kills: Sequence[Kill] = ()
    dag: str = ""
    start: datetime | None = None
    until: datetime | None = None
    runs: Sequence[datetime] = ()
    hide: frozenset[str] = frozenset()

    @property
    def connections(self) -> frozenset[str]:
        """The connections that the script speaks of."""
        named = (self.arrivals, self.statements, self.outages)
        return frozenset(one.conn_id for several in named for one in several)


def read(folder: Path) -> Script:
    """The events of a folder.

    :raises ConfigurationError: it is not there, or something in it cannot be read; the file and the line are named.
    """
    if not folder.is_dir():
        raise ConfigurationError(
            f"events {folder}", "is not a folder.", fix="Give a folder with one folder a connection."
        )
    arrivals: list[Arrival] = []
    set_up: list[Statement] = []
    for home in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(home.iterdir()):
            if path.suffix == ".sql":
                set_up.append(Statement(at=None, place=str(path), conn_id=home.name, sql=path.read_text("utf-8")))
            elif path.suffix in _ROWS:
                arrivals += _arrivals(path, home.name)
            else:
                raise ConfigurationError(str(path), "is not a file of events.", valid=(".sql", *_ROWS))
    plan = _plan(folder / PLAN)
    said = _said(plan, str(folder / PLAN))
    return Script(**{**said, "arrivals": tuple(arrivals), "statements": (*set_up, *said["statements"])})


def _arrivals(path: Path, conn_id: str) -> Iterator[Arrival]:
    table = path.name.removesuffix(path.suffix)
    if table.count(".") != 1:
        raise ConfigurationError(
            str(path), "does not name its table.", fix=f"Call it schema.table{path.suffix}, as public.orders.csv."
        )
    for line, row in _ROWS[path.suffix](path):
        place = f"{path}:{line}"
        if ARRIVES not in row:
            raise ConfigurationError(place, f"has no {ARRIVES}.", fix="Say when the row is there, in ISO 8601.")
        at = moment(row.pop(ARRIVES), f"{place}: {ARRIVES}")
        yield Arrival(at=at, place=place, conn_id=conn_id, table=table, row=row)


def _csv(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows of a CSV file with the line that each ends on; an empty field is null."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        head = next(rows, [])
        while True:
            try:
                fields = next(rows, None)
            except csv.Error as error:
                raise ConfigurationError(f"{path}:{rows.line_num}", f"is not CSV: {error}.") from error
            if fields is None:
                return
            if len(fields) != len(head):
                why = f"has {len(fields)} field(s), and the head has {len(head)}."
                raise ConfigurationError(f"{path}:{rows.line_num}", why)
            yield rows.line_num, {name: value or None for name, value in zip(head, fields, strict=True)}


def _jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text, parse_float=str, parse_int=str)
        except ValueError as error:
            raise ConfigurationError(f"{path}:{line}", f"is not JSON: {error}.") from error
        if not isinstance(row, dict):
            raise ConfigurationError(f"{path}:{line}", "is not an object.", fix="Write one JSON object a line.")
        yield line, {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


_ROWS = {".csv": _csv, ".jsonl": _jsonl}


def moment(value: Any, place: str) -> datetime:
    """A moment in UTC.

    :param place: what is named where it cannot be read.
    :raises ConfigurationError: it is no moment, or has no zone.
    """
    return moment_of(str(value), place).astimezone(UTC)


def _plan(path: Path) -> Mapping[str, Any]:
    from airflow_provider_harness.adapters.yaml_files.reading import parse

    if not path.exists():
        return {}
    found = parse(path.read_bytes(), str(path), "Correct it.") or {}
    if not isinstance(found, dict) or (unknown := sorted(set(map(str, found)) - set(_PLAN))):
        what = f"has the unknown key(s) {', '.join(unknown)}." if isinstance(found, dict) else "is not a mapping."
        raise ConfigurationError(str(path), what, valid=tuple(_PLAN))
    return found


_PLAN: Mapping[str, tuple[str, ...]] = {
    "dag": (),
    "start": (),
    "until": (),
    "runs": (),
    "hide": (),
    "outages": ("connection", "from", "until"),
    "statements": ("connection", "at", "sql"),
    "kills": ("task",),
}
"""Key of the plan -> what each of its items must say."""


def _said(plan: Mapping[str, Any], path: str) -> dict[str, Any]:
    ends = {name: moment(plan[name], f"{path}: {name}") for name in ("start", "until") if plan.get(name) is not None}
    return {
        **ends,
        "dag": str(plan.get("dag") or ""),
        "runs": tuple(moment(at, f"{path}: runs[{n}]") for n, at in enumerate(_list(plan, "runs", path))),
        "hide": frozenset(map(str, _list(plan, "hide", path))),
        "outages": tuple(
            Outage(
                conn_id=str(one["connection"]),
                start=moment(one["from"], f"{at}: from"),
                end=moment(one["until"], f"{at}: until"),
            )
            for at, one in _items(plan, "outages", path)
        ),
        "statements": tuple(
            Statement(at=moment(one["at"], f"{at}: at"), place=at, conn_id=str(one["connection"]), sql=str(one["sql"]))
            for at, one in _items(plan, "statements", path)
        ),
        "kills": tuple(_kill(at, one) for at, one in _items(plan, "kills", path)),
    }


def _kill(place: str, one: Mapping[str, Any]) -> Kill:
    at, tries = one.get("at", "start"), one.get("tries", 1)
    if at not in ("start", "end"):
        raise ConfigurationError(place, f"at is {at!r}.", valid=("start", "end"))
    if not isinstance(tries, int) or tries < 1:
        raise ConfigurationError(place, f"tries is {tries!r}.", fix="Give a number of 1 or more.")
    return Kill(task_id=str(one["task"]), at=at, tries=tries)


def _list(plan: Mapping[str, Any], key: str, path: str) -> Sequence[Any]:
    found = plan.get(key) or ()
    if not isinstance(found, list | tuple):
        raise ConfigurationError(f"{path}: {key}", "is not a list.")
    return found


def _items(plan: Mapping[str, Any], key: str, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, one in enumerate(_list(plan, key, path)):
        place = f"{path}: {key}[{number}]"
        missing = [name for name in _PLAN[key] if not isinstance(one, dict) or name not in one]
        if missing:
            raise ConfigurationError(place, f"does not say {', '.join(missing)}.")
        yield place, one
