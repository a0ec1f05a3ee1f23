"""Where a scenario's time goes: the stacks of all threads, looked at a few hundred times a second."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EVERY_SECONDS = 0.004
OURS = "/airflow_provider_harness/"


@contextmanager
def sampled(path: str | None) -> Iterator[None]:
    """Sample what runs inside; the shares go to a file. Without a path, nothing happens.

    A thread that waits counts too: what a line waits for (the server, another thread) is where its time goes.
    """
    if path is None:
        yield
        return
    seen: dict[str, Counter[str]] = {}
    done, own = threading.Event(), threading.get_ident()
    names = {own: "main thread"}

    def look() -> None:
        while not done.wait(EVERY_SECONDS):
            for ident, frame in sys._current_frames().items():
                if ident != threading.get_ident():
                    seen.setdefault(names.get(ident, f"thread {len(seen)}"), Counter())[_place(frame)] += 1
                    names.setdefault(ident, f"thread {len(seen) - 1}")

    watcher, began = threading.Thread(target=look, daemon=True), time.perf_counter()
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        Path(path).write_text(_told(seen, time.perf_counter() - began))


def _place(frame: FrameType) -> str:
    """The innermost line of ours, its caller's, and what it called."""
    stack: list[str] = []
    at: FrameType | None = frame
    while at is not None and len(stack) < 2:
        if OURS in at.f_code.co_filename:
            stack.append(f"{at.f_code.co_filename.rpartition(OURS)[2]}:{at.f_lineno} {at.f_code.co_name}")
        at = at.f_back
    outer = " < ".join(stack) or f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_name}"
    inner = "" if OURS in frame.f_code.co_filename else f" -> {frame.f_code.co_name}"
    return outer + (inner if stack else "")


def _told(seen: dict[str, Counter[str]], seconds: float) -> str:
    lines = [f"{seconds:.2f} s"]
    for thread, counts in seen.items():
        total = sum(counts.values())
        lines.append(f"\n{thread}")
        lines += [f"{100 * n / total:5.1f} %  {where}" for where, n in counts.most_common(15)]
    return "\n".join(lines) + "\n"
