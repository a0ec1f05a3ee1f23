"""Schema drift."""

from __future__ import annotations

from tests.drills.acts import harm, page, published_early, silence, sql, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import GATED, PLAIN, contract
from tests.drills.world import DAY

DRIFT = frozenset({"schema_drift"})
PERSON = frozenset({"escalate_to_human", "suggest_schema_change"})
RETRY = unasked("retry: a schema does not come back by itself")
QUIETLY = silence("tell nobody")

DRILLS = (
    Drill(
        name="renamed",
        family=Family.SCHEMA,
        difficulty=Difficulty.EASY,
        story="The source renames a column that the contract promises.",
        wrong=(
            RETRY,
            sql("publish the day without the column", f"UPDATE <name>.orders SET customer = NULL WHERE {DAY}"),
            QUIETLY,
            harm("make room in another table"),
            published_early("publish what could be read"),
        ),
        dag=GATED,
        contract=contract(),
        causes=DRIFT,
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does("ALTER TABLE <name>.orders_in RENAME COLUMN customer TO client"),
        mend=does("ALTER TABLE <name>.orders_in RENAME COLUMN client TO customer"),
        quick=True,
    ),
    Drill(
        name="retyped",
        family=Family.SCHEMA,
        difficulty=Difficulty.MEDIUM,
        story="The source makes a text of a number.",
        wrong=(
            RETRY,
            sql("publish nothing for what is not a number", f"UPDATE <name>.orders SET amount = 0 WHERE {DAY}"),
            QUIETLY,
        ),
        dag=GATED,
        contract=contract(),
        causes=DRIFT,
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does("ALTER TABLE <name>.orders_in ALTER amount TYPE text USING amount || ' EUR'"),
        mend=does(
            "ALTER TABLE <name>.orders_in ALTER amount TYPE numeric(10,2) USING replace(amount, ' EUR', '')::numeric(10,2)"
        ),
    ),
    Drill(
        name="widened",
        family=Family.SCHEMA,
        difficulty=Difficulty.EASY,
        story="The source gets one more column, which nobody asked for: the day is published as ever.",
        wrong=(
            page("page about a column that nobody reads"),
            sql("add it", "ALTER TABLE <name>.orders ADD note text; DELETE FROM <name>.orders"),
        ),
        dag=GATED,
        contract=contract(),
        fails=False,
        break_it=does("ALTER TABLE <name>.orders_in ADD note text DEFAULT 'new'"),
    ),
    Drill(
        name="undefined",
        family=Family.SCHEMA,
        difficulty=Difficulty.EASY,
        story="A column is renamed under a plain SQL task, which has no contract.",
        wrong=(RETRY, QUIETLY, harm("look for the column elsewhere")),
        dag=PLAIN,
        causes=DRIFT | {"code_bug", "missing_object"},
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does("ALTER TABLE <name>.orders_in RENAME COLUMN status TO state"),
        mend=does("ALTER TABLE <name>.orders_in RENAME COLUMN state TO status"),
    ),
    Drill(
        name="gone",
        family=Family.SCHEMA,
        difficulty=Difficulty.EASY,
        story="The source table is moved to another schema.",
        wrong=(RETRY, QUIETLY, sql("make an empty table of that name", f"DELETE FROM <name>.orders WHERE {DAY}")),
        dag=PLAIN,
        causes=frozenset({"missing_object", "schema_drift"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does("ALTER TABLE <name>.orders_in RENAME TO orders_moved"),
        mend=does("ALTER TABLE <name>.orders_moved RENAME TO orders_in"),
    ),
)
