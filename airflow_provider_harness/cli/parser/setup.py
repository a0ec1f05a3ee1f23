"""The commands that set the harness up and look at how it stands."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, CLICommand

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

SET_UP: tuple[CLICommand, ...] = (
    action(
        "init",
        "Set the harness up in shadow mode: healer Dag, policy, approvers, connections and settings. It asks; what is there "
        "already stays. Ends with what `doctor` says; exit 1 where a file says something else and was kept",
        Arg(("--dags-folder",), help="folder of the Dags, for the healer's file; none = Airflow's"),
        Arg(("--folder",), help="folder for policy.yaml, approvers.yaml and harness.env; none = AIRFLOW_HOME/harness"),
        Arg(("--airflow-url",), help="address of Airflow's api-server; none = the configured base_url of section api"),
        Arg(("--login",), help="the harness's own user in Airflow; none = harness. Its password: HARNESS_PASSWORD"),
        Arg(("--store-url",), help="address of the store's PostgreSQL database; none = SQLite in AIRFLOW_HOME"),
        Arg(("--approvers",), help="who may answer for which owner, such as data-team=ann,data-team=bob"),
        Arg(("--enroll",), help="Dags to look after without a change of theirs: none, all or tag:NAME"),
        Arg(("--yes",), action="store_true", help="ask nothing: options, the environment and defaults decide"),
        Arg(
            ("--overwrite",),
            action="store_true",
            help="replace files that say something else; the old ones are kept as .old",
        ),
        module="init",
        epilog="Example: airflow harness init --yes --approvers data-team=ann",
    ),
    action(
        "doctor",
        "Everything that is wrong with this installation, and how to mend it; exit 1 where anything is",
        Arg(
            ("--liveness",),
            action="store_true",
            help="one line for a cron job or a probe outside of Airflow: whether Airflow's parts are healthy, the reconciler and the "
            "watch run, and no incident waits beyond its time; exit 1 where not",
        ),
        OUTPUT,
        module="doctor.report",
        epilog="Example: airflow harness doctor",
    ),
)
