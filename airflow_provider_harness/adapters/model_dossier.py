"""What a model is told of a failure: the versioned prompt, and the dossier with everything that somebody wrote between marks."""

from __future__ import annotations

from importlib import resources

from airflow_provider_harness.core.evidence import Evidence
from airflow_provider_harness.core.excerpt import excerpt
from airflow_provider_harness.core.failure import Failure
from airflow_provider_harness.core.redaction import shorten

PROMPT = "diagnose_v3"
#: Characters of the dossier: at three to a token, as logs have it, 4,000 tokens; and of its parts beside the log.
DOSSIER = 12_000
_OF_FACTS, _OF_UNREAD, _OF_TEXTS = 2_500, 600, 2_500
_LONGEST_LINE = 400


def prompt(name: str = PROMPT) -> str:
    """A versioned system prompt."""
    return (resources.files("airflow_provider_harness.adapters") / "prompts" / f"{name}.md").read_text("utf-8")


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
        trusted += [f"- not known: {what}" for what in failure.missing]
    links = [f"{link.type}: {shorten(link.message, 400)}" for link in failure.chain[:4]] if failure else []
    others = [shorten(o.text, 400) for o in evidence.observations if not o.trusted]
    parts = [
        f"System: {evidence.system or 'not known'}",
        "Trusted facts:\n" + (shorten("\n".join(trusted), _OF_FACTS) or "- none"),
        "Could not be read:\n"
        + (shorten("\n".join(f"- {u}" for u in evidence.unavailable), _OF_UNREAD) or "- nothing is missing"),
        "Exception, outermost first (data):\n"
        + fenced(shorten("\n".join([*links, *others]) or "none", _OF_TEXTS), mark),
    ]
    left = DOSSIER - sum(len(part) + 2 for part in parts) - 120
    shown = excerpt(evidence.log.encode("utf-8", "replace"), left * 9 // 10, longest=_LONGEST_LINE)
    lines = "\n".join(f"{line.number:>5}| {line.text}" for line in shown)
    return "\n\n".join([*parts, "Log (data), numbered:\n" + fenced(shorten(lines, left), mark)])
