"""The rules that a contract states under ``quality``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.adapters.contracts.findings import Path, did_you_mean
from airflow_provider_harness.adapters.contracts.rules.bounds import expectation, possible
from airflow_provider_harness.adapters.contracts.rules.custom import Custom
from airflow_provider_harness.adapters.contracts.rules.options import listed, measured, ranged
from airflow_provider_harness.adapters.contracts.rules.sql import rule
from airflow_provider_harness.adapters.contracts.scope import Ruled, Scope, Subject, physical_name
from airflow_provider_harness.core.contracts.checks import CheckKind, CheckSeverity, Expectation, Operator

SEVERITIES: Mapping[str, CheckSeverity] = {
    "error": CheckSeverity.ERROR,
    "warning": CheckSeverity.WARN,
    "warn": CheckSeverity.WARN,
    "info": CheckSeverity.WARN,
    **dict.fromkeys(("blocker", "critical", "fatal", "high", "major"), CheckSeverity.ERROR),
    **dict.fromkeys(("low", "minor", "trivial", "notice", "information", "informational"), CheckSeverity.WARN),
}
"""Severity of a rule, in lower case -> ours. The standard leaves the words open; ``medium`` may mean either, so it is none."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "library": ("metric", "rule", "arguments", *Operator),
    "sql": ("query", *Operator),
    "custom": ("engine", "implementation"),
    "text": (),
}
"""Type of a rule -> the fields that say what it is."""

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "nullValues": (),
    "missingValues": ("missingValues",),
    "invalidValues": (
        "validValues",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
    ),
    "duplicateValues": ("properties",),
    "rowCount": (),
}
"""Metric of the library -> its arguments."""
OF_TABLE = ("rowCount",)
OF_COLUMN = ("nullValues", "missingValues", "invalidValues")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One rule: where it stands, what it is about, and what it says of every check that it becomes."""

    entry: Mapping[str, Any]
    here: Path
    subject: Subject
    severity: CheckSeverity
    name: str

    @property
    def common(self) -> dict[str, Any]:
        """Severity, words and id of its checks."""
        said = {
            "severity": self.severity,
            "description": str(self.entry.get("description") or ""),
            "dimension": str(self.entry.get("dimension") or ""),
        }
        return said | ({"id": self.name} if self.name else {})


class Quality:
    """The rules of one table."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def rules(self, owner: Mapping[str, Any], here: Path, subject: Subject) -> Iterator[Ruled]:
        """What the ``quality`` of a table, a column or something below one asks for."""
        entries = owner.get("quality")
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                yield from self._rule(entry, (*here, "quality", index), subject)

    def _rule(self, entry: Mapping[str, Any], here: Path, subject: Subject) -> Iterator[Ruled]:
        kind = str(entry.get("type"))
        if kind not in FIELDS:
            return  # the standard's own schema says so
        name = str(entry.get("name") or entry.get("id") or "")
        stated = Stated(entry=entry, here=here, subject=subject, severity=self._severity(entry, here), name=name)
        said = {word for fields in FIELDS.values() for word in fields if word in entry}
        strangers = sorted(said - set(FIELDS[kind]))
        for word in strangers:
            self.scope.find(
                (*here, word), f"has no meaning in a rule of type {kind}.", FIELDS[kind], "Say the right type."
            )
        scheduled(self.scope, entry, here)
        made = {"library": self._library, "sql": self._sql, "custom": self._custom}.get(kind)
        for ruled in made(stated) if made and not strangers else ():
            possible(self.scope, ruled.check.kind, ruled.check.spec.metric, ruled.check.expect, here)
            yield ruled

    def _severity(self, entry: Mapping[str, Any], here: Path) -> CheckSeverity:
        given = entry.get("severity") or "error"
        found = SEVERITIES.get(str(given).lower())
        if found is None:
            fix = did_you_mean(given, tuple(SEVERITIES)) or "error blocks, warning reports."
            self.scope.find((*here, "severity"), f"{given!r} is not valid.", tuple(SEVERITIES), fix)
        return found or CheckSeverity.ERROR

    def _made(self, stated: Stated, kind: CheckKind, **given: Any) -> Ruled:
        check = stated.subject.check(kind, **({"expect": Expectation()} | given | stated.common))
        return Ruled(check=check, place=stated.here, named=bool(stated.name))

    def _custom(self, stated: Stated) -> Iterator[Ruled]:
        if stated.subject.path:
            self.scope.find(stated.here, f"is about {stated.subject}, below a column.", fix="Move it to the column.")
            return
        custom = Custom(
            stated.entry, stated.here, stated.subject.columns, stated.common, self.scope.findings, self.scope.physical
        )
        found = custom.check()
        if found:
            yield Ruled(check=found, place=stated.here, named=bool(stated.name))

    def _sql(self, stated: Stated) -> Iterator[Ruled]:
        entry, here, own = stated.entry, stated.here, stated.subject.columns
        if not isinstance(entry.get("query"), str):
            return
        query = self._query(entry["query"], (*here, "query"), own)
        expect = expectation(self.scope, entry, here, sql=True)
        identity = {} if stated.name else {"id": f"custom_sql:{'_'.join(map(str, here[2:]))}"}
        yield self._made(stated, CheckKind.CUSTOM_SQL, sql=query, expect=expect, **identity)

    def _query(self, query: str, here: Path, own: tuple[str, ...]) -> str:
        """A query as the gates run it."""
        table, published = self.scope.table, self.scope.published
        home, name = published.rpartition(".")[0], str(table.get("name") or "")
        words = (name, name.lower(), physical_name(table))
        names = {one for word in words for one in (word, f"{home}.{word}") if word}
        columns = tuple(one for one in self.scope.names.values() if one not in self.scope.dropped)
        found = rule(query, column=own[0] if own else "", table=published, names=sorted(names), columns=columns)
        for one in found.problems:
            self.scope.find(here, one.problem, one.valid, one.fix)
        return found.sql

    def _library(self, stated: Stated) -> Iterator[Ruled]:
        entry, here, subject = stated.entry, stated.here, stated.subject
        metric, arguments = str(entry.get("metric")), entry.get("arguments") or {}
        if metric not in ARGUMENTS or not isinstance(arguments, dict):
            return  # the standard's own schema says so
        for word in arguments:
            if word not in ARGUMENTS[metric]:
                known = ARGUMENTS[metric]
                problem = f"{word!r} is not an argument of {metric}." if known else f"{metric} has no arguments."
                self.scope.find((*here, "arguments", word), problem, known, did_you_mean(word, known))
        if metric in OF_TABLE and subject.column:
            self.scope.find(here, f"{metric} belongs to the table.", fix="Move it to the table's quality.")
        elif metric in OF_COLUMN and not subject.column:
            self.scope.find(here, f"{metric} belongs to a column.", fix="Move it to a property.")
        else:
            expect = expectation(self.scope, entry, here)
            yield from _METRICS[metric](self, stated, arguments, expect)

    def _row_count(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        if not any(operator in stated.entry for operator in Operator):
            return  # the standard's own schema says so; a count without a bound is no check
        yield self._made(stated, CheckKind.ROW_COUNT, expect=expect)

    def _duplicates(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        given, place = arguments.get("properties"), (*stated.here, "arguments", "properties")
        if stated.subject.column:
            if given is not None:
                self.scope.find(place, "belongs to a rule of the table.", fix="Move the rule to the table's quality.")
            yield self._made(stated, CheckKind.UNIQUE, expect=expect)
        elif not isinstance(given, list) or not given:
            self._argument(stated, "duplicateValues of a table", "properties")
        else:
            columns = tuple(dict.fromkeys(self.scope.physical(str(name), place) for name in given))
            identity = stated.name or f"{CheckKind.UNIQUE}:{','.join(columns)}"
            made = self._made(stated, CheckKind.UNIQUE, expect=expect, id=identity)
            yield replace(made, check=replace(made.check, columns=columns))

    def _nulls(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        none = expect == Expectation()
        yield self._made(stated, CheckKind.NOT_NULL if none else CheckKind.NULL_RATE, expect=expect)

    def _missing(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        place = (*stated.here, "arguments", "missingValues")
        given = arguments.get("missingValues")
        if given is not None and not isinstance(given, list):
            self.scope.find(place, f"{given!r} is not a list.")
            return
        values = listed(self.scope, stated.subject, [((*place, n), value) for n, value in enumerate(given or ())])
        kind = CheckKind.NOT_NULL if expect == Expectation() else CheckKind.NULL_RATE
        yield self._made(stated, kind, values=values, expect=expect)

    def _invalid(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        here, found = (*stated.here, "arguments"), list(self._criteria(stated, arguments, expect))
        if not found:
            misplaced = any(word in stated.entry for word in ARGUMENTS["invalidValues"])
            if not misplaced and not any(word in arguments for word in ARGUMENTS["invalidValues"]):
                self._argument(stated, "invalidValues", ", ".join(ARGUMENTS["invalidValues"]))
        elif len(found) > 1 and expect != Expectation():
            words = ", ".join(str(ruled.check.kind) for ruled in found)
            problem = f"asks for several things at once ({words}), and for a number of failing rows other than 0."
            self.scope.find(here, problem, fix="Write a rule for each.")
        elif len(found) > 1 and stated.name:
            for ruled in found:
                yield replace(ruled, check=replace(ruled.check, id=f"{stated.name}:{ruled.check.kind}"))
        else:
            yield from found

    def _criteria(self, stated: Stated, arguments: Mapping[str, Any], expect: Expectation) -> Iterator[Ruled]:
        """One check for each way in which a value can be invalid."""
        here, subject = (*stated.here, "arguments"), stated.subject
        more = {"expect": expect, **stated.common}
        given = arguments.get("validValues")
        if given is not None and not isinstance(given, list):
            self.scope.find((*here, "validValues"), f"{given!r} is not a list.")
        elif given is not None:
            places = [((*here, "validValues", n), value) for n, value in enumerate(given)]
            values = listed(self.scope, subject, places)
            if values:
                yield self._made(stated, CheckKind.ACCEPTED_VALUES, values=values, expect=expect)
            elif all(value is None for value in given):
                self.scope.find((*here, "validValues"), "lists no value.", fix="List at least one, or remove it.")
        bounds = [*ranged(self.scope, subject, arguments, here, **more)]
        bounds += measured(self.scope, subject, arguments, here, **more)
        yield from (Ruled(check=ruled.check, place=stated.here, named=bool(stated.name)) for ruled in bounds)
        pattern = arguments.get("pattern")
        if pattern is not None and not isinstance(pattern, str):
            self.scope.find((*here, "pattern"), f"{pattern!r} is not text.", fix="Quote it.")
        elif pattern is not None:
            yield self._made(stated, CheckKind.REGEX, pattern=pattern, expect=expect)

    def _argument(self, stated: Stated, what: str, name: str) -> None:
        self.scope.find((*stated.here, "arguments"), f"{what} needs the argument {name}.")


_METRICS: Mapping[str, Any] = {
    "rowCount": Quality._row_count,
    "duplicateValues": Quality._duplicates,
    "nullValues": Quality._nulls,
    "missingValues": Quality._missing,
    "invalidValues": Quality._invalid,
}
"""Metric of the library -> what makes its checks."""


def scheduled(scope: Scope, entry: Mapping[str, Any], here: Path) -> None:
    """Find fault with the schedule of a rule or a promise, where it is a cron, and with a scheduler that is nearly one."""
    scheduler = str(entry.get("scheduler") or "cron").lower()
    if scheduler != "cron" and (fix := did_you_mean(scheduler, ("cron",))):
        scope.find((*here, "scheduler"), f"{scheduler!r} is not known.", fix=fix)
    if "schedule" in entry and scheduler == "cron" and (wrong := cron_fault(entry["schedule"])):
        scope.find((*here, "schedule"), wrong, fix="Write five fields: minute hour day month weekday.")


def cron_fault(given: Any) -> str:
    """What is wrong with a cron expression; empty if nothing is."""
    from croniter import CroniterBadDateError, croniter

    if not isinstance(given, str) or not croniter.is_valid(given):
        return f"{given!r} is not a cron expression."
    try:
        croniter(given, 0).get_next()
    except CroniterBadDateError:
        return f"{given!r} never runs: no date matches it."
    return ""
