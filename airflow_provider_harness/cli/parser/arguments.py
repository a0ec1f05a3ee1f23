"""What the definitions of commands share."""

from __future__ import annotations

from airflow.cli.cli_config import ActionCommand, Arg, lazy_load_command

OUTPUT = Arg(("-o", "--output"), choices=("table", "json"), default="table", help="table for people, json for programs")
INCIDENT = Arg(("incident_id",), help="id of an incident, or a unique prefix of it, as `incidents list` prints it")
#: For commands that a person gives as that person.
AS_YOU = (
    Arg(
        ("--token",),
        default="",
        help="your own token of Airflow's API; better in the environment, as AIRFLOW_CLI_TOKEN, where `ps` does "
        "not show it",
    ),
    Arg(("--url",), default="", help="address of Airflow's api-server; none = the configured base_url of section api"),
)


def action(name: str, help: str, *args: Arg, module: str = "commands", epilog: str = "") -> ActionCommand:
    """One command; ``module`` of this package has a function of its name and is imported when it runs."""
    func = lazy_load_command(f"airflow_provider_harness.cli.{module}.{name.replace(' ', '_').replace('-', '_')}")
    return ActionCommand(name=name.split()[-1], help=help, func=func, args=args, epilog=epilog or None)
