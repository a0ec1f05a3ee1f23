"""What a model is told of a failure: the versioned prompt, and the dossier with everything that somebody wrote between marks."""

from __future__ import annotations

import re
from importlib import resources

from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.log_excerpt import excerpt
from airflow_provider_harness.core.redaction.escaping import one_line
from airflow_provider_harness.core.redaction.redactor import shorten

PROMPT = "diagnose_v3"
#: What the dossier has at most: characters, and tokens as ``tokens`` counts them; and its parts beside the log.
DOSSIER, TOKENS = 12_000, 4_000
_OF_FACTS, _OF_UNREAD, _OF_TEXTS = (2_500, 850), (600, 200), (2_500, 850)
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


def dossier(failure: Failure | None, evidence: Evidence, mark: str) -> str:
    """What is known, trusted things first; everything that somebody wrote stands between the marks.

    What does not fit into the budget is cut, the log last: the rest of it is there for the tools, under the same numbers.
    """
    trusted = [f"- {o.text}" for o in evidence.observations if o.trusted]
    trusted += [f"- {name}: {value}" for name, value in sorted(evidence.facts.items())]
    if failure is not None:
        trusted.append(f"- kind of failure: {failure.kind}")
    links = [f"{link.type}: {shorten(link.message, 400)}" for link in failure.chain[:4]] if failure else []
    others = [shorten(o.text, 400) for o in evidence.observations if not o.trusted]
    others += [f"not known, by its reporter: {one_line(what, 100)}" for what in failure.missing[:10]] if failure else []
    parts = [
        f"System: {evidence.system or 'not known'}",
        "Trusted facts:\n" + (_fit("\n".join(trusted), _OF_FACTS) or "- none"),
        "Could not be read:\n"
        + (_fit("\n".join(f"- {u}" for u in evidence.unavailable), _OF_UNREAD) or "- nothing is missing"),
        "Exception, outermost first (data):\n" + fenced(_fit("\n".join([*links, *others]) or "none", _OF_TEXTS), mark),
    ]
    left = DOSSIER - sum(len(part) + 2 for part in parts) - 120
    room = TOKENS - sum(tokens(part) + 2 for part in parts) - 100
    lines, size = "", left * 9 // 10
    while size:
        shown = excerpt(evidence.log.encode("utf-8", "replace"), size, longest=_LONGEST_LINE)
        lines = shorten("\n".join(f"{line.number:>5}| {line.text}" for line in shown), left)
        if (count := tokens(lines)) <= room:
            break
        size = int(size * min(0.9, room / count))  # the excerpt leaves out what matters least
    return "\n\n".join([*parts, "Log (data), numbered:\n" + fenced(lines, mark)])
