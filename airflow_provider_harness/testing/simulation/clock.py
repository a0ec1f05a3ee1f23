"""The clock of a simulation: it stands still until it is told the time, for whoever asks in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from airflow_provider_harness.core.errors import MissingExtra
from airflow_provider_harness.core.slices.slices import plain


class VirtualClock:
    """What ``datetime.now``, ``time.time`` and the like say while it runs; ``time.monotonic`` goes on, since drivers wait by it.

    :param start: UTC.
    """

    def __init__(self, start: datetime) -> None:
        self._now = plain(start)
        self._move: Callable[[datetime], object] = _nowhere

    def now(self) -> datetime:
        return self._now

    def pass_to(self, at: datetime) -> None:
        """Let the time go on until then; it never goes back."""
        if at > self._now:
            self._now = plain(at)
            self._move(self._now)

    @contextmanager
    def running(self, asleep: Callable[[datetime], None]) -> Iterator[None]:
        """The clock of this process.

        :param asleep: is told until when the main thread sleeps, and passes the time.
        :raises MissingExtra: the package is not installed that moves the clock.
        """
        try:
            import time_machine
        except ImportError as error:
            raise MissingExtra("time-machine", "testing") from error
        sleep, main = time.sleep, threading.get_ident()

        def slept(seconds: float) -> None:
            if threading.get_ident() == main:
                asleep(self._now + timedelta(seconds=seconds))
            else:
                sleep(seconds)

        with time_machine.travel(self._now, tick=False) as traveller:
            self._move = traveller.move_to
            time.sleep = slept  # type: ignore[assignment]
            try:
                yield
            finally:
                time.sleep, self._move = sleep, _nowhere


def _nowhere(at: datetime) -> None:
    """No clock runs."""


START = datetime(2026, 1, 1, tzinfo=UTC)
"""When a clock starts where nobody says when."""
