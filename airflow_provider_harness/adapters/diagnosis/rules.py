"""The floor: a diagnosis from tables alone. Trusted facts first, then the exception's types, then text."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.adapters.diagnosis.by_catalog import with_catalog
from airflow_provider_harness.adapters.diagnosis.by_scheduler import by_scheduler, says_why
from airflow_provider_harness.adapters.diagnosis.matching import (
    LEAST,
    Match,
    Reading,
    evidence_of,
    facts_of,
    find,
    own_words,
    quote,
)
from airflow_provider_harness.adapters.diagnosis.telling import clearest, sentence, short, told
from airflow_provider_harness.core.contracts.checks import CHECKS
from airflow_provider_harness.core.diagnosis.diagnosis import (
    PERSON_NEEDED,
    UNKNOWN,
    Basis,
    Category,
    Certainty,
    Diagnosis,
    first_remedy,
    safe_action,
)
from airflow_provider_harness.core.diagnosis.evidence import Citation, Evidence, Source
from airflow_provider_harness.core.diagnosis.exclusions import ruled_out
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, FailureKind
from airflow_provider_harness.core.logs.episode import SpokenLine
from airflow_provider_harness.core.logs.lines import Level
from airflow_provider_harness.core.redaction.secret_forms import lower
from airflow_provider_harness.core.signatures.context import EXPLAINS
from airflow_provider_harness.core.signatures.error_codes import Trait
from airflow_provider_harness.core.signatures.texts import ENDED, FAILED, TRAIT_WORDS

_SUPPORT = 0.3  # what each further line of the same category adds, three at most
_DRAWN = 1.0  # a smaller lead over a cause that needs a person is no basis to act alone
_LIKELY = 3.5  # what supports a cause well enough to say what a person may do
_LIKELY_ALONE = 5.0  # and to act without one: a generic status or class is not enough
_FOUNDED = 7.0  # from there a cause explains its traces
_LONGEST_CITED = 300  # characters of a citation
_EXPLAINED = 2.0  # what a trace then counts for less
_RETRY_AFTER = re.compile(
    r"(?:retry[-_ ]?after|retry in|try again in|wait)['\"]?\s{0,2}[:=]?\s{0,2}['\"]?(\d{1,6})(?:\.\d+)?\s?(ms|milliseconds|s\b|sec|seconds|m\b|min|minutes)?",
    re.IGNORECASE,
)
_words = tuple((trait, categories, re.compile(pattern)) for trait, categories, pattern in TRAIT_WORDS)

_failed, _ended = re.compile(FAILED), re.compile(ENDED)

_SENTENCES: Mapping[Category, str] = {
    Category.TRANSIENT_NETWORK: "A connection or service was not available.",
    Category.RATE_LIMITED: "The other side limits the rate of requests.",
    Category.QUOTA_EXHAUSTED: "An allotment is used up.",
    Category.RESOURCE_EXHAUSTED_MEMORY: "Memory ran out.",
    Category.RESOURCE_EXHAUSTED_DISK: "A disk is full or unusable.",
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: "Connections ran out.",
    Category.LOCK_CONTENTION: "Something else held, or was changing, what this one needed.",
    Category.TIMEOUT: "The operation ran past a time limit.",
    Category.AUTH_EXPIRED_OR_INVALID: "The identity was not accepted.",
    Category.PERMISSION_DENIED: "The task is not allowed to do this.",
    Category.MISSING_OBJECT: "An object that should always exist is absent.",
    Category.SCHEMA_DRIFT: "Structure or types are not what was expected.",
    Category.DATA_QUALITY_VIOLATION: "Values are well-formed and wrong.",
    Category.LATE_OR_MISSING_SOURCE: "An expected delivery is not there.",
    Category.DUPLICATE_DATA: "Keys are repeated.",
    Category.BAD_INPUT_ENCODING_OR_FORMAT: "Bytes or syntax of an input cannot be read.",
    Category.CONFIG_ERROR: "A setting is missing or wrong.",
    Category.CODE_BUG: "The code itself fails.",
    Category.DEPENDENCY_OR_VERSION: "A package is missing or of the wrong version.",
    Category.WORKER_LOST: "The process, pod or node is gone, and nothing says why.",
    Category.UPSTREAM_FAILED: "A predecessor failed; its own cause is not shown.",
    Category.OUT_OF_DISK_OR_STORAGE_QUOTA: "An imposed storage limit was reached.",
    Category.UNKNOWN: UNKNOWN.cause,
}


@dataclass(frozen=True, slots=True)
class RuleDiagnoser:
    """Diagnoses from ``SIGNATURES``; always available, the same answer every time."""

    def diagnose(self, failure: Failure | None, evidence: Evidence) -> Diagnosis:
        """See ``app.ports.diagnosis.Diagnoser``."""
        said = by_text(evidence.log)
        if failure is None:
            return said
        seen = evidence.witnessed.failure if evidence.witnessed else None
        ended = by_scheduler(evidence.facts, said, reported=seen is not None and _shown(seen))
        found = ended or (seen and _by_facts(seen, said)) or _as_text(_by_facts(_told(failure, seen), said)) or said
        return with_catalog(_held_to_facts(found, said, seen or failure), evidence.facts)


def _by_facts(failure: Failure, said: Diagnosis) -> Diagnosis | None:
    """What the typed parts of a failure say; how much that weighs depends on who saw them."""
    return _by_gate(failure) or _by_chain(failure.chain, said) or _by_kind(failure, said)


def _shown(seen: Failure) -> bool:
    """Whether the log shows what the task itself ended with."""
    return bool(seen.chain or seen.report or seen.schema_diff)


def _told(failure: Failure, seen: Failure | None) -> Failure:
    """A report that nobody vouches for, with the exceptions as the log has them; without a log, nobody saw the wait
    that it says."""
    unseen = tuple(replace(link, retry_after=None) for link in failure.chain)
    return replace(failure, chain=seen.chain if seen else unseen)


def _as_text(found: Diagnosis | None) -> Diagnosis | None:
    """The same of a report that nobody vouches for: it is text, whatever it calls itself."""
    if found is None or found.basis is not Basis.FACT:
        return found
    why = found.why.replace("A trusted fact says so.", "The report says so.")
    return replace(found, basis=Basis.TEXT, why=f"{why} Airflow's log of the try does not show the same.")


def _held_to_facts(found: Diagnosis, said: Diagnosis, failure: Failure) -> Diagnosis:
    """The diagnosis with what the facts rule out of it and of the text; a cause that they rule out is never sure."""
    told = {each.category for each in (found, said) if each.certainty is not Certainty.UNSURE}
    out = {category: why for category in Category if category in told and (why := ruled_out(category, failure))}
    if not out:
        return found
    against = tuple(f"The text says {category}; {why} rules that out." for category, why in out.items())
    certainty = Certainty.UNSURE if found.category in out else found.certainty
    return replace(found, certainty=certainty, against=against, why=" ".join((found.why, *against)))


def by_text(log: str) -> Diagnosis:
    """What a redacted log says, and nothing else is known."""
    reading = find(log)
    words, matches = reading.words, reading.matches
    scores = _scores(matches)
    ranked = sorted(scores, key=lambda c: (-scores[c], _first_line(matches, c)))
    if not ranked or scores[ranked[0]] < LEAST:
        return _broken_off(reading.said, lower(evidence_of(log)))
    if ranked[0] is Category.UNKNOWN:
        return _unexplained(_cite(log, matches), told(clearest(matches), log.split("\n")))
    best = ranked[0]
    others = [c for c in ranked[1:] if c is not Category.UNKNOWN]
    lead = scores[best] - (scores[others[0]] if others else 0)
    top = max(m.weight for m in matches if m.category is best)
    alone = _acts_alone(best, reading)
    likely = _LIKELY_ALONE if alone else _LIKELY
    certainty = Certainty.SURE if top >= 8 and lead >= 1 else Certainty.LIKELY if top >= likely else Certainty.UNSURE
    if lead < _DRAWN and others and alone and not _acts_alone(others[0], reading):
        certainty = Certainty.UNSURE
    if reading.quiet:
        certainty = Certainty.UNSURE
    telling = [m for m in matches if m.category is best]
    cited = _cite(log, telling)
    return Diagnosis(
        category=best,
        cause=_cause(best, told(clearest(telling), log.split("\n"))),
        basis=Basis.TEXT,
        certainty=certainty,
        why=_why(len(cited), reading.quiet, _how_clearly(top, lead, others)),
        citations=cited,
        alternatives=tuple(c for c in others if scores[c] >= scores[best] - 3)[:3],
        traits=_traits(best, reading),
        retry_after=retry_after(words) if best in (Category.RATE_LIMITED, Category.QUOTA_EXHAUSTED) else None,
    )


def _unexplained(cited: tuple[Citation, ...], said: str) -> Diagnosis:
    """A log that says what happened, and not why."""
    return replace(UNKNOWN, cause=sentence(said), why="The log says that this happened, and not why.", citations=cited)


def _why(lines: int, quiet: bool, how: str) -> str:
    """What the cause rests on, in plain words."""
    if quiet:
        return "No line that was logged as an error names a cause; an earlier line does, so this is unsure."
    return (
        f"{'One line of' if lines == 1 else f'{lines} lines of'} what failed {'says' if lines == 1 else 'say'} "
        f"so, {how}."
    )


def _how_clearly(top: float, lead: float, others: Sequence[Category]) -> str:
    """How clearly a log speaks for a cause, in words.

    :param top: weight of the clearest line, to 9.
    :param lead: by how much the cause is ahead of the next one.
    """
    words = "in words of this cause alone" if top >= 8 else "in words that are mostly of this cause"
    if top < _LIKELY_ALONE:
        words = "in words that other causes have, too"
    return f"{words}, and nearly as many for {others[0]}" if others and lead < _DRAWN else words


def _broken_off(said: Sequence[SpokenLine], words: str) -> Diagnosis:
    """A log of a task that neither failed nor ended points to a process that is gone; weakly."""
    levels = {each.line.level for each in said}
    last = words.rstrip().rpartition("\n")[2]
    if Level.QUIET not in levels or max(levels) > Level.QUIET or _failed.search(words) or _ended.search(last):
        return UNKNOWN
    return Diagnosis(
        category=Category.WORKER_LOST,
        cause="The log breaks off without an error or an end.",
        basis=Basis.TEXT,
        certainty=Certainty.UNSURE,
        why="No line of the log says that the task failed or ended.",
        traits=frozenset({Trait.KILLED_UNKNOWN}),
    )


def _scores(matches: Iterable[Match]) -> dict[Category, float]:
    by: dict[Category, dict[int, float]] = defaultdict(dict)
    for m in matches:
        seen = by[m.category]
        seen[m.at] = max(m.weight, seen.get(m.at, 0.0))
    scores = {c: max(s.values()) + _SUPPORT * min(len(s) - 1, 3) for c, s in by.items()}
    explained = frozenset[Category]().union(*(EXPLAINS.get(c, frozenset()) for c, s in scores.items() if s >= _FOUNDED))
    return {c: s - _EXPLAINED if c in explained else s for c, s in scores.items()}


def _first_line(matches: Iterable[Match], category: Category) -> int:
    return min(m.at for m in matches if m.category is category)


def _acts_alone(category: Category, reading: Reading) -> bool:
    said = Diagnosis(
        category=category,
        cause="",
        basis=Basis.TEXT,
        certainty=Certainty.LIKELY,
        traits=_traits(category, reading),
    )
    return safe_action(first_remedy(said)) not in PERSON_NEEDED


def _cite(log: str, matches: Iterable[Match]) -> tuple[Citation, ...]:
    """The lines that say so, the clearest first: each as it is, a long one around the words that decided."""
    best: dict[int, Match] = {}
    for m in matches:
        if m.line not in best or m.weight > best[m.line].weight:
            best[m.line] = m
    lines = log.split("\n")
    chosen = sorted(best.values(), key=lambda m: (-m.weight, m.at))[:5]
    return tuple(Citation(source=Source.LOG, line=m.line, text=_cited(lines[m.line - 1], quote(m))) for m in chosen)


def _cited(line: str, said: str) -> str:
    return line if len(line) <= _LONGEST_CITED else line[:_LONGEST_CITED] if said in line[:_LONGEST_CITED] else said


def _traits(category: Category, reading: Reading) -> frozenset[str]:
    """What chooses the remedy. That the work itself is too much is also heard where the program says before how much it
    is; a place in a delivery is none in a frame of the code."""
    heard = {Trait.LOAD: reading.near, Trait.ROW_LEVEL: reading.told}
    worded = {
        trait
        for trait, categories, pattern in _words
        if category in categories and pattern.search(heard.get(trait, reading.words))
    }
    return frozenset(worded.union(*(m.signature.traits for m in reading.matches if m.category is category)))


def retry_after(text: str) -> float | None:
    """Seconds that the text says to wait, at most a day; None where it says nothing."""
    if (match := _RETRY_AFTER.search(text)) is None:
        return None
    unit = (match.group(2) or "s").lower()
    factor = 0.001 if unit.startswith(("ms", "milli")) else 60.0 if unit.startswith("m") else 1.0
    seconds = float(match.group(1)) * factor
    return min(seconds, 86_400.0)


def _by_gate(failure: Failure) -> Diagnosis | None:
    """A blocked gate or a schema difference names the cause itself."""
    if failure.schema_diff is not None:
        return _of_schema(failure.schema_diff)
    if failure.report is not None:
        return _of_report(failure.report)
    return None


def _fact(
    category: Category, cause: str, why: str, traits: Iterable[str] = (), alternatives: tuple[Category, ...] = ()
) -> Diagnosis:
    """:param why: which fact says so, one sentence."""
    return Diagnosis(
        category=category,
        cause=cause,
        basis=Basis.FACT,
        certainty=Certainty.SURE,
        why=why,
        traits=frozenset(traits),
        alternatives=alternatives,
    )


def _of_schema(diff: Mapping[str, Any]) -> Diagnosis:
    kinds = {str(change.get("kind", "")) for change in diff.get("changes", ())}
    trait = Trait.ADDITIVE if kinds and kinds <= {"additive", "widening"} else Trait.BREAKING
    named = dict.fromkeys(str(change.get("column") or "?") for change in diff.get("changes", ()))
    about = f" {', '.join(list(named)[:_NAMED])}" if named else ""
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return _fact(
        Category.SCHEMA_DRIFT,
        f"Contract, source and target disagree about column(s){about}{more}: "
        f"{', '.join(sorted(kinds)) or 'unspecified'}.",
        f"The task compared them before any row moved: {len(named) or 'an unknown number of'} column(s) differ.",
        [trait],
    )


_CHECKS: Mapping[str, Category] = {
    "unique": Category.DUPLICATE_DATA,
    "freshness": Category.LATE_OR_MISSING_SOURCE,
    "completeness": Category.LATE_OR_MISSING_SOURCE,
}


#: Checks of single rows: the others may be well.
_ROW_LEVEL = frozenset(kind.value for kind, spec in CHECKS.items() if spec.row_level)


#: Columns, slices and checks that a sentence names; the others are counted.
_NAMED = 5


def _said(result: Mapping[str, Any]) -> str:
    said = f"{result['id']}: expected {result.get('expected', '?')}, found {result.get('actual', '?')}"
    missing = (result.get("facts") or {}).get("missing") or ()
    if not isinstance(missing, list | tuple) or not missing:
        return said
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    zone = (result.get("facts") or {}).get("time_zone")
    return f"{said} ({', '.join(map(str, missing[:_NAMED]))}{more}{f', days in {zone}' if zone else ''})"


def _of_report(report: Mapping[str, Any]) -> Diagnosis | None:
    """What the blocking results say; None where nothing blocks."""
    blocking = [r for r in report.get("results", ()) if not r.get("passed") and r.get("severity") == "error"]
    failed = [r for r in blocking if not r.get("error")]
    if not failed:
        return _of_unmeasured(blocking) if blocking else None
    found = {_CHECKS.get(str(r["kind"]), Category.DATA_QUALITY_VIOLATION) for r in failed}
    if not report.get("rows", 1):
        found.add(Category.LATE_OR_MISSING_SOURCE)
    order = (Category.LATE_OR_MISSING_SOURCE, Category.DUPLICATE_DATA, Category.DATA_QUALITY_VIOLATION)
    category, *others = (c for c in order if c in found)
    gaps = any(r.get("facts", {}).get("missing") for r in failed)
    late = category is Category.LATE_OR_MISSING_SOURCE
    single = len(failed) == len(blocking) and {str(r["kind"]) for r in failed} <= _ROW_LEVEL
    found_traits = {Trait.MISSING_SLICES: gaps, Trait.EXPECTED: late, Trait.ROW_LEVEL: single and not gaps}
    return _fact(
        category,
        f"The gate blocked. {'; '.join(_said(r) for r in failed[:3])}.",
        f"The gate's own report: {len(failed)} check(s) measured and not passed.",
        [trait for trait, holds in found_traits.items() if holds],
        tuple(others),
    )


def _of_unmeasured(results: Sequence[Mapping[str, Any]]) -> Diagnosis:
    """Checks that could not be run say nothing about the data; why they could not may be known."""
    said = by_text("\n".join(str(result["error"]) for result in results))
    about_data = said.category in (Category.DATA_QUALITY_VIOLATION, Category.DUPLICATE_DATA)
    reasons = "; ".join(f"{result['id']}: {result['error']}" for result in results[:3])
    return replace(
        UNKNOWN if about_data else said,
        cause=f"{len(results)} check(s) could not be run, which says nothing about the data. {reasons[:300]}",
        citations=(),
    )


def _by_chain(chain: tuple[ErrorLink, ...], said: Diagnosis) -> Diagnosis | None:
    """The types of the exception chain; the innermost cause that says something specific wins."""
    found = [(s, depth) for depth, link in enumerate(chain) for s in facts_of(link)]
    wait = next((link.retry_after for link in reversed(chain) if link.retry_after is not None), None)
    messages = by_text("\n".join(own_words(link) for link in reversed(chain)))
    text = messages if messages.category is not Category.UNKNOWN else said
    if not found:
        return replace(text, retry_after=wait or text.retry_after) if chain and text is messages else None
    best, depth = max(
        found, key=lambda f: (f[0].strength >= 4, f[1] if f[0].strength >= 4 else f[0].strength, f[0].strength)
    )
    agreed = next((s for s, _ in found if s.category is text.category and s.strength >= 2), None)
    if best.strength < 4 and agreed is None:
        return replace(text, retry_after=wait or text.retry_after) if text.category is not Category.UNKNOWN else None
    category = best.category if best.strength >= 4 else text.category
    link = chain[depth]
    return Diagnosis(
        category=category,
        cause=_cause(category, f"{link.type}: {link.message[:200]}"),
        basis=Basis.FACT,
        certainty=Certainty.SURE if best.strength >= 6 else Certainty.LIKELY,
        why=f"{best.id} of the exception chain identifies it.",
        citations=(
            Citation(source=Source.EXCEPTION, line=0, text=f"{link.type}: {link.message}"[:300]),
            *text.citations[:3],
        ),
        alternatives=tuple(c for c in (text.category, *text.alternatives) if c not in (category, Category.UNKNOWN))[:3],
        traits=text.traits if text.category is category else frozenset(best.traits),
        retry_after=wait if wait is not None or text.category is not category else text.retry_after,
    )


def _cause(category: Category, said: str) -> str:
    """What was said before what it means in general: a title on a phone ends early, and has the category's name
    already."""
    return f"{sentence(said)} {_SENTENCES[category]}" if said else _SENTENCES[category]


_QUIET: Mapping[str, Category] = {
    "stale": Category.LATE_OR_MISSING_SOURCE,
    "doubled": Category.DUPLICATE_DATA,
    "fan_out": Category.DUPLICATE_DATA,
    "unread": Category.UNKNOWN,
}
"""The first thing that is wrong with a watched slice -> what it is; everything else is about the data's quality."""


def _by_kind(failure: Failure, said: Diagnosis) -> Diagnosis | None:
    if failure.kind is FailureKind.QUIET:
        first = failure.detail.get("quiet", "").partition(",")[0]
        why = (
            f"The healer measured it itself; no task failed. The table's roots are "
            f"{failure.detail.get('roots', 'not known')}."
        )
        what = _QUIET.get(first, Category.DATA_QUALITY_VIOLATION)
        traits = [Trait.EXPECTED] if what is Category.LATE_OR_MISSING_SOURCE else []
        return _fact(what, sentence(failure.detail.get("text", "")), why, traits)
    if failure.kind is FailureKind.RUN_FAILED:
        late = failure.detail.get("timed_out")
        why = "Airflow's record of the run, and its dagrun_timeout."
        return _fact(Category.TIMEOUT, f"The run was too slow: {late}.", why, [Trait.PERMANENT]) if late else None
    if failure.kind is FailureKind.UNREPORTED and says_why(said):
        return replace(said, why=f"{said.why} No callback of the try was heard.")
    if failure.kind is FailureKind.UNREPORTED:
        word = short(said.citations[0].text) if said.citations else ""
        lost = _fact(
            Category.WORKER_LOST,
            "The try ended without reporting: its process is gone, and "
            + (f"its log says: {word}" if word else "nothing says why."),
            "Airflow says that the task failed, and no callback of it was heard.",
            [Trait.KILLED_UNKNOWN],
        )
        return replace(lost, citations=said.citations, alternatives=(Category.RESOURCE_EXHAUSTED_MEMORY,))
    return None
