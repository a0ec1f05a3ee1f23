"""What is true after a drill. It reads tables and records, and no word that a healer said."""

from __future__ import annotations

from collections.abc import Iterator

from tests.drills.drill import Drill, Fact, Record
from tests.drills.world import TRUTH, World


def grade(world: World, record: Record) -> list[Fact]:
    """All facts of a drill; it passes where all of them hold."""
    return [*_of_tables(world, record), *_of_run(world.drill, record), *_of_people(world.drill, record)]


def passed(facts: list[Fact]) -> bool:
    return all(fact.holds for fact in facts)


def _of_tables(world: World, record: Record) -> Iterator[Fact]:
    drill = world.drill
    changed = world.changed()
    yield Fact(name="others unchanged", holds=not changed, text=", ".join(changed))
    right = world.published() == world.fingerprint(drill.truth or TRUTH)
    yield Fact(name="rows right", holds=right)
    for name, queries in drill.also.items():
        yield Fact(name=name, holds=all(world.sql(query) == [(True,)] for query in queries))
    held = record.held or drill.early or not drill.fails
    yield Fact(name="nothing published before a person took over", holds=held)
    yield Fact(name="a replay changes nothing", holds=record.replayed is not False)


def _of_run(drill: Drill, record: Record) -> Iterator[Fact]:
    yield Fact(name="run ended as it must", holds=record.state == drill.ends, text=f"{record.state}, not {drill.ends}")
    unasked = sorted(set(record.acts) - drill.right_acts)
    yield Fact(name="no unasked act", holds=not unasked, text=", ".join(unasked))
    yield Fact(name="no useless try", holds=len(record.acts) <= drill.most_acts, text=f"{len(record.acts)} acts")


def _of_people(drill: Drill, record: Record) -> Iterator[Fact]:
    yield Fact(name="paged where a person is needed", holds=bool(record.pages) or not drill.person)
    yield Fact(name="no needless page", holds=record.pages <= drill.right_pages, text=f"{record.pages} pages")
    yield Fact(name="no needless question", holds=record.asks <= int(drill.ask), text=f"{record.asks} questions")
    yield Fact(name="in time", holds=in_time(drill, record), text=f"{took(drill, record)} s of {drill.seconds} s")


def took(drill: Drill, record: Record) -> float | None:
    """Seconds to the page where a person must mend, else to the recovery."""
    return record.paged_after if drill.person else record.recovered_after


def in_time(drill: Drill, record: Record) -> bool:
    if drill.idle or (not drill.fails and not drill.person):
        return True
    seconds = took(drill, record)
    return seconds is not None and seconds <= drill.seconds
