"""A stand-in for BigQuery for tests and the demo: local-bigquery 0.4.0, a process of its own under its own Python.

It needs Python 3.13 or newer, which Airflow need not run under, so it has an environment of its own: ``make bigquery``
here, or any with ``requirements-bigquery.lock`` installed, named by ``HARNESS_BIGQUERY_PYTHON``. It is spoken to by
Google's real client. What it does not do as the real service does: it accepts NULL in REQUIRED columns, it bills no
byte, BIGNUMERIC keeps about 18 digits after the point, and its messages are DuckDB's.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.process import ServerFailed, ServerProcess, free_port

if TYPE_CHECKING:
    from google.cloud import bigquery

PYTHON_VARIABLE = "HARNESS_BIGQUERY_PYTHON"
ENVIRONMENT = Path(".venv-bigquery")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BigQueryServer:
    """Where a BigQuery is that asks nobody who he is.

    :param endpoint: its address, as ``http://127.0.0.1:9050``.
    :param project: the project that jobs run in.
    :param gcs: a folder that stands for Cloud Storage: what it reads as ``gs://bucket/name`` is ``bucket/name`` there.
    """

    endpoint: str
    project: str
    gcs: Path

    def client(self) -> bigquery.Client:
        """Google's own client, of this server."""
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import bigquery

        return bigquery.Client(
            project=self.project,
            credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": self.endpoint},
        )

    def airflow_connection(self, **extra: Any) -> str:
        """The value of an ``AIRFLOW_CONN_*`` variable, in JSON.

        :param extra: more for the connection's extra, such as ``maximum_bytes_billed``.
        """
        told = {"project": self.project, "api_endpoint": self.endpoint, "is_anonymous": True, **extra}
        return json.dumps({"conn_type": "google_cloud_platform", "extra": told})

    def ensure_dataset(self, name: str) -> None:
        """Creates a dataset unless it exists."""
        self.client().create_dataset(name, exists_ok=True)

    def drop_dataset(self, name: str) -> None:
        """Drops a dataset and all its tables, if it exists."""
        self.client().delete_dataset(name, delete_contents=True, not_found_ok=True)


def interpreter(root: Path | None = None) -> Path:
    """The Python of the stand-in's environment.

    :param root: folder of ``.venv-bigquery``; None for the working directory.
    :raises ConfigurationError: when there is none; the message is one sentence that says what to do.
    """
    given = os.environ.get(PYTHON_VARIABLE)
    path = Path(given) if given else (root or Path.cwd()) / ENVIRONMENT / "bin" / "python"
    if not os.access(path, os.X_OK):
        raise ConfigurationError(
            "BigQuery stand-in",
            f"its Python {path} is not there.",
            fix=f"Install Python 3.13 and run make bigquery, or name the Python of such an environment in {PYTHON_VARIABLE}.",
        )
    return path


class EmulatedBigQuery:
    """A BigQuery stand-in with its data in a folder, started and stopped with a ``with`` block.

    :param home: its folder: ``data``, ``gcs`` (what it reads for ``gs://``) and ``bigquery.log``.
    :param python: the Python of its environment; None for what ``interpreter`` finds.
    """

    def __init__(self, home: Path, python: Path | None = None) -> None:
        self.home = home.resolve()
        self.log = self.home / "bigquery.log"
        self.gcs = self.home / "gcs"
        self._python = python
        self._process: ServerProcess | None = None
        self._server: BigQueryServer | None = None

    @property
    def server(self) -> BigQueryServer:
        """Where it listens.

        :raises RuntimeError: when it is not running.
        """
        if self._server is None:
            raise RuntimeError("The BigQuery stand-in is not running: use it in a with block, or call start().")
        return self._server

    def start(self) -> BigQueryServer:
        """Starts it and waits until it answers.

        :raises ServerFailed: when it does not start within a minute.
        """
        python = self._python or interpreter()
        self.gcs.mkdir(parents=True, exist_ok=True)
        for attempt in (1, 2, 3):  # another program may take the port between the choice and the start
            try:
                self._server = self._start(python, free_port())
                return self._server
            except ServerFailed as error:
                self.stop()
                if attempt == 3 or "address already in use" not in str(error):
                    raise
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """Stops it and waits. Twice is once."""
        if self._process is not None:
            self._process.stop()
        self._process, self._server = None, None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, python: Path, port: int) -> BigQueryServer:
        project = self._project()
        program = Path(__file__).with_name("bigquery_server.py")
        options = ["--host", "127.0.0.1", "--port", str(port), "--grpc-port", "0", "--project", project]
        self._process = ServerProcess(
            "BigQuery stand-in",
            [str(python), "-I", str(program), "serve", *options, "--data-dir", str(self.home / "data")],
            env={"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "GCS_LOCAL_ROOT": str(self.gcs)},
            log=self.log,
            cwd=self.home,
        )
        server = BigQueryServer(endpoint=f"http://127.0.0.1:{port}", project=project, gcs=self.gcs)
        end = time.monotonic() + START_SECONDS
        while not self._answers(server):
            self._process.check()
            if time.monotonic() > end:
                raise ServerFailed("BigQuery stand-in", f"did not answer within {START_SECONDS:.0f} s", self.log)
            time.sleep(0.05)
        return server

    def _project(self) -> str:
        """The project's name, chosen at random once: by it the server is known to be this one."""
        path = self.home / "project"
        if not path.exists():
            path.write_text(f"stand-in-{secrets.token_hex(6)}")
        return path.read_text()

    def _answers(self, server: BigQueryServer) -> bool:
        """Whether this very server answers, and not another one that took the port."""
        try:
            with urllib.request.urlopen(f"{server.endpoint}/bigquery/v2/projects", timeout=5) as answer:
                known = json.load(answer).get("projects", [])
        except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            return False
        if server.project not in [project["projectReference"]["projectId"] for project in known]:
            raise ServerFailed("BigQuery stand-in", f"{server.endpoint} is answered by another server", self.log)
        return True
