"""Quiet failures: what is green, or would be, is wrong."""

from __future__ import annotations

from tests.drills.acts import publish_nothing, publish_twice, silence, sql, unasked
from tests.drills.drill import DAY_BEFORE, Difficulty, Drill, Family, does
from tests.drills.pipelines import DAY_SQL, GATED, PLAIN, code, contract
from tests.drills.world import DAY, PUBLISH, World

BEFORE = "placed_at < timestamptz '2026-01-02 00:00+00'"
LOOKS_BACK = GATED.replace(
    "import PostgresTransferOperator",
    "import PostgresTransferOperator\nfrom airflow_provider_harness.sensors import ContractSensor",
) + (
    '    ContractSensor(task_id="history", contract="contracts/<name>.odcs.yaml", table="<name>.orders", conn_id="<name>_warehouse",'
    " lookback=1, wait=False)\n"
)
NEWEST = PLAIN.replace(
    f"orders_in WHERE {DAY_SQL}",
    "orders_in WHERE placed_at::date = (SELECT max(placed_at)::date FROM <name>.orders_in)",
)
APPENDS = code(
    """
        with hook.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO <name>.orders SELECT id, placed_at, customer, amount, status FROM <name>.orders_in WHERE {day}", between)
            connection.commit()
        PostgresHook("<name>_source").get_records("SELECT 1")
        return
"""
)
"""It appends, and only then does what can fail: a second try appends again."""


def vanished(world: World) -> None:
    world.sql(f"DELETE FROM <name>.orders WHERE {BEFORE}")


def clean(world: World) -> None:
    """What the first try wrote is taken away, and the source is back: now the day may run again."""
    world.accept()
    world.sql(f"DELETE FROM <name>.orders WHERE {DAY}")


DRILLS = (
    Drill(
        name="vanished",
        family=Family.QUIET,
        difficulty=Difficulty.HARD,
        story=f"The rows of {DAY_BEFORE} vanish from the warehouse; a sensor of the next day notices, and a person agrees to fill it.",
        wrong=(
            sql("fill it with nothing", f"DELETE FROM <name>.orders WHERE {BEFORE}"),
            publish_twice("run the wrong day again"),
            unasked("clear the sensor until it is green"),
        ),
        dag=LOOKS_BACK,
        contract=contract(),
        seconds=420,
        causes=frozenset({"late_or_missing_source", "missing_object"}),
        remedies=frozenset({"backfill_range"}),
        ask=True,
        acts=frozenset({"backfill", "clear"}),
        most_acts=3,
        break_it=vanished,
        publish=f"{PUBLISH} DELETE FROM <name>.orders WHERE {BEFORE}; INSERT INTO <name>.orders SELECT * FROM <name>.orders_truth WHERE {BEFORE}",
        replay=False,
    ),
    Drill(
        name="appends",
        family=Family.QUIET,
        difficulty=Difficulty.HARD,
        story="A task appends its rows and fails after that: another try makes them double. Who is asked says no and cleans up.",
        wrong=(
            unasked("retry what looks like an outage", times=1),
            publish_twice("run it again"),
            silence("tell nobody"),
        ),
        dag=APPENDS,
        seconds=240,
        causes=frozenset({"transient_network"}),
        remedies=frozenset({"retry_task", "escalate_to_human"}),
        person=True,
        ask=True,
        answer="Refuse",
        early=True,
        most_pages=1,
        break_it=World.refuse,
        mend=clean,
        replay=False,
        also={"no row twice": ("SELECT count(*) = count(DISTINCT id) FROM <name>.orders",)},
    ),
    Drill(
        name="nothing",
        family=Family.QUIET,
        difficulty=Difficulty.HARD,
        story="The source has no row of the day, and a plain SQL task publishes an empty day in green.",
        wrong=(silence("trust the green"), publish_nothing("leave the day empty")),
        dag=PLAIN,
        seconds=120,
        person=True,
        fails=False,
        break_it=does(f"DELETE FROM <name>.orders_in WHERE {DAY}"),
        mend=does(f"INSERT INTO <name>.orders_in SELECT * FROM <name>.orders_truth WHERE {DAY}"),
    ),
    Drill(
        name="newest",
        family=Family.QUIET,
        difficulty=Difficulty.HARD,
        story="A deploy publishes the newest day of the source in place of the run's own, in green.",
        wrong=(silence("trust the green"), publish_nothing("leave the day empty")),
        dag=PLAIN,
        seconds=120,
        person=True,
        fails=False,
        break_it=lambda world: world.deploy(NEWEST),
        mend=lambda world: (
            world.deploy(PLAIN),
            world.sql("DELETE FROM <name>.orders WHERE placed_at >= timestamptz '2026-01-03 00:00+00'"),
        ),
    ),
)
