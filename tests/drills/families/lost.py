"""Killed, out of memory, lost workers."""

from __future__ import annotations

from tests.drills.acts import publish_part, publish_twice, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import code
from tests.drills.world import World

WAITS = code("        while flag('wait'):\n            time.sleep(0.5)")


def killed(world: World) -> None:
    world.kill()
    world.unflag("wait")


DRILLS = (
    Drill(
        name="killed",
        family=Family.LOST,
        difficulty=Difficulty.HARD,
        story="The task's process is killed with -9 while it works; it leaves no word.",
        wrong=(
            unasked("run it again and again without asking"),
            publish_twice("run it beside a process that may still live"),
            publish_part("keep what it had written"),
        ),
        dag=WAITS,
        causes=frozenset({"worker_lost"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.flag("wait"),
        during=killed,
        quick=True,
    ),
)
