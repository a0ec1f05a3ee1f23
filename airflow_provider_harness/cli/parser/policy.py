"""The commands about what the harness may do, and what it did."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, GroupCommand

from airflow_provider_harness.cli.parser.arguments import INCIDENT, OUTPUT, action

_FILE = Arg(("file",), nargs="?", default="", help="the file; none = the configured policy_file")

POLICY = GroupCommand(
    name="policy",
    help="What the harness may do",
    subcommands=(
        action(
            "policy check",
            "Check a policy file; exit 2 where it is wrong",
            _FILE,
            OUTPUT,
            epilog="Example: airflow harness policy check harness/policy.yaml",
        ),
        action(
            "policy explain",
            "Which rule decides, and why the earlier ones did not: for an incident's newest verdict, or for facts of yours",
            Arg(("--incident",), default="", metavar="ID", help="the incident"),
            Arg(("--action",), default="", metavar="KIND", help="what would be proposed, such as retry_task"),
            Arg(
                ("--fact",),
                action="append",
                default=[],
                metavar="NAME=VALUE",
                help="a fact that would be known, such as category=timeout; again for each",
            ),
            Arg(("--acts-on-incident",), type=int, default=0, metavar="N", help="same acts on the incident before"),
            Arg(("--acts-on-dag",), type=int, default=0, metavar="N", help="same acts on the Dag that day before"),
            Arg(("--file",), default="", help="the policy; none = the configured policy_file"),
            OUTPUT,
            module="policies",
            epilog="Example: airflow harness policy explain --action retry_task --fact category=timeout --fact repeatable=yes --fact tries_by_harness=0",
        ),
        action(
            "policy simulate",
            "Which verdicts of past incidents a policy would change; exit 1 where it would change any",
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
            "Every event of an incident as it was recorded, with its link of the chain; exit 1 where the chain does not hold",
            INCIDENT,
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit show 01K9ZJ4Q6T3M8V5W7X2Y0N1P4R",
        ),
        action(
            "audit verify",
            "Check the chain of every event, and the tables against it; exit 1 where one does not hold",
            Arg(("--head",), help="hash of the last event as noted elsewhere; finds a cut tail"),
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit verify",
        ),
        action(
            "audit rotate-key",
            "Make a new key, with which the chain goes on from now; the old one stays beside it, to prove what came before",
            OUTPUT,
            module="audit",
            epilog="Example: airflow harness audit rotate-key",
        ),
    ),
)
