"""Killed, out of memory, lost workers."""

from __future__ import annotations

import signal

from tests.drills.acts import publish_part, publish_twice, silence, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import GATED, code, contract
from tests.drills.world import World

WAITS = code("        while flag('wait'):\n            time.sleep(0.5)")
HUNGRY = code(
    """
        if flag("all"):
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
            bytearray(8 << 30)
"""
)
SILENTLY = code("        import sys\n\n        if flag('wait'):\n            sys.exit(3)")
LOST = frozenset({"worker_lost"})
RETRY = frozenset({"retry_task"})


def killed(world: World) -> None:
    world.kill()
    world.unflag("wait")


def ended(world: World) -> None:
    """As a cluster evicts: SIGTERM, to a task that works."""
    world.wait(world.pid)
    world.kill(signal.SIGTERM)
    world.unflag("wait")


def killed_at_the_lock(world: World) -> None:
    waiting = (
        "SELECT 1 FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace"
    )
    world.wait(lambda: world.sql(f"{waiting} WHERE NOT l.granted AND n.nspname = '<name>'"))
    world.kill()
    world.release()


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
        causes=LOST,
        remedies=RETRY,
        ask=True,
        break_it=lambda world: world.flag("wait"),
        during=killed,
        quick=True,
    ),
    Drill(
        name="killedslice",
        family=Family.LOST,
        difficulty=Difficulty.HARD,
        story="A task that publishes exactly once is killed with -9 in the middle of its publication.",
        wrong=(
            unasked("run it again and again"),
            publish_part("keep half a slice"),
            publish_twice("publish on top of it"),
        ),
        dag=GATED,
        contract=contract(),
        causes=LOST,
        remedies=RETRY,
        ask=True,
        break_it=lambda world: world.hold("LOCK TABLE <name>.orders IN ACCESS EXCLUSIVE MODE"),
        during=killed_at_the_lock,
    ),
    Drill(
        name="evicted",
        family=Family.LOST,
        difficulty=Difficulty.MEDIUM,
        story="The task gets SIGTERM, as when its machine is taken away.",
        wrong=(unasked("run it again and again"), publish_twice("run it twice")),
        dag=WAITS,
        causes=LOST,
        remedies=RETRY,
        ask=True,
        break_it=lambda world: world.flag("wait"),
        during=ended,
    ),
    Drill(
        name="hungry",
        family=Family.LOST,
        difficulty=Difficulty.MEDIUM,
        story="The task reads all at once and gets no memory for it; it needs smaller batches.",
        wrong=(unasked("retry: it needs as much again"), silence("tell nobody"), publish_part("publish what fits")),
        dag=HUNGRY,
        seconds=180,
        causes=frozenset({"resource_exhausted_memory"}),
        remedies=frozenset({"suggest_concurrency_change", "escalate_to_human"}),
        person=True,
        break_it=lambda world: world.flag("all"),
        mend=lambda world: world.unflag("all"),
    ),
    Drill(
        name="wordless",
        family=Family.LOST,
        difficulty=Difficulty.HARD,
        story="The task ends itself with status 3 and says nothing; only its author knows what that means.",
        wrong=(unasked("retry what nobody understands"), silence("tell nobody")),
        dag=SILENTLY,
        seconds=180,
        causes=frozenset({"unknown"}),
        remedies=frozenset({"escalate_to_human"}),
        person=True,
        break_it=lambda world: world.flag("wait"),
        mend=lambda world: world.unflag("wait"),
    ),
)
