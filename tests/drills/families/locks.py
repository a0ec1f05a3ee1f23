"""Locks, timeouts, connections, a full disk."""

from __future__ import annotations

from tests.drills.acts import publish_nothing, publish_twice, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import PLAIN
from tests.drills.world import World

DRILLS = (
    Drill(
        name="locked",
        family=Family.LOCKS,
        difficulty=Difficulty.MEDIUM,
        story="Somebody's open transaction holds the published table; it ends right after the failure.",
        wrong=(
            unasked("try again and again while the lock is held"),
            publish_twice("insert without the delete that waits"),
            publish_nothing("mark the task as done"),
        ),
        dag=PLAIN,
        causes=frozenset({"lock_contention", "timeout"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.hold("LOCK TABLE <name>.orders IN ACCESS EXCLUSIVE MODE"),
        passes=World.release,
        connection={"warehouse": {"options": "-c lock_timeout=3s"}},
        quick=True,
    ),
)
