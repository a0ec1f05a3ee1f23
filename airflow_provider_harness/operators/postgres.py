"""PostgreSQL: extract a slice to Parquet, load a slice from Parquet, transfer a slice straight from another server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import PUBLISHED_LINKS, SliceOperator, log_report, staged_dataset

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Dataset


class PostgresExtractOperator(SliceOperator):
    """Stream one slice of a PostgreSQL table or query to Parquet on Airflow object storage, gated in flight.

    The operator compares contract and source before any row moves; files get their final names only after the gate
    passed. The XCom is the folder of the staged files.

    :param conn_id: connection of the source.
    :param table: ``schema.table`` of the source; with ``sql``, only the name of the data.
    :param sql: a query with the contract's columns, instead of the whole table. It may use ``%(slice_start)s`` and
        ``%(slice_end)s``; where it does, a percent sign elsewhere is written ``%%``.
    """

    template_fields: Sequence[str] = (*SliceOperator.template_fields, "sql")
    template_ext: Sequence[str] = (".sql",)

    def __init__(self, *, sql: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql = sql

    def execute(self, context: Any) -> str:
        """Extract the slice."""
        from airflow_provider_harness.wiring import moves as wiring_moves

        with self._working():
            contract, key = self._terms()
            folder = self._folder(key)
            manifest, self._report = wiring_moves.extract(
                contract,
                key,
                conn_id=self.conn_id,
                table=self.table,
                sql=self.sql,
                folder=folder,
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
            )
        self._rows = manifest.rows
        self._files = tuple(size for _, size, _ in manifest.files.values())
        self.log.info("Staged %s rows of slice %s in %s", manifest.rows, key, folder)
        self._tell_outlets(context, {"slice": key, "rows": manifest.rows})
        log_report(self.log, self._report)
        return folder

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        tables = wiring.rows.queries.query_tables(self.conn_id, self.sql) if self.sql else (self.table,)
        return tuple(wiring.rows.connections.dataset(self.conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        key = str(self.slice_key)
        return staged_dataset(self._folder(key), key)

    def _folder(self, key: str) -> str:
        return wiring.rows.connections.staging_folder(self.dag_id, self.task_id, key, self._map_index)

    def _lineage_edges(self) -> tuple[Any, ...]:
        return self._copied(self.conn_id, self.sql)


class LoadOperator(SliceOperator):
    """The common part of loads into every warehouse.

    :param staged: folder of the staged files: the extract's XCom (``extract.output``).
    """

    operator_extra_links = PUBLISHED_LINKS
    template_fields: Sequence[str] = (*SliceOperator.template_fields, "staged")
    maximum_bytes_billed: int | None = None

    def __init__(self, *, staged: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.staged = staged

    def execute(self, context: Any) -> dict[str, Any]:
        """Publish the slice."""
        from airflow_provider_harness.wiring import moves as wiring_moves

        with self._working():
            contract, key = self._terms()
            if not self.staged:
                raise ConfigurationError(
                    f"task {self.task_id}", "was given no staged folder.", fix="Pass staged=extract.output."
                )
            published, report = wiring_moves.load(
                contract,
                key,
                conn_id=self.conn_id,
                folder=self.staged,
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
                limit=self.maximum_bytes_billed,
            )
        return self._told(context, published, report)

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        return (staged_dataset(self.staged, str(self.slice_key)),) if isinstance(self.staged, str) else ()

    def _lineage_output(self) -> Dataset:
        return wiring.rows.connections.dataset(self.conn_id, self.table)

    def _lineage_edges(self) -> tuple[Any, ...]:
        from airflow_provider_harness.core.lineage.graph import identity_edges

        contract, _ = self._terms()
        return tuple(edge for source in self._lineage_inputs() for edge in identity_edges(source, contract.names))


class PostgresLoadOperator(LoadOperator):
    """Publish a staged slice in PostgreSQL by binary COPY, in one transaction that commits only if the gate passes.

    If every check of the contract can be measured in flight, the rows go straight into the table; otherwise through a
    staging table that the gate reads. Running a slice again replaces it, leaves it as it is, or merges it on the key,
    as the contract's ``harness.load`` says. Malformed rows go to ``<table>__quarantine`` where the contract allows it.
    The XCom is ``{"slice", "rows", "before", "new", "quarantined": {check id: rows}}``.

    :param staged: folder of the staged files: the extract's XCom (``extract.output``).
    """


class PostgresTransferOperator(SliceOperator):
    """Publish one slice of a PostgreSQL table or query in another PostgreSQL: binary COPY from one snapshot, gate,
    commit; through a staging table if rows must wait.

    Contract, source and published table are compared before any row moves. No files are kept in between: to keep files,
    or to hash a column, use an extract and a load. The XCom is ``{"slice", "rows", "before", "new", "quarantined":
    {check id: rows}}``.

    :param conn_id: connection of the warehouse; ``table`` is the published table there.
    :param source_conn_id: connection of the source.
    :param source_table: ``schema.table`` of the source; without it, the same name as the published one.
    :param sql: a query with the contract's columns, instead of the whole table. It may use ``%(slice_start)s`` and
        ``%(slice_end)s``; where it does, a percent sign elsewhere is written ``%%``.
    """

    operator_extra_links = PUBLISHED_LINKS
    template_fields: Sequence[str] = (*SliceOperator.template_fields, "source_conn_id", "source_table", "sql")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}
    judges_output: ClassVar[bool] = True

    def __init__(self, *, source_conn_id: str, source_table: str = "", sql: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if source_table and sql:
            raise ConfigurationError(
                f"task {self.task_id}",
                "has both source_table and sql; it needs at most one.",
                valid=("source_table", "sql"),
            )
        self.source_conn_id, self.source_table, self.sql = source_conn_id, source_table, sql

    def execute(self, context: Any) -> dict[str, Any]:
        """Transfer and publish the slice."""
        from airflow_provider_harness.wiring import moves as wiring_moves

        with self._working():
            contract, key = self._terms()
            published, report = wiring_moves.transfer(
                contract,
                key,
                conn_id=self.conn_id,
                source_conn_id=self.source_conn_id,
                source_table="" if self.sql else self.source_table or contract.table,
                sql=self.sql,
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
            )
        return self._told(context, published, report)

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        tables = (
            wiring.rows.queries.query_tables(self.source_conn_id, self.sql)
            if self.sql
            else (self.source_table or self._terms()[0].table,)
        )
        return tuple(wiring.rows.connections.dataset(self.source_conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        return wiring.rows.connections.dataset(self.conn_id, self.table)

    def _lineage_edges(self) -> tuple[Any, ...]:
        return self._copied(self.source_conn_id, self.sql)
