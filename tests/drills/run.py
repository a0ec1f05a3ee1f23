"""One drill from the break to the record, with a scripted person on call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from tests.demo.world import say
from tests.drills.drill import DAY, Drill, Record
from tests.drills.grade import took
from tests.drills.watch import RUN, Shared, Watch
from tests.drills.world import World

#: Seconds: until a run must have failed or ended; how long a settled world is watched for needless acts; between two looks;
#: how long a question must stand before a program answers it (Airflow loses quicker answers).
START, QUIET, LOOK, OPEN = 420, 45, 1.5, 6
#: A healer that is late is still watched for so many times the drill's time, and Airflow's own work waited for as many times
#: two minutes; ``PATIENCE`` is for a busy machine. What is late stays late.
PATIENCE = float(os.environ.get("PATIENCE", "1.6"))
WORK = 110 * PATIENCE


@dataclass(slots=True, kw_only=True)
class Course:
    """What was seen so far.

    :param failed_at: monotonic seconds; None before the failure.
    """

    failed_at: float | None = None
    paged_after: float | None = None
    recovered_after: float | None = None
    held: bool = True
    replayed: bool | None = None
    pages: int = 0
    answered: set[str] = field(default_factory=set)
    seen_at: dict[str, float] = field(default_factory=dict)


def run(shared: Shared, world: World) -> tuple[Record, dict[str, Any]]:
    """Break, wait, attend, replay; the record, and what the healer says of it."""
    watch, course, drill = Watch(shared, world), Course(), world.drill
    world.pid = watch.pid
    try:
        before = world.published()
        drill.break_it(world)
        _trigger(shared, drill)
        drill.during(world)
        if _wait(lambda: _begun(watch), START):
            _course(watch, course, before)
        acts_before_replay = watch.acts()
        if drill.replay and drill.fails and not drill.person and watch.state() == "success":
            course.replayed = _replay(watch)
        record = watch.record(
            asks=len(course.seen_at),
            pages=course.pages,
            paged_after=course.paged_after,
            recovered_after=course.recovered_after,
            held=course.held,
            replayed=course.replayed,
        )
        say(f"  {drill.name}: {record.state}, {record.pages} pages, {took(drill, record)} s")
        return _with(record, acts_before_replay), watch.said()
    finally:
        world.release()
        watch.close()


def _with(record: Record, acts: tuple[str, ...]) -> Record:
    return replace(record, acts=acts)


def _begun(watch: Watch) -> bool:
    """Whether the failure has come, or the end where none must come."""
    state = watch.state()
    return state in ("success", "failed") or (watch.world.drill.fails and watch.failed())


def _course(watch: Watch, course: Course, before: str) -> None:
    """From the failure, or the green end, until the world is well or the time is over."""
    drill, world = watch.world.drill, watch.world
    began = course.failed_at = time.monotonic()
    if watch.failed():
        drill.passes(world)
    end = began + (drill.seconds * PATIENCE if drill.person or (drill.fails and not drill.idle) else QUIET)
    while time.monotonic() < end and not _well(watch, course):
        _look(watch, course)
        if _called(watch, course):
            course.held = world.published() == before
            _mend(watch, course)
            break
        time.sleep(LOOK)
    _look(watch, course)
    _settle(watch, course)


def _look(watch: Watch, course: Course) -> None:
    """Answer what is asked, and note what on-call got."""
    assert course.failed_at is not None
    course.pages = max(course.pages, len(watch.pages()))
    if course.pages and course.paged_after is None:
        course.paged_after = round(time.monotonic() - course.failed_at, 1)
    question = watch.question()
    if question is None:
        return
    key = str(question["task_instance"]["dag_run_id"])
    first = course.seen_at.setdefault(key, time.monotonic())
    if key not in course.answered and time.monotonic() - first >= OPEN and watch.world.drill.answer:
        course.answered.add(key)
        _answer(watch, question)


def _answer(watch: Watch, question: dict[str, Any]) -> None:
    ti = question["task_instance"]
    path = (
        f"/dags/{ti['dag_id']}/dagRuns/{quote(ti['dag_run_id'], safe='')}/taskInstances/{ti['task_id']}/-1/hitlDetails"
    )
    watch.shared.api("PATCH", path, {"chosen_options": [watch.world.drill.answer], "params_input": {}})


def _well(watch: Watch, course: Course) -> bool:
    """Whether the run is as it must be, and nothing is left to watch."""
    assert course.failed_at is not None
    drill = watch.world.drill
    if drill.person or drill.idle or not drill.fails or watch.state() != "success":
        return False
    course.recovered_after = course.recovered_after or round(time.monotonic() - course.failed_at, 1)
    return True


def _called(watch: Watch, course: Course) -> bool:
    """Whether a person has to take over: was paged, is not asked, and nobody else is at it."""
    if not course.pages or watch.question() is not None:
        return False
    incidents = watch.incidents()
    drill = watch.world.drill
    return all(incidents.values()) and not drill.idle and (watch.state() == "failed" or not drill.fails)


def _mend(watch: Watch, course: Course) -> None:
    """What on-call does: mend the cause, clear what failed, wait."""
    assert course.failed_at is not None
    drill = watch.world.drill
    drill.mend(watch.world)
    if drill.ends != "success":
        return
    _clear(watch, only_failed=drill.fails)
    _wait(lambda: watch.state() == "success", WORK)
    if watch.state() == "success":
        course.recovered_after = round(time.monotonic() - course.failed_at, 1)


def _settle(watch: Watch, course: Course) -> None:
    """Let the healer end its work, so that the replay is not taken for it."""
    _wait(lambda: all(watch.incidents().values()), WORK)
    _look(watch, course)


def _replay(watch: Watch) -> bool:
    """Run the day again as a person would, and see whether anything is another afterwards."""
    before = watch.world.published()
    _clear(watch, only_failed=False)
    return _wait(lambda: watch.state() == "success", WORK) and watch.world.published() == before


def _clear(watch: Watch, *, only_failed: bool) -> None:
    body = {"dag_run_id": RUN, "dry_run": False, "only_failed": only_failed, "include_downstream": True}
    watch.shared.api("POST", f"/dags/{watch.world.drill.dag_id}/clearTaskInstances", body)
    time.sleep(2)


def _trigger(shared: Shared, drill: Drill) -> None:
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    body = {
        "dag_run_id": RUN,
        "logical_date": start.isoformat(),
        "data_interval_start": start.isoformat(),
        "data_interval_end": (start + timedelta(days=1)).isoformat(),
    }
    shared.api("POST", f"/dags/{drill.dag_id}/dagRuns", body)


def _wait(found: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(LOOK)
    return False
