"""The commands for whoever writes Dags, as Airflow's CLI takes them."""

from __future__ import annotations

from airflow.cli.cli_config import Arg

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

_NO_IMPORT = Arg(
    ("--no-import",),
    action="store_true",
    help="only read the code; without this option, the command imports the file in a process of its own, which "
    "runs its top-level code",
)
_SECONDS = Arg(("--seconds",), type=float, default=60.0, help="how long the import of one file may take (default 60)")
AUTHORING = (
    action(
        "new",
        "Write a gated Dag, its contract and its test for a live table. The command asks questions; a question "
        "without an answer stays as a marked comment, which `check` reports. It writes all files or none, "
        "and replaces none without --force",
        Arg(("--conn-id",), help="connection of the PostgreSQL that has the table"),
        Arg(("--table",), help="the table there, as schema.table"),
        Arg(("--target-conn-id",), help="connection of the warehouse: PostgreSQL or BigQuery"),
        Arg(("--target-table",), help="the table to publish there; default the same name"),
        Arg(("--name",), help="name of the Dag and of its files; default the name of the table"),
        Arg(("--dags-folder",), help="folder of the Dags; none = Airflow's"),
        Arg(("--tests-folder",), help="folder of the tests; none = tests, beside the folder of the Dags"),
        Arg(
            ("--slice-column",),
            help="column with the time of a row; default the table's only date or timestamp column; without one, "
            "each run publishes the whole table",
        ),
        Arg(("--grain",), help="length of a slice: hour, day, week or month; default day"),
        Arg(("--time-zone",), help="IANA name of the zone in which slices begin; default UTC"),
        Arg(("--key",), help="columns that identify a row, as a,b, if the table has no primary key"),
        Arg(("--owner",), help="team that owns the table"),
        Arg(("--latency-hours",), help="hours after a slice's end by which it must be there"),
        Arg(("--late-minutes",), help="minutes after a slice's end from which the source is late"),
        Arg(("--start-date",), default="", help="day of the first slice, such as 2026-01-31; default yesterday"),
        Arg(("--yes",), action="store_true", help="ask nothing: use options and defaults, and leave the rest open"),
        Arg(("--force",), action="store_true", help="replace existing files"),
        OUTPUT,
        module="authoring.new",
        epilog="Example: airflow harness new --conn-id shop --table public.orders --target-conn-id warehouse",
    ),
    action(
        "check",
        "Find problems in Dag files and their contracts before data move: each finding with file, line, why it "
        "matters and the text to add; exit 1 if there is an error or a warning",
        Arg(("files",), nargs="+", metavar="FILE", help="Dag files"),
        Arg(
            ("--stage",),
            choices=("compile", "plan", "test", "deploy"),
            default="compile",
            help="compile: files alone; plan: also Airflow's connections and pools; test: also the database's plan "
            "of each query; "
            "deploy: also demands owner, page and promise",
        ),
        Arg(
            ("--target",),
            default="",
            metavar="VERSION",
            help="also report ruff's findings about an upgrade to this version of Airflow, such as 3.4",
        ),
        _NO_IMPORT,
        _SECONDS,
        Arg(
            ("-o", "--output"),
            choices=("text", "json", "sarif"),
            default="text",
            help="text for people, json for programs, sarif for code review",
        ),
        module="authoring.check",
        epilog="Example: airflow harness check dags/flights_daily.py",
    ),
    action(
        "explain",
        "Explain a Dag step by step before it runs: inputs, outputs, columns and their sources, gates, the slice "
        "of the next run, who is paged, what the healer may do; touches no data, and runs no task",
        Arg(("dag",), metavar="DAG", help="id of a Dag, or its file"),
        Arg(
            ("--as-of",),
            default="",
            help="moment after which the next run begins (ISO 8601 with zone); default now",
        ),
        Arg(("--dags-folder",), default="", help="folder in which a Dag of this id is looked for; none = Airflow's"),
        _NO_IMPORT,
        _SECONDS,
        Arg(
            ("-o", "--output"),
            choices=("text", "json", "markdown", "mermaid", "html"),
            default="text",
            help="text for people, json for programs, markdown or html for a page, mermaid for the graph alone",
        ),
        module="authoring.explain",
        epilog="Example: airflow harness explain dags/flights_daily.py",
    ),
    action(
        "mcp",
        "Run a server for coding agents on standard input and output (Model Context Protocol; extra mcp): explain, "
        "check, contracts, lineage, quality, incidents and the policy; it only reads",
        module="authoring.mcp",
        epilog="Example: airflow harness mcp",
    ),
    action(
        "simulate",
        "Simulate the runs of a Dag on a virtual clock, with the real operators on an embedded PostgreSQL; a "
        "script says when rows arrive. Rows, gates, incidents, verdicts and pages are the same each time; "
        "exit 1 if they differ from the snapshot",
        Arg(
            ("dag",),
            nargs="?",
            default="",
            metavar="DAG",
            help="id of a Dag, or its file; none = as simulation.yaml says",
        ),
        Arg(
            ("--events",),
            default="",
            metavar="FOLDER",
            help="folder of rows with their arrival times, and of events of sources",
        ),
        Arg(("--until",), default="", help="when the clock ends (ISO 8601 with zone); none = as simulation.yaml says"),
        Arg(("--snapshot",), default="", metavar="FILE", help="compare with the outcome in this file"),
        Arg(("--update",), action="store_true", help="write the outcome as the snapshot"),
        Arg(
            ("--all",),
            default="",
            metavar="FOLDER",
            help="simulate each folder below that has a simulation.yaml, and compare it with its own snapshot.json",
        ),
        Arg(
            ("--mode",),
            choices=("act", "shadow", "off"),
            default="act",
            help="like the setting harness.mode: what the healer may do (default act, because the simulation "
            "reaches no other system)",
        ),
        Arg(("--dags-folder",), default="", help="folder in which a Dag of this id is looked for; none = Airflow's"),
        Arg(("--seconds",), type=float, default=600.0, help="how long one simulation may take (default 600)"),
        Arg(
            ("-o", "--output"),
            choices=("text", "json"),
            default="text",
            help="text for people, json is the snapshot itself",
        ),
        module="authoring.simulate",
        epilog="Example: airflow harness simulate dags/orders_daily.py --events events/orders --until "
        "2026-01-06T00:00:00Z",
    ),
)
