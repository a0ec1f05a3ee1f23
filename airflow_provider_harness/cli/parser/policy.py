"""The commands about what the harness may do, and what it did."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, GroupCommand

from airflow_provider_harness.cli.parser.arguments import INCIDENT, OUTPUT, action

_FILE = Arg(("file",), nargs="?", default="", help="the file; default the configured policy_file")

POLICY = GroupCommand(
    name="policy",
    help="The rules of what the harness may do",
    subcommands=(
        action(
            "policy check",
            "Check a policy file; exit 2 if it is wrong",
            _FILE,
            OUTPUT,
            epilog="Example: airflow harness policy check harness/policy.yaml",
        ),
        action(
            "policy explain",
            "Explain which rule decides, and why the earlier rules did not: for an incident's newest verdict, or "
            "for facts that you give",
            Arg(("--incident",), default="", metavar="ID", help="the incident"),
            Arg(("--action",), default="", metavar="KIND", help="the proposed action, such as retry_task"),
            Arg(
                ("--fact",),
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help="a known fact, such as category=timeout; give the option once for each fact",
            ),
            Arg(
                ("--acts-on-incident",),
                type=int,
                default=0,
                metavar="N",
                help="earlier acts of the same kind on the incident",
            ),
            Arg(
                ("--acts-on-dag",),
                type=int,
                default=0,
                metavar="N",
                help="earlier acts of the same kind on the Dag on the same day",
            ),
            Arg(("--file",), default="", help="the policy; default the configured policy_file"),
            OUTPUT,
            module="policies",
            epilog="Example: airflow harness policy explain --action retry_task --fact category=timeout --fact "
            "repeatable=yes --fact tries_by_harness=0",
        ),
        action(
            "policy simulate",
            "List the verdicts of past incidents that another policy would change; exit 1 if it would change any",
            Arg(("file",), help="the policy file to try"),
            OUTPUT,
            module="policies",
            epilog="Example: airflow harness policy simulate harness/policy.yaml",
        ),
    ),
)

AUDIT = GroupCommand(
    name="audit",
    help="The tamper-evident record",
    subcommands=(
        action(
            "audit show",
            "Every event of an incident as it was recorded, with its hash in the chain; exit 1 if the chain does "
            "not hold",
            INCIDENT,
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit show 01K9ZJ4Q6T3M8V5W7X2Y0N1P4R",
        ),
        action(
            "audit verify",
            "Check the chain of all events, and the tables against the chain; exit 1 if one does not hold",
            Arg(("--head",), help="hash of the last event, noted elsewhere; finds deleted events at the end"),
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit verify",
        ),
        action(
            "audit rotate-key",
            "Make a new key for the events from now on; the old key stays beside it, to prove the earlier events",
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit rotate-key",
        ),
    ),
)
