"""BigQuery as a warehouse: load jobs into a staging table, gate, atomic publication of the slice."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.bigquery import conversions as bq_converted
from airflow_provider_harness.adapters.bigquery import publish as bq_publish
from airflow_provider_harness.adapters.bigquery import types as bq_types
from airflow_provider_harness.adapters.bigquery.jobs import Jobs, labels, name_of
from airflow_provider_harness.adapters.bigquery.measure import measure
from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.checks import ident, in_slice, spoken
from airflow_provider_harness.adapters.sql.types import base, dimensions
from airflow_provider_harness.adapters.sql.whole import rest
from airflow_provider_harness.app.ports.rows import Accept, InFlightChecks, Manifest, Plan, Progress, Published, Stage
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.contracts.report import Measurements
from airflow_provider_harness.core.contracts.schema import Schema
from airflow_provider_harness.core.errors import ConfigurationError, SliceBusy
from airflow_provider_harness.core.slices.slices import Slice, joined, quarantine_table, staging_table

if TYPE_CHECKING:
    from google.cloud import bigquery

log = logging.getLogger(__name__)

BUSY_SECONDS = 60
"""How long a publication tries again while others change the same table, before it gives up as ``SliceBusy``."""
STAGING_HOURS = 24
"""When BigQuery itself drops a staging table that a killed task left."""
AT_ONCE = "a slice that is published at this very moment is not seen"
"""What a key's result says: BigQuery has no lock that one publication could take from another."""
CLUSTERED = ("BIGNUMERIC", "BOOL", "DATE", "DATETIME", "INT64", "NUMERIC", "STRING", "TIMESTAMP")
CLUSTER_COLUMNS = 4
COUNTED = 500
"""Slices whose rows one statement counts; BigQuery's statements have a length that they may not exceed."""
_CONFLICT = re.compile(r"concurrent update|could not serialize|transaction (is )?aborted|conflict on", re.IGNORECASE)
"""What BigQuery says of a transaction that it cancelled for another one's sake; the last is the stand-in's word."""


class BigQueryWarehouse:
    """Where slices are published.

    :param limit: bytes that one query may bill; None for no limit. The stand-in bills nothing.
    :param held: raises ``SliceBusy`` where the lease on the slice is another run's now; asked right before a publication.
        None where there is no lease.
    """

    def __init__(
        self, client: bigquery.Client, *, limit: int | None = None, held: Callable[[], None] | None = None
    ) -> None:
        self._jobs, self._held = Jobs(client, limit=limit), held

    def cancel(self) -> None:
        """Cancel every job that runs now."""
        self._jobs.cancel()

    @contextmanager
    def slice(self, contract: Contract, piece: Slice) -> Iterator[BigQuerySession]:
        """A session on a slice. BigQuery has no locks: of two runs at once one publishes after the other, whole.

        Where there is a lease, whoever has it drops the staging tables of those that had it before. So the job of a
        process that was stopped, lost its lease and goes on finds nothing to publish, however late it comes.
        """
        bq_types.refuse(contract)
        yield BigQuerySession(self._jobs, contract, piece, self._held)

    def measure_published(self, contract: Contract, piece: Slice | None, at: datetime | None = None) -> Measurements:
        """The contract's checks on what is published; of one slice, or of the whole table.

        :param at: moment as of which freshness is judged where there is no slice; None means now.
        """
        where = in_slice(contract, piece) if piece is not None else ""
        table = ident(contract.table)
        rows = sql_checks.Rows(relation=table, where=where, piece=piece, table=contract.table, at=at, whole=table)
        found = table_of(self._jobs.client, contract.table)
        known = bq_types.schema(contract.table, found.schema, contract) if found else None
        return measure(self._jobs, contract, rows, known, "verify")

    def missing(self, contract: Contract, slices: Sequence[Slice]) -> list[Slice]:
        """See ``app.ports.rows.Warehouse``; one scan of the range of each ``COUNTED`` of them."""
        if not slices or table_of(self._jobs.client, contract.table) is None:
            return list(slices)
        parts = [slices[n : n + COUNTED] for n in range(0, len(slices), COUNTED)]
        return [piece for part in parts for piece in self._missing(contract, part)]

    def _missing(self, contract: Contract, slices: Sequence[Slice]) -> Iterator[Slice]:
        counts = ", ".join(f"count(*) FILTER (WHERE {in_slice(contract, p)}) AS n{n}" for n, p in enumerate(slices))
        sql = f"SELECT {counts} FROM {ident(contract.table)} WHERE {in_slice(contract, joined(slices))}"
        (found,) = self._jobs.rows(spoken(sql, "bigquery"), labels(contract, None, "completeness"))
        yield from (piece for piece, rows in zip(slices, found, strict=True) if not rows)

    def columns(self, table: str) -> Schema | None:
        """The columns of a table here; None if there is none."""
        found = table_of(self._jobs.client, table)
        return bq_types.schema(table, found.schema) if found else None


def table_of(client: bigquery.Client, table: str) -> bigquery.Table | None:
    """A table as BigQuery describes it; None if there is none."""
    from google.api_core.exceptions import NotFound

    try:
        return client.get_table(table)
    except NotFound:
        return None


class BigQuerySession:
    """One slice on its way into one table."""

    def __init__(self, jobs: Jobs, contract: Contract, piece: Slice, held: Callable[[], None] | None) -> None:
        self._jobs, self._contract, self._piece, self._held = jobs, contract, piece, held
        self._base = staging_table(contract.table, piece.id)
        self._quarantine = quarantine_table(contract)
        self._staging, self._json_as_text = "", False
        self._converted: dict[str, int] = {}

    def schema(self) -> Schema | None:
        """The published table's columns, if it exists."""
        found = table_of(self._jobs.client, self._contract.table)
        return bq_types.schema(self._contract.table, found.schema, self._contract) if found else None

    def create(self) -> None:
        """Create the published table and its quarantine from the contract where they are absent."""
        self._make(self._contract.table, bq_types.fields(self._contract, staged=False), self._layout)
        if self._contract.quarantine.possible:
            self._make(self._quarantine, _quarantine_fields())

    def publish_files(
        self, stage: Stage, progress: Progress, gauge: InFlightChecks, accept: Accept
    ) -> Published | None:
        """BigQuery loads by itself, so rows do not pass by here: always None."""
        return None

    def stage_files(
        self, stage: Stage, manifest: Manifest, progress: Progress, gauge: InFlightChecks | None = None
    ) -> int:
        """Load the files into a staging table; what an earlier try has loaded of the very same files stays.

        The jobs' names come from contract, slice and the files' checksums. A staging table that is gone (its rows
        were published) or that could not be filled is not used again: the next one has the next number. The rows go
        from the files to BigQuery, and pass by no gauge.
        """
        if any(dimensions(column.physical_type) for column in self._contract.columns):
            bq_types.refuse_nulls(self._contract, stage.batches(self._contract))
        parts = [f"{name} {digest}" for name, (_, _, digest) in sorted(manifest.files.items())]
        name = name_of(self._contract.id, self._contract.version, self._contract.table, self._piece.id, *parts)
        self._json_as_text = True
        self._drop_staging_of_others(name[:12])
        for number in range(10_000):
            self._staging = f"{self._base}_{name[:12]}_{number}"
            with self._staging_stays():
                if self._load(f"harness_load_{name}_{number}", stage, manifest, progress):
                    return manifest.rows
        raise ConfigurationError(f"{self._base}_{name[:12]}", "has no free number.", fix="Drop old staging tables.")

    def plan_query(self, sql: str) -> Plan:
        """What a dry run says of a query; the stand-in says 0 bytes."""
        job = self._jobs.dry_run(bq_publish.bound(sql, self._piece, self._contract))
        size = int(job.total_bytes_processed or 0)
        log.info("The query will read %s bytes", f"{size:,}")
        found = bq_types.schema("query", job.schema or (), self._contract)
        return Plan(schema=self._undigited(found), cost=size, unit="bytes")

    def _undigited(self, found: Schema) -> Schema:
        """A query's columns have no digits in BigQuery: where only those differ, the contract's stand."""
        wanted = {column.name: column.physical_type for column in self._contract.columns}
        columns = [
            replace(column, type=wanted[column.name])
            if base(wanted.get(column.name, "")) == base(column.type)
            else column
            for column in found.columns
        ]
        return replace(found, columns=tuple(columns))

    def stage_query(self, sql: str, progress: Progress) -> int:
        """Fill a fresh staging table by a query, which may use ``%(slice_start)s`` and ``%(slice_end)s``.

        How many rows there are is known at its end only; until then, its job says how far it is.
        """
        self._staging, self._json_as_text = f"{self._base}_{uuid.uuid4().hex[:12]}", False
        text = bq_publish.bound(sql, self._piece, self._contract)
        self._drop_staging_of_others()
        tests = bq_converted.tests(self._contract, self._jobs.dry_run(text).schema or ())
        raw = {name: f"harness_raw_{n}" for n, name in enumerate(tests)}
        more = [bq_converted.kept(tests[name][0], raw[name]) for name in raw]
        self._make(self._staging, [*bq_types.fields(self._contract, staged=False), *more], _temporary, required=False)
        into, given = (", ".join(f"`{n}`" for n in (*self._contract.names, *names)) for names in (raw.values(), raw))
        insert = f"INSERT INTO `{self._staging}` ({into}) SELECT {given} FROM ({text}\n) AS q"
        job = self._jobs.client.query(insert, job_config=self._jobs.config(self._told("transform")))
        with self._staging_stays():
            self._jobs.finished(job)
            self._count_converted({name: tests[name][1].format(raw=f"`{raw[name]}`") for name in raw}, raw.values())
        return int(job.num_dml_affected_rows or 0)

    def _count_converted(self, tests: Mapping[str, str], raw: Iterable[str]) -> None:
        """Count the values that are not what the query gave, and take away what it gave."""
        self._converted = {}
        if not tests:
            return
        counts = ", ".join(f"COUNTIF({test})" for test in tests.values())
        (found,) = self._jobs.rows(f"SELECT {counts} FROM `{self._staging}`", self._told("count"))
        self._converted = {name: int(rows) for name, rows in zip(tests, found, strict=True) if rows}
        dropped = ", ".join(f"DROP COLUMN `{name}`" for name in raw)
        self._jobs.rows(f"ALTER TABLE `{self._staging}` {dropped}", self._told("transform"))

    def measure_staged(self, checks: Sequence[Check] | None = None) -> Measurements:
        """The contract's checks on the staging table."""
        rows = bq_publish.rows_of(self._staged())
        return self._measure(self._contract.checks if checks is None else checks, rows)

    def measure_rest(self, checks: Sequence[Check]) -> Measurements:
        """See ``app.ports.rows.Session``."""
        return self._measure(checks, rest(self._contract, bq_publish.rows_of(self._staged())))

    def _measure(self, checks: Sequence[Check], rows: sql_checks.Rows) -> Measurements:
        fields = bq_types.fields(self._contract, staged=False)
        known = bq_types.schema(self._staging, fields, self._contract)
        with self._staging_stays():
            measured = measure(self._jobs, replace(self._contract, checks=tuple(checks)), rows, known, "gate")
        keys = [check.id for check in self.beyond() if check.kind is CheckKind.UNIQUE and check.id in measured.values]
        noted = {name: replace(measured.values[name], note=AT_ONCE) for name in keys}
        measured = replace(measured, values={**measured.values, **noted})
        if any(one.error for one in measured.values.values()) and table_of(self._jobs.client, self._staging) is None:
            raise self._gone()
        return measured

    def publish(self, measured: Measurements, *, set_aside: bool, run: str) -> Published:
        """Publish the slice as the contract's mode says; readers see the old one, then the new one."""
        staged = self._staged()
        aside = measured.malformed if set_aside else 0
        target = self._jobs.client.get_table(self._contract.table)
        part = bq_publish.decorator(self._contract, self._piece, target)
        there = self._count(staged) if self._contract.load.mode is LoadMode.APPEND else 0
        if there:
            self.discard()
            return Published(slice=self._piece.id, rows=there, before=there, new=0, quarantined={})
        with self._staging_stays():
            if part:
                before, new, rows, counts = self._replace(staged, part, measured.rows)
            else:
                beside = sum(measured.values[check.id].beyond for check in sql_beyond.blocking(self._contract))
                script = bq_publish.transaction(
                    staged, promised=measured.rows - aside, beside=beside, set_aside=set_aside, run=run
                )
                before, new, rows, counts = self._transact(script)
        self.discard()
        quarantined = {str(one["name"]): int(one["n"]) for one in sorted(counts, key=lambda one: str(one["name"]))}
        return Published(slice=self._piece.id, rows=rows, before=before, new=new, quarantined=quarantined)

    def converted(self) -> dict[str, int]:
        """See ``app.ports.rows.Session``."""
        return self._converted

    def beyond(self) -> Sequence[Check]:
        """See ``app.ports.rows.Session``; BigQuery enforces no key."""
        return sql_beyond.looked_up(self._contract)

    def asked(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """See ``app.ports.rows.Session``."""
        with self._staging_stays():
            return self._jobs.rows(sql.replace("${table}", f"`{self._staging}`"), self._told("gate"))

    def there(self) -> int:
        """See ``app.ports.rows.Session``."""
        return self._count(self._staged())

    def _staged(self) -> bq_publish.Staged:
        return bq_publish.Staged(
            contract=self._contract,
            piece=self._piece,
            table=self._staging,
            target=self._contract.table,
            quarantine=self._quarantine,
            json_as_text=self._json_as_text,
        )

    def discard(self) -> None:
        """Drop the staging table; the staged files remain for a person to look at."""
        self._jobs.client.delete_table(self._staging, not_found_ok=True)

    def _drop_staging_of_others(self, own: str = "") -> None:
        """Leave no staging table of this slice to those that had its lease before.

        :param own: what the name of one with the very same files goes on with.
        """
        if self._held is None:
            return
        dataset, _, name = self._base.rpartition(".")
        theirs = re.compile(rf"{re.escape(name)}_([0-9a-f]{{12}})(_\d+)?")
        for table in self._jobs.client.list_tables(dataset, page_size=1000):
            found = theirs.fullmatch(table.table_id)
            if found and found[1] != own:
                log.info("Dropping %s, which an earlier run of the slice left", table.table_id)
                self._jobs.client.delete_table(table.reference, not_found_ok=True)

    def _still_mine(self) -> None:
        if self._held is not None:
            self._held()

    @contextmanager
    def _staging_stays(self) -> Iterator[None]:
        """Two runs with the very same files share a staging table; the one that publishes first drops it."""
        from google.api_core.exceptions import NotFound

        try:
            yield
        except NotFound as error:
            if table_of(self._jobs.client, self._staging) is not None:
                raise
            raise self._gone() from error

    def _gone(self) -> SliceBusy:
        return SliceBusy(f"{self._staging} is gone: another run has the slice, or has just published it")

    def _replace(self, staged: bq_publish.Staged, part: str, rows: int) -> tuple[int, int, int, list[Any]]:
        """Make the staged rows the partition, by one job."""
        before = self._count(staged)
        new = self._number(bq_publish.late_query(staged)) if before else rows
        sql = bq_publish.partition_query(staged)
        target = f"{self._jobs.client.project}.{staged.target}${part}"
        config = self._jobs.config(self._told("publish"), destination=target, write_disposition="WRITE_TRUNCATE")
        self._still_mine()
        self._jobs.once(name_of(sql, target), self._query(sql, config))
        return before, new, rows, []

    def _count(self, staged: bq_publish.Staged) -> int:
        """Rows of the slice that are published now."""
        return self._number(bq_publish.count_query(staged))

    def _number(self, sql: str) -> int:
        ((found,),) = self._jobs.rows(sql, self._told("count"))
        return int(found)

    def _transact(self, script: str) -> tuple[int, int, int, list[Any]]:
        """Run the transaction; try again while BigQuery cancels it for the sake of others on the same table."""
        from google.api_core.exceptions import GoogleAPICallError

        begin = self._query(script, self._jobs.config(self._told("publish")))
        end, pause = time.monotonic() + BUSY_SECONDS, 0.5
        while True:
            self._still_mine()
            try:
                ((before, new, rows, counts),) = self._jobs.once(name_of(script), begin).result()
                return int(before), int(new), int(rows), list(counts)
            except GoogleAPICallError as error:
                if bq_publish.CHANGED in str(error):
                    raise SliceBusy(
                        f"{self._contract.table} slice {self._piece.id}: a referenced table, or other slices of this one, changed "
                        "between gate and publication; nothing was published"
                    ) from error
                if not _CONFLICT.search(str(error)):
                    raise
                if time.monotonic() > end:
                    raise SliceBusy(
                        f"{self._contract.table} is being changed by others for more than {BUSY_SECONDS} s"
                    ) from error
            time.sleep(pause)
            pause = min(2 * pause, 8)

    def _query(self, sql: str, config: bigquery.QueryJobConfig) -> Callable[[str], Any]:
        return lambda job_id: self._jobs.client.query(sql, job_id=job_id, job_config=config, job_retry=None)

    def _load(self, name: str, stage: Stage, manifest: Manifest, progress: Progress) -> bool:
        """Whether the staging table of this number has all files; False if it is spent."""
        from google.api_core.exceptions import NotFound

        works = self._works(stage, manifest)
        try:
            self._jobs.client.get_job(f"{name}_0")
        except NotFound:
            self._make(self._staging, bq_types.fields(self._contract, staged=True), _temporary)
        if table_of(self._jobs.client, self._staging) is None:
            return False
        rows = 0
        for number, (count, begin) in enumerate(works):
            if self._jobs.start(f"{name}_{number}", begin) is None:
                self.discard()
                return False
            rows += count
            log.info("BigQuery job %s_%s: %s of %s rows are loaded", name, number, f"{rows:,}", f"{manifest.rows:,}")
            progress("load", rows)
        return table_of(self._jobs.client, self._staging) is not None

    def _works(self, stage: Stage, manifest: Manifest) -> list[tuple[int, Callable[[str], Any]]]:
        """The load jobs: one for all files that BigQuery can fetch itself, else one for each that is sent."""
        client, config = self._jobs.client, self._load_config()
        files = {name: rows for name, (rows, _, _) in sorted(manifest.files.items())}
        addresses = [stage.uri(name) for name in files]
        if all(address.startswith("gs://") for address in addresses):

            def fetch(job_id: str) -> Any:
                return client.load_table_from_uri(addresses, self._staging, job_id=job_id, job_config=config)

            return [(sum(files.values()), fetch)]

        def send(name: str) -> Callable[[str], Any]:
            def begin(job_id: str) -> Any:
                with stage.open(name) as handle:
                    size = manifest.files[name][1]
                    return client.load_table_from_file(
                        handle, self._staging, size=size, job_id=job_id, job_config=config
                    )

            return begin

        return [(rows, send(name)) for name, rows in files.items()]

    def _load_config(self) -> bigquery.LoadJobConfig:
        from google.cloud import bigquery

        lists = bigquery.format_options.ParquetOptions()  # type: ignore[no-untyped-call]
        lists.enable_list_inference = True  # a list is an array, not a record of records
        return bigquery.LoadJobConfig(
            source_format="PARQUET",
            parquet_options=lists,
            write_disposition="WRITE_APPEND",
            create_disposition="CREATE_NEVER",
            schema=bq_types.fields(self._contract, staged=True),
            labels=self._told("load"),
        )

    def _make(
        self,
        name: str,
        fields: list[bigquery.SchemaField],
        lay_out: Callable[[bigquery.Table], None] = lambda table: None,
        *,
        required: bool = True,
    ) -> None:
        """Create a table if it is absent.

        :param required: False: no column is REQUIRED, since the gate comes first.
        """
        from google.api_core.exceptions import Conflict, NotFound
        from google.cloud import bigquery

        kept = fields if required else [_nullable(field) for field in fields]
        table = bigquery.Table(f"{self._jobs.client.project}.{name}", schema=kept)
        lay_out(table)
        try:
            self._jobs.client.create_table(table)
        except Conflict:
            return  # not exists_ok, which looks for the table then: another run may just have dropped it
        except NotFound as error:
            dataset = name.rpartition(".")[0]
            raise ConfigurationError(
                f"dataset {dataset}",
                f"is not in project {self._jobs.client.project}.",
                fix="Create it in the location where the data must be stored, or name another data set for the table.",
            ) from error

    def _layout(self, table: bigquery.Table) -> None:
        """Partitioned by the slice column's day and clustered by the key; by an integer it is clustered first of all."""
        from google.cloud import bigquery

        table.description = self._contract.description or None
        kinds = {one.name: bq_types.kept_as(one.physical_type).partition("(")[0] for one in self._contract.columns}
        cut = self._contract.load.slice_column
        dated = kinds.get(cut) in bq_types.PARTITION_TYPES
        if dated:
            table.time_partitioning = bigquery.TimePartitioning(type_="DAY", field=cut)
        first = dict.fromkeys(([cut] if cut and not dated else []) + list(self._contract.key))
        table.clustering_fields = [n for n in first if kinds[n] in CLUSTERED][:CLUSTER_COLUMNS] or None

    def _told(self, step: str) -> dict[str, str]:
        return labels(self._contract, self._piece, step)


def _temporary(table: bigquery.Table) -> None:
    table.expires = datetime.now(UTC) + timedelta(hours=STAGING_HOURS)


def _nullable(field: bigquery.SchemaField) -> bigquery.SchemaField:
    from google.cloud import bigquery

    mode = field.mode if field.mode == "REPEATED" else "NULLABLE"
    return bigquery.SchemaField.from_api_repr({**field.to_api_repr(), "mode": mode})


def _quarantine_fields() -> list[bigquery.SchemaField]:
    from google.cloud import bigquery

    required = {"row": "JSON", "slice": "STRING", "run": "STRING", "check": "STRING", "reason": "STRING"}
    made = [bigquery.SchemaField(name, kind, mode="REQUIRED") for name, kind in required.items()]
    made.append(bigquery.SchemaField("quarantined_at", "TIMESTAMP", mode="REQUIRED"))
    return [*made, bigquery.SchemaField("released_at", "TIMESTAMP")]
