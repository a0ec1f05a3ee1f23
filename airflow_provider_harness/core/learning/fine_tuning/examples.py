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
    NOT_TEXT = "a content is no text: a number, a picture, or a call"
    MORE = "a turn has more than a role and a text, such as a call of a tool or a weight"
    NO_MESSAGES = "messages is no list of {role, content}"
    ROLE = "a role is unknown, or a turn is out of order"
    NO_ANSWER = "the last turn is not the assistant's"
    NO_GROUP = "its group is null"
    NO_LABEL_TIME = "the time of its label is null"
    FUTURE_LABEL = "its label is from the future"


_HALF = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16, which JSON can write and no file of text can hold."""
_SEEN = re.compile(
    "[^\\s\x00-\x1f\x7f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
"""A sign that somebody sees."""
ROLES = ("system", "user", "assistant", "tool")
_SAID = {"human": "user", "gpt": "assistant", "model": "assistant", "developer": "system"}
"""Role as other trainers and services write it -> the role that is meant."""
_TURNS = (("role", "content"), ("from", "value"), ("role", "parts"))
"""The keys of a turn: as most write it, as ShareGPT does, as Gemini does."""
_UNSAID = ("name", "id")
"""What a turn may be called; a set does not need it, and it is left out."""
_LISTS = ("messages", "conversations", "contents")
"""Under which key a talk has its turns, where it is no list itself."""
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
    found = _messages(row, shape)
    messages = _plain_turns(found)
    if isinstance(messages, BadExample):
        return messages
    return _talk(messages) or {"messages": messages}


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


def _plain_turns(found: Any) -> list[dict[str, Any]] | BadExample:
    """The turns as ``role`` and ``content``, from whichever way of writing them; what would be lost by that is a fault."""
    before: list[Any] = []
    if isinstance(found, Mapping):
        lists = [name for name in _LISTS if isinstance(found.get(name), list)]
        if len(lists) != 1:
            return BadExample.NO_MESSAGES
        if _more(found, (lists[0], "system")):
            return BadExample.MORE
        before = [{"role": "system", "content": found["system"]}] if found.get("system") else []
        found = found[lists[0]]
    if not isinstance(found, list) or not found or not all(isinstance(one, Mapping) for one in found):
        return BadExample.NO_MESSAGES
    turns: list[dict[str, Any]] = []
    for one in (*before, *found):
        turn = _plain_turn(one)
        if isinstance(turn, BadExample):
            return turn
        turns.append(turn)
    return turns


def _plain_turn(one: Mapping[str, Any]) -> dict[str, Any] | BadExample:
    names = next((names for names in _TURNS if {*names} <= {*one}), None)
    if names is None:
        return BadExample.NO_MESSAGES
    if _more(one, (*names, *_UNSAID)):
        return BadExample.MORE
    role, text = (one[name] for name in names)
    if isinstance(text, list) and text:
        parts = [part.get("text") if isinstance(part, Mapping) else None for part in text]
        if not all(isinstance(part, str) for part in parts) or any(_more(part, ("type", "text")) for part in text):
            return BadExample.NOT_TEXT
        text = "".join(map(str, parts))
    if text is not None and not isinstance(text, str):
        return BadExample.NOT_TEXT
    if not isinstance(role, str):
        return BadExample.ROLE
    return {"role": _SAID.get(role, role), "content": text}


def _more(one: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether something is said under other names than these."""
    return any(value not in (None, "", [], {}) for name, value in one.items() if name not in names)


def _talk(messages: Sequence[Mapping[str, Any]]) -> BadExample | None:
    """What is wrong with a talk: a system turn may begin it, user and assistant take turns, and the assistant has the last word."""
    if not all(_is_text(one["content"]) for one in messages):
        return BadExample.NO_TEXT
    roles = [one["role"] for one in messages]
    turns = [role for role in roles[roles[0] == "system" :] if role != "tool"]
    expected = ["user", "assistant"] * (len(turns) // 2 + 1)
    if not {*roles} <= {*ROLES} or not turns or turns != expected[: len(turns)]:
        return BadExample.ROLE
    return None if roles[-1] == "assistant" else BadExample.NO_ANSWER


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and _SEEN.search(value) is not None and not _HALF.search(value)


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
