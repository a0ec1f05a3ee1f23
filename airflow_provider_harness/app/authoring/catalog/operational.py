"""Findings about how a Dag runs: slices and schedules, re-runs, waiting, publishing, people, secrets."""

from __future__ import annotations

from airflow_provider_harness.app.authoring.finding import Family, FindingSeverity, Rule, Stage

_E, _W, _H = FindingSeverity.ERROR, FindingSeverity.WARNING, FindingSeverity.HINT
_INTERVAL = 'schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC")'
_ROWS = (
    # re-runs
    ("HO101", _W, "A re-run appends the same rows again", "A retry, a clear or a backfill runs the task again, and each doubles the rows.", "Delete the slice in the same transaction, merge on the key (ON CONFLICT ... DO UPDATE), or publish by SQLTransformOperator under a contract."),
    ("HO102", _W, "What is not idempotent is retried", "Where the first try did its work and then failed, the retry does it twice.", "retries=0, or make the task safe to repeat: a key, an idempotency key, a slice that is replaced."),
    ("HO103", _W, "The time of the run is taken from the clock", "A retry, a clear or a backfill of an old slice works on today's data, not on its own.", "Use data_interval_start and data_interval_end of the run ({{ data_interval_start }}; in a task: context)."),
    ("HO104", _W, "Two tasks of the Dag write one table, and nothing orders them", "They race: what is left depends on which ends last.", "first >> second"),
    ("HO105", _W, "A task reads what another task of the Dag writes, and does not wait for it", "It reads the rows of the run before, or half of them.", "writer >> reader"),
    ("HO106", _W, "Tasks hand each other a file on a worker's disk", "With more than one worker the file is not there; two runs at once overwrite each other's.", "Write to object storage under a path with the slice ({{ data_interval_start | ts_nodash }})."),
    ("HO107", _W, "A file is opened to be appended to", "Each run of the task adds its lines again.", 'Write a file of the slice\'s own, mode "w".'),
    ("HO108", _W, "A re-run adds to what is there", "A retry, a clear or a backfill adds the same amount again.", "Set the column to what the slice's rows come to, or add up a table of slices that a re-run replaces."),
    # slices and schedules
    ("HO111", _E, "The data interval has no width", "In Airflow 3 a plain cron schedule makes runs whose interval begins where it ends: a filter between the two finds no row.", _INTERVAL),
    ("HO112", _W, "Catchup without a policy for backfills", "All runs since the start date are made at once, and each reads its source and writes its table.", "catchup=False; or max_active_runs=1 and harness.backfill in the contract."),
    ("HO113", _E, "The start date changes each time the file is parsed", "Runs that are due are not made, or are made twice.", 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")'),
    ("HO114", _W, "The schedule does not fit the contract's slices", "A run does not work on what the contract calls a slice.", "Let the schedule follow the contract's grain and time zone."),
    ("HO115", _E, "The schedule loses rows of the contract's slices", "No run owns some of the time, or two own the same.", _INTERVAL),
    ("HO116", _W, "A schedule of less than a day works on whole days", "Each run of a day works on the same rows again, the first ones on a day that is not over.", "Filter by data_interval_start and data_interval_end, not by ds."),
    ("HO117", _E, "A run that assets start has no date", "ds, logical_date and data_interval_start are not there in such a run, so the template fails.", "Read triggering_asset_events, partition the asset, or give the Dag a schedule of its own."),
    ("HO118", _E, "The file makes another Dag or task at each parse", "An id with a clock, a random number or an answer from outside is another one each time: history is lost, and a task that runs is not found.", "Give a fixed id; map over data with .expand()."),
    ("HO119", _H, "A scheduled Dag has no start date", "catchup and backfills do not know where history begins.", 'start_date=pendulum.datetime(2026, 1, 1, tz="UTC")'),
    ("HO120", _H, "A run is allowed to overlap the run before", "Two runs write one table at once.", "max_active_runs=1"),
    ("HO121", _E, "Two Dags have one id", "Airflow keeps the one that it parses last.", "Give each its own dag_id."),
    ("HO122", _E, "Two tasks have one id", "The file does not import, or one task is lost.", "Give each its own task_id."),
    ("HO123", _E, "The schedule is none", "The Dag does not import.", 'schedule="0 6 * * *" has five fields: minute, hour, day, month, weekday.'),
    ("HO124", _E, "Tasks wait for each other in a circle", "The Dag does not import.", "Take one of the dependencies away."),
    # waiting and reading of others
    ("HO131", _W, "A sensor without a timeout", "It waits for seven days by default, and nobody hears that the source is late.", "timeout=6 * 60 * 60, deferrable=True"),
    ("HO132", _W, "A sensor holds a worker slot while it waits for long", "A few late sources fill all slots, and nothing else runs.", 'deferrable=True, or mode="reschedule"'),
    ("HO133", _W, "A table of another Dag is read without an asset or a sensor", "Where that Dag is late or failed, the task reads what was there before, and nobody sees it.", "schedule=[Asset(...)], or a FreshnessSensor, ContractSensor or ExternalTaskSensor before the task."),
    ("HO134", _H, "The sensor on another Dag does not notice its failure", "Where the other Dag fails, it waits until its timeout.", 'failed_states=["failed"]'),
    ("HO135", _H, "Nothing says that the source is there", "The task reads what is there, whether the source is late or not.", "A FreshnessSensor before it: it knows the contract's lateness."),
    ("HO136", _W, "A task waits in a loop", "It holds a worker slot, and nothing ends it.", "Use a sensor with deferrable=True and a timeout."),
    ("HO137", _H, "A call to a service has no timeout", "Where the service hangs, the task does.", "timeout=60"),
    # publishing and branches
    ("HO141", _E, "What publishes runs although a check before it failed", "The trigger rule lets bad rows out.", 'trigger_rule="all_success"'),
    ("HO142", _W, "A join behind a branch is always skipped", "The branch skips one of its ways, and all_success skips the join with it.", 'trigger_rule="none_failed_min_one_success"'),
    ("HO143", _W, "A check comes after what it should stop", "The rows are published before they are judged.", "check >> publish; or publish by an operator with a gate."),
    ("HO144", _W, "A check's failure is swallowed", "Bad rows pass, and the task is green.", "Let the exception out; skip by raising AirflowSkipException."),
    ("HO145", _H, "A task stands beside the others, and nothing depends on it", "It runs at once, whatever the others do.", "first >> this_task; or remove it."),
    ("HO146", _W, "An error is swallowed", "The task is green although its work was not done.", "Let the exception out: Airflow retries and tells people."),
    ("HO147", _H, "A dependency is said twice", "The longer way already says it.", "Remove the direct one."),
    ("HO148", _H, "Rows are written, and nothing judges them", "Wrong rows are published as right ones are.", "Publish by an operator with a contract, or put a ValidateOperator before it."),
    # people
    ("HO151", _H, "Nobody owns the Dag", "Whoever is woken does not know whom to ask.", 'default_args={"owner": "data-team"}', Stage.DEPLOY),
    ("HO152", _H, "Nobody is told when it fails", "The failure stands in Airflow until somebody looks.", 'default_args={"on_failure_callback": DiagnoseAndHeal()}', Stage.DEPLOY),
    ("HO153", _H, "Nothing says by when the data must be there", "Nobody is told that it is late.", "slaProperties of a contract, or DAG(deadline=DeadlineAlert(...))", Stage.DEPLOY),
    ("HO154", _H, "Nothing says what the Dag is for", "Whoever is woken has to read its code.", "doc_md=__doc__", None),
    ("HO155", _H, "A task is never retried", "A connection that breaks off for a moment wakes a person.", 'default_args={"retries": 2, "retry_delay": timedelta(minutes=5)}', None),
    ("HO156", _W, "A callback is called when the file is parsed", "Nothing is told when a task fails.", "on_failure_callback=notify  # without parentheses"),
    # secrets and the head of the file
    ("HO161", _E, "A secret stands in the code", "Whoever reads the repository, the code view or a log has it.", "An Airflow Connection: conn_id=..., BaseHook.get_connection(...) inside the task."),
    ("HO162", _W, "Connections or variables are read when the file is parsed", "Each parse, every few seconds, asks the database or the secrets backend; where it is away, the Dag vanishes.", "Read it inside the task, or in a template: {{ var.value.name }}."),
    ("HO163", _W, "A database or a service is called when the file is parsed", "Each parse calls it; where it is away or slow, the Dag vanishes.", "Call it inside a task."),
    ("HO164", _W, "The clock is read when the file is parsed", "The value is that of the parse, not that of the run.", "{{ data_interval_start }} in a template, or the context inside a task."),
    ("HO165", _W, "A task's function is called when the file is parsed", "Its work is done at each parse, and the task does nothing.", "python_callable=function  # without parentheses"),
    ("HO166", _W, "Arguments that several Dags or tasks share are changed", "The change reaches all that were given them.", "default_args={**shared, ...}"),
    ("HO167", _W, "A default value is shared between calls", "What one call adds is there in the next.", "=None, and make it inside the function."),
    ("HO168", _W, "Much data goes through XCom", "Each row goes into Airflow's own database, which was not made for it.", "Stage files (PostgresExtractOperator), and hand on their path."),
    ("HO169", _W, "Text of whoever starts the run goes into a query or a command", "dag_run.conf and params are somebody's text: it can be another query.", "Bind it as a parameter, or check it against a list first."),
    ("HO170", _H, "A heavy module is imported at the head of the file", "Each parse pays for it.", "Import it inside the task."),
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
