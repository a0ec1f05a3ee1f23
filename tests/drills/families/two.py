"""Two causes at once: mending the first shows the second."""

from __future__ import annotations

from tests.drills.acts import publish_twice, published_early, silence, unasked
from tests.drills.drill import Difficulty, Drill, Family
from tests.drills.families.lost import WAITS, killed
from tests.drills.pipelines import GATED, PLAIN, contract
from tests.drills.world import COLUMNS, DAY, World

CLEAR = frozenset({"clear"})
PERSON = frozenset({"retry_task", "escalate_to_human"})
RENAME = "ALTER TABLE <name>.orders_in RENAME COLUMN customer TO client"
RENAME_BACK = "ALTER TABLE <name>.orders_in RENAME COLUMN client TO customer"


def refused_and_renamed(world: World) -> None:
    world.refuse()
    world.sql(RENAME)


def locked_and_revoked(world: World) -> None:
    world.sql("REVOKE SELECT ON <name>.orders_in FROM drill_<name>")
    world.hold("LOCK TABLE <name>.orders IN ACCESS EXCLUSIVE MODE")


def doubled_and_negative(world: World) -> None:
    world.sql(
        f"INSERT INTO <name>.orders_in SELECT {COLUMNS} FROM <name>.orders_in WHERE {DAY} AND id % 1000 < 4;"
        f"UPDATE <name>.orders_in SET amount = -amount WHERE {DAY} AND id % 1000 > 50"
    )


def mend_both(world: World) -> None:
    world.sql(
        "DELETE FROM <name>.orders_in a USING <name>.orders_in b WHERE a.ctid > b.ctid AND a.id = b.id;"
        "UPDATE <name>.orders_in SET amount = -amount WHERE amount < 0"
    )


DRILLS = (
    Drill(
        name="outageanddrift",
        family=Family.TWO,
        difficulty=Difficulty.HARD,
        story="The source is down for a moment, and comes back with a column renamed.",
        wrong=(
            unasked("go on retrying", times=4),
            silence("stop without a word"),
            published_early("publish without the column"),
        ),
        dag=GATED,
        contract=contract(),
        seconds=360,
        causes=frozenset({"transient_network", "schema_drift"}),
        remedies=PERSON,
        person=True,
        acts=CLEAR,
        break_it=refused_and_renamed,
        passes=World.accept,
        mend=lambda world: world.sql(RENAME_BACK),
    ),
    Drill(
        name="lockandright",
        family=Family.TWO,
        difficulty=Difficulty.HARD,
        story="The published table is locked; when the lock is gone, a right is missing.",
        wrong=(unasked("go on retrying", times=4), silence("stop without a word")),
        dag=PLAIN,
        seconds=360,
        causes=frozenset({"lock_contention", "permission_denied"}),
        remedies=PERSON,
        person=True,
        ask=True,
        acts=CLEAR,
        most_pages=2,
        break_it=locked_and_revoked,
        passes=World.release,
        mend=lambda world: world.sql("GRANT SELECT ON <name>.orders_in TO drill_<name>"),
        connection={"warehouse": {"options": "-c lock_timeout=2s"}},
    ),
    Drill(
        name="twogates",
        family=Family.TWO,
        difficulty=Difficulty.MEDIUM,
        story="Keys are double and amounts negative: both must be mended before anything is published.",
        wrong=(unasked("retry"), publish_twice("mend only the amounts"), silence("tell nobody")),
        dag=GATED,
        contract=contract(),
        seconds=180,
        causes=frozenset({"duplicate_data", "data_quality_violation"}),
        remedies=frozenset({"escalate_to_human", "quarantine_and_continue"}),
        person=True,
        break_it=doubled_and_negative,
        mend=mend_both,
    ),
    Drill(
        name="killandgone",
        family=Family.TWO,
        difficulty=Difficulty.HARD,
        story="The task is killed with -9, and when it runs again its source table is gone.",
        wrong=(unasked("go on retrying", times=4), silence("stop without a word")),
        dag=WAITS,
        seconds=360,
        causes=frozenset({"worker_lost", "missing_object", "schema_drift"}),
        remedies=PERSON,
        person=True,
        ask=True,
        acts=CLEAR,
        most_pages=2,
        break_it=lambda world: (world.flag("wait"), world.sql("ALTER TABLE <name>.orders_in RENAME TO orders_moved")),
        during=killed,
        mend=lambda world: world.sql("ALTER TABLE <name>.orders_moved RENAME TO orders_in"),
    ),
)
