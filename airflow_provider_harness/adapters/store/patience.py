"""How long the store may say nothing: a connection that stands, with nobody at its other end, would hold a task for ever."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg


@cache
def patient(seconds: float) -> type[psycopg.Connection[Any]]:
    """A connection of psycopg that is closed, and raises, when its server has said nothing for so long.

    :param seconds: from the last that was heard, while something is waited for.
    """
    import psycopg

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: Generator[Any, Any, Any], *more: Any, **named: Any) -> Any:
            """As psycopg's, which waits for as long as it takes."""
            return super().wait(self._heard(gen), *more, **named)

        def _heard(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """What psycopg waits for; it is asked several times a second whether it goes on to wait."""
            try:
                wanted, last = next(gen), time.monotonic()
                while True:
                    ready = yield wanted
                    last = time.monotonic() if ready else last
                    if time.monotonic() - last > seconds:
                        self.close()
                        raise psycopg.OperationalError(
                            f"it has said nothing for {seconds:.3g} s; the connection is closed"
                        )
                    wanted = gen.send(ready)
            except StopIteration as end:
                return end.value

    return Patient
