"""Findings about the file itself, and about contracts that it names."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Rule, Stage

_E, _W, _H = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.HINT
_ROWS = (
    ("HF001", _E, "The file is not valid Python", "Airflow cannot read it, so none of its Dags runs.", "Correct the line that the message names."),
    ("HF002", _E, "The file cannot be imported", "Airflow shows an import error, and none of its Dags runs.", "Correct what the message names; `python FILE` shows the same."),
    ("HF003", _E, "The file has no Dag", "Airflow finds nothing to run in it.", "with DAG(dag_id=..., schedule=...): ...  # or call the function that @dag decorates"),
    ("HF004", _W, "A suppression without a reason", "Later readers cannot tell whether the reason still holds.", "# harness: ignore[HO101] why this is right here"),
    ("HF005", _W, "A suppression of a finding that does not exist", "It suppresses nothing.", "Use an id of docs/reference/findings.md."),
    ("HF006", _H, "A suppression that suppresses nothing", "The finding is gone; the comment misleads.", "Remove the comment."),
    ("HF007", _E, "Importing the file does not end", "Airflow's Dag processor gives up on it, and none of its Dags runs.", "Move code that waits or computes from the top level of the file into a task."),
    ("HF008", _H, "Only the code of the file was checked", "Properties of a Dag that only Airflow knows (its timetable, mapped tasks) were not checked.", "Install the packages that the file imports where you run the check."),
    ("HF009", _E, "The file cannot be read", "The command checked nothing in it.", "Give the path of a Python file in UTF-8."),
    ("HF010", _W, "ruff finds a use of Airflow that a version removes", "After the upgrade the file does not import, or a task fails.", "Change it as ruff says."),
    ("HF011", _H, "A module is imported and not used", "Every parse of the file pays for it, and the file fails where the package is not installed.", "Remove the import."),
    ("HF012", _E, "A template or argument uses what Airflow 3 has removed", "The task fails when its template is rendered.", "{{ logical_date }}, {{ data_interval_start }} and {{ data_interval_end }} exist."),
    ("HC001", _E, "A contract that the Dag names is wrong", "The Dag does not import, because its gate has no valid checks.", "Correct the field that the message names; `airflow harness contract check` lists all."),
    ("HC002", _W, "The contract names no owner", "Nobody is responsible for the data.", "team:\n  name: data-team"),
    ("HC003", _H, "The contract names nobody to page", "At night no particular person is paged.", "customProperties:\n  - property: harness.page\n    value: {to: [data-team]}", Stage.DEPLOY),
    ("HC004", _H, "The contract promises no time", "The harness cannot tell whether the data are late.", "slaProperties:\n  - {property: latency, value: 6, unit: h}", Stage.DEPLOY),
    ("HC005", _W, "The contract of a table that is cut into slices has no key", "Without a key, a gate does not find duplicate rows.", "primaryKey: true  # on the columns that identify a row"),
    ("HC006", _H, "The contract does not say what happens when the source is late", "The run waits as long as its sensor does, or fails at night.", "customProperties:\n  - property: harness.late\n    value: {action: page, waitMinutes: 60}"),
    ("HC007", _H, "The contract does not say how much history may be filled without asking", "A backfill of any length waits for a person.", "customProperties:\n  - property: harness.backfill\n    value: {aloneSlices: 3}"),
    ("HC008", _W, "A question that only a person can answer is open", "The gate does not check what the file leaves open.", "Answer the question, and remove the mark TODO(harness)."),
)  # fmt: skip

RULES = {
    row[0]: Rule(
        id=row[0],
        family=Family.FILE if row[0].startswith("HF") else Family.SEMANTIC,
        severity=row[1],
        what=row[2],
        why=row[3],
        fix=row[4],
        demanded=row[5] if len(row) > 5 else None,
    )
    for row in _ROWS
}
