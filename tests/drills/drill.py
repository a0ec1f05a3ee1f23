"""What a drill is: a world, a way to break it, what a good engineer would do, and what must be true afterwards.

Nothing in a drill names a healer: who heals, reads Airflow, the databases and what on-call is told, as anybody would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.drills.world import World

#: The day that a drill's run is about; the day before it is published, and must stay as it is.
DAY, DAY_BEFORE = date(2026, 1, 2), date(2026, 1, 1)


CLEAR = frozenset({"clear"})


class Family(StrEnum):
    """What kind of failure it is."""

    SOURCE = "source"  # down, slow, late
    LOCKS = "locks"  # locks, timeouts, connections, full disk
    SCHEMA = "schema"
    ROWS = "rows"  # bad, duplicate, missing, late rows
    LOST = "lost"  # killed, out of memory, lost workers
    CODE = "code"  # code, configuration, a bad deploy
    RIGHTS = "rights"  # credentials and permissions
    QUIET = "quiet"  # green, and wrong
    TWO = "two"  # two causes at once
    SOUND = "sound"  # nothing wrong at all
    LOGS = "logs"  # hostile and noisy ones


class Difficulty(StrEnum):
    """How much an engineer who is new to the pipeline must look at."""

    EASY = "easy"  # the error says it
    MEDIUM = "medium"  # the error and one look elsewhere
    HARD = "hard"  # the error misleads, or there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What happened to one drill, as Airflow, its event log and the page receiver tell it.

    :param state: of the Dag run at the end: success, failed, running.
    :param acts: what the healer did, in order: clear, backfill, pause, trigger, mark, other.
    :param asks: questions that people were asked.
    :param pages: alerts that on-call got, those of a question included.
    :param tries: of all tasks of the run.
    :param paged_after: seconds from the failure to the first page; None without one.
    :param recovered_after: seconds from the failure until the run was well; None where it is not.
    :param held: whether the table of the drill still was as before when a person took over.
    :param replayed: whether a second run of the same day left every table as it was; None where it was not tried.
    """

    state: str = "failed"
    acts: tuple[str, ...] = ()
    asks: int = 0
    pages: int = 0
    tries: int = 1
    paged_after: float | None = None
    recovered_after: float | None = None
    held: bool = True
    replayed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A plausible wrong act, and what the world looks like after it.

    :param do: changes the tables and gives the record that it would leave.
    """

    what: str
    do: Callable[[World, Record], Record]


Deed = Callable[["World"], object]
"""Something that is done to the world of a drill."""


def does(statements: str) -> Deed:
    """Statements that somebody runs on the databases; ``<name>`` is the drill's schema."""
    return lambda world: world.sql(statements)


def nothing(world: World) -> None:
    """Nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill.

    :param name: lower case, unique; the Dag is ``drill_<name>``, the schema of its tables ``<name>``.
    :param wrong: plausible wrong acts, first of all; each of them must fail the grader.
    :param dag: text of the Dag file; ``<name>``, ``<retries>`` and ``<folder>`` are filled in.
    :param contract: text of the contract of ``<name>.orders``, or empty.
    :param causes: categories that name the cause rightly; a figure, never a reason to fail.
    :param remedies: proposals that are right; a figure, too.
    :param seconds: a good engineer's time from the failure to the recovery, or to the page where a person is needed.
    :param break_it: breaks the world before the run starts.
    :param during: goes on while the run runs: kills, lets a lock go; the failure may not have come yet.
    :param passes: what goes away by itself once the failure has been seen, such as an outage.
    :param mend: what only a person can mend, once called.
    :param publish: what a good run of the Dag does to the tables, in SQL: for the test of the grader without Airflow.
    :param truth: a query for what must be published at the end.
    :param person: whether a page is right; where not, it is needless.
    :param ask: whether a question to a person is right.
    :param answer: of the scripted person on call to every question.
    :param acts: kinds of acts that are right; None: a clear, or nothing where a person is needed.
    :param most_acts: more of them are useless tries.
    :param most_pages: more of them are needless; None: one where a person is needed or asked, else none.
    :param ends: state of the run at the end.
    :param fails: whether a task fails; where none does, the run is green at once, and may be wrong.
    :param early: the failing run itself publishes before it fails.
    :param idle: doing nothing is right: the untouched world passes.
    :param also: what else must be true: its name -> queries that each give one truth value.
    :param replay: whether the day is run again at the end.
    :param connection: further keys of the two connections, such as ``{"warehouse": {"options": "..."}}``.
    :param quick: part of ``QUICK=1``.
    """

    name: str
    family: Family
    difficulty: Difficulty
    story: str
    wrong: tuple[Wrong, ...]
    dag: str
    causes: frozenset[str] = frozenset()
    remedies: frozenset[str] = frozenset()
    seconds: int = 240
    contract: str = ""
    build: str = ""
    break_it: Deed = nothing
    during: Deed = nothing
    passes: Deed = nothing
    mend: Deed = nothing
    publish: str = ""
    truth: str = ""
    person: bool = False
    ask: bool = False
    answer: str = "Approve"
    acts: frozenset[str] | None = None
    most_acts: int = 2
    most_pages: int | None = None
    ends: str = "success"
    fails: bool = True
    early: bool = False
    idle: bool = False
    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    replay: bool = True
    connection: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    quick: bool = False

    @property
    def dag_id(self) -> str:
        return f"drill_{self.name}"

    @property
    def right_acts(self) -> frozenset[str]:
        return self.acts if self.acts is not None else frozenset() if self.person or not self.fails else CLEAR

    @property
    def right_pages(self) -> int:
        return self.most_pages if self.most_pages is not None else int(self.person or self.ask)

    def good(self) -> Record:
        """The record that a good repair leaves."""
        called = self.person or self.ask
        return Record(
            state=self.ends,
            acts=tuple(self.right_acts),
            asks=int(self.ask),
            pages=int(called),
            paged_after=1.0 if called else None,
            recovered_after=1.0 if self.fails else None,
            replayed=True if self.replay else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is true afterwards, or not."""

    name: str
    holds: bool
    text: str = ""
