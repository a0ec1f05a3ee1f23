"""Findings about queries: what they mean, and what an engine makes of them."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Rule

_E, _W, _H = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.HINT
_ROWS = (
    # logical
    ("HL101", _W, "The SQL cannot be parsed", "The task fails when it runs, or does what nobody could check.", "Correct the place that is named."),
    ("HL102", _E, "A column is neither grouped nor aggregated", "The engine refuses the query, or takes any row's value.", "Add the column to GROUP BY, or aggregate it."),
    ("HL103", _E, "A join has no condition", "Each row meets each row of the other table.", "JOIN ... ON a.key = b.key; CROSS JOIN where that is meant."),
    ("HL104", _W, "A join multiplies rows that are summed or counted", "A row that meets several counts several times.", "Aggregate the other table to its key first, in a subquery, then join."),
    ("HL105", _E, "The query does not give a column of the contract", "The load fails when it runs.", "Add the column to the query, or take it out of the contract."),
    ("HL106", _H, "The query gives a column that the contract does not have", "It is never published.", "Add it to the contract, or take it out of the query."),
    ("HL107", _E, "The query's rows are not one for each key", "The gate finds doubled keys, or rows of one key are added up.", "Let GROUP BY name the columns of the contract's key."),
    ("HL108", _E, "A column has another type than the contract says", "The load fails, or values are cut.", "CAST(... AS the contract's type)"),
    ("HL109", _E, "The slice column is not in the query's rows", "Nothing says which slice a row belongs to.", "Select the slice column."),
    ("HL110", _E, "A column that a known table does not have", "The query fails when it runs.", "Use one of the columns that are named."),
    ("HL111", _W, "Which of several rows is kept is left to chance", "A re-run keeps another one.", "ORDER BY a sequence or a time, with the key as the last word."),
    ("HL112", _W, "A LIMIT without an order", "Which rows are kept is left to chance.", "ORDER BY the key before LIMIT."),
    ("HL113", _W, "A division of whole numbers", "PostgreSQL cuts the fraction away: a share is 0 or 1.", "CAST(... AS numeric), or 100.0 * ..."),
    ("HL114", _W, "The columns of a UNION do not fit", "The engine refuses it, or values land in the wrong column.", "Give both sides the same columns in the same order."),
    ("HL115", _W, "A merge without the whole key", "Rows of different keys overwrite each other, or are added again.", "ON all columns of the contract's key."),
    ("HL116", _W, "A join compares values of different types", "The engine refuses it, or no row meets another: '007' is not 7, and a day is only midnight's moment.", "Let both sides have one type: CAST the one that loses nothing."),
    # physical
    ("HP101", _E, "A connection is not there", "The task fails when it runs.", "airflow connections add ..."),
    ("HP102", _E, "A connection leads to another engine than the operator needs", "The task fails when it runs.", "Give a connection of the type that is named."),
    ("HP103", _E, "A pool is not there", "The task is never started.", "airflow pools set ..."),
    ("HP104", _H, "A filter hides its column in a function", "No index and no partition of the column can be used, so the whole table is read.", "column >= start AND column < end"),
    ("HP105", _W, "A database is away", "What needs it was not checked.", "Start it, or check at an earlier stage."),
    ("HP106", _E, "A database refuses the query", "The task fails when it runs.", "Correct what the message names."),
    ("HP107", _W, "The query reads a large table as a whole", "Each run costs as much as the whole history.", "Filter by the slice's bounds on an indexed column."),
    ("HP108", _W, "The SQL is of another engine than the connection", "The engine refuses it.", "Write it for the engine that is named."),
    ("HP109", _H, "Rows are written one by one", "Each row is a journey to the server.", "executemany, COPY, or a query."),
    ("HP110", _H, "A whole table is read into memory", "The worker is killed on the day on which it has grown.", "Filter by the slice, or stream it (PostgresExtractOperator)."),
    ("HP111", _E, "A connection id is not said", "The operator reads its provider's default connection.", "conn_id=..."),
    ("HP112", _W, "What the query costs has no limit", "A query that went wrong reads everything.", "max_cost=..., maximum_bytes_billed=..."),
    ("HP113", _W, "The query costs much at each run", "BigQuery's dry run says how many bytes it would read; on demand each is billed.", "Filter by the partition's column and the slice's bounds, select fewer columns, or set maximum_bytes_billed."),
    ("HP114", _E, "A right is missing", "The task fails when it runs.", "GRANT the right that is named to the connection's login."),
    # semantic
    ("HS101", _W, "SELECT * is written into a table", "A column that is added, or that changes its place, lands where it does not belong.", "Name the columns."),
    ("HS102", _H, "SELECT * is read", "A change of the table reaches everything behind it.", "Name the columns."),
    ("HS103", _W, "NOT IN a query that may give NULL", "One NULL, and no row is found.", "NOT EXISTS (SELECT ... WHERE ...), or WHERE column IS NOT NULL inside."),
    ("HS104", _E, "A comparison with NULL", "It is never true, not even for NULL.", "IS NULL, IS NOT NULL"),
    ("HS105", _W, "A filter turns an outer join into an inner one", "Rows without a partner vanish, as the LEFT JOIN was to prevent.", "Move the condition into ON, or write JOIN."),
    ("HS106", _W, "Both bounds of a slice belong to it", "A row at the bound is in two slices.", "column >= start AND column < end"),
    ("HS107", _W, "The query takes its time from the clock", "A re-run of an old slice reads today's rows.", "%(slice_start)s and %(slice_end)s, or {{ data_interval_start }} and {{ data_interval_end }}."),
    ("HS108", _W, "A moment is cut to a day without a time zone", "Which day it is depends on the session: rows near midnight land in the wrong slice.", "column AT TIME ZONE 'Europe/Berlin'"),
    ("HS109", _W, "Times with and without a zone are compared", "Python raises TypeError, or the comparison is wrong by the offset.", "datetime.now(tz=UTC), pendulum.datetime(..., tz=...)"),
    ("HS110", _W, "Rows are deleted and written without one transaction", "Where it fails in between, the slice is gone; who reads in between finds nothing.", "Both statements in one transaction (autocommit=False), or publish by SQLTransformOperator."),
    ("HS111", _W, "The table is emptied before it is filled", "Who reads in between finds nothing, and where it fails nothing is left.", "Write beside it and swap in one transaction; or mode full under a contract."),
    ("HS112", _W, "A whole table is changed", "DELETE or UPDATE without WHERE reaches every slice.", "WHERE the slice's bounds"),
    ("HS113", _W, "A query is put together from values", "A value with a quote breaks it, or is another query.", "parameters={...} and %(name)s"),
    ("HS114", _W, "The query does not name its slice", "Each run reads the whole history, and a re-run of an old slice gives other rows.", "WHERE column >= %(slice_start)s AND column < %(slice_end)s"),
    ("HS115", _W, "A column that is required can be NULL", "The gate fails on the first row that has no partner.", "COALESCE(...), or an inner join; or required: false."),
    ("HS116", _H, "Values are written by their place", "A column that is added to the table breaks it.", "INSERT INTO table (columns) ..."),
    ("HS117", _W, "A table is made anew under its readers", "Rights, indexes and types of the table are lost, and readers find none in between.", "Keep the table; replace its rows in one transaction."),
    ("HS118", _H, "Rows that are there already are never corrected", "ON CONFLICT DO NOTHING keeps the first version of a row.", "ON CONFLICT (...) DO UPDATE SET ..."),
    ("HS119", _H, "A time has no zone", "Airflow takes it as UTC.", 'pendulum.datetime(2026, 1, 1, tz="Europe/Berlin")'),
    ("HS120", _W, "An average of averages, or of shares", "Each group weighs the same, however many rows it has.", "sum(...) / sum(...)"),
    ("HS121", _W, "A load of changes ignores deletes and order", "A row that was deleted, or that came late, overwrites a newer one.", "patterns.current_state(...): ties by sequence, deletes as tombstones."),
)  # fmt: skip
_FAMILIES = {"HL": Family.LOGICAL, "HP": Family.PHYSICAL, "HS": Family.SEMANTIC}

RULES = {
    row[0]: Rule(id=row[0], family=_FAMILIES[row[0][:2]], severity=row[1], what=row[2], why=row[3], fix=row[4])
    for row in _ROWS
}
