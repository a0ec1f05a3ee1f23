"""What a contract says beside its schema and checks: who reads, who is paged, until when, how ready."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean
from airflow_provider_harness.adapters.contracts.scope import Scope
from airflow_provider_harness.core.contracts.contract import (
    Access,
    Column,
    Consumer,
    LogicalType,
    Readiness,
    Treatment,
    Watching,
)
from airflow_provider_harness.core.redaction.personal_data import PERSONAL
from airflow_provider_harness.core.slices.sla import CLOCK

_WATCH = "harness.watch"
_MOMENTS = (LogicalType.DATE, LogicalType.TIMESTAMP, LogicalType.INTEGER)
_WATCHED = (LogicalType.STRING, LogicalType.NUMBER, LogicalType.INTEGER, LogicalType.BOOLEAN)
_MOST_WATCHED = 30
_NUMBERS = {"sensitivity": "sensitivity", "maxRows": "max_rows", "maxBytes": "max_bytes"}


class HarnessProperties:
    """The ``harness.*`` settings of one contract that name columns, zones and levels.

    :param settings: property -> value, only of properties that fit their schema.
    :param places: property -> where its value stands.
    :param names: the table's columns.
    :param findings: where mistakes are appended.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        places: Mapping[str, Path],
        names: tuple[str, ...],
        findings: list[Finding],
    ) -> None:
        self.settings, self.places, self.names, self.findings = settings, places, names, findings

    def until(self) -> str:
        """The time of day until which a late source is waited for."""
        until = str((self.settings.get("harness.late") or {}).get("until", ""))
        if until:
            self._clock(until, (*self.places["harness.late"], "until"))
        return until

    def consumers(self) -> tuple[Consumer, ...]:
        """Who reads the table."""
        found = []
        for index, item in enumerate(self.settings.get("harness.consumers") or ()):
            columns = tuple(item.get("columns") or ())
            for place, name in enumerate(columns):
                self._column(name, (*self.places["harness.consumers"], index, "columns", place))
            found.append(
                Consumer(
                    name=item["name"],
                    access=Access(item["access"]),
                    columns=columns,
                    purpose=str(item.get("purpose") or ""),
                )
            )
        return tuple(found)

    def truth(self) -> tuple[tuple[str, str], ...]:
        """Which system is right about which column."""
        pairs = tuple((self.settings.get("harness.sourceOfTruth") or {}).items())
        for name, _ in pairs:
            self._column(name, (*self.places["harness.sourceOfTruth"], name))
        return pairs

    def readiness(self) -> Readiness | None:
        """The level that the contract claims."""
        level = self.settings.get("harness.readiness")
        return Readiness(level) if level else None

    def watch(self, scope: Scope, key: tuple[str, ...]) -> Watching | None:
        """How the published table is watched.

        :param key: its primary key.
        """
        given = self.settings.get(_WATCH)
        if not given:
            return None
        place, after = self.places[_WATCH], given.get("after") or {}
        column = self._watched_by(given, scope)
        columns = self._named(given, "columns", scope) or _watchable(scope.columns, column)
        return Watching(
            conn_id=given["connection"],
            column=column,
            after_dag=after.get("dag", ""),
            after_asset=after.get("asset", ""),
            within=timedelta(minutes=given.get("withinMinutes", 180)),
            columns=self._fit(columns, scope, (*place, "columns")),
            key=self._named(given, "key", scope) or key,
            history=timedelta(days=given.get("historyDays", 28)),
            announced=self._days(given, "announced"),
            **{name: given[field] for field, name in _NUMBERS.items() if field in given},
        )

    def _watched_by(self, given: Mapping[str, Any], scope: Scope) -> str:
        """The column that tells new rows from old ones."""
        place = self.places[_WATCH]
        if not (given.get("column") or scope.load.slice_column):
            self.findings.append(
                Finding(
                    path=place,
                    problem="no column tells which rows are new, so the table cannot be watched.",
                    fix="Name a date, a timestamp or an integer epoch in harness.watch's column, or in harness.load's sliceColumn.",
                )
            )
            return ""
        if not given.get("column"):
            return scope.load.slice_column
        name = scope.physical(given["column"], (*place, "column"))
        column = scope.columns.get(name)
        if column is not None and column.logical_type not in _MOMENTS:
            problem = f"{name} is of logicalType {column.logical_type}, which says of no row when it is from."
            fix = "Name a date, a timestamp or an integer epoch."
            self.findings.append(Finding(path=(*place, "column"), problem=problem, valid=_moments(scope), fix=fix))
        if column is not None and column.logical_type is LogicalType.INTEGER and scope.load.epoch_unit is None:
            problem, fix = f"{name} is an integer, and nobody says what it counts.", "Give harness.load an epochUnit."
            self.findings.append(Finding(path=(*place, "column"), problem=problem, fix=fix))
        return name

    def _named(self, given: Mapping[str, Any], field: str, scope: Scope) -> tuple[str, ...]:
        here = (*self.places[_WATCH], field)
        return tuple(scope.physical(name, (*here, place)) for place, name in enumerate(given.get(field) or ()))

    def _days(self, given: Mapping[str, Any], field: str) -> tuple[str, ...]:
        days = tuple(given.get(field) or ())
        for place, text in enumerate(days):
            try:
                date.fromisoformat(text)
            except ValueError:
                here = (*self.places[_WATCH], field, place)
                self.findings.append(
                    Finding(path=here, problem=f"{text!r} is not a day.", fix="For example 2026-12-25.")
                )
        return days

    def _fit(self, columns: tuple[str, ...], scope: Scope, place: Path) -> tuple[str, ...]:
        for number, name in enumerate(columns):
            column = scope.columns.get(name)
            if column is not None and column.logical_type not in _WATCHED:
                problem = f"{name} is of logicalType {column.logical_type}, whose values are not compared."
                valid = tuple(map(str, _WATCHED))
                self.findings.append(Finding(path=(*place, number), problem=problem, valid=valid))
        return columns

    def _column(self, name: str, place: Path) -> None:
        if name not in self.names:
            problem = f"{name!r} is not a column of the table."
            self.findings.append(
                Finding(path=place, problem=problem, valid=self.names, fix=did_you_mean(name, self.names))
            )

    def _clock(self, value: str, place: Path) -> None:
        """A time of day with the name of a zone; other ways to write one are left to people."""
        found = CLOCK.fullmatch(value.strip())
        if found is None:
            return
        if not zone_exists(found["zone"]):
            problem = f"{found['zone']!r} is not an IANA time zone."
            self.findings.append(Finding(path=place, problem=problem, fix="For example 06:00 Europe/Berlin."))
        hour, minute = (int(part) for part in found["time"].split(":")[:2])
        if hour > 23 or minute > 59:
            self.findings.append(
                Finding(path=place, problem=f"{found['time']} is not a time of day.", fix="For example 06:00.")
            )


def _watchable(columns: Mapping[str, Column], by: str) -> tuple[str, ...]:
    """The columns that are compared where nobody names any: what is personal is not."""
    found = [
        name
        for name, column in columns.items()
        if column.logical_type in _WATCHED
        and column.treatment is Treatment.KEEP
        and column.classification.lower() not in PERSONAL
        and name != by
    ]
    return tuple(found[:_MOST_WATCHED])


def _moments(scope: Scope) -> tuple[str, ...]:
    return tuple(name for name, column in scope.columns.items() if column.logical_type in _MOMENTS)


def zone_exists(name: Any) -> bool:
    """Whether the IANA data base has a zone of this name."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_moment(text: str) -> bool:
    """Whether a text is a date or a moment as ISO 8601 has it.

    >>> is_moment("2027-12-31"), is_moment("2027-12-31T09:30:00Z"), is_moment("2027-02-30")
    (True, True, False)
    """
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
