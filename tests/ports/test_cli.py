"""The real command line on a real store: exit status, what stands on which stream, and what changes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME of its own."""
    return tmp_path_factory.mktemp("airflow_home")


@pytest.fixture(scope="module")
def cli(home: Path) -> Iterator[Run]:
    """Runs ``airflow ...`` there; the status is given back, not raised. A command that needs an environment of its own has a process
    of its own; the others are forks of one that has Airflow imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "_AIRFLOW"))}
    given = kept | {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    served = [sys.executable, str(Path(__file__).with_name("cli_server.py"))]
    with subprocess.Popen(served, env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        ask, answers = server.stdin, server.stdout

        def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "airflow", *arguments]
            if env:
                return subprocess.run(command, env=given | env, capture_output=True, text=True, timeout=120)
            print(json.dumps(arguments), file=ask, flush=True)
            return subprocess.CompletedProcess(command, **json.loads(answers.readline()))

        yield run
        ask.close()


def test_a_store_that_was_never_migrated_says_how(cli: Run) -> None:
    done = cli("harness", "incidents", "list")
    assert (done.returncode, done.stdout) == (3, "")
    assert "airflow harness db upgrade" in done.stderr


def test_from_upgrade_to_switch(cli: Run, home: Path) -> None:
    upgraded = cli("harness", "db", "upgrade", "--output", "json")
    assert upgraded.returncode == 0, upgraded.stderr
    [row] = json.loads(upgraded.stdout)
    assert row == {"store": f"sqlite:///{home}/harness.db", "revision": "0023_quiet"}
    assert (home / "harness.db").stat().st_mode & 0o077 == 0
    assert (home / "harness_audit.key").stat().st_mode & 0o077 == 0
    listed = cli("harness", "incidents", "list", "--output", "json")
    assert (listed.returncode, json.loads(listed.stdout)) == (0, [])
    assert "No incidents" in cli("harness", "incidents", "list").stdout
    assert cli("harness", "incidents", "show", "01ARZ3NDEKTSV4RRFFQ69G5FAV").returncode == 2
    assert cli("harness", "audit", "verify").returncode == 0
    for switch, configured, in_force in (
        ("off", "act", "off"),
        ("act", "shadow", "shadow"),
        ("shadow", "act", "shadow"),
    ):
        done = cli("harness", switch, "--output", "json", AIRFLOW__HARNESS__MODE=configured)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)[0]["in force"] == in_force


def test_the_key_is_changed_by_a_command(cli: Run, home: Path) -> None:
    cli("harness", "db", "upgrade")
    old = (home / "harness_audit.key").read_bytes()
    done = cli("harness", "audit", "rotate-key", "--output", "json")
    assert done.returncode == 0, done.stderr
    [row] = json.loads(done.stdout)
    assert Path(row["kept"]).read_bytes() == old != Path(row["in use"]).read_bytes()
    assert "Copy" in done.stderr
    assert cli("harness", "audit", "verify").returncode == 0
    Path(row["kept"]).unlink()
    lost = cli("harness", "audit", "verify")
    assert (lost.returncode, row["old key"] in lost.stdout) == (1, True)
    Path(row["kept"]).write_bytes(old)


def test_an_event_that_was_edited_is_found(cli: Run, home: Path) -> None:
    cli("harness", "db", "upgrade")
    with sqlite3.connect(home / "harness.db") as store:
        [(last,)] = store.execute("SELECT max(seq) FROM harness_events")
        row = (
            last + 1,
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "opened",
            "2026-01-01T00:00:00+00:00",
            '{"episode": "e", "failure": "f"}',
            "0" * 64,
        )
        store.execute("INSERT INTO harness_events VALUES (?, ?, ?, ?, ?, ?)", row)
    store.close()
    done = cli("harness", "audit", "verify", "--output", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)[0]["first break"] == last + 1


def test_a_store_connection_in_airflows_own_database_is_used(cli: Run, home: Path, tmp_path: Path) -> None:
    assert cli("db", "migrate").returncode == 0
    body = json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "other.db")})
    added = cli("connections", "add", "harness_store", "--conn-json", body)
    assert added.returncode == 0, added.stderr
    done = cli("harness", "db", "upgrade", "--output", "json")
    assert json.loads(done.stdout)[0]["store"] == f"sqlite:///{tmp_path / 'other.db'}"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("policy", "check"), 0),
        (("policy", "check", "/no/such/file.yaml"), 2),
        (("contract", "check", "/no/such/file.yaml"), 1),
        (("diagnose", "--input", "/no/such/file", "--output", "/no/such/out"), 2),
    ],
)
def test_exit_status(cli: Run, arguments: tuple[str, ...], status: int) -> None:
    done = cli("harness", *arguments)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


HELP = """
import contextlib, io, json, shlex
from airflow.cli.cli_config import ActionCommand
from airflow.cli.cli_parser import get_parser
from airflow_provider_harness.cli.definition import get_harness_cli_commands

def walk(items, path):
    for item in items:
        here = (*path, item.name)
        yield here, item
        if not isinstance(item, ActionCommand):
            yield from walk(item.subcommands, here)

parser, shown, taken = get_parser(), {}, {}
for path, item in walk(get_harness_cli_commands(), ()):
    text = io.StringIO()
    with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
        parser.parse_args([*path, "--help"])
    shown[" ".join(path)] = text.getvalue()
    if isinstance(item, ActionCommand):
        example = item.epilog.removeprefix("Example: airflow ").partition(" > ")[0]
        args = parser.parse_args(shlex.split(example))
        taken[" ".join(path)] = args.func.__name__ if hasattr(args, "func") else ""
print(json.dumps([shown, taken]))
"""


#: What on-call and administrators rely on.
COMMANDS = {
    f"harness {words}"
    for words in (
        *("init", "doctor", "off", "shadow", "act", "approve", "refuse", "reconcile", "diagnose", "quality", "lineage"),
        *(f"incidents {word}" for word in ("list", "show", "take", "return", "ack", "forget", "resolve")),
        *(
            "policy check",
            "policy explain",
            "policy simulate",
            "audit show",
            "audit verify",
            "audit rotate-key",
            "db upgrade",
            "db prune",
        ),
        *(f"contract {word}" for word in ("check", "diff", "dictionary", "init")),
        *("quarantine list", "quarantine show", "quarantine release"),
        *("runbook list", "runbook draft", "runbook accept"),
    )
}


def test_every_command_has_help_with_an_example(home: Path) -> None:
    from airflow.cli.cli_config import ActionCommand, GroupCommand

    from airflow_provider_harness.cli.definition import get_harness_cli_commands

    done = subprocess.run(
        [sys.executable, "-c", HELP],
        env=os.environ | {"AIRFLOW_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found, taken = json.loads(done.stdout.splitlines()[-1])
    shown = {name: " ".join(text.split()) for name, text in found.items()}
    assert all(taken.values()), "each example is one that the command takes"
    assert set(taken) >= COMMANDS

    def look(group: GroupCommand, path: str) -> None:
        for item in group.subcommands:
            here = f"{path} {item.name}"
            assert " ".join((item.help or "").split()) in shown[here if isinstance(item, ActionCommand) else path], here
            if isinstance(item, ActionCommand):
                assert f"Example: airflow {here}" in shown[here], here
            else:
                look(item, here)

    [group] = get_harness_cli_commands()
    assert isinstance(group, GroupCommand)
    look(group, "harness")


@pytest.mark.parametrize(
    "words", [("incidents", "take", "X"), ("approve", "X"), ("incidents", "resolve", "X", "--why", "w")]
)
def test_what_a_person_does_needs_the_persons_token(cli: Run, words: tuple[str, ...]) -> None:
    done = cli("harness", *words)
    assert (done.returncode, "AIRFLOW_CLI_TOKEN" in done.stderr) == (2, True)


def test_the_quality_of_tables_that_no_gate_has_judged(cli: Run, tmp_path: Path) -> None:
    home = {"AIRFLOW_HOME": str(tmp_path)}
    assert cli("harness", "db", "upgrade", **home).returncode == 0
    done = cli("harness", "quality", "flights", **home)
    said = "table public.flights: no gate has judged it. The store has no gate of any table yet: run a Dag with a contract.\n"
    assert (done.returncode, done.stdout, said in done.stderr) == (2, "", True)
    refused = cli("harness", "quality", "flights", "--last", "0", **home)
    assert (refused.returncode, "a number of slices of 1 or more" in refused.stderr) == (2, True)
    rights = cli("harness", "db", "upgrade", "--tasks-role", "somebody", **home)
    assert (rights.returncode, "SQLite has no roles" in rights.stderr) == (2, True)


def test_init_sets_up_and_never_overwrites_without_saying_so(cli: Run, tmp_path: Path) -> None:
    home = {"AIRFLOW_HOME": str(tmp_path / "home"), "HARNESS_PASSWORD": "it's secret", "AIRFLOW__API__BASE_URL": ""}
    (tmp_path / "home").mkdir()
    dags, folder = tmp_path / "dags", tmp_path / "harness"
    given = ("--dags-folder", str(dags), "--folder", str(folder), "--approvers", "shop=ann,shop=bob")
    asks = cli("harness", "init", *given, **home)
    assert (asks.returncode, "--yes" in asks.stderr, dags.exists()) == (2, True, False)
    words = ("harness", "init", "--yes", "--airflow-url", "http://127.0.0.1:9", *given)
    first = cli(*words, **home)
    assert first.returncode == 0, first.stderr
    assert "it's secret" not in first.stdout
    assert first.stdout.count("written") == 4
    for part in ("revision 0", "wrong  account", "127.0.0.1:9", "ok     store", f". {folder}/harness.env"):
        assert part in first.stdout
    sourced = subprocess.run(
        ["bash", "-c", f". {folder}/harness.env && env"], capture_output=True, text=True, env={}, check=True
    )
    assert '"password": "it\'s secret"' in sourced.stdout
    assert (folder / "harness.env").stat().st_mode & 0o077 == 0
    assert (folder / "approvers.yaml").read_text().endswith('shop: ["ann", "bob"]\n')
    assert "from airflow_provider_harness.dags import healer_dag" in (dags / "harness_healer.py").read_text()
    assert cli(*words, **home).stdout.count("as it was") == 4
    (folder / "policy.yaml").write_text("version: 7\nrules: []\n")
    again = cli(*words, **home)
    assert (again.returncode, "kept  " in again.stdout, "The policy has no rules" in again.stdout) == (1, True, True)
    assert (folder / "policy.yaml").read_text() == "version: 7\nrules: []\n"
    replaced = cli(*words, "--overwrite", **home)
    assert (replaced.returncode, "REPLACED" in replaced.stdout) == (0, True)
    assert (folder / "policy.yaml.old").read_text() == "version: 7\nrules: []\n"
    wrong = cli(*words, "--approvers", "shop", **home)
    assert (wrong.returncode, "is not owner=user" in wrong.stderr) == (2, True)


def test_the_doctor_of_an_installation_that_was_never_set_up(cli: Run, tmp_path: Path) -> None:
    done = cli("harness", "doctor", "--output", "json", AIRFLOW_HOME=str(tmp_path))
    rows = {row["check"]: row for row in json.loads(done.stdout)}
    assert (done.returncode, rows["store"]["fix"]) == (1, "airflow harness db upgrade")
    assert (rows["account"]["health"], rows["plugin"]["health"], rows["staging"]["health"]) == ("wrong", "note", "ok")
