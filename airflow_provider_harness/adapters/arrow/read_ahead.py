"""Reading goes on while what was read is worked on: an iterator in a thread of its own, a few items ahead."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

from airflow_provider_harness.core.errors import HarnessError

Item = TypeVar("Item")

DEPTH = 2
"""Items that wait; with the one in the making, that many more are in memory than without reading ahead."""


@contextmanager
def ours_first(items: Iterable[Item]) -> Iterator[Iterator[Item]]:
    """The same items; where a driver that takes them turns an error of ours into one of its own, ours is raised."""
    met: list[HarnessError] = []

    def watched() -> Iterator[Item]:
        try:
            yield from items
        except HarnessError as error:
            met.append(error)
            raise

    try:
        yield watched()
    finally:
        if met:
            raise met[0]


@contextmanager
def ahead(items: Iterable[Item], cancel: Callable[[], None] = lambda: None) -> Iterator[Iterator[Item]]:
    """The same items in the same order; what is raised while reading is raised where the item would have come.

    :param cancel: ends a read that is under way, when nobody wants its items any more; needed where it may wait for long.
    """
    between = _Between[Item]()
    reader = threading.Thread(target=between.read, args=(items,), name="harness-read-ahead", daemon=True)
    reader.start()
    try:
        yield between.taken()
    except BaseException:
        between.stop()
        cancel()
        raise
    finally:
        between.stop()
        reader.join()


class _Between(Generic[Item]):
    """The few items between the thread that reads and whoever takes them."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[Item | None, BaseException | None]] = queue.Queue(maxsize=DEPTH)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Nobody wants more."""
        self._stopped.set()

    def read(self, items: Iterable[Item]) -> None:
        try:
            for item in items:
                self._put(item, None)
                if self._stopped.is_set():
                    return
            self._put(None, None)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the items are taken
            self._put(None, error)

    def taken(self) -> Iterator[Item]:
        while True:
            item, error = self._waiting.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item

    def _put(self, item: Item | None, error: BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._waiting.put((item, error), timeout=0.1)
                return
