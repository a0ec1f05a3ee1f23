"""Foreign keys that a contract names, in every notation of the standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path, did_you_mean
from airflow_provider_harness.adapters.contracts.rules.names import no_table
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, Subject, physical_name, properties
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity, Reference

RELATION = ("error", "warning")
"""Severities of a relationship, as its custom property ``harness.severity`` says them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One column that a relationship names.

    :param table: ``schema.table``.
    :param logical: its logical type; empty where it is not known.
    """

    table: str
    column: str
    logical: str = ""


class Relations:
    """The relationships of one table.

    :param home: schema of tables of the file whose names say none; for other tables it is that of the table itself.
    """

    def __init__(self, scope: Scope, home: str) -> None:
        self.scope, self.home = scope, home

    def rules(self, owner: Mapping[str, Any], here: Path, subject: Subject) -> Iterator[Ruled]:
        """The foreign keys of a table or a column."""
        entries = owner.get("relationships")
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and "to" in entry:
                yield from self._rule(entry, (*here, "relationships", index), subject)

    def _rule(self, entry: Mapping[str, Any], place: Path, subject: Subject) -> Iterator[Ruled]:
        if subject.path:
            self.scope.find(
                place, f"is a relationship of {subject}, below a column, which is not checked.", fix="Remove it."
            )
            return
        severity = self._severity(entry.get("customProperties"), place)
        targets = [self._end(text, path) for text, path in _texts(entry["to"], (*place, "to"))]
        own = [(subject.column, place)] if subject.column else []
        if not own:
            sources = [(self._end(text, path), path) for text, path in _texts(entry.get("from", ()), (*place, "from"))]
            own = [(end.column, path) for end, path in sources if end and self._is_own(end, path)]
            if len(own) != len(sources):
                return
        if None in targets:
            return
        ends = [end for end in targets if end]
        if len({end.table for end in ends}) != 1 or len(ends) != len(own):
            self.scope.find(place, "must name as many columns of one table as it has.")
            return
        self._types([self.scope.physical(name, path) for name, path in own], ends, place)
        columns = tuple(self.scope.physical(name, path) for name, path in own)
        reference = Reference(table=ends[0].table, columns=tuple(end.column for end in ends))
        made = Subject(column=columns[0]).check(
            CheckKind.REFERENTIAL,
            id=f"{CheckKind.REFERENTIAL}:{','.join(columns)}",
            reference=reference,
            severity=severity,
        )
        yield Ruled(check=replace(made, columns=columns), place=place)

    def _is_own(self, end: End, path: Path) -> bool:
        own = end.table == self.scope.published
        if not own:
            name = str(self.scope.table["name"])
            self.scope.find(path, f"is a column of {end.table}, and this is {name}.", fix=f"Write {name}.{end.column}.")
        return own

    def _end(self, text: Any, path: Path) -> End | None:
        """What one reference names; None with a finding where it names nothing that can be checked."""
        words = str(text)
        if "#" in words:
            fix = "Name the table: shops.id."
            self.scope.find(path, "points into another file, which is not read.", fix=fix)
            return None
        return self._by_id(words, path) if "/" in words else self._by_name(words, path)

    def _by_name(self, words: str, path: Path) -> End | None:
        """``table.column``, ``schema.table.column``, or a column below another one."""
        first, *rest = words.split(".")
        table = self._entry(first)
        if table is None and len(rest) == 2:
            table = next((t for t in self._tables() if physical_name(t) == f"{first}.{rest[0]}"), None)
            rest = rest[1:] if table is not None else rest
        if table is not None:
            return self._column(table, rest, "name", path)
        if not rest or len(rest) > 2:
            self.scope.find(path, f"{words!r} names no column of a table.", fix="Write table.column.")
            return None
        own = self.scope.published.rpartition(".")[0]
        name = f"{first}.{rest[0]}" if len(rest) == 2 else f"{own}.{first}"
        if problem := no_table(name):
            self.scope.find(path, problem, fix="Write table.column.")
            return None
        return End(table=name, column=rest[-1])

    def _by_id(self, words: str, path: Path) -> End | None:
        """``schema/<id>/properties/<id>``, by ids, else by names, of this file."""
        parts = words.strip("/").split("/")
        if len(parts) < 4 or parts[0] != "schema" or any(word != "properties" for word in parts[2::2]):
            self.scope.find(path, f"{words!r} names no column.", fix="Write schema/<table>/properties/<column>.")
            return None
        table = next((t for t in self._tables() if str(t.get("id")) == parts[1]), None) or self._entry(parts[1])
        if table is None:
            known = tuple(str(t.get("id") or t.get("name")) for t in self._tables())
            self.scope.find(path, f"{parts[1]!r} is not a table of this file.", known, did_you_mean(parts[1], known))
            return None
        return self._column(table, parts[3::2], "id", path)

    def _column(self, table: Mapping[str, Any], names: Sequence[str], key: str, path: Path) -> End | None:
        props = [prop for _, prop in properties(table, ())]
        wanted = names[0] if names else ""
        found = next((p for p in props if str(p.get(key)) == wanted), None)
        found = found or next((p for p in props if wanted in (str(p["name"]), physical_name(p))), None)
        if found is None:
            known = tuple(str(prop.get(key) or prop["name"]) for prop in props)
            self.scope.find(path, f"{wanted!r} is not a column of {table['name']}.", known, did_you_mean(wanted, known))
            return None
        if len(names) > 1:
            self.scope.find(path, f"names something below column {wanted}, which is not checked.", fix="Name a column.")
            return None
        logical = found.get("logicalType")
        return End(table=self.published(table), column=physical_name(found), logical=str(logical or ""))

    def published(self, table: Mapping[str, Any]) -> str:
        """``schema.table`` of a table of this file."""
        name = physical_name(table)
        return name if "." in name else f"{self.home}.{name}"

    def _tables(self) -> Iterator[Mapping[str, Any]]:
        yield from (table for table in self.scope.tables if isinstance(table, dict) and "name" in table)

    def _entry(self, name: str) -> Mapping[str, Any] | None:
        found = next((t for t in self._tables() if str(t["name"]) == name), None)
        return found or next((t for t in self._tables() if physical_name(t).rpartition(".")[2] == name), None)

    def _types(self, columns: Sequence[str], ends: Sequence[End], place: Path) -> None:
        for name, end in zip(columns, ends, strict=True):
            own = self.scope.columns.get(name)
            numbers = {"integer", "number"}
            if own and end.logical and str(own.logical_type) != end.logical:
                if {str(own.logical_type), end.logical} == numbers:
                    continue
                problem = f"{name} is a {own.logical_type}, and {end.table}.{end.column} is a {end.logical}."
                self.scope.find((*place, "to"), problem, fix="Name a column of the same type.")

    def _severity(self, entries: Any, here: Path) -> CheckSeverity:
        """The severity that a relationship gives itself: the standard has no field for it."""
        severity = CheckSeverity.ERROR
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name, value = (entry.get("property"), entry.get("value")) if isinstance(entry, dict) else (None, None)
            place = (*here, "customProperties", index)
            if str(name).startswith("harness.") and name != "harness.severity":
                problem = f"{name!r} is not a property of a relationship."
                self.scope.find((*place, "property"), problem, ("harness.severity",))
            elif name == "harness.severity" and value not in RELATION:
                self.scope.find((*place, "value"), f"{value!r} is not valid.", RELATION)
            elif name == "harness.severity":
                severity = CheckSeverity.ERROR if value == "error" else CheckSeverity.WARN
        return severity


def _texts(given: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    if isinstance(given, list | tuple):
        yield from ((text, (*path, index)) for index, text in enumerate(given))
    else:
        yield given, path
