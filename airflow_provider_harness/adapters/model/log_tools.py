"""What a diagnosing model may read of logs: the excerpt that it was shown, the whole log, and logs beside it.

What does not fit into one answer is left out at the beginning, since a failure stands at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_harness.adapters.evidence.log import TaskLog, read_log
from airflow_provider_harness.core.diagnosis.log_excerpt import line_end
from airflow_provider_harness.core.redaction.redactor import Redactor, shorten

MOST_LINES = 200  # lines of one answer
MOST_CHARACTERS = 11_000  # of one answer
FOUND = 25  # lines of one search, in the excerpt and in the whole log each
AROUND = 30  # the most lines of the whole log before and after one
_LONGEST_HIT = 600  # characters of one line that was found

_NUMBER, _TEXT = {"type": "integer"}, {"type": "string"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A ``ReadTool`` that is a row of a table.

    :param properties: JSON schema of each argument; all are required.
    """

    name: str
    description: str
    look: Callable[[Mapping[str, Any]], str]
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """See ``app.ports.diagnosis.ReadTool``."""
        return {
            "type": "object",
            "additionalProperties": False,
            "required": list(self.properties),
            "properties": self.properties,
        }

    def read(self, arguments: Mapping[str, Any]) -> str:
        """See ``app.ports.diagnosis.ReadTool``."""
        return self.look(arguments)


def numbered(lines: Sequence[str], first: int = 1) -> list[str]:
    """Lines with their numbers."""
    return [f"{n:>5}| {line}" for n, line in enumerate(lines, start=first)]


def ending(lines: Sequence[str]) -> str:
    """As many of the last lines as fit into one answer; what is left out is said."""
    kept, size = 0, 0
    for line in reversed(lines):
        size += len(line) + 1
        if size > MOST_CHARACTERS or kept == MOST_LINES:
            break
        kept += 1
    if not kept:
        return shorten(lines[-1], MOST_CHARACTERS) if lines else ""
    left = len(lines) - kept
    return "\n".join([*([f"[{left:,} lines before are left out]"] if left else []), *lines[-kept:]])


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The lines that the model was shown a part of."""

    lines: Sequence[str]

    def tools(self) -> tuple[Reading, ...]:
        """What can be read where nothing but a text is known."""
        return (self._range(), _search(self.search))

    def _range(self) -> Reading:
        return Reading(
            name="get_pipeline_logs",
            description=f"Lines of the log's excerpt by number, first_line to last_line; the last {MOST_LINES} of them at most. "
            f"It has {len(self.lines)} lines.",
            look=self.read,
            properties={"first_line": _NUMBER, "last_line": _NUMBER},
        )

    def read(self, arguments: Mapping[str, Any]) -> str:
        """A range of lines."""
        first, last = arguments["first_line"], arguments["last_line"]
        if not 1 <= first <= last:
            raise ValueError(f"first_line and last_line: 1 to {len(self.lines)}, first_line not after last_line.")
        return ending(numbered(self.lines[first - 1 : last], first)) or "No such lines."

    def search(self, arguments: Mapping[str, Any]) -> str:
        """Lines that hold some words, in any case."""
        parts = _parts(arguments["words"].lower())
        found = [n for n, line in enumerate(self.lines, 1) if _in_order(parts, line.lower())]
        shown = _some(found, arguments["from_the"])
        told = "\n".join(f"{n:>5}| {shorten(self.lines[n - 1], _LONGEST_HIT)}" for n in shown)
        return f"In the excerpt, any case: {len(found)} line(s){_of(shown, found)}\n{told or 'none'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """The logs around one failed try.

    :param own: the answer of Airflow's log endpoint on this try, or on the one before it; fetched when it is first asked for.
    :param previous: None where there was no try before.
    :param other: the same of another failed task of the run, by its id and map index.
    """

    excerpt: Excerpt
    own: Callable[[], TaskLog]
    previous: Callable[[], TaskLog] | None
    other: Callable[[str, int], TaskLog]
    redactor: Redactor

    def tools(self) -> tuple[Reading, ...]:
        """What can be read of logs where the failed try is known."""
        before = Reading(
            name="get_previous_try_log",
            description="The end and the errors of the log of this task's try before.",
            look=lambda _: ending((self.previous or self.own)().text.split("\n")),
        )
        return (
            self.excerpt.tools()[0],
            _search(self.search),
            Reading(
                name="get_whole_log",
                description=f"The whole log around one of its lines, by the number that search_logs gave; {AROUND} lines before "
                "and after at most. 0 = its end.",
                look=self.window,
                properties={"line": _NUMBER, "before": _NUMBER, "after": _NUMBER},
            ),
            *([before] if self.previous is not None else []),
            Reading(
                name="get_failed_task_log",
                description="The end and the errors of the log of another task of this run that failed: the cause is often "
                "there. get_task_states names them; map_index is -1 where it shows none.",
                look=lambda given: ending(self.other(given["task_id"], given["map_index"]).text.split("\n")),
                properties={"task_id": _TEXT, "map_index": _NUMBER},
            ),
        )

    def search(self, arguments: Mapping[str, Any]) -> str:
        """The excerpt and the whole log."""
        here = self.excerpt.search(arguments)
        raw = self.own().raw
        found = sorted({at for form in _forms(arguments["words"]) for at in _hits(raw, form)})
        shown = _some(found, arguments["from_the"])
        lines = [f"{n:>7}: {self._line(raw, at, arguments['words'])}" for n, at in _with_numbers(raw, shown)]
        told = "\n".join(lines) or "none"
        return f"{here}\nIn the whole log, exactly as written: {len(found)} line(s){_of(shown, found)}\n{told}"

    def _line(self, raw: bytes, at: int, words: str) -> str:
        """A line as a person reads it; of a long one, what stands around the words."""
        part = max(_parts(words), key=len)
        found = TaskLog(text="", raw=raw[at : line_end(raw, at)]).search(part, self.redactor, 1)
        return found[0].text if found else ""

    def window(self, arguments: Mapping[str, Any]) -> str:
        """Lines of the whole log around one of them."""
        number, before, after = (arguments[name] for name in ("line", "before", "after"))
        if number < 0 or not 0 <= before <= AROUND or not 0 <= after <= AROUND:
            raise ValueError(f"line: 1 or more, or 0 for the end; before and after: 0 to {AROUND}.")
        lines = self.own().raw.rstrip(b"\n").split(b"\n")
        number = number or len(lines)
        if number > len(lines):
            raise ValueError(f"line: the whole log has {len(lines)} lines.")
        first, last = max(1, number - before), min(len(lines), number + after)
        text = read_log(b"\n".join(lines[first - 1 : last]), self.redactor).text
        return f"Lines {first:,} to {last:,} of {len(lines):,}:\n{ending(text.split(chr(10)))}"


def _search(look: Callable[[Mapping[str, Any]], str]) -> Reading:
    return Reading(
        name="search_logs",
        description="Lines that hold these words, in the excerpt and in the task's whole log, and how many there are. * stands "
        f"for any text within a line. from_the: {FOUND} from the start, or {FOUND} from the end.",
        look=look,
        properties={"words": _TEXT, "from_the": {"type": "string", "enum": ["start", "end"]}},
    )


def _parts(words: str) -> list[str]:
    """The texts between the stars of a pattern.

    :raises ValueError: there is none.
    """
    parts = [part for part in words.strip().split("*") if part]
    if not parts or "\n" in words:
        raise ValueError("words: at least one character beside *, in one line.")
    return parts


def _in_order(parts: Iterable[str], line: str) -> bool:
    at = 0
    for part in parts:
        if (found := line.find(part, at)) < 0:
            return False
        at = found + len(part)
    return True


def _forms(words: str) -> Iterable[str]:
    """Words as they stand in a text, and as JSON writes them."""
    _parts(words)
    words = words.strip()
    return dict.fromkeys((words, json.dumps(words, ensure_ascii=False)[1:-1], json.dumps(words)[1:-1]))


def _hits(raw: bytes, words: str) -> Iterator[int]:
    """Starts of the lines that hold the parts of a pattern in order."""
    parts = [part.encode("utf-8", "replace") for part in _parts(words)]
    needle = max(parts, key=len)
    at = raw.find(needle)
    while at >= 0:
        start, end = raw.rfind(b"\n", 0, at) + 1, line_end(raw, at)
        if len(parts) == 1 or _in_order([part.decode() for part in parts], raw[start:end].decode("utf-8", "replace")):
            yield start
        at = raw.find(needle, end)


def _with_numbers(raw: bytes, starts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Each start with the number of its line."""
    number, last = 1, 0
    for at in starts:
        number, last = number + raw.count(b"\n", last, at), at
        yield number, at


def _some(found: Sequence[int], from_the: str) -> Sequence[int]:
    return found[-FOUND:] if from_the == "end" else found[:FOUND]


def _of(shown: Sequence[int], found: Sequence[int]) -> str:
    return f", {len(shown)} shown:" if len(shown) < len(found) else ":"
