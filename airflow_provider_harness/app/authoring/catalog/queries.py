"""Findings about queries: what they mean, and what an engine makes of them."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Rule

_E, _W, _H = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.HINT
_ROWS = (
    # logical
    ("HL101", _W, "The SQL cannot be parsed", "The task fails when it runs, or does something that could not be checked.", "Correct the place that the message names."),
    ("HL102", _E, "A column is neither grouped nor aggregated", "The engine refuses the query, or takes any row's value.", "Add the column to GROUP BY, or aggregate it."),
    ("HL103", _E, "A join has no condition", "Each row is joined with each row of the other table.", "JOIN ... ON a.key = b.key; or CROSS JOIN if you mean that."),
    ("HL104", _W, "A join multiplies rows that are summed or counted", "A row with several matches counts several times.", "Aggregate the other table to its key first, in a subquery, then join."),
    ("HL105", _E, "The query does not return a column of the contract", "The load fails when it runs.", "Add the column to the query, or remove it from the contract."),
    ("HL106", _H, "The query returns a column that the contract does not have", "It is never published.", "Add it to the contract, or remove it from the query."),
    ("HL107", _E, "The query does not return one row for each key", "The gate finds duplicate keys, or rows of one key are added up.", "Let GROUP BY name the columns of the contract's key."),
    ("HL108", _E, "The type of a column differs from the contract's", "The load fails, or values are cut.", "CAST(... AS the contract's type)"),
    ("HL109", _E, "The query does not return the slice column", "The slice of a row is not known.", "Select the slice column."),
    ("HL110", _E, "A column that a known table does not have", "The query fails when it runs.", "Use one of the columns that the message names."),
    ("HL111", _W, "Chance decides which of several rows is kept", "A re-run keeps another one.", "ORDER BY a sequence or a time, with the key as the last column."),
    ("HL112", _W, "A LIMIT without an order", "Chance decides which rows are kept.", "ORDER BY the key before LIMIT."),
    ("HL113", _W, "A division of whole numbers", "PostgreSQL cuts the fraction away: a share is 0 or 1.", "CAST(... AS numeric), or 100.0 * ..."),
    ("HL114", _W, "The columns of a UNION do not fit", "The engine refuses it, or values land in the wrong column.", "Give both sides the same columns in the same order."),
    ("HL115", _W, "A merge without the whole key", "Rows of different keys overwrite each other, or are added again.", "ON all columns of the contract's key."),
    ("HL116", _W, "A join compares values of different types", "The engine refuses it, or rows do not match: '007' is not 7, and a date equals only the moment of midnight.", "Give both sides one type: CAST the side that loses nothing."),
    # physical
    ("HP101", _E, "A connection does not exist", "The task fails when it runs.", "airflow connections add ..."),
    ("HP102", _E, "A connection leads to the wrong engine for the operator", "The task fails when it runs.", "Give a connection of the type that the message names."),
    ("HP103", _E, "A pool does not exist", "The task is never started.", "airflow pools set ..."),
    ("HP104", _H, "A filter hides its column in a function", "The engine can use no index and no partition of the column, so it reads the whole table.", "column >= start AND column < end"),
    ("HP105", _W, "A database is unavailable", "The checks that need it did not run.", "Start it, or check at an earlier stage."),
    ("HP106", _E, "A database refuses the query", "The task fails when it runs.", "Correct what the message names."),
    ("HP107", _W, "The query reads a large table as a whole", "Each run costs as much as the whole history.", "Filter by the slice's bounds on an indexed column."),
    ("HP108", _W, "The SQL is for another engine than the connection's", "The engine refuses it.", "Write it for the engine that the message names."),
    ("HP109", _H, "Rows are written one by one", "Each row needs a round trip to the server.", "executemany, COPY, or a query."),
    ("HP110", _H, "A whole table is read into memory", "When the table has grown, the worker runs out of memory.", "Filter by the slice, or stream it (PostgresExtractOperator)."),
    ("HP111", _E, "A connection id is missing", "The operator uses its provider's default connection.", "conn_id=..."),
    ("HP112", _W, "The cost of the query has no limit", "A wrong query can read everything.", "max_cost=..., maximum_bytes_billed=..."),
    ("HP113", _W, "The query costs much at each run", "BigQuery's dry run says how many bytes it would read; on-demand pricing bills each byte.", "Filter by the partition's column and the slice's bounds, select fewer columns, or set maximum_bytes_billed."),
    ("HP114", _E, "A right is missing", "The task fails when it runs.", "GRANT the right that the message names to the connection's login."),
    # semantic
    ("HS101", _W, "SELECT * is written into a table", "The values of a new or moved column land in the wrong column.", "Name the columns."),
    ("HS102", _H, "SELECT * is read", "A change of the table affects everything downstream.", "Name the columns."),
    ("HS103", _W, "NOT IN a query that may return NULL", "With one NULL, the condition finds no row.", "NOT EXISTS (SELECT ... WHERE ...), or WHERE column IS NOT NULL inside."),
    ("HS104", _E, "A comparison with NULL", "It is never true, not even for NULL.", "IS NULL, IS NOT NULL"),
    ("HS105", _W, "A filter turns an outer join into an inner one", "Rows without a match vanish, although the LEFT JOIN should keep them.", "Move the condition into ON, or write JOIN."),
    ("HS106", _W, "A slice includes both of its bounds", "A row at the bound is in two slices.", "column >= start AND column < end"),
    ("HS107", _W, "The query takes its time from the clock", "A re-run of an old slice reads today's rows.", "%(slice_start)s and %(slice_end)s, or {{ data_interval_start }} and {{ data_interval_end }}."),
    ("HS108", _W, "A moment is cut to a day without a time zone", "Which day it is depends on the session: rows near midnight land in the wrong slice.", "column AT TIME ZONE 'Europe/Berlin'"),
    ("HS109", _W, "Times with and without a zone are compared", "Python raises TypeError, or the comparison is wrong by the offset.", "datetime.now(tz=UTC), pendulum.datetime(..., tz=...)"),
    ("HS110", _W, "Rows are deleted and written without one transaction", "If it fails in between, the slice is gone; readers in between find no rows.", "Both statements in one transaction (autocommit=False), or publish by SQLTransformOperator."),
    ("HS111", _W, "The table is emptied before it is filled", "Readers in between find no rows, and if the task fails, no rows are left.", "Write a second table and swap in one transaction; or use mode full under a contract."),
    ("HS112", _W, "A whole table is changed", "DELETE or UPDATE without WHERE changes every slice.", "WHERE the slice's bounds"),
    ("HS113", _W, "A query is built by concatenating values", "A value with a quote breaks the query, or injects another one.", "parameters={...} and %(name)s"),
    ("HS114", _W, "The query does not name its slice", "Each run reads the whole history, and a re-run of an old slice gives other rows.", "WHERE column >= %(slice_start)s AND column < %(slice_end)s"),
    ("HS115", _W, "A required column can be NULL", "The gate fails on the first row without a match.", "COALESCE(...), or an inner join; or required: false."),
    ("HS116", _H, "Values are written by position", "A new column of the table breaks the statement.", "INSERT INTO table (columns) ..."),
    ("HS117", _W, "A table is dropped and created again while others read it", "Rights, indexes and types of the table are lost, and in between readers find no table.", "Keep the table; replace its rows in one transaction."),
    ("HS118", _H, "Existing rows are never corrected", "ON CONFLICT DO NOTHING keeps the first version of a row.", "ON CONFLICT (...) DO UPDATE SET ..."),
    ("HS119", _H, "A time has no zone", "Airflow takes it as UTC.", 'pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")'),
    ("HS120", _W, "An average of averages, or of shares", "Each group weighs the same, however many rows it has.", "sum(...) / sum(...)"),
    ("HS121", _W, "A load of changes ignores deletes and order", "A row that was deleted, or that came late, overwrites a newer one.", "patterns.current_state(...): ties by sequence, deletes as tombstones."),
)  # fmt: skip
_FAMILIES = {"HL": Family.LOGICAL, "HP": Family.PHYSICAL, "HS": Family.SEMANTIC}

RULES = {
    row[0]: Rule(id=row[0], family=_FAMILIES[row[0][:2]], severity=row[1], what=row[2], why=row[3], fix=row[4])
    for row in _ROWS
}
