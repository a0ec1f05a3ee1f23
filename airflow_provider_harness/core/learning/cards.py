"""Cards of data sets and models: each number with who measured it, in the form that Hugging Face reads (YAML, then Markdown).

A card claims nothing that is not borne out: each fact names the check, gate, task or file that it was read from, or the person who
said it and the day. ``unproved`` lists those that name neither, and those that were found to be wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.core.redaction.escaping import markdown as escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of a card.

    :param what: what it is about, in words.
    :param value: a number or a text; None = not known, which is never borne out.
    :param source: what measured it: the id of a check or gate, a task, a file, a query; or, for a person's word, the person.
    :param at: when, as ISO 8601; may be empty where the source is part of the contract itself.
    :param person: whether a person said it, rather than a program measured it.
    :param wrong: why it is not true; empty where nothing speaks against it.
    """

    what: str
    value: str | int | float | None
    source: str
    at: str = ""
    person: bool = False
    wrong: str = ""

    @property
    def borne_out(self) -> str:
        """Why this line may not stand on a card; empty if it may."""
        if self.wrong:
            return self.wrong
        if self.value is None or (isinstance(self.value, float) and not math.isfinite(self.value)):
            return "there is no number of it."
        if not self.source:
            return "nothing measured it, and nobody is named who said it."
        return "it is a person's word, and nobody wrote when." if self.person and not self.at else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One heading of a card.

    :param text: a paragraph in the words of the contract; no claim that a number could bear out.
    """

    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of a data set or a model.

    :param front: the YAML at the head: text, numbers, lists and mappings of them, with keys as Hugging Face reads them.
    """

    title: str
    front: Mapping[str, Any] = field(default_factory=dict)
    sections: tuple[Section, ...] = ()


def unproved(card: Card) -> tuple[str, ...]:
    """The facts of a card that are not borne out, each as one sentence; empty for a card that may be shown as true."""
    return tuple(
        f"{section.title}, {fact.what}: {fact.borne_out}"
        for section in card.sections
        for fact in section.facts
        if fact.borne_out
    )


def rendered(card: Card) -> str:
    """The card as Hugging Face reads it: YAML front matter, then Markdown.

    >>> fact = Fact(what="rows", value=3, source="gate of shop.orders", at="2026-01-01")
    >>> card = Card(title="orders", front={"license": "cc0-1.0"}, sections=(Section(title="Size", facts=(fact,)),))
    >>> print(rendered(card), end="")
    ---
    license: "cc0-1.0"
    ---
    # orders
    <BLANKLINE>
    ## Size
    <BLANKLINE>
    | what | value | who says so | when |
    | --- | --- | --- | --- |
    | rows | 3 | gate of shop.orders | 2026-01-01 |
    """
    head = ["---", *_yaml(card.front, 0), "---"] if card.front else []
    body = [f"# {escaped(card.title)}"]
    for section in card.sections:
        body += ["", f"## {escaped(section.title)}"]
        body += ["", escaped(section.text, len(section.text))] if section.text else []
        body += ["", *_table(section.facts)] if section.facts else []
        body += [] if section.text or section.facts else ["", "Nothing is known."]
    return "\n".join((*head, *body)) + "\n"


def as_json(card: Card) -> dict[str, Any]:
    """The card for programs."""
    return {
        "title": card.title,
        "front": dict(card.front),
        "sections": [
            {"title": section.title, "text": section.text, "facts": [_fact(fact) for fact in section.facts]}
            for section in card.sections
        ],
        "unproved": list(unproved(card)),
    }


def _fact(fact: Fact) -> dict[str, Any]:
    value = fact.value
    return {
        "what": fact.what,
        "value": None if isinstance(value, float) and not math.isfinite(value) else value,
        "source": fact.source,
        "at": fact.at,
        "person": fact.person,
        "why_not": fact.borne_out,
    }


def _table(facts: Sequence[Fact]) -> list[str]:
    rows = [(fact.what, _shown(fact), _who(fact), fact.at) for fact in facts]
    lines = [("what", "value", "who says so", "when"), ("---",) * 4, *rows]
    return ["| " + " | ".join(_cell(text) for text in line) + " |" for line in lines]


def _shown(fact: Fact) -> str:
    value = f"{fact.value:.6g}" if isinstance(fact.value, float) else str("" if fact.value is None else fact.value)
    return f"NOT BORNE OUT: {fact.borne_out} {value}".strip() if fact.borne_out else value


def _who(fact: Fact) -> str:
    return f"{fact.source}, a person" if fact.person and fact.source else fact.source


def _cell(text: str) -> str:
    return text if text == "---" else " ".join(escaped(text).split())


def _yaml(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping as YAML: each text is quoted, so that none becomes a number, a key or a line of its own."""
    pad = "  " * depth
    for key, inner in value.items():
        name = key if _PLAIN_KEY.fullmatch(key) else _quoted(key)
        if isinstance(inner, Mapping) and inner:
            yield f"{pad}{name}:"
            yield from _yaml(inner, depth + 1)
        elif isinstance(inner, list | tuple) and inner:
            yield f"{pad}{name}:"
            yield from _items(inner, depth)
        else:
            yield f"{pad}{name}: {_scalar(inner)}"


def _items(values: Sequence[Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for value in values:
        if isinstance(value, Mapping) and value:
            first, *rest = _yaml(value, depth + 1)
            yield f"{pad}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{pad}- {_scalar(value)}"


def _scalar(value: Any) -> str:
    """
    :raises ValueError: a number that is none, which no reader of the card could use.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_quoted(key)}: {_scalar(inner)}' for key, inner in value.items())}}}"
    shown = json.dumps(value, allow_nan=False)
    return (
        shown.replace("e", ".0e") if isinstance(value, float) and "." not in shown else shown
    )  # 5e-9 is a text in YAML


def _quoted(text: str) -> str:
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text) + '"'


_PLAIN_KEY = re.compile(r"(?!(?:yes|no|on|off|true|false|null|[yn])$)[a-z][a-z_-]*")
"""Keys that YAML reads as text without quotes."""
