"""What a contract says beside its schema and checks: who reads, who is paged, until when, how ready."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean
from airflow_provider_harness.core.contracts.contract import Access, Consumer, Readiness
from airflow_provider_harness.core.slices.sla import CLOCK


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
            problem = f"{found['zone']!r} is no IANA time zone."
            self.findings.append(Finding(path=place, problem=problem, fix="For example 06:00 Europe/Berlin."))
        hour, minute = (int(part) for part in found["time"].split(":")[:2])
        if hour > 23 or minute > 59:
            self.findings.append(
                Finding(path=place, problem=f"{found['time']} is no time of day.", fix="For example 06:00.")
            )


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
