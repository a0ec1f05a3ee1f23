"""Regular expressions of contracts: one flavour, read once, and written out for each engine.

A pattern must match somewhere in a text. ``^`` and ``\\A`` are its start, ``$``, ``\\Z`` and ``\\z`` its very end, a dot is any
character, a line break too; ``\\d``, ``\\w``, ``\\s``, ``\\b`` and the POSIX classes mean ASCII. What is written out names every
set by its characters, so that no engine's own tables or locale say what it holds.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]
LAST = sys.maxunicode
MOST = 1000
"""Repetitions that one part of a pattern may ask for; nested ones multiplied. RE2's own limit."""
AT_ONCE = 255
"""Repetitions that PostgreSQL takes in one pair of braces."""
BOUNDARY = r"(?:(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z]))"
NO_BOUNDARY = r"(?:(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z]))"
"""How PostgreSQL says ``\\b`` and ``\\B``: its own word characters depend on the locale."""


class PatternError(ValueError):
    """A pattern that is none of this flavour.

    :param place: which character of the pattern, 1 for the first.
    """

    def __init__(self, place: int, problem: str, fix: str = "") -> None:
        self.place, self.problem, self.fix = place, problem, fix
        super().__init__(f"character {place}: {problem}{f' {fix}' if fix else ''}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern that was read.

    :param postgres: as PostgreSQL reads it (an advanced regular expression).
    :param re2: as DuckDB and BigQuery read it (RE2); empty where RE2 has not what it needs.
    :param python: as Python's ``re`` reads it.
    :param needs: what RE2 has not, in words; empty if there is no such thing.
    """

    postgres: str
    re2: str
    python: str
    needs: str = ""


@lru_cache(maxsize=1024)
def compiled(text: str) -> Pattern:
    r"""A pattern for every engine.

    :raises PatternError: it is none.

    >>> compiled(r"^\d{2}\p{Lu}?$").re2.startswith("^[0-9]{2}[A-Z")
    True
    >>> compiled("[A-Z{2}$")
    Traceback (most recent call last):
    ...
    airflow_provider_harness.core.contracts.pattern.PatternError: character 1: the set is not closed. Add ].
    """
    if not text:
        raise PatternError(
            1, "it is empty, so every text matches.", "Say what a text must hold, or remove the pattern."
        )
    reader = _Reader(text)
    tree = reader.whole()
    needs = " and ".join(dict.fromkeys(reader.needs))
    return Pattern(
        postgres=tree.write("postgres"),
        re2="" if needs else tree.write("re2"),
        python=tree.write("python"),
        needs=needs,
    )


class _Node:
    """A part of a pattern."""

    most = 1
    """How often its parts may be repeated, at most."""

    def write(self, engine: str) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Set(_Node):
    ranges: Ranges

    def write(self, engine: str) -> str:
        if self.ranges == ((0, LAST),):
            return r"[\s\S]" if engine == "python" else "."
        if len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1]:
            return _literal(self.ranges[0][0])
        if not self.ranges:
            return r"[^\x01-" + chr(LAST) + "]" if engine == "postgres" else r"[^\x00-" + chr(LAST) + "]"
        turned = self.ranges[-1][1] == LAST
        inner = "".join(map(_range, _without(self.ranges) if turned else self.ranges))
        return f"[{'^' if turned else ''}{inner}]"


@dataclass(frozen=True, slots=True)
class _Edge(_Node):
    """Something that takes no character: engine -> how it is written."""

    words: Mapping[str, str]

    def write(self, engine: str) -> str:
        return self.words[engine]


_EDGES: Mapping[str, _Edge] = {
    "start": _Edge({"postgres": "^", "re2": "^", "python": r"\A"}),
    "end": _Edge({"postgres": "$", "re2": "$", "python": r"\Z"}),
    "boundary": _Edge({"postgres": BOUNDARY, "re2": r"\b", "python": BOUNDARY}),
    "no boundary": _Edge({"postgres": NO_BOUNDARY, "re2": r"\B", "python": NO_BOUNDARY}),
}


@dataclass(frozen=True, slots=True)
class _Row(_Node):
    parts: tuple[_Node, ...]

    @property
    def most(self) -> int:  # type: ignore[override]
        return max((part.most for part in self.parts), default=1)

    def write(self, engine: str) -> str:
        return "".join(part.write(engine) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Either(_Node):
    parts: tuple[_Node, ...]

    @property
    def most(self) -> int:  # type: ignore[override]
        return max(part.most for part in self.parts)

    def write(self, engine: str) -> str:
        return "|".join(part.write(engine) for part in self.parts)


@dataclass(frozen=True, slots=True)
class _Group(_Node):
    """Parentheses; they keep what they matched only where it is asked for again."""

    inner: _Node
    head: str = "(?:"

    @property
    def most(self) -> int:  # type: ignore[override]
        return self.inner.most

    def write(self, engine: str) -> str:
        return f"{self.head}{self.inner.write(engine)})"


@dataclass(frozen=True, slots=True)
class _Repeat(_Node):
    inner: _Node
    low: int
    high: int | None

    @property
    def most(self) -> int:  # type: ignore[override]
        return self.inner.most * max(self.high if self.high is not None else self.low, 1)

    def write(self, engine: str) -> str:
        once = self.inner.write(engine)
        words = {(0, None): "*", (1, None): "+", (0, 1): "?"}
        if (self.low, self.high) in words:
            return once + words[self.low, self.high]
        if (
            engine == "python" or (self.high or self.low) <= AT_ONCE
        ):  # in portions it would try every way to share them out
            high = "" if self.high is None else self.high
            return f"{once}{{{self.low}}}" if self.low == self.high else f"{once}{{{self.low},{high}}}"
        if self.high is None:
            return "".join(f"{once}{{{n}}}" for n in _portions(self.low)) + f"{once}*"
        parts = [f"{{{n}}}" for n in _portions(self.low)] + [f"{{0,{n}}}" for n in _portions(self.high - self.low)]
        return "".join(once + part for part in parts)


@dataclass(frozen=True, slots=True)
class _Back(_Node):
    number: int

    def write(self, engine: str) -> str:
        return f"(?:\\{self.number})"


def _portions(count: int) -> list[int]:
    return [AT_ONCE] * (count // AT_ONCE) + ([count % AT_ONCE] if count % AT_ONCE else [])


def _literal(code: int) -> str:
    char = chr(code)
    return "\\" + char if code < 128 and not char.isalnum() and char > " " and char not in "_\x7f" else char


def _range(pair: tuple[int, int]) -> str:
    low, high = pair
    if low == high:
        return _literal(low)
    return f"{_literal(low)}{'' if high == low + 1 else '-'}{_literal(high)}"


def _normal(ranges: Sequence[tuple[int, int]]) -> Ranges:
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return tuple(found)


def _without(ranges: Ranges) -> Ranges:
    """Every character that is not in a set."""
    edges = [-1, *(edge for pair in ranges for edge in pair), LAST + 1]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return tuple((low + 1, high - 1) for low, high in gaps if low + 1 <= high - 1)


def _of(*chars: str) -> Ranges:
    """A set of characters and ranges, as ``a-z``."""
    return _normal([(ord(one[0]), ord(one[-1])) for one in chars])


ANY: Ranges = ((0, LAST),)
DIGIT, WORD, SPACE = _of("0-9"), _of("0-9", "A-Z", "_", "a-z"), _of(" ", "\t-\r")
SHORT: Mapping[str, Ranges] = {
    "d": DIGIT,
    "w": WORD,
    "s": SPACE,
    "D": _without(DIGIT),
    "W": _without(WORD),
    "S": _without(SPACE),
}
POSIX: Mapping[str, Ranges] = {
    "alnum": _of("0-9", "A-Z", "a-z"),
    "alpha": _of("A-Z", "a-z"),
    "ascii": _of("\x00-\x7f"),
    "blank": _of(" ", "\t"),
    "cntrl": _of("\x00-\x1f", "\x7f"),
    "digit": DIGIT,
    "graph": _of("!-~"),
    "lower": _of("a-z"),
    "print": _of(" -~"),
    "punct": _of("!-/", ":-@", "[-`", "{-~"),
    "space": SPACE,
    "upper": _of("A-Z"),
    "word": WORD,
    "xdigit": _of("0-9", "A-F", "a-f"),
}
CONTROLS: Mapping[str, str] = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_KINDS = {"L": "ultmo", "M": "nce", "N": "dlo", "P": "cdseifo", "S": "mcko", "Z": "slp"}
CATEGORIES = frozenset(name + kind for name, kinds in _KINDS.items() for kind in ("", *kinds))
"""The general categories of Unicode that have characters of texts."""


@lru_cache(maxsize=64)
def _category(name: str) -> Ranges:
    """The characters of a general category of Unicode, as Python's own tables have it."""
    codes = (code for code in range(LAST + 1) if unicodedata.category(chr(code)).startswith(name))
    return _normal([(code, code) for code in codes])


def _any_case(ranges: Ranges) -> Ranges:
    """A set with the other case of each of its letters; a letter has one where Python gives one character."""
    if sum(high - low for low, high in ranges) > 4096:
        return ranges
    more = list(ranges)
    for low, high in ranges:
        for code in range(low, high + 1):
            char = chr(code)
            more += [(ord(one), ord(one)) for one in (char.lower(), char.upper()) if len(one) == 1]
    return _normal(more)


@dataclass(slots=True)
class _Reader:
    """Reads a pattern from left to right.

    :ivar needs: what RE2 has not, as it is met.
    """

    text: str
    at: int = 0
    groups: int = 0
    names: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[int, int]] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    any_case: bool = False
    keeps: bool = False

    def whole(self) -> _Node:
        if "\x00" in self.text:
            self._wrong(self.text.index("\x00"), "no text holds the character 0.")
        self.keeps = _asks_back(self.text)
        found = self._either()
        if self.at < len(self.text):
            self._wrong(self.at, "there is no parenthesis to close.", "Write \\) for a bracket of the text.")
        for number, place in self.asked:
            if number > self.groups:
                self._wrong(place, f"there is no group {number}.")
        return found

    def _wrong(self, place: int, problem: str, fix: str = "") -> None:
        raise PatternError(place + 1, problem, fix)

    def _next(self, word: str) -> bool:
        """Take a word if it is next."""
        there = self.text.startswith(word, self.at)
        self.at += len(word) if there else 0
        return there

    def _either(self) -> _Node:
        flag = self.any_case
        parts = [self._row()]
        while self._next("|"):
            parts.append(self._row())
        self.any_case = flag
        return parts[0] if len(parts) == 1 else _Either(tuple(parts))

    def _row(self) -> _Node:
        parts: list[_Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            place = self.at
            part = self._atom()
            if part is not None:
                parts.append(self._repeated(part, place))
        return _Row(tuple(parts))

    def _repeated(self, part: _Node, place: int) -> _Node:
        found = self._times()
        if found is None:
            return part
        if isinstance(part, _Edge) or (isinstance(part, _Group) and part.head not in ("(?:", "(")):
            self._wrong(place, "what takes no character cannot be repeated.")
        if self._next("+"):
            self._wrong(self.at - 1, "a possessive repetition is not known.", "Leave out the second +.")
        self._next("?")  # a lazy repetition finds another match, but none more
        again = self.at
        if self._times() is not None:
            self._wrong(again, "a repetition is repeated.", "Put the first one in parentheses.")
        made = _Repeat(part, *found)
        if made.most > MOST:
            self._wrong(place, f"a part is repeated more than {MOST} times.", "Say less, or check the length instead.")
        return made

    def _times(self) -> tuple[int, int | None] | None:
        for word, times in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._next(word):
                return times
        place = self.at
        if not self._next("{"):
            return None
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : end].partition(",") if end >= 0 else ("", "", "")
        if not (_number(low) and (not high or _number(high))):
            self._wrong(place, "a brace begins no repetition.", "Write \\{ for a brace of the text.")
        self.at = end + 1
        least, most = int(low), (int(high) if high else None if comma else int(low))
        if most is not None and most < least:
            self._wrong(place, f"a repetition of {least} to {most} is none.")
        return least, most

    def _atom(self) -> _Node | None:
        place, char = self.at, self.text[self.at]
        self.at += 1
        if char == "(":
            return self._group(place)
        if char == "[":
            return self._chars(self._set(place))
        if char == ".":
            return _Set(ANY)
        if char in "^$":
            return _EDGES["start" if char == "^" else "end"]
        if char == "\\":
            return self._escape(place)
        if char in "*+?":
            self._wrong(place, f"there is nothing for {char} to repeat.", f"Write \\{char} for the character itself.")
        if char == "{":
            self._wrong(place, "there is nothing for the brace to repeat.", "Write \\{ for a brace of the text.")
        return self._chars(_of(char))

    def _chars(self, ranges: Ranges) -> _Set:
        return _Set(_any_case(ranges) if self.any_case else ranges)

    def _group(self, place: int) -> _Node | None:
        if not self._next("?"):
            return self._kept(place, "")
        for head, name in (("=", "lookahead"), ("!", "lookahead"), ("<=", "lookbehind"), ("<!", "lookbehind")):
            if self._next(head):
                self.needs.append(name)
                inner = self._closed(place)
                if name == "lookbehind" and _length(inner) is None:
                    self._wrong(place, "a lookbehind needs a fixed length.")
                return _Group(inner, f"(?{head}")
        if self._next(":"):
            return _Group(self._closed(place))
        if self._next("P=") or self._next("P>"):
            end = self.text.find(")", self.at)
            name, self.at = self.text[self.at : end], end + 1
            return self._back(self.names.get(name, 0), place)
        if self._next("P<") or self._next("<"):
            end = self.text.find(">", self.at)
            name = self.text[self.at : end] if end >= 0 else ""
            if not name.isidentifier():
                self._wrong(place, "a group's name is not closed, or no name.", "Write (?P<name>...).")
            self.at = end + 1
            return self._kept(place, name)
        return self._flags(place)

    def _flags(self, place: int) -> _Node | None:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in ":)":
            self.at += 1
        flags, minus, off = self.text[start : self.at].partition("-")
        strange = sorted({*flags, *off} - {"i", "s"}) if flags or off else ["?"]
        if strange or (minus and not off) or "s" in off:
            fix = "i (any case) is known; a dot is always any character."
            self._wrong(place, f"(?{self.text[start : self.at]} is not known.", fix)
        before = self.any_case
        self.any_case = ("i" in flags or before) and "i" not in off
        if self._next(")"):
            return None  # until the end of the group that it stands in
        self._next(":")
        inner = self._closed(place)
        self.any_case = before
        return _Group(inner)

    def _kept(self, place: int, name: str) -> _Node:
        self.groups += 1
        if name in self.names:
            self._wrong(place, f"two groups are called {name}.")
        if name:
            self.names[name] = self.groups
        return _Group(self._closed(place), "(" if self.keeps else "(?:")

    def _closed(self, place: int) -> _Node:
        found = self._either()
        if not self._next(")"):
            self._wrong(place, "the parenthesis is not closed.", "Add ).")
        return found

    def _back(self, number: int, place: int) -> _Node:
        if number < 1:
            self._wrong(place, "names no group before it.")
        if self.any_case:
            self._wrong(place, "what a group matched cannot be asked for in any case.")
        self.asked.append((number, place))
        self.needs.append("a back reference")
        return _Back(number)

    def _escape(self, place: int) -> _Node:
        if self.at >= len(self.text):
            self._wrong(place, "a backslash stands alone.", "Write \\\\ for a backslash of the text.")
        char = self.text[self.at]
        edges = {"A": "start", "Z": "end", "z": "end", "b": "boundary", "B": "no boundary"}
        if char in edges:
            self.at += 1
            return _EDGES[edges[char]]
        if char in "123456789":
            end = self.at
            while end < len(self.text) and self.text[end].isdigit():
                end += 1
            number, self.at = int(self.text[self.at : end]), end
            return self._back(number, place)
        return self._chars(self._escaped(place))

    def _escaped(self, place: int) -> Ranges:
        """The set that an escape stands for; the reader is after the backslash."""
        char = self.text[self.at] if self.at < len(self.text) else ""
        self.at += 1
        if char in SHORT:
            return SHORT[char]
        if char in CONTROLS:
            return _of(CONTROLS[char])
        if char in ("x", "u", "U"):
            return self._code(place, char)
        if char in ("p", "P"):
            return self._unicode(place, char)
        if not char or (char.isalnum() and char.isascii()):
            self._wrong(place, f"\\{char} is not known.", "Leave out the backslash for the character itself.")
        return _of(char)

    def _code(self, place: int, char: str) -> Ranges:
        if char == "x" and self._next("{"):
            end = self.text.find("}", self.at)
            digits, self.at = self.text[self.at : end], end + 1
        else:
            length = {"x": 2, "u": 4, "U": 8}[char]
            digits = self.text[self.at : self.at + length].ljust(length, "?")
            self.at += length
        try:
            code = int(digits, 16)
        except ValueError:
            code = LAST + 1
        if not 0 < code <= LAST or 0xD800 <= code <= 0xDFFF:
            self._wrong(place, f"\\{char}{digits} is not a character.")
        return ((code, code),)

    def _unicode(self, place: int, char: str) -> Ranges:
        braced = self._next("{")
        end = self.text.find("}", self.at) if braced else self.at + 1
        name = self.text[self.at : end] if end >= 0 else ""
        self.at = end + (1 if braced else 0)
        turned = name.startswith("^") is not (char == "P")
        if name.lstrip("^") not in CATEGORIES:
            fix = "A general category of Unicode is: L, Lu, Ll, M, N, Nd, P, S, Z and their kinds."
            self._wrong(place, f"\\{char}{{{name}}} is not known.", fix)
        found = _category(name.lstrip("^"))
        return _without(found) if turned else found

    def _set(self, place: int) -> Ranges:
        turned = self._next("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self._next("]"):
            if self.at >= len(self.text):
                self._wrong(place, "the set is not closed.", "Add ].")
            here = self.at
            low = self._member(place)
            if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member(place)
                if not (_single(low) and _single(high)) or low[0][0] > high[0][0]:
                    self._wrong(here, f"{self.text[here : self.at]} is not a range of a set.")
                found.append((low[0][0], high[0][0]))
            else:
                found += low
            first = False
        kept = _normal(found)
        kept = _any_case(kept) if self.any_case else kept
        return _without(kept) if turned else kept

    def _member(self, place: int) -> Ranges:
        """One character of a set, or a class."""
        if self.at >= len(self.text):
            self._wrong(place, "the set is not closed.", "Add ].")
        here = self.at
        if self._next("[:"):
            end = self.text.find(":]", self.at)
            name = self.text[self.at : end] if end >= 0 else ""
            if name.lstrip("^") not in POSIX:
                self._wrong(here, f"[:{name}:] is not known.", f"Valid: {', '.join(POSIX)}.")
            self.at = end + 2
            return _without(POSIX[name[1:]]) if name.startswith("^") else POSIX[name]
        for word in ("[.", "[="):
            if self.text.startswith(word, here):
                self._wrong(here, f"{word} is not known in a set.", "Write \\[ for a bracket of the text.")
        self.at += 1
        if self.text[here] != "\\":
            return _of(self.text[here])
        if self._next("b"):
            return _of("\b")
        return self._escaped(here)


def _single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6


def _asks_back(text: str) -> bool:
    """Whether a pattern asks for what a group matched; it may be said too often, which costs nothing."""
    return "(?P=" in text or any(f"\\{number}" in text for number in range(1, 10))


def _length(node: _Node) -> int | None:
    """How many characters a part takes; None where that depends."""
    if isinstance(node, _Set):
        return 1
    if isinstance(node, _Edge) or (isinstance(node, _Group) and node.head not in ("(?:", "(")):
        return 0
    if isinstance(node, _Group):
        return _length(node.inner)
    if isinstance(node, _Repeat):
        once = _length(node.inner)
        return None if once is None or node.low != node.high else once * node.low
    if isinstance(node, _Row):
        found = [_length(part) for part in node.parts]
        return None if None in found else sum(filter(None, found))
    if isinstance(node, _Either):
        lengths = {_length(part) for part in node.parts}
        return lengths.pop() if len(lengths) == 1 else None
    return None


def re2(postgres: str) -> str:
    """What ``compiled`` wrote for PostgreSQL, as RE2 reads it: nothing but boundaries is written differently."""
    return postgres.replace(BOUNDARY, r"\b").replace(NO_BOUNDARY, r"\B")
