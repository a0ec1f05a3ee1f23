"""What a contract promises about time: ages of columns as checks, and values that are no time at all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path, did_you_mean
from airflow_provider_harness.adapters.contracts.harness_properties import is_moment, zone_exists
from airflow_provider_harness.adapters.contracts.rules.quality import scheduled
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, Subject, physical_name
from airflow_provider_harness.core.contracts.checks import CheckKind, Expectation, Operator
from airflow_provider_harness.core.contracts.contract import LogicalType, Sla
from airflow_provider_harness.core.contracts.span import MONTHS, UNITS, span
from airflow_provider_harness.core.slices.sla import AVAILABILITY, BY_CLOCK, CLOCK

AGES = ("freshness", "latency", "ly")
"""Properties, in lower case, that say how old the newest value of their element may be."""
NAMED = ("availability", "throughput", "errorrate", "generalavailability", "endofsupport", "endoflife")
"""The standard's other properties, in lower case; its list is open."""
SPANS = (
    *AGES,
    "retention",
    "re",
    "frequency",
    "fy",
    "timetodetect",
    "td",
    "timetonotify",
    "tn",
    "timetorepair",
    "tr",
)
"""Properties whose value is a length of time."""
LONGER_THAN_NOTHING = ("retention", "re", "frequency", "fy")
"""Of these, the ones that promise nothing where it is 0."""
WHOLE = 100
"""Percent of everything."""
NUMBERS: Mapping[str, tuple[float, float, str]] = {
    "availability": (1e-9, WHOLE, "a share above 0 and up to 100 percent, or a time of day with its zone, in quotes"),
    "errorrate": (0, WHOLE, "a share from 0 to 100 percent"),
    "throughput": (1e-9, math.inf, "a number above 0"),
}
"""Property, in lower case, whose value is a number -> its lowest and highest value, and the same in words."""
RHYTHMS = ("hourly", "daily", "weekly", "monthly", "quarterly", "yearly", "annually")
ALWAYS = ("unlimited", "indefinite", "indefinitely", "forever")
WORDS: Mapping[str, tuple[str, ...]] = {"frequency": RHYTHMS, "fy": RHYTHMS, "retention": ALWAYS, "re": ALWAYS}
"""Property, in lower case -> words that its value may be, in place of a length of time."""
PERCENT = ("", "%", "percent")
NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*%?")
DATES = ("generalavailability", "endofsupport", "endoflife")
"""Properties whose value is a date or a moment."""


class Slas:
    """The ``slaProperties`` of a file, as far as they are about one table.

    :param data: the document.
    :param zone: IANA name of the zone that ``harness.load`` gives; empty where it gives none.
    """

    def __init__(self, data: Mapping[str, Any], scope: Scope, zone: str) -> None:
        self.scope, self.zone = scope, zone
        self.default = str(data.get("slaDefaultElement") or "")
        given = data.get("slaProperties")
        self.entries = [
            (("slaProperties", index), entry)
            for index, entry in enumerate(given if isinstance(given, list) else ())
            if isinstance(entry, dict) and "property" in entry and "value" in entry
        ]
        self.empty = [(here, entry) for here, entry in self.entries if isinstance(entry["value"], bool | None)]
        self.entries = [pair for pair in self.entries if pair not in self.empty]

    def promises(self) -> tuple[Sla, ...]:
        """Every promise that is about this table, or about no table of its own."""
        return tuple(self._promise(entry, here) for here, entry in self.entries if self._is_here(entry))

    def rules(self) -> Iterator[Ruled]:
        """The checks of age, one for each column that a promise names."""
        for here, entry in self.empty:
            fix = "Write a number, a length of time, a time of day or a date."
            self.scope.find((*here, "value"), f"{entry['value']!r} cannot be promised.", fix=fix)
        if self.default and not self.entries:
            list(self._columns({}, ("slaDefaultElement",)))
        for here, entry in self.entries:
            prop = str(entry["property"]).lower()
            scheduled(self.scope, entry, here)
            known = (*SPANS, *AVAILABILITY, *NAMED)
            meant = [] if prop in known else get_close_matches(prop, [word for word in known if len(word) > 2], 1, 0.85)
            if meant:
                self.scope.find(
                    (*here, "property"), f"{entry['property']!r} promises nothing.", fix=f"Did you mean {meant[0]}?"
                )
            self._number(entry, prop, here)
            self._date(entry, prop, here)
            if prop in SPANS and self._length(entry, prop, here) and prop in AGES:
                for name in self._columns(entry, (*here, "element")):
                    yield from self._age(entry, name, here)

    def _promise(self, entry: Mapping[str, Any], here: Path) -> Sla:
        value, prop = str(entry["value"]), str(entry["property"])
        if prop.lower() in AVAILABILITY:
            value = self._clock(entry["value"], prop.lower() in BY_CLOCK, (*here, "value"))
        unit = str(entry.get("unit") or "")
        return Sla(prop=prop, value=value, unit=unit, element=str(entry.get("element") or ""))

    def _clock(self, given: Any, strict: bool, place: Path) -> str:
        """A time of day with a zone; where the file names none, that of its slices."""
        text = str(given).strip()
        found = CLOCK.fullmatch(text)
        alone = CLOCK.fullmatch(f"{text}Z")
        if found is None and alone is not None and self.zone:
            return f"{text} {self.zone}"
        if found is None:
            if strict or alone is not None:
                why = "says no time zone" if alone else "is not a time of day with a time zone"
                self.scope.find(
                    place, f"{given!r} {why}.", fix="For example '06:00 Europe/Berlin' or '09:00-08:00', in quotes."
                )
            return text
        zone = found["zone"]
        if zone[0] not in "+-" and zone != "Z" and not zone_exists(zone):
            self.scope.find(place, f"{zone!r} is not an IANA time zone.", fix="For example 06:00 Europe/Berlin.")
        hour, minute = (int(part) for part in found["time"].split(":")[:2])
        if hour > 23 or minute > 59 or (zone[0] in "+-" and int(zone[1:3]) > 23):
            self.scope.find(place, f"{text} is not a time of day.", fix="For example 06:00.")
        return text

    def _length(self, entry: Mapping[str, Any], prop: str, here: Path) -> bool:
        """Whether a promise names a length of time that can be reckoned with; what cannot be right is a finding."""
        value, unit = str(entry["value"]).strip(), str(entry.get("unit") or "").lower()
        known = (*UNITS, *MONTHS)
        if unit and (unit not in UNITS if prop in AGES else unit not in known):
            valid = tuple(UNITS) if prop in AGES else known
            fix = "Write min for minutes." if unit == "m" else did_you_mean(unit, valid)
            self.scope.find((*here, "unit"), f"{unit!r} is not valid.", valid, fix)
            return False
        found = span(value, unit or ("" if span(value) else "d"))
        number = NUMBER.fullmatch(value)  # months and quarters are no length that is known
        amount = found.total_seconds() if found is not None else float(number[1]) if number else None
        if amount is not None and (amount < 0 or (amount == 0 and prop in LONGER_THAN_NOTHING)):
            problem = f"{value} is {'below 0' if amount < 0 else 'not a time at all'}."
            self.scope.find((*here, "value"), problem, fix="Say how long it may take.")
            return False
        if found is None and (prop in AGES or not _is_span(value, unit, prop)):
            fix = "Write a number with a unit, or a duration such as PT4H."
            self.scope.find((*here, "value"), f"{entry['value']!r} is not a length of time.", fix=fix)
        return found is not None

    def _number(self, entry: Mapping[str, Any], prop: str, here: Path) -> None:
        """A number that cannot be, or promises nothing, and a unit of shares that is none."""
        found = NUMBER.fullmatch(str(entry["value"]).strip())
        if prop not in NUMBERS or (found is None and prop in AVAILABILITY and self._is_clock(entry["value"])):
            return
        least, most, words = NUMBERS[prop]
        unit = str(entry.get("unit") or "").lower()
        if most == WHOLE and unit not in PERCENT:
            self.scope.find((*here, "unit"), f"{unit!r} is not valid.", PERCENT[1:], did_you_mean(unit, PERCENT))
        if found is None or not least <= float(found[1]) <= most:
            self.scope.find((*here, "value"), f"{entry['value']!r} cannot be promised.", fix=f"Write {words}.")

    @staticmethod
    def _is_clock(given: Any) -> bool:
        """Whether a value is a time of day; whether it names a zone is looked at where it is read."""
        text = str(given).strip()
        return bool(CLOCK.fullmatch(text) or CLOCK.fullmatch(f"{text}Z"))

    def _date(self, entry: Mapping[str, Any], prop: str, here: Path) -> None:
        if prop in DATES and not is_moment(str(entry["value"])):
            fix = "For example 2027-12-31, or 2027-12-31T09:30:00+01:00."
            self.scope.find((*here, "value"), f"{entry['value']!r} is not a date.", fix=fix)

    def _columns(self, entry: Mapping[str, Any], place: Path) -> Iterator[str]:
        """The physical names of this table's columns that a promise is about."""
        for part in _parts(entry, self.default):
            table, _, name = part.rpartition(".")
            if self._of_this_table(table, place if "element" in entry else ("slaDefaultElement",)):
                if not table and name in _names(self.scope.table) and name not in self.scope.names:
                    continue  # the table itself: when it is published is the promise
                yield self.scope.physical(name, place if "element" in entry else ("slaDefaultElement",))

    def _of_this_table(self, table: str, place: Path) -> bool:
        if not table:
            if len(self.scope.tables) > 1 and len(_tables(self.scope)) > 1:
                self.scope.find(
                    place, "does not say which table it is about.", _tables(self.scope), "Write table.column."
                )
                return False
            return True
        if table in _names(self.scope.table):
            return True
        known = {name for entry in self.scope.tables if isinstance(entry, dict) for name in _names(entry)}
        if table not in known:
            fix = did_you_mean(table, _tables(self.scope)) or "Write table.column."
            self.scope.find(place, f"{table!r} is not a table of this file.", _tables(self.scope), fix)
        return False

    def _is_here(self, entry: Mapping[str, Any]) -> bool:
        parts = _parts(entry, self.default)
        own = [part for part in parts if part.rpartition(".")[0] in ("", *_names(self.scope.table))]
        return len(self.scope.tables) == 1 or not parts or bool(own)

    def _age(self, entry: Mapping[str, Any], name: str, here: Path) -> Iterator[Ruled]:
        column = self.scope.columns.get(name)
        if column is None:
            return
        if column.logical_type not in (LogicalType.DATE, LogicalType.TIMESTAMP):
            self.scope.find((*here, "element"), f"{name} is a {column.logical_type}.", ("date", "timestamp"))
            return
        value, unit = str(entry["value"]), str(entry.get("unit") or "")
        length = span(value, unit or ("" if span(value) else "d"))
        assert length is not None
        seconds: float = length.total_seconds()
        most = Expectation(operator=Operator.LESS_OR_EQUAL, values=(int(seconds) if seconds.is_integer() else seconds,))
        words = str(entry.get("description") or "")
        subject = Subject(column=name)
        check = subject.check(CheckKind.FRESHNESS, expect=most, description=words, dimension="timeliness")
        yield Ruled(check=check, place=here)


def _is_span(value: str, unit: str, prop: str) -> bool:
    """Whether a value says a length of time, though one that is not fixed: months, how often, always.

    >>> _is_span("3", "mo", "retention"), _is_span("P3M", "", "retention"), _is_span("forever", "", "retention")
    (True, True, False)
    """
    if NUMBER.fullmatch(value) or _MONTHS.fullmatch(value):
        return not unit or NUMBER.fullmatch(value) is not None
    return value.lower() in WORDS.get(prop, ()) and not unit


_MONTHS = re.compile(rf"P(?:\d+Y)?\d+M(?:\d+D)?|\d+(?:\.\d+)?\s*(?:{'|'.join(MONTHS)})", re.IGNORECASE)
"""A length of time that counts months."""


def _parts(entry: Mapping[str, Any], default: str) -> list[str]:
    given = str(entry.get("element") or default)
    return [part.strip() for part in given.split(",") if part.strip()]


def _names(table: Mapping[str, Any]) -> tuple[str, ...]:
    if "name" not in table:
        return ()
    physical = physical_name(table)
    return tuple(dict.fromkeys((str(table["name"]), physical, physical.rpartition(".")[2])))


def _tables(scope: Scope) -> tuple[str, ...]:
    return tuple(str(entry["name"]) for entry in scope.tables if isinstance(entry, dict) and "name" in entry)
