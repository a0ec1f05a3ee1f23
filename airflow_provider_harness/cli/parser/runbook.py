"""The commands about what incidents taught."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, GroupCommand

from airflow_provider_harness.cli.parser.arguments import AS_YOU, INCIDENT, OUTPUT, action

RUNBOOK = GroupCommand(
    name="runbook",
    help="What incidents taught",
    subcommands=(
        action(
            "runbook list",
            "The reviewed entries",
            OUTPUT,
            module="runbook",
            epilog="Example: airflow harness runbook list",
        ),
        action(
            "runbook draft",
            "Draft an entry from an incident that has ended, on standard output: symptoms, root cause, resolution, "
            "and prevention with the check that would have caught it",
            INCIDENT,
            module="runbook",
            epilog="Example: airflow harness runbook draft 01K9ZJ4Q6T3M8V5W7X2Y0N1P4R > entry.yaml",
        ),
        action(
            "runbook accept",
            "Put a draft that you reviewed into the runbook, under your name; if the rules do not know a cause, "
            "its phrase then names its category. Exit 1 if a part is not written yet",
            Arg(("file",), help="the draft, reviewed"),
            *AS_YOU,
            OUTPUT,
            module="runbook",
            epilog="Example: airflow harness runbook accept entry.yaml",
        ),
    ),
)
