"""The commands that set the harness up and look at how it stands."""

from __future__ import annotations

from airflow.cli.cli_config import Arg, CLICommand

from airflow_provider_harness.cli.parser.arguments import OUTPUT, action

SET_UP: tuple[CLICommand, ...] = (
    action(
        "init",
        "Set the harness up in shadow mode: healer Dag, policy, approvers, connections and settings. The command "
        "asks questions, keeps existing files, and ends with the findings of `doctor`; exit 1 if it kept a "
        "file with other content",
        Arg(("--dags-folder",), help="folder of the Dags, for the healer's file; default Airflow's"),
        Arg(("--folder",), help="folder for policy.yaml, approvers.yaml and harness.env; default AIRFLOW_HOME/harness"),
        Arg(("--airflow-url",), help="address of Airflow's api-server; none = the configured base_url of section api"),
        Arg(("--login",), help="the harness's own user in Airflow; default harness. Its password: HARNESS_PASSWORD"),
        Arg(("--store-url",), help="address of the store's PostgreSQL database; default SQLite in AIRFLOW_HOME"),
        Arg(("--approvers",), help="who may answer for which owner, such as data-team=ann,data-team=bob"),
        Arg(("--enroll",), help="Dags to enrol without changing them: none, all or tag:NAME"),
        Arg(("--yes",), action="store_true", help="ask nothing: use options, the environment and defaults"),
        Arg(
            ("--overwrite",),
            action="store_true",
            help="replace files with other content; keeps the old files as .old",
        ),
        module="init",
        epilog="Example: airflow harness init --yes --approvers data-team=ann",
    ),
    action(
        "doctor",
        "Report every problem of this installation and its fix; exit 1 if there is one",
        Arg(
            ("--liveness",),
            action="store_true",
            help="print one line for a cron job or a probe outside of Airflow: Airflow's parts are healthy, the "
            "reconciler and the watch run, and no incident waits too long; exit 1 if not",
        ),
        OUTPUT,
        module="doctor.report",
        epilog="Example: airflow harness doctor",
    ),
)
