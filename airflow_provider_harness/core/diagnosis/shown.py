"""What the words of an exception show of a report about it: a gate's results, a comparison of columns, codes.

The log of a try has the exception's words, and no more. What they do not show is not taken from a report, even where all that
they do show agrees with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_harness.core.contracts.checks import CHECKS, CheckKind
from airflow_provider_harness.core.contracts.schema import Change, SchemaChange, SchemaDiff, Side
from airflow_provider_harness.core.diagnosis.failure import ErrorLink

_HEAD = re.compile(r", \d+ rows\): \d+ of \d+ checks failed")
_STANDING = re.compile(
    r" This run published nothing(?:, and nothing of the slice stands there\.|; \d+ row\(s\) .{0,80})$"
)
_EXPECTED, _FOUND, _UNCHECKED = ": expected ", ", found ", ": could not be checked ("
_COUNT = re.compile(r"(\d{1,18}) (?:failing rows|rows too many)")
_MISSING = ", missing "
_ZONE = re.compile(r"[A-Za-z0-9_+/-]{1,64}")  # for people alone: nothing is decided by it
_CHANGE = re.compile(r"\b(?:additive|widening|breaking): column ")


def gate(report: Mapping[str, Any], said: str) -> dict[str, Any] | None:
    """Of a gate's report, what the violation's sentence shows; None where it says anything else.

    A result that does not block is not in the sentence, so it is left out. The kind of a check is known by its advice.

    :param said: the message of the ``ContractViolation`` in the log.
    """
    said = _STANDING.sub("", words(said))
    results = [one for one in report.get("results", ()) if isinstance(one, Mapping)]
    blocking = [one for one in results if one.get("blocking")]
    errors = [one for one in blocking if one.get("error")]
    parts = (len(_HEAD.findall(said)), *(said.count(mark) for mark in (_EXPECTED, _FOUND, _UNCHECKED)))
    measured = len(blocking) - len(errors)
    if parts != (1, measured, measured, len(errors)) or " slice " in str(report.get("table")):
        return None  # a field holds what only stands between fields, so the words can be read in two ways
    if " (" in str(report.get("slice")) or said != words(sentence(report)):
        return None
    where = str(report.get("where"))
    head = {name: report.get(name) for name in ("table", "slice", "where", "rows")}
    return {**head, "results": [_result(one, where) for one in blocking]}


def _result(told: Mapping[str, Any], where: str) -> dict[str, Any]:
    advice = str(told.get("look_at", ""))
    kind = next((kind for kind, spec in CHECKS.items() if advice.startswith(spec.look_at)), None)
    found = {name: told.get(name) for name in ("id", "expected", "actual", "look_at", "error")}
    count = _COUNT.match(str(told.get("actual")))
    facts: dict[str, Any] = {}
    if kind is CheckKind.COMPLETENESS and _MISSING in where:
        zone = str((told.get("facts") or {}).get("time_zone") or "")
        facts = {
            "missing": where.partition(_MISSING)[2].split(", "),
            "time_zone": zone if _ZONE.fullmatch(zone) else "",
        }
    return {
        **found,
        "kind": "" if kind is None or told.get("error") else kind.value,
        "severity": "error",
        "passed": False,
        "blocking": True,
        "failing": int(count[1]) if count else None,
        "facts": facts,
    }


def sentence(report: Mapping[str, Any]) -> str:
    """A gate's report in one paragraph, as ``core.contracts.report.Report`` says it, made anew from its parts."""
    results = [one for one in report.get("results", ()) if isinstance(one, Mapping)]
    blocking = [one for one in results if one.get("blocking")]
    subject = (
        f"{report.get('table')} slice {report.get('slice') or 'all'} ({report.get('where')}, {report.get('rows')} rows)"
    )
    left = report.get("left")
    later = (
        f"; left to the gate of the load: {', '.join(map(str, left))}"
        if left and isinstance(left, list | tuple)
        else ""
    )
    return f"{subject}: {len(blocking)} of {len(results)} checks failed{later}. {' '.join(map(_said, blocking))}"


def _said(result: Mapping[str, Any]) -> str:
    if result.get("error"):
        return f"{result.get('id')}{_UNCHECKED}{result.get('error')})"
    share = f" ({result['share']:.2%} of rows)" if result.get("share") else ""
    said = f"{result.get('id')}{_EXPECTED}{result.get('expected')}{_FOUND}{result.get('actual')}{share}. {result.get('look_at')}"
    return said.strip()


def difference(diff: Mapping[str, Any], said: str) -> dict[str, Any] | None:
    """Of a comparison of columns, what the drift's sentence shows; None where it says anything else."""
    try:
        changes = tuple(_change(one) for one in diff.get("changes", ()))
        side, table, published = Side(diff["side"]), str(diff["table"]), str(diff["published"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    found = SchemaDiff(side=side, table=table, published=published, changes=changes)
    if len(_CHANGE.findall(said)) != len(changes) or words(found.sentence()) != words(said):
        return None
    return found.as_dict()


def _change(told: Mapping[str, Any]) -> SchemaChange:
    texts = {name: str(told.get(name) or "") for name in ("column", "expected", "found", "ddl", "renamed_to", "why")}
    return SchemaChange(kind=Change(told["kind"]), blocking=True, **texts)


#: Code -> how a client or a server writes it, so that no number of rows is one. ``{}`` is the code itself.
_FORMS: Mapping[str, Sequence[str]] = {
    "sqlstate": (r"(?:sqlstate|errcode|pgcode)\W{{0,3}}{}\b", r"\((?:[^()]{{0,300}}, )?{}\)\."),
    "http_status": (
        r"\b(?:http(?:/\d(?:\.\d)?)?|status)(?:[ _-]?(?:status|error|code))*\W{{1,3}}{}\b",
        r"\berror code: {}\b",
        r"\b{}:? (?:client error|server error|too many requests|bad gateway|service unavailable|gateway time-?out|forbidden"
        r"|unauthorized|not found|internal server error|bad request|conflict|gone|insufficient storage|request timeout"
        r"|(?:get|post|put|patch|delete|head) https?://)",
        r"^{}, message=",
        r"\({}\)\s{{0,2}}reason",
    ),
    "errno": (r"\berrno\W{{1,2}}{}\b",),
    "retry_after": (r"\b(?:retry[-_ ]?after|retry in|try again in|wait)\W{{1,6}}{}\b",),
}
_PLAIN_WORD = re.compile(r"[A-Za-z]?[a-z]*|[A-Z]+")


def codes(told: ErrorLink, message: str) -> dict[str, Any]:
    """The codes of a report's exception that the log's message of the same one shows, each in its own form."""
    found = {}
    for name, forms in _FORMS.items():
        value = getattr(told, name)
        if value is not None and any(_shows(form, value, message) for form in forms):
            found[name] = value
    reasons = tuple(word for word in told.reasons if _names(word, message))
    return {**found, "reasons": reasons}


def _shows(form: str, value: object, message: str) -> bool:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return re.search(form.format(re.escape(text)), message, re.IGNORECASE) is not None


def _names(reason: str, message: str) -> bool:
    """Whether a message holds a service's word; one that is a word of the language only where it stands as a reason."""
    word = rf"(?<![\w]){re.escape(reason)}(?![\w])"
    if _PLAIN_WORD.fullmatch(reason):
        word = rf"(?:\b(?:reason|code|status|error)\W{{1,4}}{word}|\((?:[^()]{{0,300}}, )?{word}\))"
    return re.search(word, message) is not None


def words(text: str) -> str:
    """What two tellings of one sentence have in common, however each of them was masked at its signs."""
    return " ".join(text.split())
