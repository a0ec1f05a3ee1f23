"""Where the demo publishes flights, and how the demo and its grader look at it: PostgreSQL, or BigQuery.

``WAREHOUSE=bigquery`` takes BigQuery: the stand-in, or the project that ``HARNESS_DEMO_BIGQUERY`` names, reached with the
machine's own credentials.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.testing.bigquery import BigQueryServer, EmulatedBigQuery, interpreter
from airflow_provider_harness.testing.postgres import PostgresServer

if TYPE_CHECKING:
    from google.cloud import bigquery

DATASET, OURS = "public", "harness_demo"
"""The dataset that the demo's contracts name, and the label of one that the demo made and may drop."""
STAND_IN = "BigQuery (local-bigquery 0.4.0: accepts NULL in REQUIRED columns, bills 0 bytes)"

Rows = list[tuple[Any, ...]]


class Warehouse(Protocol):
    """One place where flights are published.

    :param kind: as the Dag's file knows it (``HARNESS_DEMO_WAREHOUSE``).
    :param site: what another process needs to look at the same place (``at``).
    """

    @property
    def kind(self) -> str: ...
    @property
    def site(self) -> Mapping[str, str]: ...
    def airflow_connection(self) -> str: ...
    def rows(self, sql: str) -> Rows:
        """What a statement gives, times in UTC; ``{day}`` is a flight's New York day, ``{q}`` a quotation mark of names."""
        ...

    def exists(self, table: str) -> bool: ...
    def busy(self, store: str, day: date) -> Any:
        """A context in which nobody can publish flights of a day.

        :param store: address of the harness store.
        """
        ...

    def waits(self, store: str, run: str) -> bool:
        """Whether the load of a run, as ``dag/run``, stands before what ``busy`` holds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InPostgres:
    """A database of its own.

    :param url: its address.
    :param connection: its Airflow connection; empty where nobody asks.
    """

    url: str
    connection: str = ""
    kind: str = "postgresql"

    @property
    def site(self) -> Mapping[str, str]:
        return {"kind": self.kind, "url": self.url}

    def airflow_connection(self) -> str:
        return self.connection

    def rows(self, sql: str) -> Rows:
        text = sql.format(day="(time_hour AT TIME ZONE 'America/New_York')::date", q='"')
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return [tuple(map(_plain, row)) for row in cursor.fetchall()] if cursor.description else []

    def exists(self, table: str) -> bool:
        return self.rows(f"SELECT to_regclass('{DATASET}.{table}') IS NOT NULL") == [(True,)]

    @contextmanager
    def busy(self, store: str, day: date) -> Iterator[None]:
        """A lock on the tables; the plain copy waits for it, too."""
        with psycopg.connect(self.url) as holder:
            holder.execute("LOCK TABLE public.flights, public.flights_plain IN EXCLUSIVE MODE")
            yield
            holder.rollback()

    def waits(self, store: str, run: str) -> bool:
        table = "flights" if run.startswith("flights_daily/") else "flights_plain"
        return bool(self.rows(f"SELECT 1 FROM pg_locks WHERE NOT granted AND relation = to_regclass('public.{table}')"))


@dataclass(frozen=True, slots=True, kw_only=True)
class InBigQuery:
    """A dataset of a project.

    :param endpoint: of the stand-in; empty for Google's.
    """

    project: str
    endpoint: str = ""
    kind: str = "bigquery"
    _client: list[Any] = field(default_factory=list, repr=False, compare=False)

    @property
    def site(self) -> Mapping[str, str]:
        return {"kind": self.kind, "project": self.project, "endpoint": self.endpoint}

    def airflow_connection(self) -> str:
        if self.endpoint:
            return self._server().airflow_connection()
        return json.dumps({"conn_type": "google_cloud_platform", "extra": {"project": self.project}})

    def rows(self, sql: str) -> Rows:
        text = sql.format(day="DATE(time_hour, 'America/New_York')", q="`")
        return [tuple(map(_plain, row.values())) for row in self.client().query(text).result()]

    def exists(self, table: str) -> bool:
        return table in {str(found.table_id) for found in self.client().list_tables(DATASET)}

    @contextmanager
    def busy(self, store: str, day: date) -> Iterator[None]:
        """The slice's lease: BigQuery has no lock that a table could be held by."""
        now, name = datetime.now(UTC), f"warehouse {DATASET}.flights {day:%Y%m%d}T050000Z"
        until = (moment.isoformat(timespec="microseconds") for moment in (now, now + timedelta(minutes=10)))
        with psycopg.connect(store, autocommit=True) as connection:
            columns = "name, holder, token, taken_at, expires_at"
            connection.execute(
                f"INSERT INTO harness_leases ({columns}) VALUES (%s, 'make demo', 'demo', %s, %s)".encode(),
                [name, *until],
            )
            yield
            connection.execute("DELETE FROM harness_leases WHERE name = %s", [name])

    def waits(self, store: str, run: str) -> bool:
        """The lease on the staged files comes first: a load that has it and runs waits for the other."""
        with psycopg.connect(store, autocommit=True) as connection:
            query = "SELECT 1 FROM harness_leases WHERE holder = %s AND name LIKE 'staged %%'"
            return connection.execute(query, [f"{run}/load"]).fetchone() is not None

    def fresh(self) -> None:
        """An empty dataset.

        :raises ConfigurationError: there is one that the demo has not made.
        """
        from google.api_core.exceptions import NotFound
        from google.cloud import bigquery

        try:
            found = self.client().get_dataset(DATASET)
        except NotFound:
            found = None
        if found is not None and OURS not in (found.labels or {}):
            raise ConfigurationError(
                f"project {self.project}",
                f"has a dataset {DATASET} that the demo has not made, and the demo would drop it.",
                fix="Name a project without one in HARNESS_DEMO_BIGQUERY.",
            )
        self.client().delete_dataset(DATASET, delete_contents=True, not_found_ok=True)
        made = bigquery.Dataset(f"{self.project}.{DATASET}")
        made.labels = {OURS: "yes"}
        self.client().create_dataset(made)

    def client(self) -> bigquery.Client:
        """Google's own client, one for all that is asked."""
        from google.cloud import bigquery

        if not self._client:
            self._client.append(self._server().client() if self.endpoint else bigquery.Client(project=self.project))
        return self._client[0]

    def _server(self) -> BigQueryServer:
        return BigQueryServer(endpoint=self.endpoint, project=self.project, gcs=Path())


def at(site: Mapping[str, str]) -> Warehouse:
    """The warehouse that ``site`` describes."""
    if site["kind"] == "bigquery":
        return InBigQuery(project=site["project"], endpoint=site["endpoint"])
    return InPostgres(url=site["url"])


def warehouse(home: Path, root: Path, postgres: PostgresServer, database: str, stop: ExitStack) -> Warehouse:
    """The warehouse that ``WAREHOUSE`` asks for, empty.

    :param home: folder for the stand-in's data.
    :param root: folder of the stand-in's environment.
    :param database: of PostgreSQL, there already.
    """
    wanted = os.environ.get("WAREHOUSE") or "postgresql"
    if wanted == "postgresql":
        return InPostgres(url=postgres.url(database), connection=postgres.airflow_connection(database))
    if wanted != "bigquery":
        raise ConfigurationError("WAREHOUSE", f"is {wanted!r}.", valid=("postgresql", "bigquery"))
    named = os.environ.get("HARNESS_DEMO_BIGQUERY")
    if named:
        found = InBigQuery(project=named)
    else:
        server = stop.enter_context(EmulatedBigQuery(home / "bigquery", interpreter(root))).server
        found = InBigQuery(project=server.project, endpoint=server.endpoint)
    found.fresh()
    return found


def _plain(value: Any) -> Any:
    """A value as both databases and both clients give it."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value
