"""Jobs in BigQuery: each under a name of its own, so that what is already done is not done again."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.progress import looking
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import ConfigurationError, MissingExtra
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import pandas as pd
    from google.cloud import bigquery

log = logging.getLogger(__name__)

_PARTS = ("completed_parallel_inputs", "parallel_inputs")
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 300.0
"""How long BigQuery may take to answer a connection attempt, and to send the next piece of an answer; the client tries again."""
TRIES = 100
"""Names that one piece of work has: the next one is taken when a job of this name ended without success."""


def connect(conn_id: str) -> tuple[bigquery.Client, int | None]:
    """A client of the real service, or of what the connection's extra ``api_endpoint`` names, and its cost limit.

    :returns: the client, and the extra ``maximum_bytes_billed``: what one query may bill, None for no limit.
    """
    try:
        from airflow.providers.google.common.hooks.base_google import GoogleBaseHook
        from google.cloud import bigquery
    except ImportError as error:
        raise MissingExtra("BigQuery", "google") from error
    hook = GoogleBaseHook(gcp_conn_id=conn_id)
    credentials, project = hook.get_credentials_and_project_id()
    extra = hook.get_connection(conn_id).extra_dejson
    project = extra.get("project") or project
    if not project:
        raise ConfigurationError(
            f"connection {conn_id}", "names no project.", fix='Give its extra a "project", the one that pays for jobs.'
        )
    endpoint = extra.get("api_endpoint")
    client = bigquery.Client(
        project=project,
        credentials=credentials,
        location=extra.get("location") or None,
        client_options={"api_endpoint": endpoint} if endpoint else None,
    )
    for scheme in ("https://", "http://"):
        client._http.mount(scheme, _bounded())
    limit = extra.get("maximum_bytes_billed")
    return client, int(limit) if limit else None


def _bounded() -> Any:
    """What requests go through: the client waits for ever where nobody answers, since it hands on that it has no limit of time.

    An empty answer, of which it makes an error of its own code, is none.
    """
    from requests.adapters import HTTPAdapter
    from requests.exceptions import ConnectionError as NoAnswer

    class Bounded(HTTPAdapter):
        def send(self, *given: Any, timeout: Any = None, **named: Any) -> Any:
            limits = timeout or (CONNECT_SECONDS, ANSWER_SECONDS)
            answer = super().send(*given, **(named | {"timeout": limits}))
            if answer.status_code == 200 and answer.headers.get("Content-Length") == "0":
                answer.close()
                raise NoAnswer("an empty answer, where BigQuery sends JSON")
            return answer

    return Bounded()


def name_of(*parts: Any) -> str:
    """The name of a piece of work: the same parts give the same name."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    return digest[:24]


def labels(contract: Contract, piece: Slice | None, step: str) -> dict[str, str]:
    """What a job's bill says about it."""
    told = {"harness_step": step, "harness_contract": contract.id, "harness_table": contract.table}
    if piece is not None:
        told["harness_slice"] = piece.id
    return {name: re.sub(r"[^a-z0-9_-]", "_", value.lower())[:63] for name, value in told.items()}


class Jobs:
    """One task's jobs.

    :param limit: bytes that one query may bill; None for no limit.
    """

    def __init__(self, client: bigquery.Client, *, limit: int | None = None) -> None:
        self.client, self.limit = client, limit
        self._running: list[Any] = []

    def cancel(self) -> None:
        """Cancel every job of this task on the server; the task's own thread then sees it as stopped."""
        for job in list(self._running):
            log.info("Cancelling BigQuery job %s", job.job_id)
            job.cancel()

    def rows(self, sql: str, told: Mapping[str, str]) -> list[Any]:
        """What a query gives; it may run again, so its job has no name of its own."""
        job = self.client.query(sql, job_config=self.config(told))
        return [tuple(row) for row in self.finished(job)]

    def frame(self, sql: str, told: Mapping[str, str]) -> pd.DataFrame:
        """All rows of a query in memory; integers beside nulls stay integers."""
        job = self.client.query(sql, job_config=self.config(told))
        found: pd.DataFrame = (
            self.finished(job).to_arrow(create_bqstorage_client=False).to_pandas(integer_object_nulls=True)
        )
        return found

    def dry_run(self, sql: str) -> Any:
        """A query that is not run: whether it is right, what it would give and read. The stand-in says 0 bytes."""
        config = self.config({})
        config.dry_run, config.use_query_cache = True, False
        return self.client.query(sql, job_config=config)

    def only_reads(self, sql: str) -> None:
        """
        :raises ConfigurationError: BigQuery itself, asked without running it, does not say that it is a SELECT.
        """
        kind = self.dry_run(sql).statement_type
        if kind != "SELECT":
            raise ConfigurationError("sql", f"is {kind or 'of no kind that BigQuery names'}; one SELECT may be run.")

    def config(self, told: Mapping[str, str], **more: Any) -> bigquery.QueryJobConfig:
        """The settings of a query."""
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(labels=dict(told), **more)
        if self.limit is not None:
            config.maximum_bytes_billed = self.limit
        return config

    def once(self, name: str, begin: Callable[[str], Any]) -> Any:
        """The finished job of a name: begun here, or found running or done; a failed one is begun under the next name.

        :param begin: starts the job under the id that it is given.
        """
        for number in range(TRIES):
            found = self.start(f"harness_{name}_{number}", begin)
            if found is not None:
                return found
        raise ConfigurationError(
            f"BigQuery job harness_{name}", f"failed {TRIES} times.", fix="Look at its last error."
        )

    def start(self, job_id: str, begin: Callable[[str], Any]) -> Any:
        """The finished job of an id, begun here if there was none; None if it was there and had failed.

        An error of a job that was begun here is raised.
        """
        from google.api_core.exceptions import Conflict, GoogleAPICallError

        try:
            job = begin(job_id)
        except Conflict:
            job = self.client.get_job(job_id)
            log.info("BigQuery job %s is already there: %s", job_id, job.state)
            try:
                self.finished(job)
            except GoogleAPICallError:
                return None
            return job
        self.finished(job)
        return job

    def finished(self, job: Any) -> Any:
        """A job's result, when it is done."""
        began = time.monotonic()
        with self._cancels(job), looking(lambda: self._tell(job, time.monotonic() - began)):
            return job.result()

    def _tell(self, job: Any, seconds: float) -> None:
        """How far a job is, in the task's log; of a query, how many of its plan's parts are done."""
        found = self.client.get_job(job.job_id, location=job.location)
        steps = getattr(found, "query_plan", None) or ()
        done, parts = (sum(getattr(step, name) or 0 for step in steps) for name in _PARTS)
        share = f"; {done:,} of {parts:,} parts done" if parts else ""
        log.info("BigQuery job %s: %s for %.0f s%s", found.job_id, str(found.state).lower(), seconds, share)

    @contextmanager
    def _cancels(self, job: Any) -> Iterator[None]:
        self._running.append(job)
        try:
            yield
        finally:
            self._running.remove(job)
