"""Validate a slice where it is stored: a table, a query, files, or an asset that names one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import Asset

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError, ContractViolation
from airflow_provider_harness.operators.slices import TABLE_LINK, SliceOperator, log_report, staged_dataset

if TYPE_CHECKING:
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.lineage.graph import Dataset

ENGINES = ("sql", "gx")
SUBJECTS = ("table", "sql", "path", "asset")
DATABASES = {"postgres": 4, "postgresql": 4, "bigquery": 3}
"""Scheme of an asset's URI -> how many parts name a table behind it; the last two are schema and table."""


class ValidateOperator(SliceOperator):
    """Check one slice where it is stored; fail without a retry if a check of severity error does not pass.

    Give exactly one of ``table``, ``sql``, ``path`` and ``asset``. The XCom is a short report; the log has all of it.
    The operator compares only the rows of the slice with each other. Operators that publish rows check that no other
    slice has the same key; afterwards only the database's own unique constraint guarantees that.

    :param conn_id: connection of the warehouse; for files, the connection of the tables to which their checks refer, if
        any.
    :param table: ``schema.table``; its rows of the slice are checked.
    :param sql: a query with the contract's columns; its rows of the slice are checked. It may use ``%(slice_start)s``
        and ``%(slice_end)s``, so a percent sign elsewhere is written ``%%``.
    :param path: a Parquet, CSV or JSON file, or a folder of them, on any Airflow object storage; all rows are checked,
        and rows of another slice fail. A folder that an extract staged must agree with its manifest.
    :param asset: an asset whose URI names a table (``postgres://host/database/schema/table``,
        ``bigquery://project/dataset/table``) or files.
    :param engine: ``sql``, or ``gx`` for Great Expectations; if one of them cannot measure a check, the other does.
    :param proofs: True (default): the table's validated constraints prove the checks that they imply, so these are not
        measured.
    :param data_docs: local folder, or URI on any Airflow object storage, for Great Expectations' Data Docs of what it
        measured; the pages of a slice are in ``<data_docs>/<table>/<slice>/index.html``.
    """

    operator_extra_links = TABLE_LINK
    template_fields: Sequence[str] = (*SliceOperator.template_fields, "sql", "path", "data_docs")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}

    def __init__(
        self,
        *,
        conn_id: str = "",
        table: str = "",
        sql: str = "",
        path: Any = "",
        asset: Asset | None = None,
        engine: str = "sql",
        proofs: bool = True,
        data_docs: str = "",
        **kwargs: Any,
    ) -> None:
        place = f"task {kwargs.get('task_id', '')}"
        subject = _subject(place, {"table": table, "sql": sql, "path": path, "asset": asset})
        if "path" not in subject and not conn_id:
            raise ConfigurationError(place, "has no conn_id.", fix="Give the connection of the warehouse.")
        if engine not in ENGINES:
            raise ConfigurationError(place, f"has engine {engine!r}.", valid=ENGINES)
        super().__init__(conn_id=conn_id, table=subject.get("table", ""), **kwargs)
        self.sql, self.path = subject.get("sql"), subject.get("path")
        self.engine, self.proofs, self.data_docs = engine, proofs, data_docs or None

    def execute(self, context: Any) -> dict[str, Any]:
        """Check the rows."""
        with self._working():
            contract, key = self._terms()
            report = wiring.rows.judging.validate(
                contract,
                key,
                conn_id=self.conn_id,
                sql=self.sql or "",
                path=self.path or "",
                engine=self.engine,
                prove=self.proofs,
                docs=self.data_docs or "",
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
            )
            for result in report.results:
                if result.passed:
                    self.log.info("%s: expected %s, found %s", result.id, result.expected, result.actual)
            log_report(self.log, report)
            if not report.passed:
                raise ContractViolation(report)
        self._report = report
        self._tell_outlets(context, {"slice": report.slice, "rows": report.rows})
        return summary(report)

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        if self.path:
            return (staged_dataset(self.path, str(self.slice_key)),)
        tables = (self.table,) if self.table else wiring.rows.queries.query_tables(self.conn_id, self.sql or "")
        return tuple(wiring.rows.connections.dataset(self.conn_id, table) for table in tables)

    def _described(self) -> Dataset | None:
        return None if self.sql else self._lineage_inputs()[0]


def summary(report: Report) -> dict[str, Any]:
    """The short report of the XCom."""
    return {
        "table": report.table,
        "slice": report.slice,
        "where": report.where,
        "rows": report.rows,
        "malformed": report.malformed,
        "decision": str(report.decision),
        "checks": len(report.results),
        "proved": sum(bool(result.proved) for result in report.results),
        "not_passed": [result.id for result in report.failed],
        "milliseconds": report.milliseconds,
    }


def _subject(place: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The one thing that is looked at, by its parameter; an asset is resolved to a table or a path."""
    found = {name: value for name, value in given.items() if value is not None and value != ""}
    if len(found) != 1:
        said = " and ".join(found) or "nothing"
        raise ConfigurationError(place, f"has {said} to validate; it needs exactly one.", valid=SUBJECTS)
    asset = found.get("asset")
    return found if asset is None else _resolved(place, asset)


def _resolved(place: str, asset: Any) -> dict[str, Any]:
    scheme, _, rest = str(getattr(asset, "uri", "")).partition("://")
    parts = rest.split("/")
    if DATABASES.get(scheme) == len(parts):
        return {"table": ".".join(parts[-2:])}
    if rest and scheme not in DATABASES:
        return {"path": f"{scheme}://{rest}"}
    raise ConfigurationError(
        place,
        f"is given an asset whose URI {getattr(asset, 'uri', asset)!r} names neither a table nor files.",
        valid=(
            "postgres://host/database/schema/table",
            "bigquery://project/dataset/table",
            "file:///path",
            "gs://bucket/path",
        ),
        fix="Use table, sql or path instead.",
    )
