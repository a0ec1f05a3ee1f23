"""Secrets and values of rows that are planted where programs leak them, and what of them is still there after the redactor.

``python -m tests.planted`` prints the table of docs/explanation/threat-model.md. Every secret is made at random when it is
needed: what is in the repository are templates, and nothing in it looks like a token of anybody.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

DATA = Path(__file__).parent / "data"
_PART = re.compile(r"\{(?P<kind>b62|b64|hex|low|cap|up|dg):(?P<length>\d+)\}")
_SIGNS = {
    "b62": string.ascii_letters + string.digits,
    "b64": string.ascii_letters + string.digits + "+/",
    "hex": "0123456789abcdef",
    "low": string.ascii_lowercase,
    "cap": string.ascii_lowercase,
    "up": string.ascii_uppercase + "234567",
    "dg": string.digits,
}
#: How a program writes the secret before it prints it; then that is what must not be read.
_AS: Mapping[str, Callable[[str], str]] = {
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "percent": lambda secret: quote(secret, safe=""),
}
#: Lines around what is planted, as they stand in a log.
AROUND = ("[2026-11-20, 06:00:00 UTC] {taskinstance.py:2905} ERROR - Task failed", "Traceback (most recent call last):")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One secret in one text.

    :param pieces: the random parts of the secret; none of them may be read afterwards.
    """

    family: str
    text: str
    pieces: tuple[str, ...]

    def leaks(self, shown: str) -> bool:
        """Whether a piece of it can be read."""
        lowered = shown.lower()
        return any(piece.lower() in lowered for piece in self.pieces)


@cache
def forms() -> tuple[dict[str, str], ...]:
    """The templates: family, secret, text, where the sign § stands for the secret; ``as`` says how it is written there."""
    return tuple(json.loads(line) for line in (DATA / "planted_secrets.jsonl").read_text("utf-8").splitlines())


def plant(seed: int) -> Iterator[Planted]:
    """Every form with a secret of its own."""
    chance = random.Random(seed)
    for form in forms():
        pieces: list[str] = []

        def made(part: re.Match[str], pieces: list[str] = pieces) -> str:
            pieces.append(_random(chance, part["kind"], int(part["length"])))
            return pieces[-1]

        secret = _PART.sub(made, form["secret"])
        if "as" in form:
            secret = _AS[form["as"]](secret)
            pieces = [secret]
        yield Planted(
            family=form["family"],
            text=form["text"].replace("§", secret),
            pieces=tuple(p for p in pieces if len(p) > 3) or (secret,),
        )


def _random(chance: random.Random, kind: str, length: int) -> str:
    signs = _SIGNS[kind]
    while True:
        text = "".join(chance.choice(signs) for _ in range(length))
        if kind == "cap":
            return text.capitalize()
        if kind not in ("b62", "b64") or length < 12 or any(c.isdigit() for c in text):
            return text


def leaks(show: Callable[[str], str], seeds: int = 3) -> list[Planted]:
    """What can still be read of the planted secrets, in the text that is shown."""
    return [item for seed in range(seeds) for item in plant(seed) if item.leaks(show(item.text))]


def read_in(sinks: Mapping[str, Callable[[str], str]], every: int = 1, seed: int = 11) -> Iterator[tuple[str, Planted]]:
    """Every sink with what of the planted secrets can still be read in it.

    :param every: 1 plants all forms, 4 each fourth.
    """
    for item in itertools.islice(plant(seed), 0, None, every):
        for name, sink in sinks.items():
            if item.leaks(sink(item.text)):
                yield name, item


def table(sinks: Mapping[str, Callable[[str], str]]) -> str:
    """Family, forms, and for each sink how many of the planted secrets can be read in it afterwards."""
    found = Counter((name, item.family) for name, item in read_in(sinks))
    forms_of = Counter(form["family"] for form in forms())
    rows = [
        f"| {family} | {count} | {' | '.join(str(found[name, family]) for name in sinks)} |"
        for family, count in forms_of.items()
    ]
    every = " | ".join(str(sum(found[name, family] for family in forms_of)) for name in sinks)
    head = (f"| what is planted | forms | {' | '.join(sinks)} |", f"|---|---:|{'---:|' * len(sinks)}")
    return "\n".join((*head, *rows, f"| **all** | {len(forms())} | {every} |"))


@cache
def corpus() -> tuple[str, ...]:
    """The lines of every log of the corpus of failures, in which nothing is secret."""
    logs = (
        json.loads(line).get("log_excerpt", "")
        for path in sorted(DATA.glob("*.jsonl"))
        if path.name != "planted_secrets.jsonl"
        for line in path.read_text("utf-8").splitlines()
    )
    return tuple(logs)


if __name__ == "__main__":
    from tests.sinks import SINKS

    print(table(SINKS))
