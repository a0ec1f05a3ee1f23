"""Documents into an index of vectors in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import PUBLISHED_LINKS, SliceOperator, log_report, staged_dataset

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.learning import Embedder
    from airflow_provider_harness.core.lineage.graph import Dataset


class IndexDocumentsOperator(SliceOperator):
    """Cut documents into passages, embed them, and publish them as an index of vectors, gated before it is served.

    The contract describes the documents: a primary key of one column, a text, and further columns that can filter a
    search. ``table`` becomes a view of the served documents, ``<table>__passages`` a view of their passages. The
    operator does not embed unchanged passages again, and removes documents that are gone. For another model, chunk size
    or contract it builds a new version beside the served one, and swaps them in one transaction. Personal data in the
    text is treated as the contract says for its column. The XCom is ``{"slice", "rows", "passages", "changed", "gone",
    "embedded", "reused", "set_aside", "version", "swapped", "waiting"}``.

    :param conn_id: connection of a PostgreSQL database with the extension ``vector`` (pgvector).
    :param documents: folder on any Airflow object storage, with text, Markdown, HTML and PDF; or
    :param source_table: ``schema.table`` with one document per row; or
    :param sql: a query with the contract's columns.
    :param pattern: which files of the folder, such as ``*.md``.
    :param source_conn_id: connection of the PostgreSQL database that has the table.
    :param model: the model's name; ``wordllama`` needs no connection and no network.
    :param model_conn_id: connection of its provider: the host ends before ``/embeddings``, the password is the key.
    :param model_version: distinguishes versions that the provider serves under one name.
    :param dimension: requested length of a vector; None for the model's own.
    :param embedder: a model of your own, in place of these four (``app.ports.learning.Embedder``).
    :param text_column: the contract's column with the text.
    :param chunk_size: characters of a passage at most, 100 or more.
    :param overlap: characters that a passage repeats of the one before, less than half of that.
    :param language: of PostgreSQL's full text search.
    :param golden: a YAML file, a list of ``question`` and ``expects``, the ids of documents; relative to the Dag file's
        folder.
    :param least_recall: share of the expected documents that must be among the first ten, 0 to 1.
    :param shard: number of this task's part of the documents, from 0 to ``shards`` - 1; a hash of the ids divides them.
    """

    operator_extra_links = PUBLISHED_LINKS
    template_fields: Sequence[str] = (
        *SliceOperator.template_fields,
        "documents",
        "pattern",
        "source_conn_id",
        "source_table",
        "sql",
        "model",
        "model_conn_id",
        "model_version",
        "golden",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}
    judges_output: ClassVar[bool] = True

    def __init__(
        self,
        *,
        documents: str = "",
        pattern: str = "*",
        source_conn_id: str = "",
        source_table: str = "",
        sql: str = "",
        model: str = "",
        model_conn_id: str = "",
        model_version: str = "",
        dimension: int | None = None,
        embedder: Embedder | None = None,
        text_column: str = "text",
        chunk_size: int = 1200,
        overlap: int = 150,
        language: str = "english",
        golden: str = "",
        least_recall: float = 1.0,
        shard: int = 0,
        shards: int = 1,
        **kwargs: Any,
    ) -> None:
        from airflow_provider_harness.core.learning.chunks import Chunking

        super().__init__(**kwargs)
        place = f"task {self.task_id}"
        given = [
            name for name, value in (("documents", documents), ("source_table", source_table), ("sql", sql)) if value
        ]
        _refuse(
            len(given) != 1,
            place,
            f"is given {' and '.join(given) or 'no documents'}; it needs exactly one.",
            valid=_SOURCES,
        )
        _refuse(
            not documents and not source_conn_id,
            place,
            "has no source_conn_id.",
            fix="Give the connection of the source.",
        )
        _refuse(
            bool(model) == (embedder is not None),
            place,
            "needs model or embedder, and not both.",
            valid=("model", "embedder"),
        )
        _refuse(
            not 0 <= shard < shards,
            place,
            f"is shard {shard} of {shards}.",
            fix="Count shards from 0, below their number.",
        )
        Chunking(size=chunk_size, overlap=overlap)
        _refuse(not 0 <= least_recall <= 1, place, f"has least_recall={least_recall}.", fix="Give a share from 0 to 1.")
        self.documents, self.pattern = documents, pattern
        self.source_conn_id, self.source_table, self.sql = source_conn_id, source_table, sql
        self.model, self.model_conn_id, self.model_version = model, model_conn_id, model_version
        self.dimension, self.embedder = dimension, embedder
        self.text_column, self.chunk_size, self.overlap, self.language = text_column, chunk_size, overlap, language
        self.golden, self.least_recall = golden, least_recall
        self.shard, self.shards = shard, shards

    def execute(self, context: Any) -> dict[str, Any]:
        """Index the documents of this shard."""
        from airflow_provider_harness.wiring.learning import retrieval

        with self._working():
            contract, key = self._terms()
            done, tally, self._report = retrieval.index(
                contract,
                key,
                self._order(retrieval.Order),
                self.embedder or self._model(retrieval.Model),
                conn_id=self.conn_id,
                run=f"{self.dag_id}/{context['run_id']}",
                task=wiring.rows.slices.task_of(context),
                running=self._running,
                end=str(self.slice_end or ""),
            )
        self._rows = done.documents
        told = {
            "slice": key,
            "rows": done.documents,
            "passages": done.passages,
            "changed": tally.changed,
            "gone": done.gone,
            "embedded": tally.embedded,
            "reused": tally.reused,
            "set_aside": tally.unread,
            "version": done.version,
            "swapped": done.swapped,
            "waiting": list(done.waiting),
        }
        self.log.info("Indexed %s", told)
        log_report(self.log, self._report)
        self._tell_outlets(context, told)
        return told

    def _order(self, order: Any) -> Any:
        """What the wiring needs of the fields."""
        golden = wiring.rows.contracts.contract_path(self.golden, self.get_dag()) if self.golden else ""
        names = (name for name in order.__dataclass_fields__ if name != "golden")
        return order(golden=golden, **{name: getattr(self, name) for name in names})

    def _model(self, model: Any) -> Any:
        return model(
            name=self.model, conn_id=self.model_conn_id, version=self.model_version, dimension=self.dimension
        ).embedder()

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        if self.documents:
            scheme, _, rest = self.documents.partition("://")
            return (staged_dataset(f"{scheme}://{rest.rpartition('@')[2]}", ""),)
        tables = wiring.rows.queries.query_tables(self.source_conn_id, self.sql) if self.sql else (self.source_table,)
        return tuple(wiring.rows.connections.dataset(self.source_conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        return wiring.rows.connections.dataset(self.conn_id, self.table)

    def _lineage_edges(self) -> tuple[Any, ...]:
        return () if self.documents else self._copied(self.source_conn_id, self.sql)


_SOURCES = ("documents", "source_table", "sql")


def _refuse(wrong: bool, place: str, problem: str, *, valid: Sequence[str] = (), fix: str = "") -> None:
    if wrong:
        raise ConfigurationError(place, problem, valid=valid, fix=fix)
