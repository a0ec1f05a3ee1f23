"""``airflow harness doctor`` on a real Airflow: nothing on a sound installation, and each planted fault by its name."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from airflow_provider_harness.cli.doctor.report import CHECKS
from airflow_provider_harness.testing.stack import AirflowStack
from tests.demo.breaks import wait_for
from tests.demo.world import HARNESS, ROOT, World

DRIVER = Path(__file__).with_name("doctor_driver.py")
Env = dict[str, str | None]
EMPTY_STORE, NEW_STORE = "harness_doctor_empty", "harness_doctor_new"


def mark(place: World, name: str) -> Any:
    with place.postgres.connect(HARNESS) as connection:
        return connection.execute("SELECT value FROM harness_marks WHERE name = %s", [name]).fetchone()


def account(place: World, user: str, **more: Any) -> Env:
    body = json.loads(place.stack.airflow_connection(user)) | more
    return {"AIRFLOW_CONN_HARNESS_AIRFLOW": json.dumps(body)}


def approvers(folder: Path, name: str, user: str) -> Env:
    path = folder / f"{name}.yaml"
    path.write_text(f"data-team: [{user}]\n")
    return {"AIRFLOW__HARNESS__APPROVERS_FILE": str(path)}


def routes(folder: Path) -> Env:
    path = folder / "routes.yaml"
    path.write_text("data-team: pd_lost\n")
    return {"AIRFLOW__HARNESS__ROUTES_FILE": str(path)}


def store(place: World, database: str) -> Env:
    place.postgres.drop_database(database)
    place.postgres.ensure_database(database)
    return {
        "AIRFLOW_CONN_HARNESS_STORE": place.postgres.airflow_connection(database),
        "AIRFLOW_CONN_HARNESS_CAPTURE": None,
    }


def no_pass_yet(place: World) -> Env:
    changes = store(place, NEW_STORE)
    env = {name: value for name, value in (place.stack.env | changes).items() if value is not None}
    command = [sys.executable, "-m", "airflow", "harness", "db", "upgrade"]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=120)
    with place.postgres.connect(NEW_STORE) as connection:
        looked = datetime.now(UTC) - timedelta(hours=1)
        connection.execute("INSERT INTO harness_marks VALUES ('watch_looked_at', %s)", [looked.isoformat()])
        connection.execute(
            "INSERT INTO harness_watermarks (conn_id, table_name, slice, slice_end, moved_at, contract) "
            "VALUES ('wh', 'public.lost', '2026-01-01', %(at)s, %(at)s, '/nowhere/lost.odcs.yaml')",
            {"at": looked.isoformat(timespec="microseconds")},
        )
    return changes


def hidden_plugin(folder: Path) -> Env:
    """An older installation of the package, which declared nothing, comes first."""
    info = folder / "older" / "airflow_provider_harness-0.0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: airflow-provider-harness\nVersion: 0.0.1\n")
    return {"DOCTOR_PATH": str(info.parent)}


def open_key(folder: Path) -> Env:
    key = folder / "audit.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o644)
    return {"AIRFLOW__HARNESS__AUDIT_KEY_FILE": str(key)}


@contextmanager
def clock_ahead(place: World) -> Iterator[str]:
    """The real api-server behind a proxy whose clock is an hour ahead."""

    class Ahead(BaseHTTPRequestHandler):
        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            kept = ("authorization", "content-type")
            passed = {name: text for name, text in self.headers.items() if name.lower() in kept}
            answer = httpx.request(
                self.command, f"{place.stack.url}{self.path}", content=body, headers=passed, timeout=30
            )
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_PATCH = forward

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + 3600)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Ahead) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(place: World, faults: Mapping[str, Env]) -> dict[str, list[dict[str, str]]]:
    """Name of a fault -> what the doctor said of it."""
    done = subprocess.run(
        [sys.executable, str(DRIVER)],
        env=place.stack.env | {"PYTHONPATH": str(ROOT), "_AIRFLOW_PROCESS_CONTEXT": "server"},
        input=json.dumps(list(faults.values())),
        capture_output=True,
        text=True,
        timeout=300,
        cwd=place.home,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return dict(zip(faults, json.loads(done.stdout.splitlines()[-1]), strict=True))


def wrong(rows: list[dict[str, str]]) -> dict[str, str]:
    """Check -> everything that it found wrong."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row["health"] == "wrong":
            found.setdefault(row["check"], []).append(f"{row['what']} -> {row['fix']}")
    return {check: "\n".join(texts) for check, texts in found.items()}


#: fault -> the check that finds it, and what it must say.
EXPECTED = {
    "an impossible setting": ("settings", "[harness] approval_minutes: 0 is less than 1"),
    "an option that is none": ("options", "[harness] moed is not a known option"),
    "no account": ("account", "connection harness_airflow: does not exist"),
    "a wrong password": ("account", "does not let harness log in"),
    "an account that may too little": ("account's rights", "viewer cannot"),
    "an account that may too much": ("account's rights", "admin can read connections"),
    "no healer Dag": ("healer Dags", "There is no Dag nobody_heals"),
    "an approver whom Airflow does not know": ("approvers", "stranger may answer, but Airflow has no such user"),
    "the harness as its own approver": ("approvers", "harness is the harness's own account"),
    "everybody an administrator": ("auth manager", "simple_auth_manager_all_admins to False"),
    "SQLite with workers elsewhere": ("store", "The store is SQLite, and CeleryExecutor"),
    "a store without tables": ("store", "The store is at revision none"),
    "a reconciler that never ran": ("reconciler", "has never ended a pass"),
    "a watch that stopped": ("dead man's check", "min ago: nobody is paged when the harness stops"),
    "a clock that is ahead": ("clocks", "s ahead of this machine's"),
    "no place to stage": ("staging", "cannot be written"),
    "a key that anybody can read": ("audit key", "chmod 600"),
    "tasks as the store's owner": ("role of tasks", "which no task needs"),
    "a route to nobody": ("pages", "Pages for data-team go to the default: connection pd_lost does not exist"),
    "nobody to page": ("pages", "Nobody is paged"),
    "a plugin that is not declared": ("plugin", "Nothing here declares"),
}


def planted(place: World, folder: Path, ahead: str) -> dict[str, Env]:
    blocked = folder / "a_file"
    blocked.touch()
    owner, nobody_ran = place.stack.env["AIRFLOW_CONN_HARNESS_STORE"], no_pass_yet(place)
    return {
        "an impossible setting": {"AIRFLOW__HARNESS__APPROVAL_MINUTES": "0"},
        "an option that is none": {"AIRFLOW__HARNESS__MOED": "act"},
        "no account": {"AIRFLOW_CONN_HARNESS_AIRFLOW": None},
        "a wrong password": account(place, "harness", password="wrong"),
        "an account that may too little": account(place, "viewer"),
        "an account that may too much": account(place, "admin"),
        "no healer Dag": {"AIRFLOW__HARNESS__HEALER_DAG_ID": "nobody_heals"},
        "an approver whom Airflow does not know": approvers(folder, "stranger", "stranger"),
        "the harness as its own approver": approvers(folder, "own", "harness"),
        "everybody an administrator": {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True"},
        "SQLite with workers elsewhere": {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW_CONN_HARNESS_STORE": f'{{"conn_type": "sqlite", "host": "{folder}/store.db"}}',
        },
        "a store without tables": store(place, EMPTY_STORE),
        "a reconciler that never ran": nobody_ran,
        "a watch that stopped": nobody_ran,
        "a route to nobody": routes(folder),
        "a clock that is ahead": account(place, "harness", host=ahead, port=None),
        "no place to stage": {"AIRFLOW__HARNESS__STAGING_PATH": f"file://{blocked}/staging"},
        "a key that anybody can read": open_key(folder),
        "tasks as the store's owner": {"AIRFLOW_CONN_HARNESS_CAPTURE": owner},
        "nobody to page": {"AIRFLOW_CONN_PAGERDUTY_EVENTS_DEFAULT": None},
        "a plugin that is not declared": hidden_plugin(folder),
    }


@pytest.fixture(scope="module")
def found(place: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, str]]]]:
    """What the doctor said of the sound installation, and of each fault."""
    wait_for("a pass of the reconciler", lambda: mark(place, "reconciled_at"), 120)
    with clock_ahead(place) as ahead:
        faults = {"nothing": {}} | planted(place, tmp_path_factory.mktemp("doctor"), ahead)
        yield run(place, faults)
    for database in (EMPTY_STORE, NEW_STORE):
        place.postgres.drop_database(database)


def test_a_sound_installation_has_nothing(place: World, stack: AirflowStack, found: Mapping[str, Any]) -> None:
    assert wrong(found["nothing"]) == {}
    assert len(found["nothing"]) == len(CHECKS)
    done = stack.cli("harness", "doctor", check=False)
    assert (done.returncode, "wrong" in done.stdout) == (0, False), done.stdout
    before = mark(place, "reconciled_at")
    assert stack.cli("harness", "reconcile", check=False).returncode == 0
    assert mark(place, "reconciled_at") > before


def test_contracts_that_cannot_be_read_are_named(found: Mapping[str, Any]) -> None:
    [row] = [row for row in found["a watch that stopped"] if row["check"] == "promises"]
    assert (row["health"], "public.lost" in row["what"]) == ("note", True)


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_planted_fault_is_found(found: Mapping[str, Any], fault: str) -> None:
    check, said = EXPECTED[fault]
    assert said in wrong(found[fault])[check]


def test_a_paused_healer_and_one_that_cannot_be_imported_are_found(
    place: World, stack: AirflowStack, dags_folder: Path
) -> None:
    own = dags_folder / "own_healer.py"
    names = ("own_healer", "own_healer_reconciler", "own_healer_watch")
    text = f"from airflow.sdk import DAG\nfor name in {names}:\n    globals()[name] = DAG(name)\n"
    own.write_text(text)
    mine: Env = {"AIRFLOW__HARNESS__HEALER_DAG_ID": "own_healer"}
    try:
        stack.wait_dag("own_healer")
        asleep = ("own_healer", "own_healer_watch")
        for name in asleep:
            stack.api("PATCH", f"/dags/{name}", {"is_paused": True})
        paused = wrong(run(place, {"paused": mine})["paused"])
        said = "\n".join(f"{name} is paused. -> airflow dags unpause {name}" for name in asleep)
        assert paused == {"healer Dags": said}
        own.write_text(text + "import no_such_package\n")
        wait_for("the import error", lambda: stack.api("GET", "/dags/own_healer/details")["has_import_errors"], 60)
        broken = wrong(run(place, {"broken": mine})["broken"])["healer Dags"]
        assert "own_healer_reconciler cannot be imported from" in broken
    finally:
        own.unlink()
