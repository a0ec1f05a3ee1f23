"""Locks, timeouts, connections, a full disk."""

from __future__ import annotations

from tests.drills.acts import late, page, publish_nothing, publish_part, publish_twice, silence, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import GATED, PLAIN, code, contract
from tests.drills.world import World

LOCK = "LOCK TABLE <name>.orders IN ACCESS EXCLUSIVE MODE"
LOCKS_TWO = code(
    """
        with hook.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE <name>.ledger SET entry = entry WHERE id = 1")
            FLAGS.joinpath("<name>.one").touch()
            while flag("wait"):
                time.sleep(0.2)
            cursor.execute("UPDATE <name>.ledger SET entry = entry WHERE id = 2")
            connection.commit()
"""
)
SORTED = "SELECT count(*) FROM (SELECT repeat(md5(i::text), 8) AS t FROM generate_series(1, 60000) AS i ORDER BY t OFFSET 0) AS s"
SORTS = code(f"        hook.get_records('{SORTED}')")
THINKS = code(
    """
        with hook.get_conn() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            time.sleep(4)
            cursor.execute("SELECT 1")
"""
)
EXPORTS = code(
    """
        target = pathlib.Path("/dev/full" if flag("full") else "/dev/null")
        with target.open("w") as out:
            out.write("a day of orders" * 10000)
"""
)


def embrace(world: World) -> None:
    """Another session takes the second row and then asks for the first: PostgreSQL ends the task's."""
    world.wait((world.folder / f"{world.name}.one").exists)
    world.hold("UPDATE <name>.ledger SET entry = entry WHERE id = 2")
    world.hold_later("UPDATE <name>.ledger SET entry = entry WHERE id = 1")
    world.unflag("wait")


def own(world: World) -> None:
    """A forgotten session of the pipeline's own role takes its only connection."""
    world.sql("ALTER ROLE drill_<name> CONNECTION LIMIT 1")
    world.hold("SELECT 1", role="drill_<name>")


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
            late("wait for five minutes for a lock that is gone after one"),
        ),
        dag=PLAIN,
        causes=frozenset({"lock_contention", "timeout"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.hold(LOCK),
        passes=World.release,
        connection={"warehouse": {"options": "-c lock_timeout=3s"}},
        quick=True,
    ),
    Drill(
        name="lockedslice",
        family=Family.LOCKS,
        difficulty=Difficulty.MEDIUM,
        story="The same, at a task that publishes a slice exactly once: nobody needs to be asked.",
        wrong=(
            page("page about a lock that is gone"),
            publish_part("publish what is not locked"),
            late("wait for an hour"),
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"lock_contention", "timeout"}),
        remedies=frozenset({"retry_task"}),
        break_it=lambda world: world.hold(LOCK),
        passes=World.release,
        connection={"warehouse": {"options": "-c lock_timeout=3s"}},
    ),
    Drill(
        name="held",
        family=Family.LOCKS,
        difficulty=Difficulty.HARD,
        story="A forgotten session holds the table until a person ends it: trying again cannot help.",
        wrong=(
            unasked("try again and again", times=4),
            silence("wait for it without a word"),
            publish_nothing("mark the task as done"),
        ),
        dag=GATED,
        contract=contract(),
        seconds=420,
        causes=frozenset({"lock_contention", "timeout"}),
        remedies=frozenset({"retry_task", "escalate_to_human"}),
        person=True,
        acts=frozenset({"clear"}),
        break_it=lambda world: world.hold("/* nightly report */ " + LOCK),
        mend=World.release,
        connection={"warehouse": {"options": "-c lock_timeout=4s"}},
    ),
    Drill(
        name="embraced",
        family=Family.LOCKS,
        difficulty=Difficulty.MEDIUM,
        story="Two transactions wait for each other; PostgreSQL ends the task's.",
        wrong=(unasked("retry without end"), publish_twice("run both"), publish_nothing("skip the day")),
        dag=LOCKS_TWO,
        build="ALTER ROLE drill_<name> SET deadlock_timeout = '300ms'",
        causes=frozenset({"lock_contention"}),
        remedies=frozenset({"retry_task"}),
        ask=True,
        break_it=lambda world: world.flag("wait"),
        during=embrace,
        passes=World.release,
    ),
    Drill(
        name="crowded",
        family=Family.LOCKS,
        difficulty=Difficulty.MEDIUM,
        story="A forgotten session takes the only connection that the role may have; it ends right after the failure.",
        wrong=(late("wait for an hour"), page("page about what is over"), publish_nothing("skip the day")),
        dag=GATED,
        contract=contract(),
        seconds=420,
        causes=frozenset({"resource_exhausted_connections"}),
        remedies=frozenset({"retry_task"}),
        break_it=own,
        passes=lambda world: (world.release(), world.sql("ALTER ROLE drill_<name> CONNECTION LIMIT -1")),
    ),
    Drill(
        name="nospace",
        family=Family.LOCKS,
        difficulty=Difficulty.EASY,
        story="The disk that the task exports to is full (ENOSPC); somebody must make room.",
        wrong=(unasked("retry: no room comes by itself"), silence("tell nobody"), publish_part("keep half a file")),
        dag=EXPORTS,
        seconds=180,
        causes=frozenset({"resource_exhausted_disk", "out_of_disk_or_storage_quota"}),
        remedies=frozenset({"escalate_to_human"}),
        person=True,
        break_it=lambda world: world.flag("full"),
        mend=lambda world: world.unflag("full"),
        quick=True,
    ),
    Drill(
        name="spilled",
        family=Family.LOCKS,
        difficulty=Difficulty.MEDIUM,
        story="A sort needs more temporary files than the role may write.",
        wrong=(unasked("retry: it sorts the same rows"), silence("tell nobody")),
        dag=SORTS,
        seconds=180,
        causes=frozenset({"resource_exhausted_disk", "out_of_disk_or_storage_quota", "config_error"}),
        remedies=frozenset({"escalate_to_human", "suggest_concurrency_change", "suggest_query_change"}),
        person=True,
        break_it=does(
            "ALTER ROLE drill_<name> SET temp_file_limit = '1MB'; ALTER ROLE drill_<name> SET work_mem = '64kB'"
        ),
        mend=does("ALTER ROLE drill_<name> RESET ALL"),
    ),
    Drill(
        name="idle",
        family=Family.LOCKS,
        difficulty=Difficulty.HARD,
        story="The database ends transactions that idle for a second, and the task thinks for four: each try fails alike.",
        wrong=(unasked("retry: it thinks as long again", times=4), silence("tell nobody")),
        dag=THINKS,
        seconds=420,
        causes=frozenset({"timeout", "config_error"}),
        remedies=frozenset({"escalate_to_human"}),
        person=True,
        ask=True,
        acts=frozenset({"clear"}),
        most_pages=2,
        break_it=does("ALTER ROLE drill_<name> SET idle_in_transaction_session_timeout = '1s'"),
        mend=does("ALTER ROLE drill_<name> RESET ALL"),
    ),
)
