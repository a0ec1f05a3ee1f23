"""Dags in the styles of strangers: sound ones, and faulty ones that are written as a difference to what mends them.

A file is a list of blocks. ``=== name RULE [stage] [line=N]`` begins one. A line that begins with ``-`` stands in the faulty Dag only, one with ``+``
in the mended one only, all others in both. The finding is on a line that goes away, or on line N.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class Stranger(NamedTuple):
    """One Dag file.

    :param rule: the finding that must be made; empty for a sound Dag.
    :param stage: the stage at which it is.
    :param lines: first and last line on which the finding may be; none = any.
    :param text: the Dag, with its fault.
    :param mended: the Dag without it.
    """

    name: str
    rule: str
    stage: str
    lines: tuple[int, int] | None
    text: str
    mended: str


def read(name: str) -> tuple[Stranger, ...]:
    """The Dags of ``strangers_NAME.txt``."""
    return tuple(_blocks((_HERE / f"strangers_{name}.txt").read_text(encoding="utf-8")))


def _blocks(text: str) -> Iterator[Stranger]:
    for block in re.split(r"(?m)^=== ", text)[1:]:
        head, _, body = block.partition("\n")
        name, *said = head.split()
        options = dict(one.split("=") for one in said if "=" in one)
        words = [one for one in said if "=" not in one]
        faulty = [line for line in body.splitlines() if line[:1] != "+"]
        gone = [number for number, line in enumerate(faulty, 1) if line[:1] == "-"]
        lines = (int(options["line"]),) * 2 if "line" in options else (min(gone), max(gone)) if gone else None
        yield Stranger(
            name=name,
            rule=words[0] if words else "",
            stage=words[1] if len(words) > 1 else "compile",
            lines=lines,
            text=_text(faulty),
            mended=_text([line for line in body.splitlines() if line[:1] != "-"]),
        )


def _text(lines: list[str]) -> str:
    return "\n".join(line[1:] for line in lines) + "\n"


SOUND, FAULTY = read("sound"), read("faulty")
