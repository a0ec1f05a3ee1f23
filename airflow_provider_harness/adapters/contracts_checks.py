"""The checks that a contract implies (required, keys, enums, relationships) or states (quality)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_provider_harness.core.checks import (
    Check,
    CheckKind,
    Expectation,
    Operator,
    Reference,
    Severity,
    Unit,
)
from airflow_provider_harness.core.contract import Column, Load, LoadMode, LogicalType

from .contracts_custom import Custom
from .contracts_marks import Finding, Path

SEVERITIES: Mapping[str, Severity] = {
    "error": Severity.ERROR,
    "warning": Severity.WARN,
    "warn": Severity.WARN,
    "info": Severity.WARN,
}
"""The standard's severities -> ours."""

SECONDS: Mapping[str, int] = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
    **dict.fromkeys(("y", "yr", "year", "years"), 366 * 86_400),
}
"""The standard's units of time -> seconds."""


class Checks:
    """The checks of one table of one contract file.

    :param table: the entry of ``schema``.
    :param published: ``schema.table``.
    :param columns: physical name -> column.
    :param findings: where mistakes are appended.
    :param slas: the file's ``slaProperties``: freshness of a column is a check.
    """

    def __init__(
        self,
        table: Mapping[str, Any],
        published: str,
        columns: Mapping[str, Column],
        load: Load,
        findings: list[Finding],
        slas: Any = None,
    ) -> None:
        self.slas = slas if isinstance(slas, list) else []
        self.table, self.published, self.columns, self.load, self.findings = table, published, columns, load, findings
        self.names = {
            str(prop["name"]): str(prop.get("physicalName") or prop["name"])
            for prop in table["properties"]
            if isinstance(prop, dict) and "name" in prop
        }

    def key(self) -> tuple[str, ...]:
        """The primary key's columns in key order."""
        parts = [
            (prop.get("primaryKeyPosition") or 0, place, self.names[str(prop["name"])])
            for place, prop in enumerate(self.table["properties"])
            if isinstance(prop, dict) and prop.get("primaryKey")
        ]
        return tuple(name for _, _, name in sorted(parts))

    def compile(self) -> tuple[Check, ...]:
        """Every check, in file order; the same check is kept once."""
        checks: dict[str, Check] = {}
        for check in self._all():
            known = checks.get(check.id)
            if known is not None and known != check:
                self.findings.append(
                    Finding(
                        path=("schema", 0), problem=f"has two different checks {check.id}.", fix="Name one of them."
                    )
                )
            checks.setdefault(check.id, check)
        return tuple(checks.values())

    def _all(self) -> Iterator[Check]:
        if self.load.mode is not LoadMode.FULL and self.load.slice_column in self.columns:
            yield _check(CheckKind.IN_SLICE, (self.load.slice_column,))
        key = self.key()
        for told_apart in filter(None, dict.fromkeys((key, self.load.key))):
            yield _check(CheckKind.UNIQUE, told_apart)
        for name in self.load.key:
            yield _check(CheckKind.NOT_NULL, (name,))
        for index, prop in enumerate(self.table["properties"]):
            if isinstance(prop, dict) and self.names.get(str(prop.get("name")), "") in self.columns:
                yield from self._of_column(prop, ("schema", 0, "properties", index), alone=len(key) == 1)
        yield from self._relationships(self.table, ("schema", 0), ())
        for index, entry in enumerate(self.table.get("quality") or ()):
            yield from self._quality(entry, ("schema", 0, "quality", index), ())
        yield from self._freshness()

    def _of_column(self, prop: Mapping[str, Any], here: Path, *, alone: bool) -> Iterator[Check]:
        name = self.names[str(prop["name"])]
        if prop.get("required") or prop.get("primaryKey"):
            yield _check(CheckKind.NOT_NULL, (name,))
        if prop.get("unique") and not (alone and prop.get("primaryKey")):
            yield _check(CheckKind.UNIQUE, (name,))
        values = tuple(
            entry["value"] for entry in prop.get("enum") or () if isinstance(entry, dict) and "value" in entry
        )
        if values:
            yield _check(CheckKind.ACCEPTED_VALUES, (name,), values=values)
        options = prop.get("logicalTypeOptions") or {}
        if "minimum" in options or "maximum" in options:
            yield self._range(name, options, (*here, "logicalTypeOptions"))
        if "minLength" in options or "maxLength" in options:
            yield _length(name, options)
        if "pattern" in options:
            yield _check(CheckKind.REGEX, (name,), pattern=str(options["pattern"]))
        for word in ("exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
            if word in options:
                place = (*here, "logicalTypeOptions", word)
                self.findings.append(Finding(path=place, problem="is not checked.", fix="Use type sql."))
        yield from self._relationships(prop, here, (name,))
        for index, entry in enumerate(prop.get("quality") or ()):
            yield from self._quality(entry, (*here, "quality", index), (name,))

    def _range(self, name: str, options: Mapping[str, Any], here: Path, **given: Any) -> Check:
        low, high = options.get("minimum"), options.get("maximum")
        if low is not None and high is not None and low > high:
            self.findings.append(Finding(path=here, problem=f"minimum {low} is over maximum {high}."))
        return _check(CheckKind.RANGE, (name,), low=low, high=high, **given)

    def _relationships(self, owner: Mapping[str, Any], here: Path, own: tuple[str, ...]) -> Iterator[Check]:
        for index, entry in enumerate(owner.get("relationships") or ()):
            if not isinstance(entry, dict) or "to" not in entry:
                continue
            place = (*here, "relationships", index)
            targets = [entry["to"]] if isinstance(entry["to"], str) else entry["to"]
            sources = [entry.get("from", "")] if isinstance(entry.get("from", ""), str) else entry["from"]
            columns = own or tuple(self._physical(str(name).rpartition(".")[2], (*place, "from")) for name in sources)
            tables = {str(target).rpartition(".")[0] for target in targets}
            if len(tables) != 1 or len(targets) != len(columns):
                self.findings.append(Finding(path=place, problem="must name as many columns of one table as it has."))
                continue
            table = tables.pop()
            home = self.published.rpartition(".")[0]
            reference = Reference(
                table=table if "." in table else f"{home}.{table}",
                columns=tuple(str(target).rpartition(".")[2] for target in targets),
            )
            severity = self._severity_of(entry.get("customProperties"), place)
            yield _check(CheckKind.REFERENTIAL, columns, reference=reference, severity=severity)

    def _severity_of(self, entries: Any, here: Path) -> Severity:
        """The severity that a relationship gives itself: the standard has no field for it."""
        severity = Severity.ERROR
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            name, value = (entry.get("property"), entry.get("value")) if isinstance(entry, dict) else (None, None)
            place = (*here, "customProperties", index)
            if str(name).startswith("harness.") and name != "harness.severity":
                self.findings.append(
                    Finding(
                        path=(*place, "property"),
                        problem=f"{name!r} is not a property of a relationship.",
                        valid=("harness.severity",),
                    )
                )
            elif name == "harness.severity" and value not in ("error", "warning"):
                self.findings.append(
                    Finding(path=(*place, "value"), problem=f"{value!r} is not valid.", valid=("error", "warning"))
                )
            elif name == "harness.severity":
                severity = SEVERITIES[str(value)]
        return severity

    def _freshness(self) -> Iterator[Check]:
        """A promise of freshness that names a column; how old the newest value may be, as of the slice."""
        for index, entry in enumerate(self.slas):
            if not isinstance(entry, dict) or entry.get("property") != "freshness":
                continue
            here: Path = ("slaProperties", index)
            element, unit = str(entry.get("element") or ""), str(entry.get("unit") or "d").lower()
            if "." not in element or not isinstance(entry.get("value"), int | float):
                continue
            name = self._physical(element.rpartition(".")[2], (*here, "element"))
            if unit not in SECONDS:
                self.findings.append(
                    Finding(path=(*here, "unit"), problem=f"{unit!r} is not valid.", valid=tuple(SECONDS))
                )
            elif name in self.columns and self.columns[name].logical_type in (LogicalType.DATE, LogicalType.TIMESTAMP):
                most = Expectation(operator=Operator.LESS_OR_EQUAL, values=(entry["value"] * SECONDS[unit],))
                words = str(entry.get("description") or "")
                yield _check(CheckKind.FRESHNESS, (name,), expect=most, description=words, dimension="timeliness")
            elif name in self.columns:
                kind = self.columns[name].logical_type
                self.findings.append(
                    Finding(path=(*here, "element"), problem=f"{name} is a {kind}.", valid=("date", "timestamp"))
                )

    def _physical(self, name: str, here: Path) -> str:
        if name not in self.names:
            self.findings.append(
                Finding(path=here, problem=f"{name!r} is not a column of the table.", valid=tuple(self.names))
            )
        return self.names.get(name, name)

    def _quality(self, entry: Any, here: Path, own: tuple[str, ...]) -> Iterator[Check]:
        if not isinstance(entry, dict):
            return
        kind = entry.get("type") or ("library" if "metric" in entry else "text")
        severity = SEVERITIES.get(str(entry.get("severity") or "error").lower())
        if severity is None:
            self.findings.append(
                Finding(
                    path=(*here, "severity"), problem=f"{entry['severity']!r} is not valid.", valid=tuple(SEVERITIES)
                )
            )
            severity = Severity.ERROR
        common: dict[str, Any] = {
            "severity": severity,
            "description": str(entry.get("description") or ""),
            "dimension": str(entry.get("dimension") or ""),
        }
        if entry.get("name"):
            common["id"] = str(entry["name"])
        if kind == "custom":
            custom = Custom(entry, here, own, common, self.findings, self._physical).check()
            yield from (custom,) if custom else ()
        if kind == "sql" and isinstance(entry.get("query"), str):
            query = entry["query"].replace("${object}", "${table}").replace("${property}", "${column}")
            query = query.replace("${column}", f'"{own[0]}"' if own else "${column}")
            identity = {"id": f"custom_sql:{'_'.join(map(str, here[2:]))}"} | common
            yield _check(CheckKind.CUSTOM_SQL, own, sql=query, expect=self._expect(entry, here), **identity)
        if kind == "library":
            yield from self._library(entry, here, own, common)

    def _library(
        self, entry: Mapping[str, Any], here: Path, own: tuple[str, ...], common: Mapping[str, Any]
    ) -> Iterator[Check]:
        metric, arguments = entry.get("metric"), entry.get("arguments") or {}
        expect = self._expect(entry, here)
        if metric == "rowCount":
            yield _check(CheckKind.ROW_COUNT, (), expect=expect, **common)
        elif metric == "duplicateValues":
            listed = tuple(
                self._physical(str(n), (*here, "arguments", "properties")) for n in arguments.get("properties", ())
            )
            if not (own or listed):
                self._argument(here, "duplicateValues of a table", "properties")
            else:
                yield _check(CheckKind.UNIQUE, own or listed, expect=expect, **common)
        elif metric in ("nullValues", "missingValues", "invalidValues") and not own:
            self.findings.append(
                Finding(path=here, problem=f"{metric} belongs to a column.", fix="Move it to a property.")
            )
        elif metric == "nullValues":
            none = expect == Expectation()
            yield _check(CheckKind.NOT_NULL if none else CheckKind.NULL_RATE, own, expect=expect, **common)
        elif metric == "missingValues":
            words = tuple(value for value in arguments.get("missingValues", ()) if value is not None)
            none = expect == Expectation()
            kind = CheckKind.NOT_NULL if none else CheckKind.NULL_RATE
            yield _check(kind, own, values=words, expect=expect, **common)
        elif metric == "invalidValues":
            yield from self._invalid(arguments, here, own, {"expect": expect, **common})

    def _invalid(
        self, arguments: Mapping[str, Any], here: Path, own: tuple[str, ...], common: Mapping[str, Any]
    ) -> Iterator[Check]:
        if arguments.get("validValues"):
            yield _check(CheckKind.ACCEPTED_VALUES, own, values=tuple(arguments["validValues"]), **common)
        elif "minimum" in arguments or "maximum" in arguments:
            yield self._range(own[0], arguments, (*here, "arguments"), **common)
        elif "minLength" in arguments or "maxLength" in arguments:
            yield _length(own[0], arguments, **common)
        elif "pattern" in arguments:
            yield _check(CheckKind.REGEX, own, pattern=str(arguments["pattern"]), **common)
        else:
            self._argument(here, "invalidValues", "validValues, pattern, or minimum, maximum, minLength, maxLength")

    def _argument(self, here: Path, what: str, name: str) -> None:
        self.findings.append(Finding(path=(*here, "arguments"), problem=f"{what} needs the argument {name}."))

    def _expect(self, entry: Mapping[str, Any], here: Path) -> Expectation:
        unit = str(entry.get("unit") or "rows").lower()
        unit = "percent" if unit in ("percent", "%") else unit
        if unit not in tuple(Unit):
            self.findings.append(Finding(path=(*here, "unit"), problem=f"{unit!r} is not valid.", valid=tuple(Unit)))
            unit = "rows"
        given = [operator for operator in Operator if operator in entry]
        if len(given) != 1:
            return Expectation(unit=Unit(unit))
        raw = entry[given[0]]
        values = tuple(raw) if isinstance(raw, list) else (raw,)
        if unit == "percent" and any(isinstance(v, int | float) and not 0 <= v <= 100 for v in values):
            self.findings.append(Finding(path=(*here, str(given[0])), problem="is a share outside 0 to 100 percent."))
        return Expectation(operator=given[0], values=values, unit=Unit(unit))


def _length(name: str, options: Mapping[str, Any], **given: Any) -> Check:
    return _check(CheckKind.LENGTH, (name,), low=options.get("minLength"), high=options.get("maxLength"), **given)


def _check(kind: CheckKind, columns: tuple[str, ...], **given: Any) -> Check:
    identity = given.pop("id", None) or (f"{kind}:{','.join(columns)}" if columns else str(kind))
    return Check(id=identity, kind=kind, columns=columns, **given)
