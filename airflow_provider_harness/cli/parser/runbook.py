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
            "A draft of an entry from an incident that is over, on standard output: symptoms, root cause, resolution, and "
            "prevention with the check that would have caught it",
            INCIDENT,
            module="runbook",
            epilog="Example: airflow harness runbook draft 01K9ZJ4Q6T3M8V5W7X2Y0N1P4R > entry.yaml",
        ),
        action(
            "runbook accept",
            "Put a draft that you reviewed into the runbook, under your name; its phrase then names its category where the rules "
            "do not know one. Exit 1 where something is not written yet",
            Arg(("file",), help="the draft, reviewed"),
            *AS_YOU,
            OUTPUT,
            module="runbook",
            epilog="Example: airflow harness runbook accept entry.yaml",
        ),
    ),
)
