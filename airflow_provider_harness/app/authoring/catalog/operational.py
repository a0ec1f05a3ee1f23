"""Findings about how a Dag runs: slices and schedules, re-runs, waiting, publishing, people, secrets."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Rule, Stage

_E, _W, _H = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.HINT
_INTERVAL = 'schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC")'
_ROWS = (
    # re-runs
    ("HO101", _W, "A re-run appends the same rows again", "A retry, a clear or a backfill runs the task again, and each doubles the rows.", "Delete the slice in the same transaction, merge on the key (ON CONFLICT ... DO UPDATE), or publish by SQLTransformOperator under a contract."),
    ("HO102", _W, "A task that is not idempotent is retried", "If the first try did its work and then failed, the retry does the work twice.", "retries=0, or make the task safe to repeat: a key, an idempotency key, a slice that is replaced."),
    ("HO103", _W, "The time of the run is taken from the clock", "A retry, a clear or a backfill of an old slice works on today's data, not on its own.", "Use data_interval_start and data_interval_end of the run ({{ data_interval_start }}; in a task: context)."),
    ("HO104", _W, "Two tasks of the Dag write one table, and nothing orders them", "They race: the result depends on which task ends last.", "first >> second"),
    ("HO105", _W, "A task reads what another task of the Dag writes, and does not wait for it", "It reads the rows of the previous run, or half of the new ones.", "writer >> reader"),
    ("HO106", _W, "Tasks hand each other a file on a worker's disk", "With more than one worker, the file may be on another machine; two runs at once overwrite each other's file.", "Write to object storage under a path with the slice ({{ data_interval_start | ts_nodash }})."),
    ("HO107", _W, "A file is opened to be appended to", "Each run of the task adds its lines again.", 'Write a file of the slice\'s own, mode "w".'),
    ("HO108", _W, "A re-run adds to existing values", "A retry, a clear or a backfill adds the same amount again.", "Set the column to the sum of the slice's rows, or sum up a table of slices that a re-run replaces."),
    # slices and schedules
    ("HO111", _E, "The data interval has no width", "In Airflow 3 a plain cron schedule makes runs whose interval begins where it ends: a filter between the two finds no row.", _INTERVAL),
    ("HO112", _W, "Catchup without a policy for backfills", "Airflow makes all runs since the start date at once, and each run reads its source and writes its table.", "catchup=False; or max_active_runs=1 and harness.backfill in the contract."),
    ("HO113", _E, "The start date changes each time the file is parsed", "Airflow makes no run when one is due, or makes it twice.", 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")'),
    ("HO114", _W, "The schedule does not fit the contract's slices", "The interval of a run is not a slice of the contract.", "Let the schedule follow the contract's grain and time zone."),
    ("HO115", _E, "The schedule loses rows of the contract's slices", "No run owns some part of the time, or two runs own the same part.", _INTERVAL),
    ("HO116", _W, "A schedule of less than a day works on whole days", "All runs of a day work on the same rows, and the first ones work on a day that has not ended.", "Filter by data_interval_start and data_interval_end, not by ds."),
    ("HO117", _E, "A run that assets start has no date", "Such a run has no ds, logical_date and data_interval_start, so the template fails.", "Read triggering_asset_events, partition the asset, or give the Dag a schedule of its own."),
    ("HO118", _E, "The file makes another Dag or task at each parse", "An id from a clock, a random number or an external answer changes at each parse: history is lost, and Airflow does not find a running task.", "Give a fixed id; map over data with .expand()."),
    ("HO119", _H, "A scheduled Dag has no start date", "catchup and backfills do not know where history begins.", 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")'),
    ("HO120", _H, "A run is allowed to overlap the run before", "Two runs write one table at once.", "max_active_runs=1"),
    ("HO121", _E, "Two Dags have the same id", "Airflow keeps the Dag that it parses last.", "Give each its own dag_id."),
    ("HO122", _E, "Two tasks have the same id", "The file does not import, or one task is lost.", "Give each its own task_id."),
    ("HO123", _E, "The schedule is not valid", "The Dag does not import.", 'schedule="0 6 * * *" has five fields: minute, hour, day, month, weekday.'),
    ("HO124", _E, "Tasks wait for each other in a circle", "The Dag does not import.", "Remove one of the dependencies."),
    # waiting and reading of others
    ("HO131", _W, "A sensor without a timeout", "It waits for seven days by default, and nobody learns that the source is late.", "timeout=6 * 60 * 60, deferrable=True"),
    ("HO132", _W, "A sensor holds a worker slot while it waits for long", "A few late sources fill all slots, and nothing else runs.", 'deferrable=True, or mode="reschedule"'),
    ("HO133", _W, "A table of another Dag is read without an asset or a sensor", "If that Dag is late or failed, the task reads old rows, and nobody notices.", "schedule=[Asset(...)], or a FreshnessSensor, ContractSensor or ExternalTaskSensor before the task."),
    ("HO134", _H, "The sensor on another Dag does not notice its failure", "If the other Dag fails, the sensor waits until its timeout.", 'failed_states=["failed"]'),
    ("HO135", _H, "The task does not check that the source is complete", "The task reads the existing rows, even if the source is late.", "Put a FreshnessSensor before it: it uses the contract's lateness."),
    ("HO136", _W, "A task waits in a loop", "It holds a worker slot, and nothing ends it.", "Use a sensor with deferrable=True and a timeout."),
    ("HO137", _H, "A call to a service has no timeout", "If the service hangs, the task hangs.", "timeout=60"),
    # publishing and branches
    ("HO141", _E, "A task publishes although a check before it failed", "The trigger rule lets bad rows through.", 'trigger_rule="all_success"'),
    ("HO142", _W, "A join behind a branch is always skipped", "The branch skips one of its paths, and all_success then skips the join, too.", 'trigger_rule="none_failed_min_one_success"'),
    ("HO143", _W, "A check runs after the task that it should stop", "The rows are published before they are checked.", "check >> publish; or publish by an operator with a gate."),
    ("HO144", _W, "A check's failure is swallowed", "Bad rows pass, and the task is green.", "Do not catch the exception; to skip, raise AirflowSkipException."),
    ("HO145", _H, "A task has no dependencies on the others, and no task depends on it", "It runs at once, independently of the others.", "first >> this_task; or remove it."),
    ("HO146", _W, "An error is swallowed", "The task is green although its work was not done.", "Do not catch the exception: Airflow retries and calls your callbacks."),
    ("HO147", _H, "A dependency is declared twice", "The longer path already implies it.", "Remove the direct one."),
    ("HO148", _H, "Rows are written without a check", "Wrong rows are published like correct ones.", "Publish by an operator with a contract, or put a ValidateOperator before it."),
    # people
    ("HO151", _H, "Nobody owns the Dag", "On-call does not know whom to ask.", 'default_args={"owner": "data-team"}', Stage.DEPLOY),
    ("HO152", _H, "Nobody is notified when the Dag fails", "Nobody learns of the failure until somebody looks at Airflow.", 'default_args={"on_failure_callback": DiagnoseAndHeal()}', Stage.DEPLOY),
    ("HO153", _H, "No deadline says when the data must be there", "Nobody is paged when the data are late.", "slaProperties of a contract, or DAG(deadline=DeadlineAlert(...))", Stage.DEPLOY),
    ("HO154", _H, "The Dag has no documentation", "On-call must read its code.", "doc_md=__doc__", None),
    ("HO155", _H, "A task is never retried", "A short loss of a connection pages a person.", 'default_args={"retries": 2, "retry_delay": timedelta(minutes=5)}', None),
    ("HO156", _W, "A callback is called when the file is parsed", "The callback is not called when a task fails.", "on_failure_callback=notify  # without parentheses"),
    # secrets and the head of the file
    ("HO161", _E, "The code contains a secret", "Everybody who can read the repository, the code view or a log has it.", "An Airflow Connection: conn_id=..., BaseHook.get_connection(...) inside the task."),
    ("HO162", _W, "Connections or variables are read when the file is parsed", "Each parse, every few seconds, queries the database or the secrets backend; if that is unavailable, the Dag vanishes.", "Read it inside the task, or in a template: {{ var.value.name }}."),
    ("HO163", _W, "A database or a service is called when the file is parsed", "Each parse calls it; if it is unavailable or slow, the Dag vanishes.", "Call it inside a task."),
    ("HO164", _W, "The clock is read when the file is parsed", "The value is that of the parse, not that of the run.", "{{ data_interval_start }} in a template, or the context inside a task."),
    ("HO165", _W, "A task's function is called when the file is parsed", "Its work is done at each parse, and the task does nothing.", "python_callable=function  # without parentheses"),
    ("HO166", _W, "Arguments that several Dags or tasks share are changed", "The change affects all Dags or tasks that share them.", "default_args={**shared, ...}"),
    ("HO167", _W, "A default value is shared between calls", "The next call sees what one call adds.", "=None, and make it inside the function."),
    ("HO168", _W, "Much data goes through XCom", "Each row goes into Airflow's own database, which was not made for it.", "Stage files (PostgresExtractOperator), and pass their path."),
    ("HO169", _W, "Text from the person who starts the run goes into a query or a command", "dag_run.conf and params are text of a user: it can contain another query.", "Bind it as a parameter, or check it against a list first."),
    ("HO170", _H, "A heavy module is imported at the top of the file", "Each parse takes longer.", "Import it inside the task."),
    ("HO171", _W, "A template has one brace", "Airflow renders two braces; the text is used as it stands, {ds} and all. In an f-string, two braces become one.", "{{ ds }}; in an f-string {{{{ ds }}}}."),
    ("HO172", _E, "A command ends with the name of a script", "BashOperator takes a command that ends with .sh or .bash for the name of a template file, and fails with TemplateNotFound.", 'bash_command="/opt/run.sh "  # a space at the end'),
)  # fmt: skip

RULES = {
    row[0]: Rule(
        id=row[0],
        family=Family.OPERATIONAL,
        severity=row[1],
        what=row[2],
        why=row[3],
        fix=row[4],
        demanded=row[5] if len(row) > 5 else None,
    )
    for row in _ROWS
}
