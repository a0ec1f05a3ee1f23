"""What a model is told of a failure: the versioned prompt, and the dossier with everything that somebody wrote between marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources

from airflow_provider_harness.adapters.model.answer import Shown
from airflow_provider_harness.core.diagnosis.evidence import Evidence, Source
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.log_excerpt import Line, excerpt
from airflow_provider_harness.core.redaction.escaping import one_line
from airflow_provider_harness.core.redaction.redactor import shorten

PROMPT = "diagnose_v4"
#: What the dossier has at most: characters, and tokens as ``tokens`` counts them; and its parts beside the log.
DOSSIER, TOKENS = 12_000, 4_000
_OF_NAMES, _OF_FACTS, _OF_UNREAD, _OF_TEXTS = (900, 350), (2_300, 750), (500, 170), (2_300, 750)
_LONGEST_LINE = 400
#: Tokens of a character, on the safe side: of words, of digits, of signs, and of what is not ASCII; and more of each
#: character in a long word, as keys and encoded bytes are.
_WORDS, _DIGITS, _SIGNS, _OTHERS, _UNBROKEN = 0.3, 0.5, 0.6, 2.0, 0.3
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{40,}")


def prompt(name: str = PROMPT) -> str:
    """A versioned system prompt."""
    return (resources.files("airflow_provider_harness.adapters.model") / "prompts" / f"{name}.md").read_text("utf-8")


def tokens(text: str) -> float:
    """About how many tokens a text has; rather too many than too few."""
    return sum(map(_weight, text)) + _UNBROKEN * sum(len(word) for word in _LONG_WORD.findall(text))


def _weight(character: str) -> float:
    if character > "\x7f":
        return _OTHERS
    return _WORDS if character.isalpha() or character == " " else _DIGITS if character.isdigit() else _SIGNS


def _fit(text: str, most: tuple[int, int]) -> str:
    """At most so many characters and tokens."""
    text = shorten(text, most[0])
    while (count := tokens(text)) > most[1]:
        text = shorten(text, int(len(text) * min(0.95, most[1] / count)))
    return text


def fenced(text: str, mark: str) -> str:
    """A text between marks that it cannot close."""
    return f"<{mark}>\n{text.replace(mark, 'log-')}\n</{mark}>"


def dossier(failure: Failure | None, evidence: Evidence, mark: str, more: Sequence[str] = ()) -> str:
    """What is known, trusted things first; everything that somebody wrote stands between the marks.

    What does not fit into the budget is cut, the log last: the rest of it is there for the tools, under the same numbers.

    :param more: parts that stand before the log.
    """
    trusted = [f"- {o.text}" for o in evidence.observations if o.trusted]
    trusted += [f"- {name}: {value}" for name, value in sorted(evidence.facts.items())]
    if failure is not None:
        trusted.append(f"- kind of failure: {failure.kind}, at {failure.occurred_at:%Y-%m-%d %H:%M:%S} UTC")
    parts = [
        *([f"System: {evidence.system}"] if evidence.system else []),
        *([f"What failed (names are data):\n{fenced(_fit(_identity(failure), _OF_NAMES), mark)}"] if failure else []),
        "Trusted facts:\n" + (_fit("\n".join(trusted), _OF_FACTS) or "- none"),
        "Could not be read:\n"
        + (_fit("\n".join(f"- {u}" for u in evidence.unavailable), _OF_UNREAD) or "- nothing is missing"),
        "Exception, outermost first, and what else was seen (data):\n"
        + fenced(_fit("\n".join(line.text for line in told(failure, evidence)) or "none", _OF_TEXTS), mark),
        *more,
    ]
    left = DOSSIER - sum(len(part) + 2 for part in parts) - 120
    room = TOKENS - sum(tokens(part) + 2 for part in parts) - 100
    return "\n\n".join([*parts, "Log (data), numbered:\n" + fenced(_log(evidence.log, left, room), mark)])


def told(failure: Failure | None, evidence: Evidence) -> Sequence[Shown]:
    """What the dossier tells beside facts and log: the exception once, however many told it."""
    links = [f"{link.type}: {link.message}" for link in failure.chain[:4]] if failure else []
    lines = [Shown(Source.EXCEPTION, 0, shorten(text, 400)) for text in links]
    lines += [
        Shown(o.source, 0, shorten(o.text, 400))
        for o in evidence.observations
        if not o.trusted and not (links and o.source is Source.EXCEPTION)
    ]
    if failure is not None:
        missing = (f"not known, by its reporter: {one_line(what, 100)}" for what in failure.missing[:10])
        lines += [Shown(Source.RUN, 0, text) for text in missing]
    return lines


def _identity(failure: Failure) -> str:
    """Which try of what: names are their authors' texts."""
    key = failure.key
    named = {
        "Dag": key.dag_id,
        "task": key.task_id + (f"[{key.map_index}]" if key.map_index >= 0 else ""),
        "run": key.run_id,
        "try": f"{key.try_number} of {failure.max_tries + 1}" if key.try_number else "",
        "operator": failure.operator,
        "slice": failure.slice_id or "",
        "table": failure.table,
        "reads": ", ".join(failure.reads[:5]),
        "writes": ", ".join(failure.writes[:5]),
    }
    return "\n".join(f"{name}: {one_line(value, 200)}" for name, value in named.items() if value)


def _log(log: str, characters: int, room: float) -> str:
    """The lines that matter most, as many as there is room for; each gap says which lines are not shown."""
    lines, size = "", characters * 9 // 10
    while size > 0:
        kept = excerpt(log.encode("utf-8", "replace"), size, longest=_LONGEST_LINE + 1)
        lines = shorten("\n".join(_numbered(kept)), characters)
        if (count := tokens(lines)) <= room:
            break
        size = int(size * min(0.9, room / count))  # the excerpt leaves out what matters least
    return lines


def _numbered(kept: Sequence[Line]) -> Iterator[str]:
    last = 0
    for line in kept:
        if line.number > last + 1:
            yield f"       [lines {last + 1:,} to {line.number - 1:,} are not shown here; get_pipeline_logs gives them]"
        last = line.number
        cut = len(line.text) > _LONGEST_LINE
        yield f"{line.number:>5}| {line.text[:_LONGEST_LINE]}{' [the line goes on]' if cut else ''}"
