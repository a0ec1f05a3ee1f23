"""What each line of one contract became: the ledger, applied to a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path, dotted
from airflow_provider_harness.adapters.contracts.ledger import LEDGER, End, Row, engines_of, gates_of, row_of
from airflow_provider_harness.adapters.contracts.odcs import Compiled
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.slices.sla import AVAILABILITY, WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field of a contract.

    :param line: 1 for the first.
    :param becomes: in a few words, what became of it.
    :param checks: the checks that it is, or is part of.
    :param engines: those that measure one of these checks.
    :param gates: those at which one of them is judged.
    """

    line: int
    field: str
    end: End
    becomes: str
    checks: tuple[Check, ...] = ()
    engines: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()

    def row(self) -> Mapping[str, Any]:
        """For tables and programs."""
        return {
            "line": self.line,
            "field": self.field,
            "end": str(self.end),
            "becomes": self.becomes,
            "checks": ", ".join(f"{check.id} ({check.severity})" for check in self.checks),
            "engines": ", ".join(self.engines),
            "gates": ", ".join(self.gates),
        }


SECTIONS: Mapping[str, str] = {
    "contract.schema": "table",
    "contract.description": "description",
    "contract.servers": "server",
    "contract.team": "team",
    "contract.support": "support",
    "contract.roles": "role",
    "contract.price": "price",
    "contract.slaProperties": "sla",
    "team.members": "member",
    "table.properties": "property",
    "property.properties": "property",
    "property.items": "property",
    "property.map": "property.map",
    "property.map.key": "property",
    "property.map.value": "property",
    "property.enum": "enum",
    "property.synonyms": "synonym",
    "table.synonyms": "synonym",
    **dict.fromkeys(("table.quality", "property.quality"), "quality"),
    **dict.fromkeys(("table.relationships", "property.relationships"), "relationship"),
}
"""A field whose value has keywords of its own -> their section."""
ANYWHERE: Mapping[str, str] = {
    "authoritativeDefinitions": "authoritativeDefinition",
    "customProperties": "customProperty",
    "context": "context",
}
"""Fields that many parts have -> the section of their value's keywords."""
_OF_PROMISES = ("property", "value", "unit", "element")
_BY_DAY = re.compile(r"(?:by )?\d{1,2}:\d{2}")
SAYS_NOTHING: tuple[Any, ...] = (None, False, [], {}, "")


def coverage(found: Compiled) -> tuple[Line, ...]:
    """Every field of a contract that compiled, in file order, with what became of it."""
    became: dict[Path, list[tuple[Check, Contract]]] = {}
    for contract, places in zip(found.contracts, found.places, strict=True):
        known = {check.id: check for check in contract.checks}
        for place, identity in places:
            became.setdefault(place, []).append((known[identity], contract))
    walk = _Walk(found, became)
    return tuple(sorted(walk.fields(found.marked.data, (), "contract"), key=lambda line: line.line))


def engines_for(check: Check, contract: Contract) -> tuple[str, ...]:
    """The engines that measure this very check, of those that measure its kind."""
    from airflow_provider_harness.adapters.duckdb.in_flight import in_flight
    from airflow_provider_harness.adapters.gx.suite import expectable

    can = {"arrow": in_flight(check, contract), "gx": expectable(check)}
    return tuple(engine for engine in engines_of(check.kind) if can.get(engine, True))


def gates_for(check: Check, contract: Contract) -> tuple[str, ...]:
    """The gates at which this very check is judged: what cannot be measured on the rows that pass by is left to the
    load."""
    left = "arrow" in engines_of(check.kind) and "arrow" not in engines_for(check, contract)
    return tuple(gate for gate in gates_of(check.kind) if not (left and gate == "extract"))


class _Walk:
    def __init__(self, found: Compiled, became: Mapping[Path, Sequence[tuple[Check, Contract]]]) -> None:
        self.lines, self.modern, self.became = found.marked.lines, found.modern, became

    def fields(self, owner: Mapping[str, Any], path: Path, section: str) -> Iterator[Line]:
        """The fields of a mapping, and those below them."""
        for key, value in owner.items():
            here = (*path, key)
            if section == "customProperty" and key == "value" and str(owner.get("property")).startswith("harness."):
                yield from self._setting(str(owner["property"]), value, here)
                continue
            inner = self._section(section, key, path)
            below = list(self._below(value, here)) if inner else []
            if not below:
                yield self._line(section, key, value, here)
            for place, entry in below:
                yield from self.fields(entry, place, inner)

    def _setting(self, name: str, value: Any, here: Path) -> Iterator[Line]:
        word = name.removeprefix("harness.")
        entries = [(here, value)] if isinstance(value, dict) else list(self._below(value, here))
        if not entries or not any(known.startswith(f"{name}.") for known in LEDGER):
            yield self._line("harness", word, value, here)
            return
        for place, entry in entries:
            for key, inner in entry.items():
                yield self._line(name, key, inner, (*place, key))

    def _section(self, section: str, key: str, path: Path) -> str:
        if key == "logicalTypeOptions":
            return f"options[{self._said(path, 'logicalType')}]"
        return SECTIONS.get(f"{section}.{key}") or ANYWHERE.get(key, "")

    @staticmethod
    def _below(value: Any, here: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        if isinstance(value, dict):
            yield here, value
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if isinstance(entry, dict):
                yield (*here, index), entry

    def _said(self, path: Path, key: str) -> Any:
        """What a field says, or what it was found to say."""
        owner = self.modern
        for part in path:
            owner = owner[part]
        return owner.get(key)

    def _line(self, section: str, key: str, value: Any, here: Path) -> Line:
        row = row_of(section, key)
        if row is None and section == "quality" and self._checks(here):
            row = Row(end=End.ENFORCED, becomes="a word of an older version of the standard for the check")
        row = row or Row(end=End.INFORMATIVE, becomes="no field of the standard; nothing reads it")
        made = self._checks(here) if row.end is End.ENFORCED else ()
        checks = tuple(check for check, _ in made)
        end, becomes = row.end, row.becomes
        if section == "quality" and not checks and self._said(here[:-1], "type") == "text":
            end, becomes = End.INFORMATIVE, "a rule for people"
        elif section == "sla" and key in _OF_PROMISES and not checks:
            end, becomes = self._promise(here[:-1])
        elif row.kinds and not checks and not row.anyway:
            end = End.INFORMATIVE
            becomes = "says nothing" if value in SAYS_NOTHING else f"no check here ({becomes})"
        return Line(
            line=self._at(here),
            field=dotted(here),
            end=end,
            becomes=becomes,
            checks=checks,
            engines=tuple(dict.fromkeys(engine for one in made for engine in engines_for(*one))),
            gates=tuple(dict.fromkeys(gate for one in made for gate in gates_for(*one))),
        )

    def _promise(self, owner: Path) -> tuple[End, str]:
        """What an entry of ``slaProperties`` that became no check is."""
        name, value = str(self._said(owner, "property")).lower(), str(self._said(owner, "value"))
        if name in WITHIN or (name in AVAILABILITY and _BY_DAY.match(value)):
            return End.ENFORCED, "a promise about each slice: on-call is paged before it is broken"
        return End.INFORMATIVE, "no promise about a slice; for people and other programs"

    def _checks(self, here: Path) -> Sequence[tuple[Check, Contract]]:
        """What a field, or the rule that it belongs to, became."""
        for length in range(len(here), 2 if here[0] == "schema" else 1, -1):
            if here[:length] in self.became:
                return self.became[here[:length]]
        return self.became.get(here, ())

    def _at(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)
