"""What ``airflow harness doctor`` looks at in Airflow, through the harness's own account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import config
from airflow_provider_harness.app.oncall import watchdog as dead_man
from airflow_provider_harness.app.oncall.deadlines import overdue
from airflow_provider_harness.cli.doctor.findings import Finding
from airflow_provider_harness.core.errors import NotAllowed
from airflow_provider_harness.wiring import healing as wiring

if TYPE_CHECKING:
    from airflow_provider_harness.adapters.airflow.account_probe import AccountProbe

#: Clocks that differ by more make incidents come late, and answers expire early.
MOST_SKEW = timedelta(seconds=10)
#: Passes of the reconciler that may be missed, and the shortest time after which it counts as stopped.
MOST_PASSES, SHORTEST_SILENCE = 3, timedelta(minutes=2)
#: The watch looks every 5 minutes.
LONGEST_UNWATCHED = timedelta(minutes=15)
#: Entry points without which Airflow does not know the plugin and enrolment.
ENTRY_POINTS = {
    "airflow.plugins": "airflow_provider_harness.plugins.declaration:HarnessPlugin",
    "airflow.policy": "airflow_provider_harness.enrolment",
}
SIMPLE = "SimpleAuthManager"


@lru_cache(maxsize=1)
def account() -> AccountProbe:
    from airflow_provider_harness.adapters.airflow.account_probe import AccountProbe

    found = AccountProbe(*wiring.airflow_account())
    found.log_in()
    return found


def login() -> Iterator[Finding]:
    conn_id = config.read().airflow_conn_id
    try:
        account()
    except NotAllowed as error:
        yield Finding.wrong(str(error), f"Correct login and password of connection {conn_id}.")


def parts() -> Iterator[Finding]:
    """What Airflow says of its own parts."""
    from airflow_provider_harness.adapters.airflow.account_probe import AccountProbe

    for name, status in AccountProbe(*wiring.airflow_account()).health().items():
        if status != "healthy":
            fix = f"See whether `airflow {name.replace('_', '-')}` runs, and its log; start it again."
            yield Finding.wrong(f"Airflow's {name} is {status}.", fix)


def incidents() -> Iterator[Finding]:
    """Incidents that the healer has in hand, and to which nothing happened in time."""
    if wiring.mode() is config.Mode.OFF:
        return
    verify, now, store = timedelta(minutes=config.read().verify_minutes), wiring.now(), wiring.store()
    for item in store.open_incidents():
        if late := overdue(item, verify, now):
            yield Finding.wrong(f"Incident {item.id}: {late}", f"airflow harness incidents show {item.id}")


_GIVE = "Give it the rights of a user; with FAB, those and the role of the how-to for production (not more)."


def rights() -> Iterator[Finding]:
    from airflow_provider_harness.adapters.airflow.account_probe import PROBES

    healer, who = config.read().healer_dag_id, wiring.airflow_account()[1] or "the account"
    for probe in PROBES:
        may = account().may(probe, healer)
        if probe.needed and not may:
            yield Finding.wrong(f"{who} cannot {probe.what}.", _GIVE)
        if may and not probe.needed:
            yield Finding.wrong(
                f"{who} can {probe.what}, which the harness never needs.", "Revoke it: a user's rights are enough."
            )


def healer() -> Iterator[Finding]:
    settings = config.read()
    healer = settings.healer_dag_id
    tables = (f"{healer}_tables",) if settings.watch_path else ()
    for dag_id in (healer, f"{healer}_reconciler", f"{healer}_watch", *tables):
        dag = account().get(f"dags/{dag_id}/details")
        if dag is None:
            fix = "Put `dag = healer_dag()` into a file of the Dags folder: `airflow harness init` writes it."
            yield Finding.wrong(f"There is no Dag {dag_id}.", fix)
        elif dag["has_import_errors"] or dag["is_stale"]:
            yield Finding.wrong(
                f"{dag_id} cannot be imported from {dag['fileloc']}.", "See `airflow dags list-import-errors`."
            )
        elif dag["is_paused"]:
            yield Finding.wrong(f"{dag_id} is paused.", f"airflow dags unpause {dag_id}")


def plugin() -> Iterator[Finding]:
    from airflow import plugins_manager

    fix = "Install the package again into the environment of every Airflow process: pip install ."
    for group, value in ENTRY_POINTS.items():
        if not any(point.value == value for point in entry_points(group=group)):
            yield Finding.wrong(f"Nothing here declares {value} as {group}.", fix)
    for source, error in plugins_manager.get_import_errors().items():
        if "airflow_provider_harness" in f"{source} {error}":
            yield Finding.wrong(f"The plugin cannot be imported: {error}", fix)
    try:
        listed = account().get("plugins", limit="1000")["plugins"]
    except NotAllowed:
        text = (
            "The role of the harness's own account may not read plugins: people of the same role see no page, "
            "tab or card."
        )
        yield Finding.wrong(text, "Give the right to read plugins to the roles that should see the pages.")
        return
    yield from declared(listed, fix)


#: What the api-server must have of the plugin, by the key of its list -> what is missing without it.
_SERVED = {
    "fastapi_apps": "The api-server does not have the JSON API of the pages.",
    "react_apps": "The api-server has no page of the harness: the built file (plugins/ui/dist/main.js) is not installed.",
}


def declared(listed: Sequence[Mapping[str, Any]], fix: str) -> Iterator[Finding]:
    """Whether the api-server has the plugin, its API and its pages.

    :param listed: its plugins, as it tells them.
    """
    mine = next((item for item in listed if item["name"] == "harness"), None)
    if mine is None:
        text = (
            "The api-server does not have the plugin, or drops it because this Airflow does not know one of its pages."
        )
        yield Finding.wrong(text, f"{fix} Then restart the api-server, and see its log.")
        return
    for key, text in _SERVED.items():
        if not mine.get(key):
            yield Finding.wrong(text, f"{fix} Then restart the api-server.")


def auth() -> Iterator[Finding]:
    from airflow.configuration import conf

    if conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False):
        yield Finding.wrong(
            "Everybody is an administrator without logging in, so anybody can answer the harness's questions.",
            "Set [core] simple_auth_manager_all_admins to False.",
        )


_USERS_UNSEEN = (
    "This command can read only the users of SimpleAuthManager; check yourself that each id is the id "
    "of a user (FAB's ids are numbers in quotes)."
)


def approvers() -> Iterator[Finding]:
    from airflow.configuration import conf

    from airflow_provider_harness.adapters.yaml_files.approvers import YamlApprovers

    settings = config.read()
    if not settings.approvers_file:
        tell = Finding.wrong if settings.mode is config.Mode.ACT else Finding.note
        fix = "Name the approvers in a file, and name the file in [harness] approvers_file."
        yield tell("No approvers are configured, so anything that needs approval pages on-call instead.", fix)
        return
    named = YamlApprovers(settings.approvers_file).everybody()
    own = account().user_id()
    if own in named:
        yield Finding.wrong(
            f"{own} is the harness's own account, which may not answer.", f"Remove it from {settings.approvers_file}."
        )
    if not conf.get("core", "auth_manager", fallback="").endswith(SIMPLE):
        yield Finding.note(_USERS_UNSEEN, "")
        return
    users = dict(
        user.partition(":")[::2] for user in conf.get("core", "simple_auth_manager_users", fallback="").split(",")
    )
    roles = {name.strip(): role.partition(":")[0].strip().lower() for name, role in users.items()}
    for user in sorted(named - {own}):
        if user not in roles:
            yield Finding.wrong(
                f"{user} may answer, but Airflow has no such user.", f"Correct {settings.approvers_file}."
            )
        elif roles[user] == "viewer":
            yield Finding.wrong(f"{user} may answer, but a viewer cannot.", "Give the role user.")


def clocks() -> Iterator[Finding]:
    for what, ahead in (("Airflow's", account().ahead()), ("The store's", wiring.store().ahead())):
        if abs(ahead) > MOST_SKEW:
            way = "ahead of" if ahead > timedelta(0) else "behind"
            yield Finding.wrong(
                f"{what} clock is {abs(ahead.total_seconds()):.0f} s {way} this machine's.", "Let NTP set both."
            )


def reconciler() -> Iterator[Finding]:
    settings = config.read()
    if wiring.mode() is config.Mode.OFF:
        yield Finding.note("The harness is off; its passes do nothing.", "")
        return
    last, fix = wiring.store().last_pass(), f"See the newest run of {settings.healer_dag_id}_reconciler."
    if last is None:
        yield Finding.wrong("The reconciler has never ended a pass.", fix)
        return
    silent = wiring.now() - last
    if silent > max(MOST_PASSES * timedelta(seconds=settings.reconcile_seconds), SHORTEST_SILENCE):
        yield Finding.wrong(f"The reconciler's last pass ended {silent.total_seconds() / 60:.0f} min ago.", fix)


def watch() -> Iterator[Finding]:
    """Whether the dead man's check itself lives."""
    if wiring.mode() is config.Mode.OFF:
        return
    last, dag_id = wiring.store().get_value(dead_man.WATCHED), f"{config.read().healer_dag_id}_watch"
    if last is None:
        yield Finding.note(f"{dag_id} has not looked yet; it looks every 5 minutes.", "")
        return
    silent = wiring.now() - datetime.fromisoformat(last)
    if silent > LONGEST_UNWATCHED:
        text = (
            f"{dag_id} last looked {silent.total_seconds() / 60:.0f} min ago: nobody is paged when the harness stops."
        )
        yield Finding.wrong(text, f"See the newest run of {dag_id}.")
