"""Limits of a YAML text, told from its events before anything is built of it."""

from __future__ import annotations

from typing import Any

MOST_NODES = 60_000
"""Keys, values and lists of a document, aliases counted as what they stand for."""
MOST_CHARACTERS = 2 << 20
"""Of a document; a thousand tables of a hundred lines are half of it."""
MOST_DEPTH = 60
"""Of lists and mappings inside each other."""


class TooLarge(ValueError):
    """A document that is not read.

    :param line: where it went over a limit, 1 for the first.
    """

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


def loader() -> Any:
    """PyYAML's safe loader: the fast one, where it is built in."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def within_limits(text: str) -> None:
    """Read the events of a YAML text, and stop where it is too large or too deep.

    :raises TooLarge: it is.
    :raises yaml.YAMLError: it is not YAML.
    """
    import yaml

    if len(text) > MOST_CHARACTERS:
        raise TooLarge(f"it has more than {MOST_CHARACTERS} characters", 1)
    count = _Count()
    event: Any
    for event in yaml.parse(text, Loader=loader()):
        line = event.start_mark.line + 1
        count.take(event, line)
        if count.total > MOST_NODES:
            raise TooLarge(f"it has more than {MOST_NODES} keys and values, where each use of an alias counts", line)
        if len(count.opened) > MOST_DEPTH:
            raise TooLarge(f"it is nested more than {MOST_DEPTH} deep", line)


class _Count:
    """How large a document is, as far as it was read.

    ``opened`` has the anchor of each list or mapping that is not closed, with the count before it.
    """

    def __init__(self) -> None:
        self.total = 0
        self.opened: list[tuple[str | None, int]] = []
        self._sizes: dict[str, int] = {}

    def take(self, event: Any, line: int) -> None:
        kind = type(event).__name__
        if kind == "AliasEvent":
            self.total += self._of_alias(str(event.anchor), line)
        elif kind == "ScalarEvent":
            self.total += 1
            self._sizes |= {event.anchor: 1} if event.anchor else {}
        elif kind in ("SequenceStartEvent", "MappingStartEvent"):
            self.opened.append((event.anchor, self.total))
            self.total += 1
        elif kind in ("SequenceEndEvent", "MappingEndEvent"):
            anchor, before = self.opened.pop()
            self._sizes |= {anchor: self.total - before} if anchor else {}

    def _of_alias(self, anchor: str, line: int) -> int:
        if any(anchor == other for other, _ in self.opened):
            raise TooLarge(f"the alias *{anchor} contains itself", line)
        return self._sizes.get(anchor, 1)
