"""Plausible wrong acts, ready to be named by drills: each changes the tables or leaves a record that must not pass."""

from __future__ import annotations

from dataclasses import replace

from tests.drills.drill import Record, Wrong
from tests.drills.world import COLUMNS, DAY, World


def page(what: str) -> Wrong:
    """A good repair, and a needless page."""
    return Wrong(what=what, do=lambda world, good: replace(good, pages=good.pages + 1, paged_after=1.0))


def silence(what: str) -> Wrong:
    """Nobody is told, although a person is needed."""
    return Wrong(what=what, do=lambda world, good: replace(good, pages=0, paged_after=None))


def unasked(what: str, act: str = "clear", times: int = 3) -> Wrong:
    """Acts that are not right here, or too many of them."""
    return Wrong(what=what, do=lambda world, good: replace(good, acts=(*good.acts, *(act,) * times)))


def late(what: str) -> Wrong:
    """The right act, long after a good engineer would have done it."""

    def do(world: World, good: Record) -> Record:
        return replace(good, paged_after=1e5 if good.paged_after else None, recovered_after=1e5)

    return Wrong(what=what, do=do)


def publish_nothing(what: str) -> Wrong:
    """Green without the day's rows."""
    return sql(what, f"DELETE FROM <name>.orders WHERE {DAY}")


def publish_part(what: str) -> Wrong:
    """Green with a part of the day's rows."""
    return sql(what, f"DELETE FROM <name>.orders WHERE {DAY} AND id % 2 = 0")


def publish_twice(what: str) -> Wrong:
    """Green with every row of the day twice."""
    return sql(what, f"INSERT INTO <name>.orders SELECT {COLUMNS} FROM <name>.orders WHERE {DAY}")


def harm(what: str) -> Wrong:
    """Something unrelated is changed."""
    return sql(what, "DELETE FROM <name>.ledger WHERE id = 7")


def sql(what: str, statement: str) -> Wrong:
    """A good record, and tables that say otherwise."""

    def do(world: World, good: Record) -> Record:
        world.sql(statement)
        return good

    return Wrong(what=what, do=do)


def published_early(what: str) -> Wrong:
    """The bad rows were to be read until a person took over."""
    return Wrong(what=what, do=lambda world, good: replace(good, held=False))
