"""Bad, duplicate, missing and late rows."""

from __future__ import annotations

from tests.drills.acts import publish_twice, published_early, silence, sql, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import GATED, contract
from tests.drills.world import COLUMNS, DAY

DRILLS = (
    Drill(
        name="doubled",
        family=Family.ROWS,
        difficulty=Difficulty.MEDIUM,
        story="The source delivers some keys of the day twice.",
        wrong=(
            unasked("retry: the rows are the same again"),
            publish_twice("publish them as they are"),
            sql("drop both rows of a key", f"DELETE FROM <name>.orders WHERE {DAY} AND id % 1000 < 4"),
            published_early("publish, and tell afterwards"),
            silence("tell nobody"),
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"duplicate_data", "data_quality_violation"}),
        remedies=frozenset({"escalate_to_human"}),
        seconds=180,
        person=True,
        break_it=does(
            f"INSERT INTO <name>.orders_in SELECT {COLUMNS} FROM <name>.orders_in WHERE {DAY} AND id % 1000 < 4"
        ),
        mend=does("DELETE FROM <name>.orders_in a USING <name>.orders_in b WHERE a.ctid > b.ctid AND a.id = b.id"),
        quick=True,
    ),
)
