"""How far a long step is, in the task's log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

PROGRESS_SECONDS = 10
"""How often a long step says how far it is."""


class Progress:
    """Implements ``app.ports.rows.Progress``: rows, rows per second, share and time left, every few seconds.

    :param expected: rows that there will be, 0 or more; None where nobody knows.
    :param exact: whether somebody has counted them; else it is the planner's estimate.
    """

    def __init__(
        self, expected: int | None = None, *, exact: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._expected, self._exact, self._clock = expected, exact, clock
        self._began = self._said = clock()

    def __call__(self, stage: str, rows: int) -> None:
        now = self._clock()
        if now - self._said >= PROGRESS_SECONDS:
            self._said = now
            log.info("%s: %s", stage, self._sentence(rows, rows / (now - self._began)))

    def _sentence(self, rows: int, speed: float) -> str:
        if not rows:
            return f"no rows yet, for {self._clock() - self._began:,.0f} s"
        known = self._expected is not None and self._expected >= rows
        if not known or self._expected is None:  # an estimate that was passed says nothing more
            return f"{rows:,} rows, {speed:,.0f} rows/s"
        total = f"{'' if self._exact else 'about '}{self._expected:,}"
        left = (self._expected - rows) / speed
        return f"{rows:,} of {total} rows ({rows / self._expected:.0%}), {speed:,.0f} rows/s, {left:,.0f} s left"


@contextmanager
def looking(look: Callable[[], None]) -> Iterator[None]:
    """Look at what goes on elsewhere every so often, while this thread waits for its end.

    :param look: says what it sees; where it fails, the work goes on, and nobody looks again.
    """
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(look, over), name="harness-progress", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(look: Callable[[], None], over: threading.Event) -> None:
    while not over.wait(PROGRESS_SECONDS):
        try:
            look()
        except Exception as error:  # noqa: BLE001 - to see how far it is must not be what ends it
            log.info("Progress cannot be shown: %s", error)
            return
