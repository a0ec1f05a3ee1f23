"""A whole Airflow as real processes: api-server, scheduler with LocalExecutor, dag-processor and triggerer.

Everything lies in one folder and on free ports of 127.0.0.1; all of it ends with whoever started it.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from airflow_provider_harness.core.errors import HarnessError
from airflow_provider_harness.testing.process import ServerFailed, ServerProcess, free_port

if TYPE_CHECKING:
    import httpx

ROLES = {"admin": "admin", "harness": "user", "oncall": "user", "viewer": "viewer"}
"""User -> role of Airflow's SimpleAuthManager. The harness's own account has no more rights than a person on call."""

COMMANDS = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
"""Airflow command -> its arguments. Logs are read from the folder that all four share, so no log server is needed."""

HEALTH = {"api-server": "metadatabase", "dag-processor": "dag_processor"}
"""Airflow command -> its name in ``/monitor/health``, where it is another one."""

SETTINGS = {
    "CORE__EXECUTOR": "LocalExecutor",
    "CORE__LOAD_EXAMPLES": "False",
    "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in ROLES.items()),
    "API__HOST": "127.0.0.1",
    "API__WORKERS": "1",
    "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    "DAG_PROCESSOR__REFRESH_INTERVAL": "3",
    "DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
    "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "40",  # a file that changed is nearly always read at once, whatever this says
    "LOGGING__COLORED_CONSOLE_LOG": "False",
    "USAGE_DATA_COLLECTION__ENABLED": "False",
}
"""Airflow settings (without the prefix ``AIRFLOW__``) that every stack has: small, quick to notice a changed Dag."""

FORGET = ("AIRFLOW", "PG", "PYTHONDONTWRITEBYTECODE", "_AIRFLOW")
"""Beginnings of the names of environment variables that Airflow must not get from whoever starts the stack."""

API_SECONDS = 30.0

IN_ONE_PROCESS = """
import json
import sys

from airflow.cli.cli_parser import get_parser

for arguments in json.loads(sys.argv[1]):
    given = get_parser().parse_args(arguments)
    given.func(given)
"""
"""Runs commands of ``airflow``, given as lists of arguments in JSON."""


class ApiRefused(HarnessError):
    """Airflow's REST API answered with an error. Not retried; the answer says why.

    :param status: HTTP status.
    :param text: the body of the answer.
    """

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        self.status, self.text = status, text
        super().__init__(f"{method} {path}: {status} {text[:2000]}")


class RunNotReached(HarnessError):
    """A Dag run did not reach a wanted state in time. Not retried; the message has the states of its tasks."""


class AirflowStack:
    """One Airflow; started and stopped with a ``with`` block.

    :param home: its ``AIRFLOW_HOME``, kept between starts.
    :param database_url: SQLAlchemy address of the metadata database, as ``PostgresServer.url`` gives it.
    :param dags: folder with Dag files.
    :param connections: connection id -> its JSON, for all four processes and every task.
    :param env: further environment variables, for all four processes and every task; they win over everything else.
    :param passwords: user (of ROLES, or of another auth manager) -> password; who is not named gets a random one, kept in ``home``.
    :param parallelism: tasks that run at once, 1 or more.
    :param heartbeat_timeout: seconds without a heartbeat until a task counts as lost.
    :param setup: arguments of ``airflow`` for each command that is run after the migration and before the start, such as
        those that make the users of another auth manager.
    :param more: name of a further process -> arguments of ``airflow`` that start it, such as a Celery worker.
    :param progress: gets one line on what is going on.
    """

    def __init__(
        self,
        home: Path,
        database_url: str,
        dags: Path,
        *,
        connections: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        passwords: Mapping[str, str] | None = None,
        parallelism: int = 4,
        heartbeat_timeout: int = 300,
        setup: Sequence[Sequence[str]] = (),
        more: Mapping[str, Sequence[str]] | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.setup, self.more = setup, more or {}
        self.home, self.dags, self.progress = home.resolve(), dags.resolve(), progress
        self.database_url = database_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.passwords = self._passwords(passwords or {})
        self.processes: dict[str, ServerProcess] = {}
        self._secret = secrets.token_hex(32)
        self._tokens: dict[str, str] = {}
        self._client: httpx.Client | None = None
        self._started = datetime.now(UTC)
        own = {
            "CORE__DAGS_FOLDER": str(self.dags),
            "CORE__PARALLELISM": str(parallelism),
            "CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(self.home / "passwords.json"),
            "DATABASE__SQL_ALCHEMY_CONN": database_url,
            "API__PORT": str(self.port),
            "API__BASE_URL": self.url,
            "API_AUTH__JWT_SECRET": self._secret,
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(heartbeat_timeout),
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": str(max(2, heartbeat_timeout // 5)),
        }
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(FORGET)},
            "AIRFLOW_HOME": str(self.home),
            "NO_PROXY": "127.0.0.1,localhost",
            **{f"AIRFLOW__{name}": value for name, value in {**SETTINGS, **own}.items()},
            **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in (connections or {}).items()},
            **(env or {}),
        }

    def add_connections(self, connections: Mapping[str, str]) -> None:
        """More connections, before the start: such as those that need the stack's own address.

        :param connections: connection id -> its JSON.
        """
        self.env |= {f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()}

    def airflow_connection(self, user: str) -> str:
        """The JSON of an ``http`` connection to this Airflow's REST API.

        :param user: whose account: key of ROLES.
        """
        login = {"login": user, "password": self.passwords[user]}
        return json.dumps({"conn_type": "http", "schema": "http", "host": "127.0.0.1", "port": self.port, **login})

    # -- start and stop

    def start(self) -> None:
        """Migrates the metadata database if need be and starts all processes, without waiting for them."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._migrate()
        if self.setup:
            self._set_up()
        self._started = datetime.now(UTC)
        self.progress(f"Airflow: starting {', '.join([*COMMANDS, *self.more])}")
        own = {command: (command, *arguments) for command, arguments in COMMANDS.items()}
        for name, started in {**own, **self.more}.items():
            self.processes[name] = ServerProcess(
                f"airflow {name}",
                [sys.executable, "-m", "airflow", *started],
                env=self.env,
                log=self.log(name),
                cwd=self.home,
                stop_signal=signal.SIGTERM,
                stop_group=True,
                grace=4.0,
            )

    def wait_ready(self, timeout: float = 180.0) -> None:
        """Waits until the api-server, certainly this one, answers and the other three have a fresh heartbeat.

        :param timeout: seconds.
        :raises ServerFailed: when one of them ended, or the time is over.
        """
        end, waiting = time.monotonic() + timeout, set(COMMANDS)
        while waiting:
            for process in self.processes.values():
                process.check()
            ready = waiting & self._healthy()
            for name in sorted(ready):
                self.progress(f"Airflow: {name} is ready")
            waiting -= ready
            if waiting and time.monotonic() > end:
                late = min(waiting)
                raise ServerFailed(f"airflow {late}", f"was not ready within {timeout:.0f} s", self.log(late))
            if waiting:
                time.sleep(0.25)

    def stop(self) -> None:
        """Stops the four processes and everything that descends from them, tasks included. Twice is once."""
        for process in self.processes.values():
            process.stop_grouping()
        for process in self.processes.values():
            process.stop()
        self.processes.clear()
        self._tokens.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log(self, command: str) -> Path:
        """The file with what one process printed.

        :param command: key of COMMANDS or of ``more``.
        """
        return self.home / "processes" / f"{command}.log"

    # -- use

    def token(self, user: str = "admin") -> str:
        """A bearer token of a user, from Airflow's own ``/auth/token``.

        :param user: key of ROLES.
        """
        if user not in self._tokens:
            body = {"username": user, "password": self.passwords[user]}
            answer = self.client().post("/auth/token", json=body)
            if answer.status_code != 201:
                raise ApiRefused("POST", "/auth/token", answer.status_code, answer.text)
            self._tokens[user] = answer.json()["access_token"]
        return self._tokens[user]

    def client(self) -> httpx.Client:
        """An HTTP client for this server, without a token."""
        import httpx

        if self._client is None:
            self._client = httpx.Client(base_url=self.url, timeout=API_SECONDS, trust_env=False)
        return self._client

    def api(self, method: str, path: str, json: Any = None, *, user: str = "admin", **params: Any) -> Any:
        """One call of the REST API.

        :param path: below ``/api/v2``, such as ``/dags/flights_daily/dagRuns``.
        :param json: body.
        :param user: who calls: key of ROLES.
        :param params: query.
        :returns: the decoded answer; None for an empty one.
        :raises ApiRefused: for any status of 400 and above.
        """
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        answer = self.client().request(method, f"/api/v2{path}", json=json, params=params, headers=headers)
        if answer.is_error:
            raise ApiRefused(method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def cli(self, *arguments: str, check: bool = True, timeout: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Runs the real ``airflow`` command line with the stack's environment.

        :param check: raise when it exits with another status than 0.
        :param timeout: seconds.
        """
        command = [sys.executable, "-m", "airflow", *arguments]
        done = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            shown = f"{done.stdout}\n{done.stderr}".strip()[-4000:]
            raise HarnessError(f"airflow {' '.join(arguments)}: exit status {done.returncode}\n{shown}")
        return done

    def wait_dag(self, dag_id: str, timeout: float = 60.0) -> None:
        """Waits until a Dag has been parsed and is known to Airflow.

        :param timeout: seconds.
        :raises RunNotReached: when the time is over; the message has the import errors.
        """
        end = time.monotonic() + timeout
        while True:
            try:
                self.api("GET", f"/dags/{dag_id}")
            except ApiRefused as error:
                if error.status != 404:
                    raise
            else:
                return
            if time.monotonic() > end:
                errors = self.api("GET", "/importErrors")["import_errors"]
                shown = "\n".join(f"{each['filename']}: {each['stack_trace']}" for each in errors)
                raise RunNotReached(f"Dag {dag_id} is not known after {timeout:.0f} s. Import errors:\n{shown}")
            time.sleep(0.5)

    def wait_run(
        self, dag_id: str, run_id: str, states: Collection[str] = ("success", "failed"), timeout: float = 120.0
    ) -> dict[str, Any]:
        """Waits until a Dag run, which may not exist yet, is in one of some states, and returns it.

        :param states: Airflow's names, such as ``success``.
        :param timeout: seconds.
        :raises RunNotReached: when the time is over.
        """
        path, end, seen = f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}", time.monotonic() + timeout, "missing"
        while True:
            try:
                run: dict[str, Any] = self.api("GET", path)
            except ApiRefused as error:
                if error.status != 404:
                    raise
            else:
                seen = run["state"]
                if seen in states:
                    return run
            if time.monotonic() > end:
                raise RunNotReached(f"{dag_id} {run_id}: {seen} after {timeout:.0f} s. {self._states(path)}")
            time.sleep(0.5)

    # -- inside

    def _states(self, path: str) -> str:
        try:
            tasks = self.api("GET", f"{path}/taskInstances")["task_instances"]
        except ApiRefused as error:
            return str(error)
        return ", ".join(f"{task['task_id']}: {task['state']}" for task in tasks)

    def _healthy(self) -> set[str]:
        """The processes that are ready now."""
        import httpx
        import jwt

        try:
            # Only the process that was started here signs with this secret: another server on the port is found out.
            jwt.decode(self.token(), self._secret, algorithms=["HS512"], options={"verify_aud": False})
            health = self.api("GET", "/monitor/health")
        except httpx.TransportError:
            return set()
        except jwt.InvalidTokenError as error:
            problem = f"port {self.port} is answered by another server ({error})"
            raise ServerFailed("airflow api-server", problem, self.log("api-server")) from error
        return {name for name in COMMANDS if self._is_fresh(health[HEALTH.get(name, name)])}

    def _is_fresh(self, part: Mapping[str, Any]) -> bool:
        """Whether a part of the health report is healthy, and not by a heartbeat from before this start."""
        beats = [value for key, value in part.items() if key.startswith("latest_")]
        return part["status"] == "healthy" and all(b and datetime.fromisoformat(b) >= self._started for b in beats)

    def _migrate(self) -> None:
        """Brings the metadata database to this Airflow's version; skipped when it was done before."""
        from importlib.metadata import version

        from sqlalchemy import create_engine, inspect

        stamp, wanted = self.home / "migrated", version("apache-airflow-core")
        engine = create_engine(self.database_url)
        there = inspect(engine).has_table("alembic_version")
        engine.dispose()
        if there and stamp.exists() and stamp.read_text() == wanted:
            return
        self.progress("Airflow: migrating its metadata database")
        self.cli("db", "migrate", timeout=300)
        stamp.write_text(wanted)

    def _set_up(self) -> None:
        """Runs the commands of ``setup`` one after another in one process: most of a command's time is its start."""
        self.progress(f"Airflow: {len(self.setup)} commands before the start")
        command = [sys.executable, "-c", IN_ONE_PROCESS, json.dumps([list(each) for each in self.setup])]
        done = subprocess.run(command, env=self.env, cwd=self.home, capture_output=True, text=True, timeout=300)
        if done.returncode:
            raise HarnessError(f"A command before the start failed: {f'{done.stdout}{done.stderr}'.strip()[-4000:]}")

    def _passwords(self, given: Mapping[str, str]) -> dict[str, str]:
        """Every user's password, written where SimpleAuthManager reads it."""
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / "passwords.json"
        kept = json.loads(path.read_text()) if path.exists() else {}
        passwords = {user: given.get(user) or kept.get(user) or secrets.token_urlsafe(12) for user in (*ROLES, *given)}
        path.touch(mode=0o600)
        path.write_text(json.dumps(passwords))
        return passwords
