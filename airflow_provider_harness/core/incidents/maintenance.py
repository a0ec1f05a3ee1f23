"""Windows in which nobody is paged: what happens in one is told when it ends, unless it is over by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """:param dags: ids of Dags; empty = all.
    :param start: UTC, included.
    :param end: UTC, excluded.
    """

    start: datetime
    end: datetime
    dags: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """All windows that are known."""

    windows: Sequence[Window] = ()

    def until(self, dags: frozenset[str], now: datetime) -> datetime | None:
        """When a page about these Dags may be told; None = now. One Dag outside of every window is told at once."""
        ends = []
        for dag in dags:
            mine = [w.end for w in self.windows if w.start <= now < w.end and (not w.dags or dag in w.dags)]
            if not mine:
                return None
            ends.append(max(mine))
        return max(ends, default=None)
