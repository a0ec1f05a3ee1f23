"""The common part of all operators on slices: the contract, the slice, the errors that Airflow does not retry, the
lineage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import Asset, BaseOperator

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ContractViolation
from airflow_provider_harness.wiring import mapped as wiring_mapped

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.rows import Published
    from airflow_provider_harness.core.contracts.contract import Contract
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.contracts.schema import Schema
    from airflow_provider_harness.core.lineage.graph import ColumnEdge, Dataset, Flow


def _links(*names: str) -> Any:
    """Links of a task's page; as a property, so that a Dag file does not import them, and made once, since they keep
    nothing."""

    @cache
    def made() -> tuple[Any, ...]:
        from airflow_provider_harness import links

        return tuple(getattr(links, name)() for name in names)

    return property(lambda _: made())


PUBLISHED_LINKS = _links("PublishedTableLink", "QuarantineLink", "IncidentsLink")
TABLE_LINK = _links("PublishedTableLink", "IncidentsLink")
INCIDENTS_LINK = _links("IncidentsLink")


class SliceOperator(BaseOperator, metaclass=wiring_mapped.FailsOnce):
    """An operator on one slice of one table under one contract.

    :param contract: ODCS file, absolute or relative to the Dag file's folder; of several tables in it, the one with the
        name of ``table``, or that ``file.yaml#name`` names.
    :param conn_id: Airflow connection of the database.
    :param table: ``schema.table``.
    :param slice_key: id of the slice, or a date or time that names it; by default, the slice of the run.
    :param slice_end: end of that slice, as ISO 8601; by default, ``slice_key`` or the contract's grain decides. Airflow
        shows the id and the end of the slice in these two fields of every task.
    """

    template_fields: Sequence[str] = ("contract", "conn_id", "table", "slice_key", "slice_end")
    ui_color = "#d5e8e4"
    operator_extra_links = INCIDENTS_LINK
    judges_output: ClassVar[bool] = False

    def __init__(
        self,
        *,
        contract: str,
        conn_id: str,
        table: str,
        slice_key: str | None = None,
        slice_end: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.contract = contract
        self.conn_id = conn_id
        self.table = table
        self.slice_key = slice_key
        self.slice_end = slice_end
        self._map_index = -1
        wiring.rows.slices.end_has_a_key(slice_key, slice_end)
        self._running: list[Callable[[], None]] = []
        self._report: Report | None = None
        self._rows: int | None = None
        self._files: tuple[int, ...] | None = None
        self._edges: tuple[ColumnEdge, ...] | None = None
        self._schemas: dict[Dataset, Schema] = {}
        wiring.rows.contracts.check_when_parsed(contract, self.get_dag(), table, by_run=slice_key is None)

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """A mapped task in the making: its contract is looked at when the Dag is parsed, as that of any other task."""
        return wiring_mapped.Mapped(super().partial(**kwargs))

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, *more: Any, **named: Any
    ) -> None:
        """Render, and put the slice where Airflow shows what the task works on.

        Unlike ``render_template_fields``, Airflow calls this one for each instance of a mapped task too.
        """
        super()._do_render_template_fields(parent, template_fields, context, *more, **named)
        if parent is self:
            self.contract = wiring.rows.contracts.contract_path(self.contract, self.get_dag())
            index = getattr(context.get("ti"), "map_index", None)
            self._map_index = -1 if index is None else int(index)
            wiring.rows.slices.put_slice(self, context, self.get_dag())

    def on_kill(self) -> None:
        """Cancel what runs on the server."""
        for cancel in self._running:
            cancel()

    @contextmanager
    def _working(self) -> Iterator[None]:
        """What would fail again fails at once; the report of a gate that blocks is kept for the lineage."""
        with wiring.rows.connections.no_useless_retries(self.conn_id):
            try:
                yield
            except ContractViolation as error:
                self._report = error.report
                raise

    def _terms(self) -> tuple[Contract, str]:
        """The contract and the slice's id, as rendered."""
        return wiring.rows.contracts.contract_of(self.contract, self.table), str(self.slice_key)

    def _told(self, context: Mapping[str, Any], published: Published, report: Report) -> dict[str, Any]:
        """Say in the log, in the asset event and in the XCom what was published."""
        self._report, self._rows = report, published.rows
        told = {
            "slice": published.slice,
            "rows": published.rows,
            "before": published.before,
            "new": published.new,
            "quarantined": published.quarantined,
        }
        self.log.info("Published %s", told)
        if published.before:
            here = (published.slice, published.before, published.rows, published.new)
            self.log.info("Slice %s was published before with %s rows; of the %s rows now, %s are new", *here)
        log_report(self.log, report)
        if published.quarantined:
            _note_quarantine(context, self.table, published, self._terms()[0].load.time_zone)
        self._tell_outlets(context, told)
        return told

    def _tell_outlets(self, context: Mapping[str, Any], told: Mapping[str, Any]) -> None:
        """Let the asset events say what was written."""
        for outlet in self.outlets:
            if isinstance(outlet, Asset):
                context["outlet_events"][outlet].extra = dict(told)

    def post_execute(self, context: Any, result: Any = None) -> None:
        """Keep in the harness store what the task read and wrote: it says later where data comes from."""
        from airflow_provider_harness.wiring import healing as harness
        from airflow_provider_harness.wiring import lineage as wiring_lineage

        harness.log_failures("Keeping the lineage", lambda: wiring_lineage.keep(context, self._flow()))

    def _flow(self, *, known: bool = True) -> Flow:
        """What the task reads and writes.

        :param known: with its columns, for which a catalog may be asked.
        """
        from airflow_provider_harness.core.lineage.graph import Flow, job

        return Flow(
            task=job(self.dag_id, self.task_id),
            inputs=self._lineage_inputs(),
            output=self._lineage_output(),
            columns=self._columns() if known else (),
        )

    def _columns(self) -> tuple[ColumnEdge, ...]:
        """The edges into the output's columns, worked out once."""
        if self._edges is None:
            self._edges = self._lineage_edges()
        return self._edges

    def _lineage_inputs(self) -> tuple[Any, ...]:
        return ()

    def _lineage_output(self) -> Any:
        return None

    def _lineage_edges(self) -> tuple[Any, ...]:
        return ()

    def _copied(self, conn_id: str, sql: str) -> tuple[ColumnEdge, ...]:
        """The edges of what is taken from a source as it is, or as a query gives it; personal data is treated on the
        way."""
        from airflow_provider_harness.core.lineage.graph import identity_edges, masked

        contract, _ = self._terms()
        edges = self._followed(conn_id, sql) if sql else identity_edges(self._lineage_inputs()[0], contract.names)
        return masked(edges, contract.treated)

    def _followed(self, conn_id: str, sql: str) -> tuple[ColumnEdge, ...]:
        """The edges of a query, with the catalog's schema."""
        edges, schemas = wiring.rows.queries.query_lineage(conn_id, sql)
        self._schemas.update(schemas)
        return edges

    def get_openlineage_facets_on_start(self) -> Any:
        """Which datasets the task is about."""
        return self._openlineage(known=False)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """Datasets, columns, checks and counts."""
        return self._openlineage(known=True)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> Any:
        """Datasets and the checks that failed."""
        return self._openlineage(known=False)

    def _described(self) -> Dataset | None:
        """The dataset that the contract describes."""
        output: Dataset | None = self._lineage_output()
        return output

    def _openlineage(self, *, known: bool) -> Any:
        contract, _ = self._terms()
        return wiring.rows.queries.openlineage(
            contract=contract,
            flow=self._flow(known=known),
            described=self._described(),
            schemas=self._schemas,
            report=self._report,
            rows=self._rows,
            files=self._files,
            judged_output=self.judges_output,
        )


def _note_quarantine(context: Mapping[str, Any], table: str, published: Published, zone: str) -> None:
    """Tell the harness that a slice was published without some rows: people get a note, nobody a page."""
    from airflow_provider_harness.core.slices.local import with_local_day
    from airflow_provider_harness.wiring import healing as harness

    counts = ", ".join(f"{check}: {rows}" for check, rows in published.quarantined.items())
    text = (
        f"{table} slice {with_local_day(published.slice, zone)} was published without "
        f"{sum(published.quarantined.values())} row(s) ({counts}); they are in {table}__quarantine"
    )
    harness.log_failures("Noting the quarantine", lambda: harness.notice(context, "quarantined", text))


def log_report(log: Any, report: Report) -> None:
    """The report in a task's log: one line, and one for each check that did not pass."""
    log.info("%s", report.headline())
    for result in report.failed:
        (log.error if result.blocking else log.warning)("%s", result.sentence())


def staged_dataset(folder: str, key: str) -> Dataset:
    """A staged folder by OpenLineage's naming specification: one dataset for all its slices.

    :param key: the slice, which is the folder's last part.
    """
    from airflow_provider_harness.core.lineage.graph import Dataset

    scheme, _, rest = folder.rstrip("/").removesuffix(f"/{key}").partition("://")
    if scheme == "file":
        return Dataset(namespace="file", name=rest)
    bucket, _, path = rest.partition("/")
    return Dataset(namespace=f"{scheme}://{bucket}", name=path)
