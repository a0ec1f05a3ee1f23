"""The checks that a contract implies (required, keys, enums, relationships) or states (quality, promises)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from itertools import chain, islice
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path
from airflow_provider_harness.adapters.contracts.rules.conflicts import contradictions
from airflow_provider_harness.adapters.contracts.rules.logical_types import DOCUMENTS, bare, logical_of
from airflow_provider_harness.adapters.contracts.rules.options import MOMENTS, Options, listed
from airflow_provider_harness.adapters.contracts.rules.quality import Quality
from airflow_provider_harness.adapters.contracts.rules.relationships import Relations
from airflow_provider_harness.adapters.contracts.rules.room import room, types
from airflow_provider_harness.adapters.contracts.rules.slas import Slas
from airflow_provider_harness.adapters.contracts.scope import (
    Places,
    Ruled,
    Scope,
    Subject,
    below,
    physical_name,
    properties,
    told_apart,
)
from airflow_provider_harness.adapters.contracts.versions import Unsaid
from airflow_provider_harness.adapters.sql.types import inside
from airflow_provider_harness.adapters.sql.values import unfit
from airflow_provider_harness.core.contracts.checks import (
    BELOW,
    ITEM,
    Check,
    CheckKind,
    CheckSeverity,
    Expectation,
    Unit,
)
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode, LogicalType

TYPES = ("logicalType", "physicalType", "properties", "items")
"""Keywords that say a type, the first one before the others."""
POSITIONS: Mapping[str, str] = {"primaryKeyPosition": "primaryKey", "partitionKeyPosition": "partitioned"}
"""The position of a column in a key -> the field that says that it is in one."""
NONE = -1
"""The position of a column that is in no key."""
MOST_CHECKS = 2_000
"""Of one table; each is compared with others of its columns, and each is asked of the database."""


class Checks:
    """The checks of one table of one contract file."""

    def __init__(self, scope: Scope, slas: Slas, home: str) -> None:
        self.scope, self.slas = scope, slas
        self.quality, self.relations = Quality(scope), Relations(scope, home)

    def key(self) -> tuple[str, ...]:
        """The primary key's columns in key order."""
        parts: list[tuple[int, int, str]] = []
        positions: dict[int, str] = {}
        for place, (here, prop) in enumerate(properties(self.scope.table, self.scope.here)):
            given, name = prop.get("primaryKeyPosition"), physical_name(prop)
            self._placed(prop, here)
            if not prop.get("primaryKey"):
                continue
            if prop.get("required") is False:
                fix = "Remove required, or primaryKey."
                self.scope.find(
                    (*here, "required"), f"{name} is part of the primary key, so it is always there.", fix=fix
                )
            if isinstance(given, int) and given > 0 and given in positions:
                problem = f"{given} is the position of {positions[given]} already."
                self.scope.find((*here, "primaryKeyPosition"), problem, fix="Number the key's columns from 1.")
            elif isinstance(given, int):
                positions[given] = name
            parts.append((given if isinstance(given, int) else 0, place, name))
        return tuple(name for _, _, name in sorted(parts))

    def _placed(self, prop: Mapping[str, Any], here: Path) -> None:
        """Find fault with the position of a column that is in no key, and with one that is none; -1 is the standard's "none"."""
        for position, key in POSITIONS.items():
            given = prop.get(position)
            if not isinstance(given, int) or given == NONE:
                continue
            if given < 1:
                self.scope.find((*here, position), f"{given} is not a position.", fix="Number the columns from 1.")
            elif not prop.get(key):
                fix = f"Write {key}: true, or remove {position}."
                self.scope.find((*here, position), f"has no meaning without {key}.", fix=fix)

    def compile(self, more: Iterable[Ruled] = ()) -> tuple[tuple[Check, ...], Places]:
        """Every check in file order, each measure once; and what each field became.

        :param more: what settings of the harness imply beside them.
        """
        found = list(islice(filter(self._is_measured, chain(self._all(), more)), MOST_CHECKS + 1))
        if len(found) > MOST_CHECKS:
            problem = f"is one of more than {MOST_CHECKS} checks of one table."
            self.scope.find(found.pop().place, problem, fix="Keep fewer, or divide the table.")
        rules, places = told_apart(found, self.scope)
        contradictions(rules, self.scope)
        room(rules, self.scope)
        scope = self.scope
        table = Contract(
            id="", version="", name="", table=scope.published, columns=tuple(scope.columns.values()), load=scope.load
        )
        for ruled in rules:
            self._can_be_asked(ruled, table)
        types(scope)
        return tuple(ruled.check for ruled in rules), places

    def _can_be_asked(self, ruled: Ruled, table: Contract) -> None:
        """Find fault with a rule that no engine could run, unless its field is found wrong already."""
        place, scope = ruled.place, self.scope
        reason = unfit(ruled.check, table) if self._known(ruled.check) else ""
        if not reason and ruled.check.expect.unit is Unit.PERCENT and not ruled.check.spec.of_rows:
            reason = f"{ruled.check.kind} counts no rows of the slice, so it has no share in percent"
        told = any(one.path == place[:-1] or one.path[: len(place)] == place for one in scope.findings)
        if reason and not told:
            scope.find(place, f"{reason.rstrip('.')}.")

    def _known(self, check: Check) -> bool:
        """Whether the column that a check looks into compiled; if not, that is a finding already."""
        return not check.looks_inside or check.columns[0] in self.scope.columns

    def _is_measured(self, ruled: Ruled) -> bool:
        """Whether engines can look where a rule looks; if not, that is a finding, and never silence."""
        check = ruled.check
        if not check.path or check.kind in BELOW:
            return True
        where = Subject(column=check.columns[0], path=check.path)
        problem = f"is a rule of {where}, below column {check.columns[0]}, where {check.kind} is not checked yet."
        self.scope.find(ruled.place, problem, fix="Check it with type sql in the table's quality, or remove it.")
        return False

    def _all(self) -> Iterator[Ruled]:
        scope, load = self.scope, self.scope.load
        setting = scope.settings.get("harness.load", scope.here)
        if load.mode is not LoadMode.FULL and load.slice_column in scope.columns:
            yield Ruled(check=_check(CheckKind.IN_SLICE, (load.slice_column,)), place=setting)
        key = self.key()
        if key:
            for place, prop in properties(scope.table, scope.here):
                if prop.get("primaryKey"):
                    yield Ruled(check=_check(CheckKind.UNIQUE, key), place=(*place, "primaryKey"))
        if load.key:
            yield Ruled(check=_check(CheckKind.UNIQUE, load.key), place=(*setting, "key"))
        for name in load.key:
            yield Ruled(check=_check(CheckKind.NOT_NULL, (name,)), place=(*setting, "key"))
        for here, prop in properties(scope.table, scope.here):
            name = physical_name(prop)
            if name in scope.columns:
                yield from self._of_column(prop, here, scope.subject(name), alone=key == (name,))
        yield from self.relations.rules(scope.table, scope.here, Subject())
        yield from self.quality.rules(scope.table, scope.here, Subject())
        yield from self.slas.rules()

    def _of_column(self, prop: Mapping[str, Any], here: Path, subject: Subject, *, alone: bool) -> Iterator[Ruled]:
        """The rules of a column, or of something below one, and of all that is below it."""
        for word in ("required", "primaryKey"):
            if prop.get(word):
                yield Ruled(check=subject.check(CheckKind.NOT_NULL), place=(*here, word))
        if prop.get("unique") and not (alone and prop.get("primaryKey")):
            yield Ruled(check=subject.check(CheckKind.UNIQUE), place=(*here, "unique"))
        yield from self._enum(prop.get("enum"), (*here, "enum"), subject)
        options = prop.get("logicalTypeOptions")
        if isinstance(options, dict):
            fields = {str(inner["name"]): physical_name(inner) for _, _, inner in below(prop, here) if "name" in inner}
            yield from Options(self.scope, subject, options, (*here, "logicalTypeOptions"), fields).rules()
        yield from self.relations.rules(prop, here, subject)
        yield from self.quality.rules(prop, here, subject)
        for part, place, inner in below(prop, here):
            kind = inner.get("logicalType")
            logical = "" if kind is None or isinstance(kind, Unsaid) else str(kind)
            under = Subject(column=subject.column, path=(*subject.path, part), logical=logical)
            rules = list(self._of_column(inner, place, under, alone=False))
            yield from self._typed(inner, place, under, rules)

    def _typed(self, prop: Mapping[str, Any], here: Path, subject: Subject, rules: Sequence[Ruled]) -> Iterator[Ruled]:
        """The rules of something below a column, and its declared type: what one of them proves, or a check of its own.

        What the column's own type says is compared before rows move.
        """
        said = next((place for word in TYPES if (place := (*here, word)) in self.scope.lines), here)
        if self._is_known(prop, said, subject):
            yield from rules
            return
        proof = next((ruled for ruled in rules if _proves(ruled, subject)), None)
        for ruled in rules:
            yield replace(ruled, also=(*ruled.also, said)) if ruled is proof else ruled
        if proof is None:
            yield Ruled(check=subject.check(CheckKind.VALUE_TYPE), place=said)

    def _is_known(self, prop: Mapping[str, Any], said: Path, subject: Subject) -> bool:
        """Whether there is nothing to check in a declared type: none is told, or the column's own type is the same."""
        if subject.logical not in tuple(LogicalType):
            return True
        if said[-1] == "physicalType" and bare(str(prop["physicalType"])) in DOCUMENTS:  # anything may be in it
            return True
        column = self.scope.columns.get(subject.column)
        kind = reduce(inside, subject.path, column.physical_type if column else "")
        told = "" if bare(kind) in DOCUMENTS else logical_of(kind)
        return told == subject.logical or (told, subject.logical) == ("integer", "number")

    def _enum(self, entries: Any, here: Path, subject: Subject) -> Iterator[Ruled]:
        given = [
            ((*here, index, "value"), entry["value"])
            for index, entry in enumerate(entries if isinstance(entries, list) else ())
            if isinstance(entry, dict) and "value" in entry
        ]
        values = listed(self.scope, subject, given)
        if values:
            yield Ruled(check=subject.check(CheckKind.ACCEPTED_VALUES, values=values), place=here)
        elif given and all(value is None for _, value in given):
            self.scope.find(here, "lists no value but null.", fix="List at least one, or remove it.")


def _proves(ruled: Ruled, subject: Subject) -> bool:
    """Whether a rule, of a place or of one below it, fails for every value of another type than the place's."""
    check, depth = ruled.check, len(subject.path)
    if check.severity is not CheckSeverity.ERROR or check.expect != Expectation() or check.kind not in BELOW:
        return False
    if len(check.path) > depth:
        return (subject.logical == LogicalType.ARRAY) is (check.path[depth] == ITEM)
    if check.kind is CheckKind.REGEX and subject.logical in MOMENTS:
        return ruled.place[-1] == "format"  # its author says how these moments are written
    return check.kind not in (CheckKind.NOT_NULL, CheckKind.NULL_RATE)


def _check(kind: CheckKind, columns: tuple[str, ...]) -> Check:
    return replace(Subject(column=columns[0]).check(kind, id=f"{kind}:{','.join(columns)}"), columns=columns)
