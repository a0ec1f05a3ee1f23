"""The commands for whoever writes Dags, as Airflow's CLI takes them."""

from __future__ import annotations

from airflow.cli.cli_config import Arg

from airflow_provider_harness.cli.parser.arguments import action

_NO_IMPORT = Arg(
    ("--no-import",),
    action="store_true",
    help="read the code alone; without it, the file is imported in a process of its own, which runs its top-level code",
)
_SECONDS = Arg(("--seconds",), type=float, default=60.0, help="how long the import of one file may take (default 60)")
AUTHORING = (
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
)
