"""How long something takes, in what this machine does at that time: no test knows how fast a machine is, or how busy."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

ROUNDS = 20_000
"""Of the yardstick: together a tenth of a second of the machine on which the limits of the tests were set, when nothing else ran."""


def measured() -> float:
    """Seconds of processor time of a fixed work: texts that are written, read and searched."""
    began = time.process_time()
    for number in range(ROUNDS):
        text = json.dumps({"number": number, "words": ["a", "few", "words"], "none": None})
        re.sub(r"(\d+)", r"<\1>", text)
        json.loads(text)
    return time.process_time() - began


_first = cache(measured)


@contextmanager
def at_most(times: float) -> Iterator[None]:
    """What is done here takes at most so many times the processor time of the yardstick, which is measured again before it fails."""
    began = time.process_time()
    yield
    spent = time.process_time() - began
    if spent > times * _first():
        yard = max(_first(), measured())
        assert spent <= times * yard, f"{spent:.2f} s is {spent / yard:.1f} times the yardstick; it may be {times}"
