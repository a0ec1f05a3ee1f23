"""The commands about incidents."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, CLICommand, GroupCommand

from airflow_provider_harness.cli.parser.arguments import AS_YOU, INCIDENT, OUTPUT, action

_ID = "01K9ZJ4Q6T3M8V5W7X2Y0N1P4R"

INCIDENTS = GroupCommand(
    name="incidents",
    help="Incidents: their causes, and how they ended",
    subcommands=(
        action(
            "incidents list",
            "List incidents, the newest last: severity, age, state, cause, and failed task",
            Arg(
                ("--open",),
                action="store_true",
                help="only open incidents, in which the healer or a person has something to do: an incident that "
                "was escalated, refused or not healed stays open until somebody resolves it",
            ),
            Arg(
                ("--since",), default="", metavar="WHEN", help="opened since then: 90m, 12h, 2d, or a moment with zone"
            ),
            Arg(("--dag",), default="", metavar="DAG_ID", help="only incidents with a failure of this Dag"),
            Arg(
                ("--mine",),
                action="store_true",
                help="only incidents that you took, or that you are asked about; needs your token",
            ),
            Arg(("--limit",), type=int, default=0, metavar="N", help="the newest N; 0 = all"),
            *AS_YOU,
            OUTPUT,
            module="incidents.show",
            epilog="Example: airflow harness incidents list --open",
        ),
        action(
            "incidents digest",
            "The last hours in one screen: incidents that wait for a person, that the healer works on, and that "
            "ended, with the outcome; open incidents are always in it, however old",
            Arg(("--since",), default="12h", metavar="WHEN", help="90m, 12h, 2d, or a moment with zone; default 12h"),
            OUTPUT,
            module="incidents.show",
            epilog="Example: airflow harness incidents digest --since 12h",
        ),
        action(
            "incidents show",
            "One incident: the next step and who takes it, what broke and who uses it, the published state, the "
            "cause, the outcome",
            Arg(
                ("incident_id",),
                nargs="?",
                default="",
                help="id of an incident, or a unique prefix of it; default the newest open one",
            ),
            Arg(
                ("--all",),
                action="store_true",
                help="the whole post-mortem: also evidence, verdicts, acts, verification, and the timeline",
            ),
            OUTPUT,
            module="incidents.show",
            epilog=f"Example: airflow harness incidents show {_ID}",
        ),
        action(
            "incidents take",
            "Take an incident: you look after it, and the healer stops; an act that is running ends, and its "
            "result is recorded",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents take {_ID}",
        ),
        action(
            "incidents return",
            "Return an incident to the healer: one that was taken, whose question expired, or that ended with a "
            "person; the healer starts again, and asks again",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents return {_ID}",
        ),
        action(
            "incidents ack",
            "Tell the others and the pager that you have seen the incident; the healer continues",
            INCIDENT,
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents ack {_ID}",
        ),
        action(
            "incidents forget",
            "Withdraw a remembered yes about the task of an incident: the harness asks again; exit 1 if there is none",
            INCIDENT,
            Arg(("--why",), required=True, help="what changed, for the next person who is asked"),
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents forget {_ID} --why 'The task sends mails since yesterday.'",
        ),
        action(
            "incidents resolve",
            "End an incident and its page after you fixed the cause; exit 1 if the tasks are not successful in Airflow",
            INCIDENT,
            Arg(("--why",), required=True, help="what was wrong and what you did, for later readers"),
            Arg(
                ("--unproved",),
                action="store_true",
                help="end it although Airflow does not say that the failed tasks have succeeded",
            ),
            *AS_YOU,
            OUTPUT,
            module="incidents.commands",
            epilog=f"Example: airflow harness incidents resolve {_ID} --why 'The source sent a day twice; removed "
            f"there.'",
        ),
    ),
)

ANSWERS: tuple[CLICommand, ...] = (
    action(
        "login",
        "Print your own token, as a line for your shell, for the commands that act as you; asks for the password, "
        "or reads it from standard input",
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
        "Answer yes to the question of an incident, in Airflow and as you; exit 1 with the reason if it cannot be "
        "answered now",
        INCIDENT,
        *AS_YOU,
        OUTPUT,
        module="incidents.commands",
        epilog=f"Example: airflow harness approve {_ID}",
    ),
    action(
        "refuse",
        "Answer no to the question of an incident, in Airflow and as you; exit 1 with the reason if it cannot be "
        "answered now",
        INCIDENT,
        *AS_YOU,
        OUTPUT,
        module="incidents.commands",
        epilog=f"Example: airflow harness refuse {_ID}",
    ),
)
