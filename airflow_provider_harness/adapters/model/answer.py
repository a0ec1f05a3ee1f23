"""The one form in which a model may answer, and what of an answer holds: citations are compared with what was shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import (
    PLAYBOOK,
    Basis,
    Category,
    Certainty,
    Diagnosis,
    first_remedy,
)
from airflow_provider_harness.core.diagnosis.evidence import Citation, Source
from airflow_provider_harness.core.redaction.redactor import shorten, visible
from airflow_provider_harness.core.signatures.error_codes import Trait

MOST_CITATIONS = 8
LONGEST_TEXT = 600  # characters of a sentence of the model
LEAST_CITED = 6  # characters of a citation that is no whole line
NAMES = ("dag_id", "run_id", "task_id")

_TEXTS = {"type": "array", "items": {"type": "string"}}
_CATEGORIES = [str(one) for one in Category]
#: Closed question -> its answers; each but "unknown" may be a trait, which chooses between the remedies of the category.
TRAITS: Mapping[str, tuple[str, Mapping[str, Trait | None]]] = {
    "same_run_succeeds": (
        "Would the same run succeed unchanged?",
        {"now": None, "later": None, "never": Trait.PERMANENT},
    ),
    "extent": (
        "What of the data is wrong: single rows, the whole delivery, values that a query made, or rows of an earlier run?",
        {
            "single_rows": Trait.ROW_LEVEL,
            "whole_delivery": Trait.BREAKING,
            "query_result": Trait.DERIVED,
            "earlier_run": Trait.RERUN,
            "no_data": None,
        },
    ),
    "load": (
        "What uses the limit up: this work's own size, its own concurrency, or others?",
        {"own_size": Trait.LOAD, "own_concurrency": Trait.CONCURRENCY, "others": Trait.OTHERS, "no_limit": None},
    ),
    "structure": (
        "What changed in the structure: only new and optional things, or others?",
        {"additive": Trait.ADDITIVE, "breaking": Trait.BREAKING, "nothing": None},
    ),
    "delivery": (
        "Which slices are absent: dated ones between others, or the newest?",
        {"gap": Trait.MISSING_SLICES, "newest": Trait.EXPECTED, "none": None},
    ),
    "process": (
        "How did the process end: asked to stop, killed, or by itself?",
        {"asked_to_stop": Trait.SIGTERM, "killed": Trait.KILLED_UNKNOWN, "by_itself": None},
    ),
}


def _choices(question: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "string", "enum": [*answers, "unknown"], "description": question}


#: JSON schema of the model's answer: what it saw and how it reasons come before what it concludes.
SUBMIT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "citations": {
            "type": "array",
            "description": "The lines that show the cause.",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["source", "line", "text"],
                "properties": {
                    "source": {
                        "type": "string",
                        "description": "log, dossier, or the id of the result that shows it, such as r2.",
                    },
                    "line": {"type": "integer", "description": "Number of the line, as shown; 0 where it has none."},
                    "text": {"type": "string", "description": "A literal part of that line."},
                },
            },
        },
        "checked": {**_TEXTS, "description": "What was looked at."},
        "not_checked": {**_TEXTS, "description": "What could not be looked at, or was left out."},
        "reasoning": {
            "type": "string",
            "description": "From what was cited to the root cause, in two or three sentences.",
        },
        **{name: _choices(question, answers) for name, (question, answers) in TRAITS.items()},
        "retry_after_seconds": {
            "type": "integer",
            "description": "Seconds that the other side asked to wait, in a line that you cite; 0 where it did not.",
        },
        "category": {"type": "string", "enum": _CATEGORIES},
        "cause": {"type": "string", "description": "The root cause in one or two sentences for an engineer on call."},
        "certainty": {"type": "string", "enum": [str(one) for one in Certainty]},
        "alternatives": {"type": "array", "items": {"type": "string", "enum": _CATEGORIES}},
    },
}
SUBMIT_SCHEMA = {**SUBMIT_SCHEMA, "required": list(SUBMIT_SCHEMA["properties"])}

#: JSON schema of a proposal. Whom the act would touch is no argument: names are only compared with the failure's own.
PROPOSE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["action", "category", "reason"],
    "properties": {
        "action": {"type": "string", "enum": [str(kind) for kind in ActionKind]},
        "category": {"type": "string", "enum": _CATEGORIES, "description": "The cause that you hold."},
        "reason": {"type": "string", "description": "Why, in one sentence."},
        **{name: {"type": "string", "description": "Only if you mean this failure's own."} for name in NAMES},
    },
}


class Rejected(ValueError):
    """The model's call has a wrong form or cites what is not there; the message tells the model what is valid.

    :param kind: what the record counts it as.
    """

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Shown:
    """A line that the model was shown.

    :param number: as it was shown; 0 where it had none.
    """

    source: Source
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """An answer that holds, and what was mended in it."""

    diagnosis: Diagnosis
    counts: Counter[str]


_TYPES: Mapping[str, type[Any]] = {"string": str, "integer": int, "array": list, "object": dict}


def check(value: Any, schema: Mapping[str, Any], where: str = "arguments") -> None:
    """Compares a value with the few words of JSON schema that our tools use.

    :raises Rejected: the first difference, with what is valid.
    """
    kind = schema["type"]
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        raise Rejected("wrong_type", f"{where}: not of type {kind}.")
    if "enum" in schema and value not in schema["enum"]:
        raise Rejected("wrong_type", f"{where}: not one of {', '.join(schema['enum'])}.")
    if kind == "array":
        for i, item in enumerate(value):
            check(item, schema["items"], f"{where}[{i}]")
    if kind == "object":
        properties = schema["properties"]
        if missing := [k for k in schema["required"] if k not in value]:
            raise Rejected("wrong_type", f"{where}: missing {', '.join(missing)}.")
        if strange := [k for k in value if k not in properties]:
            raise Rejected(
                "wrong_type", f"{where}: unknown {', '.join(map(str, strange))}; valid: {', '.join(properties)}."
            )
        for key, item in value.items():
            check(item, properties[key], f"{where}.{key}")


def accept(answer: Any, places: Mapping[str, Sequence[Shown]]) -> Accepted:
    """The model's answer as a diagnosis. A citation beside its line is moved to it, one that is nowhere is left out.

    :param places: "log", "dossier", or the id of a result -> the lines that were shown there.
    :raises Rejected: wrong form, or no citation that is anywhere.
    """
    check(answer, SUBMIT_SCHEMA, "diagnosis")
    category, counts = Category(answer["category"]), Counter[str]()
    cited = _cited(answer["citations"], places, counts)
    if category is not Category.UNKNOWN and not cited:
        raise Rejected("false_citation", _nowhere(answer["citations"], places))
    found = Diagnosis(
        category=category,
        cause=said(answer["cause"]),
        basis=Basis.NONE if category is Category.UNKNOWN else Basis.MODEL,
        certainty=min(Certainty(answer["certainty"]), Certainty.LIKELY, key=_WEAKER.index),
        why=said(
            f"{answer['reasoning']} Checked: {'; '.join(answer['checked']) or 'nothing'}. "
            f"Not checked: {'; '.join(answer['not_checked']) or 'nothing'}."
        ),
        citations=cited,
        alternatives=tuple(dict.fromkeys(Category(a) for a in answer["alternatives"] if a != category))[:3],
        traits=_traits(category, answer),
        retry_after=_wait(answer["retry_after_seconds"], cited),
    )
    return Accepted(_held_to_itself(found, answer), counts)


_WEAKER = (Certainty.UNSURE, Certainty.LIKELY, Certainty.SURE)
#: Remedies that need the same run to succeed unchanged.
_UNCHANGED = frozenset({ActionKind.RETRY_TASK, ActionKind.RESTART_PIPELINE, ActionKind.WAIT_FOR_SOURCE})


def _held_to_itself(found: Diagnosis, answer: Mapping[str, Any]) -> Diagnosis:
    """Who says that the same run never succeeds is not followed to a retry, whatever the category's first remedy is."""
    never = answer["same_run_succeeds"] == "never" and first_remedy(found).action in _UNCHANGED
    return replace(found, wish=ActionKind.ESCALATE_TO_HUMAN) if never else found


def _traits(category: Category, answer: Mapping[str, Any]) -> frozenset[str]:
    """The traits among which the category's remedies choose; the others say nothing of it. That the same run never succeeds is no
    reason for a person alone where the load is its own: less of it is another run."""
    told = {answers.get(answer[name]) for name, (_, answers) in TRAITS.items()}
    told -= {Trait.PERMANENT} if told & {Trait.LOAD, Trait.CONCURRENCY} else set()
    asked = frozenset[str]().union(*(needed for needed, _ in PLAYBOOK[category]))
    return frozenset(str(trait) for trait in told if trait is not None and trait in asked)


def _wait(seconds: int, cited: Iterable[Citation]) -> float | None:
    """Seconds to wait, where a cited line says the number, in seconds, minutes or hours."""
    if seconds <= 0:
        return None
    forms = {str(seconds // unit) for unit in (1, 60, 3600) if seconds % unit == 0}
    digits = {"".join(filter(str.isdigit, word)) for one in cited for word in one.text.split()}
    return float(min(seconds, 86_400)) if forms & digits else None


def proposal(arguments: Any) -> ModelProposal:
    """A call of the proposal tool.

    :raises Rejected: wrong form, or a row that is not in the table.
    """
    check(arguments, PROPOSE_SCHEMA, "proposal")
    return ModelProposal(
        action=ActionKind(arguments["action"]),
        category=Category(arguments["category"]),
        why=said(arguments["reason"]),
        named={name: said(arguments[name]) for name in NAMES if name in arguments},
    )


def said(text: str) -> str:
    """A sentence of the model: one line, of bounded length, without hidden characters."""
    return shorten(visible(_plain(text)), LONGEST_TEXT)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _cited(
    citations: Sequence[Mapping[str, Any]], places: Mapping[str, Sequence[Shown]], counts: Counter[str]
) -> tuple[Citation, ...]:
    found: dict[Citation, None] = {}
    for one in citations:
        line, moved = _find(one, places)
        counts["citation_moved"] += line is not None and moved
        counts["citation_dropped"] += line is None
        if line is not None:
            found[Citation(source=line.source, line=line.number, text=line.text[:300])] = None
    return tuple(found)[:MOST_CITATIONS]


def _find(citation: Mapping[str, Any], places: Mapping[str, Sequence[Shown]]) -> tuple[Shown | None, bool]:
    """The line that a citation means, and whether it said another one; the nearest in its source, then anywhere."""
    text, number, source = _plain(citation["text"]), citation["line"], citation["source"]
    own = [line for line in places.get(source, ()) if _holds(line, text)]
    if own:
        nearest = min(own, key=lambda line: abs(line.number - number))
        return nearest, nearest.number not in (number, 0)
    others = (line for name, lines in places.items() if name != source for line in lines if _holds(line, text))
    return next(others, None), True


def _holds(line: Shown, text: str) -> bool:
    whole = _plain(line.text)
    return text in whole and (len(text) >= LEAST_CITED or (text == whole and text != ""))


def _nowhere(citations: Sequence[Mapping[str, Any]], places: Mapping[str, Sequence[Shown]]) -> str:
    """What to tell a model whose citations are nowhere: the line that is most like the first of them."""
    if not citations:
        return "citations: at least one line that shows the cause, or category unknown."
    wanted = set(_plain(citations[0]["text"]).lower().split())
    lines = [(name, line) for name, shown in places.items() for line in shown]
    like = max(lines, key=lambda pair: len(wanted & set(pair[1].text.lower().split())), default=None)
    if like is None or not wanted & set(like[1].text.lower().split()):
        return f"citations: none of these texts is in a line that you were shown. Sources: {', '.join(places)}."
    name, line = like
    return f"citations: none of these texts is in a line. Line {line.number} of {name} reads: {line.text[:200]}"
