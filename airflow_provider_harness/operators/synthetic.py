"""Tables of synthetic rows that are similar to real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import TABLE_LINK, SliceOperator, log_report, staged_dataset

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Dataset


class SyntheticDataOperator(SliceOperator):
    """Make a table of synthetic rows that is similar to a contract's table, and tables that refer to it.

    The operator learns a Gaussian copula (values, nulls, relations) from one half of a sample, and holds out the other
    half. Every tolerance is a check; another check is that no synthetic row is nearer to a learned row than the nearest
    held-out row is. Keys are numbers from 1, foreign keys refer to synthetic rows, personal data and texts are
    placeholders. When every gate of every table has passed, the rows are loaded under the contract's own checks,
    parents first. If a gate blocks, the published tables stay, and ``<folder>/refused`` has the report. The comment,
    the contract (tag ``synthetic``) and the lineage of a synthetic table mark it as synthetic; a table without this
    mark is never replaced.

    The XCom is ``{"tables": {target: {"rows", "like", "sampled"}}, "folder", "version"}``.

    :param conn_id: connection of the PostgreSQL with the real tables; the synthetic ones go there, too.
    :param table: the real table; all its slices are read.
    :param target: ``schema.table`` of synthetic rows; it is replaced as a whole.
    :param folder: URI on any Airflow object storage, for the report (``report.html``, ``.md``, ``.json``) and the
        contracts.
    :param children: tables that refer to the first one or to each other by a foreign key of their contract, each after
        those to which it refers: mappings of ``contract``, ``table`` and ``target``.
    :param rows: number of rows of the first table; None for as many as were sampled. The real counts give the number of
        rows of a child.
    :param sample_rows: rows of the first table that are read, 40 or more; the worker holds them and all rows that refer
        to them.
    :param tolerances: ``marginal``, ``nulls``, ``association``, ``children``, ``nearer``.
    :param seed: the same seed and tables give the same rows.
    """

    operator_extra_links = TABLE_LINK
    template_fields: Sequence[str] = (
        *SliceOperator.template_fields,
        "target",
        "folder",
        "children",
        "rows",
        "sample_rows",
    )

    def __init__(
        self,
        *,
        target: str,
        folder: str,
        children: Sequence[Mapping[str, str]] = (),
        rows: int | None = None,
        sample_rows: int = 20_000,
        tolerances: Mapping[str, float] | None = None,
        seed: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.target, self.folder, self.rows, self.sample_rows = target, folder, rows, sample_rows
        self.children, self.tolerances, self.seed = [dict(one) for one in children], dict(tolerances or {}), seed
        place, needed = f"task {self.task_id}", ("contract", "table", "target")
        self._counts(templates=True)
        if not folder or not ("://" in folder or folder[0] in "/{"):
            fix = "Give a URI or an absolute path: file:///var/lib/airflow/synthetic/shop."
            raise ConfigurationError(place, f"has folder={folder!r}.", fix=fix)
        for one in self.children:
            if {*one} != {*needed}:
                raise ConfigurationError(place, f"has a child with {sorted(one)}.", valid=needed)
            wiring.rows.contracts.check_when_parsed(one["contract"], self.get_dag(), one["table"], by_run=False)
        self._tolerances()

    def _counts(self, *, templates: bool = False) -> None:
        """That what is counted is a number; a template is none before it is rendered.

        :raises ConfigurationError: one is none, or too small.
        """
        from airflow_provider_harness.core.learning.synthetic import LEAST_ROWS

        for name, least in (("rows", 1), ("sample_rows", LEAST_ROWS), ("seed", 0)):
            value = getattr(self, name)
            if (name == "rows" and value in (None, "")) or (templates and "{{" in str(value)):
                continue
            if isinstance(value, bool) or not str(value).isdecimal() or int(value) < least:
                fix = f"Give a whole number of {least} or more."
                raise ConfigurationError(f"task {self.task_id}", f"has {name}={value!r}.", fix=fix)

    def _tolerances(self) -> Any:
        """The tolerances; what has no meaning is an import error of the Dag."""
        from airflow_provider_harness.core.learning.synthetic import tolerances_of

        return tolerances_of(f"task {self.task_id}", self.tolerances)

    def _pairs(self) -> list[tuple[Any, str]]:
        """Contract and target of each table."""
        pairs = [(self._terms()[0], self.target)]
        for one in self.children:
            path = wiring.rows.contracts.contract_path(one["contract"], self.get_dag())
            pairs.append((wiring.rows.contracts.contract_of(path, one["table"]), one["target"]))
        return pairs

    def execute(self, context: Any) -> dict[str, Any]:
        """Make the tables and publish them."""
        from airflow_provider_harness.wiring.learning import synthetic

        with self._working():
            self._counts()
            order = synthetic.Order(
                tables=self._pairs(),
                key=str(self.slice_key),
                end=str(self.slice_end or ""),
                conn_id=self.conn_id,
                folder=self.folder,
                rows=int(self.rows) if self.rows else None,
                sample_rows=int(self.sample_rows),
                tolerances=self._tolerances(),
                seed=self.seed,
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring.rows.slices.task_of(context),
            )
            manifest, self._report = synthetic.build(order, self._running)
        self._rows = self._report.rows
        log_report(self.log, self._report)
        told = {"folder": self.folder, "version": manifest["version"], "tables": manifest["tables"]}
        self._tell_outlets(context, {**told, "synthetic": True})
        return told

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        tables = (self.table, *(one["table"] for one in self.children))
        return tuple(wiring.rows.connections.dataset(self.conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        return wiring.rows.connections.dataset(self.conn_id, self.target)

    def _described(self) -> Dataset:
        return staged_dataset(self.folder, "")

    def _lineage_edges(self) -> tuple[Any, ...]:
        """No value of a column can be read from its synthetic one."""
        from airflow_provider_harness.core.lineage.graph import ColumnEdge, Transformation

        source = self._lineage_inputs()[0]
        return tuple(
            ColumnEdge(
                source=source, source_column=name, target_column=name, how=Transformation.AGGREGATION, masking=True
            )
            for name in self._terms()[0].names
        )
