"""What a diagnosing model may read, and the one form in which it may answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.app.ports.diagnosis import ModelProposal
from airflow_provider_harness.core.actions import ActionKind
from airflow_provider_harness.core.diagnosis.diagnosis import Basis, Category, Certainty, Diagnosis
from airflow_provider_harness.core.diagnosis.evidence import Citation, Evidence, Source
from airflow_provider_harness.core.redaction.redactor import shorten, visible

MOST_LINES = 200  # lines of one answer
MOST_CITATIONS = 8
LONGEST_TEXT = 600  # characters of a sentence of the model

NAMES = ("dag_id", "run_id", "task_id")

_TEXTS = {"type": "array", "items": {"type": "string"}}
#: JSON schema of the model's answer.
SUBMIT_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["category", "cause", "certainty", "citations", "checked", "not_checked", "alternatives"],
    "properties": {
        "category": {"type": "string", "enum": [str(c) for c in Category]},
        "cause": {"type": "string", "description": "The root cause in one or two sentences for an engineer on call."},
        "certainty": {"type": "string", "enum": [str(c) for c in Certainty]},
        "citations": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["line", "text"],
                "properties": {
                    "line": {"type": "integer", "description": "Number of the line, as shown."},
                    "text": {"type": "string", "description": "A literal part of that line."},
                },
            },
        },
        "checked": {**_TEXTS, "description": "What was looked at."},
        "not_checked": {**_TEXTS, "description": "What could not be looked at, or was left out."},
        "alternatives": {"type": "array", "items": {"type": "string", "enum": [str(c) for c in Category]}},
    },
}


#: JSON schema of a proposal. Whom the act would touch is no argument: names are only compared with the failure's own.
PROPOSE_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["action", "category", "reason"],
    "properties": {
        "action": {"type": "string", "enum": [str(kind) for kind in ActionKind]},
        "category": {"type": "string", "enum": [str(c) for c in Category], "description": "The cause that you hold."},
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


def numbered(lines: Sequence[str], first: int = 1) -> str:
    """Lines with their numbers."""
    return "\n".join(f"{n:>5}| {line}" for n, line in enumerate(lines, start=first))


@dataclass(frozen=True, slots=True)
class GetPipelineLogs:
    """Reads a range of the redacted log."""

    lines: Sequence[str]
    name: str = "get_pipeline_logs"
    description: str = f"Lines first_line to last_line of the task's log, {MOST_LINES} at most."
    parameters: Mapping[str, Any] = field(
        default_factory=lambda: {
            "type": "object",
            "additionalProperties": False,
            "required": ["first_line", "last_line"],
            "properties": {"first_line": {"type": "integer"}, "last_line": {"type": "integer"}},
        }
    )

    def read(self, arguments: Mapping[str, Any]) -> str:
        """See ``app.ports.diagnosis.ReadTool``."""
        first, last = arguments["first_line"], arguments["last_line"]
        if not 1 <= first <= last:
            raise ValueError(f"first_line and last_line: 1 to {len(self.lines)}, first_line not after last_line.")
        return numbered(self.lines[first - 1 : min(last, first - 1 + MOST_LINES)], first) or "No such lines."


@dataclass(frozen=True, slots=True)
class SearchLogs:
    """Finds lines of the redacted log."""

    lines: Sequence[str]
    name: str = "search_logs"
    description: str = "Lines of the task's log that hold these words, in any case, 50 at most. No patterns."
    parameters: Mapping[str, Any] = field(
        default_factory=lambda: {
            "type": "object",
            "additionalProperties": False,
            "required": ["words"],
            "properties": {"words": {"type": "string"}},
        }
    )

    def read(self, arguments: Mapping[str, Any]) -> str:
        """See ``app.ports.diagnosis.ReadTool``."""
        words = arguments["words"].strip().lower()
        if not words:
            raise ValueError("words: at least one character.")
        found = [f"{n:>5}| {line}" for n, line in enumerate(self.lines, start=1) if words in line.lower()]
        return "\n".join(found[:50]) or "No line holds these words."


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


def accept(answer: Any, evidence: Evidence) -> Diagnosis:
    """The model's answer as a diagnosis.

    :raises Rejected: wrong form, no citation, or one that is not in the log at that line.
    """
    check(answer, SUBMIT_SCHEMA, "diagnosis")
    category = Category(answer["category"])
    if category is not Category.UNKNOWN and not answer["citations"]:
        raise Rejected("false_citation", "citations: at least one line of the log, or category unknown.")
    lines = evidence.log.split("\n")
    certainty = Certainty(answer["certainty"])
    return Diagnosis(
        category=category,
        cause=_said(answer["cause"]),
        basis=Basis.NONE if category is Category.UNKNOWN else Basis.MODEL,
        certainty=Certainty.LIKELY if certainty is Certainty.SURE else certainty,
        why=_said(
            f"Checked: {'; '.join(answer['checked']) or 'nothing'}. Not checked: {'; '.join(answer['not_checked']) or 'nothing'}."
        ),
        citations=tuple(_cited(c, lines) for c in answer["citations"])[:MOST_CITATIONS],
        alternatives=tuple(dict.fromkeys(Category(a) for a in answer["alternatives"] if a != category))[:3],
    )


def proposal(arguments: Any) -> ModelProposal:
    """A call of the proposal tool.

    :raises Rejected: wrong form, or a row that is not in the table.
    """
    check(arguments, PROPOSE_SCHEMA, "proposal")
    return ModelProposal(
        action=ActionKind(arguments["action"]),
        category=Category(arguments["category"]),
        why=_said(arguments["reason"]),
        named={name: _said(arguments[name]) for name in NAMES if name in arguments},
    )


def _said(text: str) -> str:
    return shorten(visible(" ".join(text.split())), LONGEST_TEXT)


def _cited(citation: Mapping[str, Any], lines: Sequence[str]) -> Citation:
    number, text = citation["line"], " ".join(citation["text"].split())
    if not 1 <= number <= len(lines):
        raise Rejected("false_citation", f"citations: line {number} does not exist; the log has {len(lines)} lines.")
    if len(text) < 3 or text not in " ".join(lines[number - 1].split()):
        raise Rejected(
            "false_citation", f"citations: line {number} does not hold that text. Copy a literal part of the line."
        )
    return Citation(source=Source.LOG, line=number, text=lines[number - 1][:300])
