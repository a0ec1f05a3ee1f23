"""What one example is: a talk, or a prompt and its completion; and what is wrong with a row that is none."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import Any

Example = dict[str, Any]
"""``{"messages": [{"role", "content"}, ...]}``, or ``{"prompt", "completion"}``."""


class ExampleForm(StrEnum):
    """How a trainer reads an example."""

    CHAT = "chat"
    PROMPT_COMPLETION = "prompt_completion"


class BadExample(StrEnum):
    """Why a row is no example. Each of them is a fault of the data: past the declared share they stop the set."""

    NO_TEXT = "a text is empty, or has half a character"
    NO_MESSAGES = "messages is no list of {role, content}"
    ROLE = "a role is unknown, or a turn is out of order"
    NO_ANSWER = "the last turn is not the assistant's"
    NO_GROUP = "its group is null"
    NO_LABEL_TIME = "the time of its label is null"
    FUTURE_LABEL = "its label is from the future"


_HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16, which JSON can write and no file of text can hold."""
ROLES = ("system", "user", "assistant", "tool")
TEXTS = {
    ExampleForm.CHAT: ("messages", "system", "user", "assistant"),
    ExampleForm.PROMPT_COMPLETION: ("prompt", "completion"),
}
"""Form -> what its columns are given for: of a talk either ``messages``, or a turn each."""
NEEDED = {
    ExampleForm.CHAT: (("messages",), ("user", "assistant")),
    ExampleForm.PROMPT_COMPLETION: (("prompt", "completion"),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where an example's parts are in a row.

    :param columns: part, one of ``TEXTS`` -> column.
    :param group: columns whose values together name whom an example is of; empty where each is of its own.
    :param labelled_at: the column that says when the label was known; empty where none does.
    """

    form: ExampleForm
    columns: Mapping[str, str]
    group: tuple[str, ...] = ()
    labelled_at: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All columns that are named."""
        labelled = (self.labelled_at,) if self.labelled_at else ()
        return (*self.columns.values(), *self.group, *labelled)


def example_of(row: Mapping[str, Any], shape: Shape, as_of: datetime) -> Example | BadExample:
    """The example of a row, or why there is none.

    :param as_of: a label that was known later than this is from the future.
    """
    if any(row[name] is None for name in shape.group):
        return BadExample.NO_GROUP
    if shape.labelled_at and (wrong := _mistimed(row[shape.labelled_at], as_of)):
        return wrong
    if shape.form is ExampleForm.PROMPT_COMPLETION:
        made = {part: row[shape.columns[part]] for part in ("prompt", "completion")}
        return made if all(map(_is_text, made.values())) else BadExample.NO_TEXT
    messages = _messages(row, shape)
    wrong = _talk(messages)
    return wrong or {"messages": [{"role": one["role"], "content": one["content"]} for one in messages]}


def _mistimed(value: Any, as_of: datetime) -> BadExample | None:
    if value is None:
        return BadExample.NO_LABEL_TIME
    return BadExample.FUTURE_LABEL if _moment(value, as_of.tzinfo) > as_of else None


def _moment(value: Any, zone: tzinfo | None) -> datetime:
    """A date begins at midnight; what has no zone is in that of the set."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    assert isinstance(value, datetime), "the operator refuses another type of column"
    return value if value.tzinfo else value.replace(tzinfo=zone)


def _messages(row: Mapping[str, Any], shape: Shape) -> Any:
    """The turns as the row has them: a list, a JSON text of one, or a column each; an absent system turn is none."""
    if "messages" not in shape.columns:
        turns = [(role, row[shape.columns[role]]) for role in ("system", "user", "assistant") if role in shape.columns]
        return [{"role": role, "content": text} for role, text in turns if role != "system" or _is_text(text)]
    found = row[shape.columns["messages"]]
    if isinstance(found, str):
        try:
            return json.loads(found)
        except (ValueError, RecursionError):  # the second one of a text of a thousand brackets
            return None
    return found


def _talk(messages: Any) -> BadExample | None:
    """What is wrong with a talk: a system turn may begin it, user and assistant take turns, and the assistant has the last word."""
    if not isinstance(messages, list) or not messages or not all(isinstance(one, Mapping) for one in messages):
        return BadExample.NO_MESSAGES
    if not all(_is_text(one.get("content")) for one in messages):
        return BadExample.NO_TEXT
    roles = [one.get("role") for one in messages]
    turns = [role for role in roles[roles[0] == "system" :] if role != "tool"]
    expected = ["user", "assistant"] * (len(turns) // 2 + 1)
    if not {*roles} <= {*ROLES} or not turns or turns != expected[: len(turns)]:
        return BadExample.ROLE
    return None if roles[-1] == "assistant" else BadExample.NO_ANSWER


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not _HALF.search(value)


def texts_of(example: Example) -> tuple[str, ...]:
    """The texts of an example, in order."""
    turns = example.get("messages")
    return tuple(one["content"] for one in turns) if turns else (example["prompt"], example["completion"])


def with_texts(example: Example, texts: Sequence[str]) -> Example:
    """The same example with other texts."""
    turns = example.get("messages")
    if turns is None:
        return {"prompt": texts[0], "completion": texts[1]}
    return {
        "messages": [{"role": one["role"], "content": text} for one, text in zip(turns, texts, strict=True)],
    }


def digest(example: Example) -> str:
    """SHA-256 of an example, in hexadecimal: the same for the same roles and texts, whatever is between their words."""
    said: list[Any] = [[one["role"], _plain(one["content"])] for one in example.get("messages", ())]
    told = said or [_plain(example["prompt"]), _plain(example["completion"])]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.split())


def hash_of(values: Sequence[Any], seed: int) -> int:
    """64 bits of the values' text and a seed: the same in every process, unlike Python's own ``hash``."""
    told = json.dumps([seed, *map(str, values)], ensure_ascii=False)
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=8).digest(), "big")
