"""The commands as Airflow's CLI takes them. What they do stands in ``cli.commands`` and is imported when one runs."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, CLICommand, GroupCommand

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action
from airflow_provider_harness.cli.parser.authoring import AUTHORING
from airflow_provider_harness.cli.parser.conversion import CONVERSION
from airflow_provider_harness.cli.parser.incidents import ANSWERS, INCIDENTS
from airflow_provider_harness.cli.parser.learning import LEARNING
from airflow_provider_harness.cli.parser.policy import AUDIT, POLICY
from airflow_provider_harness.cli.parser.runbook import RUNBOOK
from airflow_provider_harness.cli.parser.setup import SET_UP

_CONTRACT = Arg(("file",), help="ODCS file of the published table")
_WAREHOUSE = Arg(("--conn-id",), required=True, help="connection of the warehouse")
_CHECK = Arg(("--check",), default="", help="only rows that failed this check")


_SWITCH = {
    "off": "Stop the harness at once: it diagnoses and does nothing, whatever the configured mode is",
    "shadow": "Record verdicts and page people, but do not act, whatever the configured mode is",
    "act": "Remove the override; the configured mode applies again",
}


def get_harness_cli_commands() -> list[CLICommand]:
    """``airflow harness``. Exit status: 0 fine, 1 findings, 2 usage or configuration, 3 harness unavailable."""
    return [
        GroupCommand(
            name="harness",
            help="Data contracts, gates, and failures healed under policy",
            subcommands=(
                GroupCommand(
                    name="db",
                    help="The harness store",
                    subcommands=(
                        action(
                            "db upgrade",
                            "Upgrade the store to this version's schema; safe to repeat",
                            Arg(
                                ("--tasks-role",),
                                default="",
                                metavar="ROLE",
                                help="PostgreSQL role of harness_capture: the command grants exactly the rights "
                                "that tasks need, and revokes all others",
                            ),
                            OUTPUT,
                            epilog="Example: airflow harness db upgrade --tasks-role harness_capture",
                        ),
                        action(
                            "db prune",
                            "Remove older records: ended incidents with all their records, gates, leases and sent "
                            "pages; the chain stays valid. Records that are open, wait, or still count stay, "
                            "and so does the lineage",
                            Arg(
                                ("--keep",),
                                required=True,
                                metavar="DAYS",
                                help="how long to keep records, such as 400d; 30d or more",
                            ),
                            Arg(
                                ("--dry-run",),
                                action="store_true",
                                help="count the rows that would be removed, and remove nothing",
                            ),
                            OUTPUT,
                            module="pruning",
                            epilog="Example: airflow harness db prune --keep 400d --dry-run",
                        ),
                    ),
                ),
                *SET_UP,
                *AUTHORING,
                INCIDENTS,
                *ANSWERS,
                AUDIT,
                POLICY,
                GroupCommand(
                    name="contract",
                    help="Data contracts",
                    subcommands=(
                        action(
                            "contract check",
                            "Check contract files and print every finding with file and line; exit 1 if there are any",
                            Arg(("files",), nargs="+", help="ODCS files"),
                            Arg(
                                ("--coverage",),
                                action="store_true",
                                help="print the effect of each line: which check, by which engines, at which "
                                "gates; or for people only",
                            ),
                            Arg(
                                ("--conn-id",),
                                default="",
                                help="connection of the warehouse: checks each live table against the standards of "
                                "the level that its contract claims; exit 1 if one is not met",
                            ),
                            Arg(
                                ("--as-of",),
                                default="",
                                help="moment for which the freshness of a live table is measured (ISO 8601 with "
                                "zone, such as 2013-12-31T23:59:00-05:00); default now",
                            ),
                            Arg(
                                ("-o", "--output"),
                                choices=("table", "json", "markdown"),
                                default="table",
                                help="table for people, json for programs, markdown for the checklist of a live table",
                            ),
                            epilog="Example: airflow harness contract check --conn-id warehouse --output markdown "
                            "dags/contracts/flights.odcs.yaml",
                        ),
                        action(
                            "contract diff",
                            "The changes between two versions of a contract; exit 1 if a change breaks a consumer",
                            Arg(("old",), help="ODCS file that consumers rely on"),
                            Arg(("new",), help="ODCS file that will replace it"),
                            OUTPUT,
                            epilog="Example: airflow harness contract diff released/flights.odcs.yaml "
                            "dags/contracts/flights.odcs.yaml",
                        ),
                        action(
                            "contract dictionary",
                            "The data dictionary of tables: for each column its meaning, other names, values and "
                            "references",
                            Arg(("files",), nargs="+", help="ODCS files"),
                            Arg(
                                ("-o", "--output"),
                                choices=("table", "json", "markdown"),
                                default="table",
                                help="table for people, json for programs, markdown for a page",
                            ),
                            epilog="Example: airflow harness contract dictionary --output markdown "
                            "dags/contracts/*.odcs.yaml",
                        ),
                        action(
                            "contract init",
                            "Draft a contract from a live table, on standard output",
                            Arg(("--conn-id",), required=True, help="connection of the database"),
                            Arg(("--table",), required=True, help="schema.table; public where no schema is given"),
                            epilog="Example: airflow harness contract init --conn-id warehouse --table public.flights",
                        ),
                        *CONVERSION,
                    ),
                ),
                GroupCommand(
                    name="quarantine",
                    help="Rows that failed a check and are in quarantine",
                    subcommands=(
                        action(
                            "quarantine list",
                            "The number of rows in quarantine, by slice and check",
                            _CONTRACT,
                            _WAREHOUSE,
                            OUTPUT,
                            module="quarantine",
                            epilog="Example: airflow harness quarantine list --conn-id warehouse "
                            "dags/contracts/flights.odcs.yaml",
                        ),
                        action(
                            "quarantine show",
                            "The newest rows in quarantine with their reasons; only columns that the contract "
                            "classifies as public",
                            _CONTRACT,
                            _WAREHOUSE,
                            Arg(("--slice",), default="", help="only this slice, as `quarantine list` prints it"),
                            _CHECK,
                            OUTPUT,
                            module="quarantine",
                            epilog="Example: airflow harness quarantine show --conn-id warehouse --slice "
                            "20130109T050000Z "
                            "dags/contracts/flights.odcs.yaml",
                        ),
                        action(
                            "quarantine release",
                            "Check the quarantined rows of a slice again and publish those that pass; exit 1 if "
                            "rows stay, or if the slice would break its contract with them",
                            _CONTRACT,
                            _WAREHOUSE,
                            Arg(("--slice",), required=True, help="the slice, as `quarantine list` prints it"),
                            _CHECK,
                            OUTPUT,
                            module="quarantine",
                            epilog="Example: airflow harness quarantine release --conn-id warehouse --slice "
                            "20130109T050000Z "
                            "dags/contracts/flights.odcs.yaml",
                        ),
                    ),
                ),
                RUNBOOK,
                *(
                    action(word, text, OUTPUT, epilog=f"Example: airflow harness {word}")
                    for word, text in _SWITCH.items()
                ),
                *LEARNING,
                action(
                    "quality",
                    "The trend of a table: the results of its gates, slice by slice; exit 1 if the newest slice "
                    "was blocked, or has an unusual check or one that could not run",
                    Arg(("table",), help="schema.table; public where no schema is given"),
                    Arg(("--check",), default="", metavar="ID", help="only this check, with its values"),
                    Arg(("--last",), type=int, default=30, metavar="N", help="the newest N slices (default 30)"),
                    Arg(
                        ("--kpis",),
                        action="store_true",
                        help="key figures of these slices instead: age, share of checks that passed, latency by stage",
                    ),
                    OUTPUT,
                    epilog="Example: airflow harness quality public.flights --check anomaly:row_count --last 90",
                ),
                action(
                    "lineage",
                    "The lineage of a table or column to its source, task by task; exit 2 if it is not known",
                    Arg(("name",), metavar="TABLE[.COLUMN]", help="[database.]schema.table, or a column of it"),
                    Arg(
                        ("--downstream",),
                        action="store_true",
                        help="print what is made from it, instead of its sources",
                    ),
                    OUTPUT,
                    epilog="Example: airflow harness lineage public.daily_on_time.on_time",
                ),
                action(
                    "reconcile",
                    "One pass: record failures that no callback reported, start the healer",
                    OUTPUT,
                    epilog="Example: airflow harness reconcile",
                ),
                action(
                    "diagnose",
                    "Diagnose a log, or a file of log excerpts, by the rules, or also with a model; needs no "
                    "Airflow server",
                    Arg(
                        ("log",),
                        nargs="?",
                        metavar="FILE",
                        help="a log of any size; of a large log, the command reads the beginning and the end",
                    ),
                    Arg(("--input",), help="in place of FILE: JSON lines with id, system, log_excerpt"),
                    Arg(("--output",), help="file for the answers to --input, one JSON object per line"),
                    Arg(
                        ("--model",),
                        default="",
                        help="with --input: id of a model behind [harness] model_conn_id; each answer has its "
                        "turns, tokens, cost and time",
                    ),
                    Arg(
                        ("--ask",),
                        default="unsure",
                        choices=("unsure", "always"),
                        help="when the model is asked, as the setting harness.ask_model",
                    ),
                    epilog="Example: airflow harness diagnose task.log",
                ),
            ),
        )
    ]
