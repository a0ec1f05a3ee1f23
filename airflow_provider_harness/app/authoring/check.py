"""``check``: every finding of some Dag files, in a stable order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from airflow_provider_harness.app.authoring.catalog import RULES
from airflow_provider_harness.app.authoring.code import bodies, head, secrets
from airflow_provider_harness.app.authoring.finding import Finding, FindingSeverity, Found, Stage
from airflow_provider_harness.app.authoring.model import Query, Source
from airflow_provider_harness.app.authoring.rules import RULES as OF_DAGS
from airflow_provider_harness.app.authoring.suppressions import applied

Judge = Callable[[Query], Iterator[Found]]
_WEIGHS = {FindingSeverity.ERROR: 0, FindingSeverity.WARNING: 1, FindingSeverity.HINT: 2}


def of_source(source: Source, judge: Judge, *, imported: bool = False) -> Iterator[Found]:
    """What one file says by itself.

    :param judge: what is wrong with a query.
    :param imported: Airflow imported it, so that a file without a Dag has none.
    """
    yield from head.findings(source)
    yield from secrets.findings(source)
    yield from bodies.findings(source)
    for query in source.queries:
        yield from _weighed(source, query, judge(query))
    for rule in OF_DAGS:
        yield from rule(source)
    if not source.dags:
        unsure = not imported and (_made_elsewhere(source) or re.search(r"\bDAG\(|@dag\b", source.text))
        yield Found(rule="HF003", line=1, severity=FindingSeverity.HINT if unsure else None)


def _made_elsewhere(source: Source) -> bool:
    """Whether the file imports something that may make its Dags."""
    return any(
        "dag" in name.lower() and not home.startswith("airflow.") for name, home in source.values.imports.items()
    )


_ONLY_REPEATED = ("HS107", "HS112", "HS101", "HL112")
"""Findings of queries that are hints where no schedule runs them again and again."""


def _weighed(source: Source, query: Query, found: Iterable[Found]) -> Iterator[Found]:
    """A query's findings; what only hurts at the next run is a hint where there is none."""
    repeated = source.repeated(query.unit)
    for one in found:
        weak = (not repeated and one.rule in _ONLY_REPEATED) or (one.rule == "HS108" and not _elsewhere(source))
        yield _as(one, FindingSeverity.HINT) if weak else one


_ZONE = re.compile(
    r"(?:timezone|tz|timeZone)\s*[=:]\s*[^\s,)]*['\"](?!UTC|Etc)[A-Z][A-Za-z]+/\w+|ZoneInfo\(|pytz\.timezone\("
)


def _elsewhere(source: Source) -> bool:
    """Whether the days of a file are those of another zone than UTC."""
    return bool(_ZONE.search(source.text))


def _as(found: Found, severity: FindingSeverity) -> Found:
    return Found(
        rule=found.rule, line=found.line, message=found.message, fix=found.fix, severity=severity, file=found.file
    )


def finished(found: Mapping[str, Sequence[Found]], texts: Mapping[str, str], stage: Stage) -> tuple[Finding, ...]:
    """Findings as they are printed: suppressions applied, each once, the heaviest first in each file.

    :param found: file -> what was seen in it.
    :param texts: file -> its text, where it could be read.
    """
    made: dict[tuple[str, int, str, str], Finding] = {}
    for file, several in found.items():
        for one in applied(several, texts.get(file, "")):
            finding = _finding(one, file, stage)
            made.setdefault((finding.file, finding.line, one.rule, finding.message), finding)
    order = {file: index for index, file in enumerate(found)}
    return tuple(
        sorted(
            made.values(),
            key=lambda f: (order.get(f.file, len(order)), f.file, _WEIGHS[f.severity], f.line, f.rule.id, f.message),
        )
    )


def _finding(found: Found, file: str, stage: Stage) -> Finding:
    rule = RULES[found.rule]
    severity = found.severity or rule.severity
    if rule.demanded is not None and stage.rank >= rule.demanded.rank and severity is FindingSeverity.HINT:
        severity = FindingSeverity.WARNING
    return Finding(
        rule=rule,
        severity=severity,
        file=found.file or file,
        line=max(1, found.line),
        message=found.message or rule.what,
        fix=found.fix or rule.fix,
    )


def stands(findings: Iterable[Finding]) -> bool:
    """Whether something more than a hint is left."""
    return any(one.severity is not FindingSeverity.HINT for one in findings)
