"""Bad, duplicate, missing and late rows."""

from __future__ import annotations

from tests.drills.acts import page, publish_part, publish_twice, published_early, silence, sql, unasked
from tests.drills.drill import Difficulty, Drill, Family, does
from tests.drills.pipelines import GATED, PLAIN, code, contract
from tests.drills.world import COLUMNS, DAY

RETRY, QUIETLY = unasked("retry: the rows are the same again"), silence("tell nobody")
EARLY = published_early("publish, and tell afterwards")
PERSON = frozenset({"escalate_to_human", "quarantine_and_continue"})
READS_A_FILE = code("        FLAGS.joinpath('<name>.csv').read_text(encoding='utf-8')")

DRILLS = (
    Drill(
        name="doubled",
        family=Family.ROWS,
        difficulty=Difficulty.MEDIUM,
        story="The source delivers some keys of the day twice.",
        wrong=(
            RETRY,
            publish_twice("publish them as they are"),
            sql("drop both rows of a key", f"DELETE FROM <name>.orders WHERE {DAY} AND id % 1000 < 4"),
            EARLY,
            QUIETLY,
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"duplicate_data", "data_quality_violation"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does(
            f"INSERT INTO <name>.orders_in SELECT {COLUMNS} FROM <name>.orders_in WHERE {DAY} AND id % 1000 < 4"
        ),
        mend=does("DELETE FROM <name>.orders_in a USING <name>.orders_in b WHERE a.ctid > b.ctid AND a.id = b.id"),
        quick=True,
    ),
    Drill(
        name="negative",
        family=Family.ROWS,
        difficulty=Difficulty.EASY,
        story="A third of the day's amounts have the wrong sign; the contract lets none through.",
        wrong=(
            RETRY,
            sql("publish them", f"UPDATE <name>.orders SET amount = -amount WHERE {DAY} AND id % 3 = 0"),
            publish_part("leave them out"),
            QUIETLY,
        ),
        dag=GATED,
        contract=contract(),
        causes=frozenset({"data_quality_violation"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does(f"UPDATE <name>.orders_in SET amount = -amount WHERE {DAY} AND id % 3 = 0"),
        mend=does("UPDATE <name>.orders_in SET amount = -amount WHERE amount < 0"),
    ),
    Drill(
        name="few",
        family=Family.ROWS,
        difficulty=Difficulty.MEDIUM,
        story="Three bad rows, within what the contract lets be set aside: the rest is published, and nobody is woken.",
        wrong=(
            page("page about three rows"),
            sql("hold the whole day back", f"DELETE FROM <name>.orders WHERE {DAY}"),
            sql(
                "publish them, too",
                f"INSERT INTO <name>.orders SELECT {COLUMNS} FROM <name>.orders_in WHERE amount < 0",
            ),
            sql("lose them", "DELETE FROM <name>.orders__quarantine"),
        ),
        dag=GATED,
        contract=contract(malformed="{policy: quarantine, maxRows: 10, maxPercent: 20}"),
        fails=False,
        break_it=does(f"UPDATE <name>.orders_in SET amount = -amount WHERE {DAY} AND id % 1000 IN (7, 8, 9)"),
        publish=(
            f"DELETE FROM <name>.orders WHERE {DAY}; INSERT INTO <name>.orders SELECT {COLUMNS} FROM <name>.orders_in "
            f"WHERE {DAY} AND amount >= 0; CREATE TABLE <name>.orders__quarantine AS SELECT to_jsonb(o) AS row "
            "FROM <name>.orders_in AS o WHERE amount < 0"
        ),
        truth=f"SELECT {COLUMNS} FROM <name>.orders_truth WHERE NOT ({DAY} AND id % 1000 IN (7, 8, 9))",
        also={
            "three rows are set aside": (
                "SELECT to_regclass('<name>.orders__quarantine') IS NOT NULL",
                "SELECT count(*) = 3 FROM <name>.orders__quarantine",
            )
        },
    ),
    Drill(
        name="missing",
        family=Family.ROWS,
        difficulty=Difficulty.MEDIUM,
        story="Half of the day's rows are not in the source, and do not come by themselves; the contract promises 50.",
        wrong=(RETRY, publish_part("publish the half"), EARLY, QUIETLY),
        dag=GATED,
        contract=contract(checks="      - metric: rowCount\n        mustBeGreaterOrEqualTo: 50"),
        causes=frozenset({"data_quality_violation", "late_or_missing_source"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does(f"DELETE FROM <name>.orders_in WHERE {DAY} AND id % 2 = 0"),
        mend=does(f"INSERT INTO <name>.orders_in SELECT * FROM <name>.orders_truth WHERE {DAY} AND id % 2 = 0"),
    ),
    Drill(
        name="empty",
        family=Family.ROWS,
        difficulty=Difficulty.EASY,
        story="A key is NULL in a row of the source, and the plain SQL task's table refuses it.",
        wrong=(RETRY, QUIETLY, publish_part("drop the day's rows that make trouble")),
        dag=PLAIN,
        causes=frozenset({"data_quality_violation", "bad_input_encoding_or_format"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=does(f"UPDATE <name>.orders_in SET amount = NULL WHERE {DAY} AND id % 1000 = 11"),
        mend=does(
            "UPDATE <name>.orders_in o SET amount = t.amount FROM <name>.orders_truth t WHERE o.id = t.id AND o.amount IS NULL"
        ),
    ),
    Drill(
        name="encoded",
        family=Family.ROWS,
        difficulty=Difficulty.EASY,
        story="A partner's file comes in Latin-1 and not in UTF-8.",
        wrong=(RETRY, QUIETLY, publish_part("skip the lines that cannot be read")),
        dag=READS_A_FILE,
        causes=frozenset({"bad_input_encoding_or_format"}),
        remedies=PERSON,
        seconds=180,
        person=True,
        break_it=lambda world: (world.folder / f"{world.name}.csv").write_bytes(
            "id;name\n1;Müller\n".encode("latin-1")
        ),
        mend=lambda world: (world.folder / f"{world.name}.csv").write_text("id;name\n1;Müller\n", encoding="utf-8"),
    ),
)
