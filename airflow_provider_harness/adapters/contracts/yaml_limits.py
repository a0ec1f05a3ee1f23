"""Limits of a YAML text, told from its events before anything is built of it."""

from __future__ import annotations

from typing import Any

MOST_NODES = 60_000
"""Keys, values and lists of a document, aliases counted as what they stand for."""
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
    :raises yaml.YAMLError: it is no YAML.
    """
    import yaml

    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = 0
    event: Any
    for event in yaml.parse(text, Loader=loader()):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise TooLarge(f"the alias *{event.anchor} contains itself", line)
            total += sizes.get(str(event.anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, total))
            total += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = total - before
        if total > MOST_NODES:
            raise TooLarge(
                f"it has more than {MOST_NODES} keys and values, aliases counted as what they stand for", line
            )
        if len(opened) > MOST_DEPTH:
            raise TooLarge(f"it is nested more than {MOST_DEPTH} deep", line)
