"""Nothing is wrong at all, and the right act is none."""

from __future__ import annotations

from tests.drills.acts import page, sql, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.pipelines import GATED, code, contract
from tests.drills.world import COLUMNS, DAY, World

NEEDLESS = unasked("run it again to be sure", times=1)
BEFORE = f"SELECT {COLUMNS} FROM <name>.orders_truth WHERE NOT ({DAY})"
SKIPS = code(
    "        from airflow.sdk.exceptions import AirflowSkipException\n\n        raise AirflowSkipException('a holiday')"
)
OWN_RETRY = code(
    """
        if ti.try_number == 1:
            raise ConnectionResetError(104, "Connection reset by peer")
""",
    more="retries=1, retry_delay=datetime.timedelta(seconds=3)",
)
WAITS = code("        while flag('wait'):\n            time.sleep(0.5)")


def marked(world: World) -> None:
    """A person does not want this day, and says so in Airflow."""
    world.wait(world.pid)
    path = f"/dags/drill_{world.name}/dagRuns/drill__1/taskInstances/orders"
    world.api("PATCH", path, {"new_state": "failed", "note": "not wanted"}, user="oncall")
    world.unflag("wait")


DRILLS = (
    Drill(
        name="sound",
        family=Family.SOUND,
        difficulty=Difficulty.EASY,
        story="A day like any other.",
        wrong=(page("page about a green run"), NEEDLESS),
        dag=GATED,
        contract=contract(),
        fails=False,
        quick=True,
    ),
    Drill(
        name="unhurried",
        family=Family.SOUND,
        difficulty=Difficulty.MEDIUM,
        story="The task takes half a minute longer than usual, and ends well.",
        wrong=(page("page about a slow task"), NEEDLESS, unasked("kill it", "mark", 1)),
        dag=code("        time.sleep(30)"),
        fails=False,
    ),
    Drill(
        name="skipped",
        family=Family.SOUND,
        difficulty=Difficulty.MEDIUM,
        story="The task skips a holiday, as its author wants.",
        wrong=(
            page("page about a skip"),
            NEEDLESS,
            sql("publish it anyway", f"INSERT INTO <name>.orders SELECT * FROM <name>.orders_in WHERE {DAY}"),
        ),
        dag=SKIPS,
        fails=False,
        idle=True,
        truth=BEFORE,
        publish="SELECT 1",
    ),
    Drill(
        name="itself",
        family=Family.SOUND,
        difficulty=Difficulty.MEDIUM,
        story="The first try fails, and Airflow's own retry succeeds three seconds later.",
        wrong=(page("page about a try that was tried again"), NEEDLESS),
        dag=OWN_RETRY,
        fails=False,
        replay=False,
    ),
    Drill(
        name="marked",
        family=Family.SOUND,
        difficulty=Difficulty.HARD,
        story="A person marks the running task as failed, since the day is not wanted.",
        wrong=(page("page about what a person wanted"), NEEDLESS, unasked("mark it green", "mark", 1)),
        dag=WAITS,
        idle=True,
        ends="failed",
        truth=BEFORE,
        publish="SELECT 1",
        acts=frozenset(),
        break_it=lambda world: world.flag("wait"),
        during=marked,
        replay=False,
    ),
)
