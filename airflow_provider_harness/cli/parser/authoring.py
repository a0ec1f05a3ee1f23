"""The commands for whoever writes Dags, as Airflow's CLI takes them."""

from __future__ import annotations

from airflow.cli.cli_config import Arg

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

_NO_IMPORT = Arg(
    ("--no-import",),
    action="store_true",
    help="read the code alone; without it, the file is imported in a process of its own, which runs its top-level code",
)
_SECONDS = Arg(("--seconds",), type=float, default=60.0, help="how long the import of one file may take (default 60)")
AUTHORING = (
    action(
        "new",
        "A gated Dag, its contract and its test, of a live table. It asks; what only a person knows and nobody answers stays as a "
        "marked question, which `check` reports. All files are written, or none; none is replaced without --force",
        Arg(("--conn-id",), help="connection of the PostgreSQL that has the table"),
        Arg(("--table",), help="the table there, as schema.table"),
        Arg(("--target-conn-id",), help="connection of the warehouse: PostgreSQL or BigQuery"),
        Arg(("--target-table",), help="the table to publish there; none = the same name"),
        Arg(("--name",), help="name of the Dag and of its files; none = that of the table"),
        Arg(("--dags-folder",), help="folder of the Dags; none = Airflow's"),
        Arg(("--tests-folder",), help="folder of the tests; none = tests, beside the folder of the Dags"),
        Arg(
            ("--slice-column",),
            help="column that says when a row was; none = the only date or moment that the table has, else the whole table is "
            "published by each run",
        ),
        Arg(("--grain",), help="length of a slice: hour, day, week or month; none = day"),
        Arg(("--time-zone",), help="IANA name of the zone in which slices begin; none = UTC"),
        Arg(("--key",), help="columns that tell two rows apart, as a,b, where the table has no primary key"),
        Arg(("--owner",), help="team that answers for the table"),
        Arg(("--latency-hours",), help="hours after a slice's end by which it must be there"),
        Arg(("--late-minutes",), help="minutes after a slice's end from which the source is late"),
        Arg(("--start-date",), default="", help="day of the first slice, such as 2026-01-31; none = yesterday"),
        Arg(("--yes",), action="store_true", help="ask nothing: options and defaults decide, the rest stays open"),
        Arg(("--force",), action="store_true", help="replace files that are there"),
        OUTPUT,
        module="authoring.new",
        epilog="Example: airflow harness new --conn-id shop --table public.orders --target-conn-id warehouse",
    ),
    action(
        "check",
        "What is wrong with Dag files and the contracts that they name, before data move: each finding with file, line, why it "
        "matters and the text to add; exit 1 where an error or a warning stands",
        Arg(("files",), nargs="+", metavar="FILE", help="Dag files"),
        Arg(
            ("--stage",),
            choices=("compile", "plan", "test", "deploy"),
            default="compile",
            help="compile: files alone; plan: also Airflow's connections and pools; test: also the database's plan of each query; "
            "deploy: also demands owner, page and promise",
        ),
        Arg(
            ("--target",),
            default="",
            metavar="VERSION",
            help="also what ruff says of an upgrade to this version of Airflow, such as 3.4",
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
        "What a Dag does, step by step, before it runs: inputs, outputs, columns and what they are made of, gates, the slice of the "
        "next run, who is paged, what the healer may do; no data are touched, and no task runs",
        Arg(("dag",), metavar="DAG", help="id of a Dag, or its file"),
        Arg(
            ("--as-of",),
            default="",
            help="moment after which the next run is looked for (ISO 8601 with zone); now where it is not given",
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
        "A server for coding agents on standard input and output (Model Context Protocol; extra mcp): explain, check, contracts, "
        "lineage, quality, incidents and the policy; it only reads",
        module="authoring.mcp",
        epilog="Example: airflow harness mcp",
    ),
    action(
        "simulate",
        "Run a Dag's runs on a virtual clock, with the real operators on an embedded PostgreSQL into which rows arrive by a script: rows, "
        "gates, incidents, verdicts and pages, the same each time; exit 1 where they differ from the snapshot",
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
            help="rows with the moment at which they arrive, and what happens to sources",
        ),
        Arg(("--until",), default="", help="when the clock ends (ISO 8601 with zone); none = as simulation.yaml says"),
        Arg(("--snapshot",), default="", metavar="FILE", help="compare with the outcome that is kept in this file"),
        Arg(("--update",), action="store_true", help="keep the outcome as the snapshot"),
        Arg(
            ("--all",),
            default="",
            metavar="FOLDER",
            help="each folder below that has a simulation.yaml, compared with its own snapshot.json",
        ),
        Arg(
            ("--mode",),
            choices=("act", "shadow", "off"),
            default="act",
            help="as the setting harness.mode: what the healer may do (default act, since nothing else is reached)",
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
        epilog="Example: airflow harness simulate dags/orders_daily.py --events events/orders --until 2026-01-06T00:00:00Z",
    ),
)
