"""The commands about incidents."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, CLICommand, GroupCommand

from airflow_provider_harness.cli.parser.arguments import AS_YOU, INCIDENT, OUTPUT, action

_ID = "01K9ZJ4Q6T3M8V5W7X2Y0N1P4R"

INCIDENTS = GroupCommand(
    name="incidents",
    help="What went wrong, and how it ended",
    subcommands=(
        action(
            "incidents list",
            "List incidents, the newest last: how bad, how old, where each stands, its cause, and what failed",
            Arg(
                ("--open",),
                action="store_true",
                help="only those where something is left to do, for the healer or for a person: what was escalated, refused or not "
                "healed stays open until somebody resolves it",
            ),
            Arg(
                ("--since",), default="", metavar="WHEN", help="opened since then: 90m, 12h, 2d, or a moment with zone"
            ),
            Arg(("--dag",), default="", metavar="DAG_ID", help="only those with a failure of this Dag"),
            Arg(
                ("--mine",), action="store_true", help="only those that you took, or are asked about; needs your token"
            ),
            Arg(("--limit",), type=int, default=0, metavar="N", help="the newest N; 0 = all"),
            *AS_YOU,
            OUTPUT,
            module="incidents.show",
            epilog="Example: airflow harness incidents list --open",
        ),
        action(
            "incidents digest",
            "The night in one screen: what waits for a person, what the healer works on, and what is over and how it ended; what is "
            "open stays in it however old it is",
            Arg(("--since",), default="12h", metavar="WHEN", help="90m, 12h, 2d, or a moment with zone; none = 12h"),
            OUTPUT,
            module="incidents.show",
            epilog="Example: airflow harness incidents digest --since 12h",
        ),
        action(
            "incidents show",
            "One incident: what to do next and by whom, what broke and for whom, what stands published, the cause, how it ended",
            Arg(
                ("incident_id",),
                nargs="?",
                default="",
                help="id of an incident, or a unique beginning of it; none = the newest that is open",
            ),
            Arg(
                ("--all",),
                action="store_true",
                help="the whole post-mortem: also evidence, verdicts, what was done and verified, and the timeline",
            ),
            OUTPUT,
            module="incidents.show",
            epilog=f"Example: airflow harness incidents show {_ID}",
        ),
        action(
            "incidents take",
            "Stop the healer on an incident, since you look after it; an act that is under way ends and says how",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents take {_ID}",
        ),
        action(
            "incidents return",
            "Give an incident back to the healer: one that was taken, whose question expired, or that had ended with a person; it "
            "looks at everything anew, and asks again",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents return {_ID}",
        ),
        action(
            "incidents ack",
            "Say that you have seen it, to the others and to the pager; the healer goes on",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents ack {_ID}",
        ),
        action(
            "incidents forget",
            "Take back a yes that was given about the task of an incident: it is asked about again; exit 1 where there is none",
            INCIDENT,
            Arg(("--why",), required=True, help="what changed, for whoever is asked next"),
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents forget {_ID} --why 'The task sends mails since yesterday.'",
        ),
        action(
            "incidents resolve",
            "End an incident and its page, since you mended the cause; exit 1 where Airflow does not agree",
            INCIDENT,
            Arg(("--why",), required=True, help="what was wrong and what you did, for whoever reads it later"),
            Arg(
                ("--unproved",),
                action="store_true",
                help="end it although Airflow does not say that what failed has succeeded",
            ),
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents resolve {_ID} --why 'The source sent a day twice; removed there.'",
        ),
    ),
)

ANSWERS: tuple[CLICommand, ...] = (
    action(
        "login",
        "A token of your own for the commands that do something as you, as a line for your shell; asks for the password, or reads "
        "it from standard input",
        Arg(("--user",), required=True, help="your user in Airflow"),
        Arg(
            ("--url",),
            default="",
            help="address of Airflow's api-server; none = the configured base_url of section api",
        ),
        OUTPUT,
        module="login",
        epilog="Example: airflow harness login --user ann",
    ),
    action(
        "approve",
        "Answer yes to the question of an incident, in Airflow and as you; exit 1 where it cannot be answered now, and why",
        INCIDENT,
        *AS_YOU,
        OUTPUT,
        module="incidents.commands",
        epilog=f"Example: airflow harness approve {_ID}",
    ),
    action(
        "refuse",
        "Answer no to the question of an incident, in Airflow and as you; exit 1 where it cannot be answered now, and why",
        INCIDENT,
        *AS_YOU,
        OUTPUT,
        module="incidents.commands",
        epilog=f"Example: airflow harness refuse {_ID}",
    ),
)
