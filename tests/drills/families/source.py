"""The source is down, slow or late."""

from __future__ import annotations

from tests.drills.acts import late, page, publish_nothing, publish_part, publish_twice, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import GATED, SLOW_VIEW, code, contract
from tests.drills.world import DAY, World

ASKS_HTTP = code(
    """
        import requests

        requests.get("http://127.0.0.1:<door>/prices", timeout=3).raise_for_status()
"""
)
"""It asks a service first; whether that may be done twice, only its author knows."""
SILENT = "        PostgresHook('<name>_source').get_records('SELECT pg_sleep(%(s)s)', {'s': 90 if flag('slow') else 0})"


def cut(world: World) -> None:
    """The connection is cut while the source works."""
    world.wait(world.pid)
    asleep = "SELECT 1 FROM pg_stat_activity WHERE usename = 'drill_<name>' AND query LIKE 'SELECT pg_sleep(%'"
    world.wait(lambda: world.sql(asleep))
    world.refuse()


def well(world: World) -> None:
    world.answer(200)


def back(world: World) -> None:
    world.unflag("slow")
    world.accept()


def arrive(world: World) -> None:
    """The rows come half a minute after the failure."""
    world.pause(30)
    world.sql(f"INSERT INTO <name>.orders_in SELECT * FROM <name>.orders_truth WHERE {DAY}")


DRILLS = (
    Drill(
        name="refused",
        family=Family.SOURCE,
        difficulty=Difficulty.EASY,
        story="The source refuses connections, and is back right after the failure.",
        wrong=(
            page("page on-call for an outage that is over"),
            publish_nothing("mark the task as done without its rows"),
            late("wait for an hour"),
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"transient_network"}),
        remedies=frozenset({"retry_task"}),
        break_it=World.refuse,
        passes=World.accept,
        quick=True,
    ),
    Drill(
        name="cut",
        family=Family.SOURCE,
        difficulty=Difficulty.MEDIUM,
        story="The source's connections are cut in the middle of a query of a task that its author wrote in Python.",
        wrong=(
            unasked("run it again and again, nobody knowing whether it may run twice"),
            publish_twice("run it again beside rows that it wrote"),
            publish_part("keep what came before the cut"),
        ),
        dag=code(SILENT),
        causes=frozenset({"transient_network"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.flag("slow"),
        during=cut,
        passes=back,
    ),
    Drill(
        name="unavailable",
        family=Family.SOURCE,
        difficulty=Difficulty.EASY,
        story="A service answers 503, and is well right after the failure.",
        wrong=(unasked("retry without end"), publish_nothing("go on without the service")),
        dag=ASKS_HTTP,
        causes=frozenset({"transient_network"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.answer(503, "upstream connect error"),
        passes=well,
    ),
    Drill(
        name="limited",
        family=Family.SOURCE,
        difficulty=Difficulty.MEDIUM,
        story="A service answers 429 and says to come back in 20 seconds.",
        wrong=(unasked("ask again at once, again and again"), late("wait for an hour")),
        dag=ASKS_HTTP,
        causes=frozenset({"rate_limited"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.answer(429, "slow down", Retry_After="20"),
        passes=well,
    ),
    Drill(
        name="slow",
        family=Family.SOURCE,
        difficulty=Difficulty.MEDIUM,
        story="The source is slow: its query runs into the statement timeout; it is quick again right after the failure.",
        wrong=(
            page("page about a source that is well"),
            late("wait five minutes for what is over after one"),
            publish_part("publish what came in time"),
        ),
        dag=GATED,
        contract=contract(),
        build=SLOW_VIEW,
        causes=frozenset({"timeout"}),
        remedies=frozenset({"retry_task"}),
        break_it=does("UPDATE <name>.speed SET seconds = 0.3"),
        passes=does("UPDATE <name>.speed SET seconds = 0"),
        connection={"source": {"options": "-c statement_timeout=4s"}},
    ),
    Drill(
        name="late",
        family=Family.SOURCE,
        difficulty=Difficulty.MEDIUM,
        story="The source has no row of the day yet; they come half a minute after the failure.",
        wrong=(
            publish_nothing("publish an empty day"),
            page("page about rows that come by themselves"),
            late("look tomorrow"),
        ),
        dag=GATED,
        contract=contract(more="  - property: harness.late\n    value: {action: wait, waitMinutes: 30}"),
        seconds=420,
        causes=frozenset({"late_or_missing_source"}),
        remedies=frozenset({"wait_for_source"}),
        break_it=does(f"DELETE FROM <name>.orders_in WHERE {DAY}"),
        passes=arrive,
        publish="INSERT INTO <name>.orders SELECT * FROM <name>.orders_in WHERE " + DAY,
    ),
)
