"""What the parts of the compiler share while they read one table of one contract file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_provider_harness.adapters.contracts.dictionary import is_measure
from airflow_provider_harness.adapters.contracts.findings import Finding, Path, did_you_mean
from airflow_provider_harness.core.contracts.checks import ITEM, Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Column, Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A check, and the field of the file that it comes from.

    :param named: the author gave it its id.
    :param also: further fields that it comes from.
    """

    check: Check
    place: Path
    named: bool = False
    also: tuple[Path, ...] = ()


UNTYPED = (CheckKind.NOT_NULL, CheckKind.NULL_RATE, CheckKind.ITEMS, CheckKind.UNIQUE_ITEMS, CheckKind.PROPERTIES)
"""Kinds that mean the same whatever type the contract gives a value below a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule is about: a table, a column, or something below a column.

    :param column: physical name; empty for the table.
    :param path: from the column down, see ``Check.path``.
    :param logical: the standard's type of it; empty for the table.
    :param physical: canonical type of the column; empty for the table and below columns.
    """

    column: str = ""
    path: tuple[str, ...] = ()
    logical: str = ""
    physical: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a check of it looks at."""
        return (self.column,) if self.column else ()

    def __str__(self) -> str:
        words = "".join(part if part.startswith("[") else f".{part}" for part in self.path)
        return f"{self.column}{words}" if self.column else "the table"

    def check(self, kind: CheckKind, **given: Any) -> Check:
        """A check of it; its id is kind and column unless one is given."""
        identity = given.pop("id", None) or (f"{kind}:{self}" if self.column else str(kind))
        logical = self.logical if self.path and kind not in UNTYPED else ""
        return Check(id=identity, kind=kind, columns=self.columns, path=self.path, logical=logical, **given)


TABLE = Subject()
Places = tuple[tuple[Path, str], ...]
"""Pairs of a field of the file and the id of a check that it became."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One table while it is read.

    :param table: the entry of ``schema``.
    :param here: where it stands.
    :param tables: all entries of ``schema``.
    :param published: ``schema.table``.
    :param columns: physical name -> column, as far as they compiled.
    :param dropped: physical names of columns that are never read.
    :param lines: line of each field.
    :param findings: where mistakes are appended.
    :param settings: property of the harness -> where its value stands.
    :param told: where the file is found wrong already, before this table is read.
    """

    table: Mapping[str, Any]
    here: Path
    tables: Sequence[Any]
    published: str
    columns: Mapping[str, Column]
    dropped: Sequence[str]
    load: Load
    lines: Mapping[Path, int]
    findings: list[Finding]
    settings: Mapping[str, Path] = field(default_factory=dict)
    told: Sequence[Path] = ()
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", {str(p["name"]): physical_name(p) for _, p in properties(self.table, ())})

    def find(self, path: Path, problem: str, valid: Sequence[str] = (), fix: str = "") -> None:
        """Note a mistake."""
        self.findings.append(Finding(path=path, problem=problem, valid=tuple(valid), fix=fix))

    def physical(self, name: str, place: Path) -> str:
        """The physical name of a column of this table, which a file may name either way."""
        found = self.names.get(name) or (name if name in self.names.values() else "")
        if not found:
            known = tuple(self.names)
            self.find(place, f"{name!r} is not a column of the table.", known, did_you_mean(name, known))
        elif found in self.dropped:
            self.find(place, f"{name} is not published, so nothing of it can be checked.", fix="Name another column.")
        return found or name

    def subject(self, name: str) -> Subject:
        """A column as the subject of a rule."""
        column = self.columns.get(name)
        return Subject(
            column=name,
            logical=str(column.logical_type) if column else "",
            physical=column.physical_type if column else "",
        )


def properties(table: Mapping[str, Any], here: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The columns of a table entry, and where each stands; measures are none."""
    listed = table.get("properties")
    for index, prop in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(prop, dict) and "name" in prop and physical_name(prop).strip() and not is_measure(prop):
            yield (*here, "properties", index), prop


def below(prop: Mapping[str, Any], here: Path) -> Iterator[tuple[str, Path, Mapping[str, Any]]]:
    """What is directly below a property: the fields of an object, the items of an array; part of the path, place, entry."""
    fields = prop.get("properties")
    for index, inner in enumerate(fields if isinstance(fields, list) else ()):
        if isinstance(inner, dict) and "name" in inner:
            yield physical_name(inner), (*here, "properties", index), inner
    items = prop.get("items")
    if isinstance(items, dict):
        yield ITEM, (*here, "items"), items


def physical_name(entry: Mapping[str, Any]) -> str:
    """The name in the database of a table or a column."""
    return str(entry.get("physicalName") or entry["name"])


def told_apart(found: Sequence[Ruled], scope: Scope) -> tuple[tuple[Ruled, ...], Places]:
    """The rules of a table, each measure once and each with an id of its own, in file order; and what each field became."""
    kept: dict[str, Ruled] = {}
    same: dict[Check, str] = {}
    places: list[tuple[Path, str]] = []
    for ruled in found:
        meaning = replace(ruled.check, id="", description="", dimension="")
        known = same.get(meaning)
        if known is not None and not (ruled.named and kept[known].named and ruled.check.id != known):
            if ruled.named and not kept[known].named and ruled.check.id not in kept:
                kept = {(r := ruled if i == known else old).check.id: r for i, old in kept.items()}
                places = [(place, ruled.check.id if i == known else i) for place, i in places]
                same[meaning] = known = ruled.check.id
            places += [(place, known) for place in (ruled.place, *ruled.also)]
            continue
        if ruled.check.id in kept:
            ruled = _renamed(ruled, kept, scope)
        same[meaning] = ruled.check.id
        kept[ruled.check.id] = ruled
        places += [(place, ruled.check.id) for place in (ruled.place, *ruled.also)]
    return tuple(kept.values()), tuple(places)


def _renamed(ruled: Ruled, kept: Mapping[str, Ruled], scope: Scope) -> Ruled:
    """A rule whose id another one has already."""
    check, other = ruled.check, kept[ruled.check.id]
    if ruled.named and check.columns == other.check.columns:
        line = scope.lines.get(other.place, 1)
        scope.find(ruled.place, f"another rule is called {check.id}, on line {line}.", fix="Give one another name.")
    bounds = ":".join(map(str, check.expect.values))
    places = ",".join(check.columns) or "table"
    more = [f"{check.id}:{places}"] if ruled.named else []
    more += [f"{check.id}:{check.expect.operator}", f"{check.id}:{check.severity}"]
    more += [f"{check.id}:{check.expect.operator}:{bounds}:{check.severity}"]
    more += [f"{check.id}:{number}" for number in range(2, 2 + len(kept))]
    identity = next(name for name in more if name not in kept)
    return replace(ruled, check=replace(check, id=identity))
