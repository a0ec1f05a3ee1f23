"""A set of examples for the fine-tuning of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_harness import wiring
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.slices import SliceOperator, log_report, staged_dataset

if TYPE_CHECKING:
    from airflow_provider_harness.core.lineage.graph import Dataset


class FineTuningSetOperator(SliceOperator):
    """Make a set of examples of one slice of a contract's table, or of files, and publish it in a folder.

    The contract's checks run on each row while it is read. Then come the steps: form, quality, personal data, length,
    exact and near duplicates. A hash of the group divides the remaining examples, so no group and no cluster of
    near-duplicates is in two splits. Gates check the files after they were read back; then the operator swaps the
    manifest ``<folder>/_manifest.json``, which names ``<folder>/<version>/train.jsonl`` (only the examples),
    ``train.parquet`` (the same ones, with source, slice, key, hash and tokens), the card ``README.md`` and the counts
    of every step. If a gate blocks, the published set stays. Memory does not grow with the number of examples, except
    for about 100 bytes per example.

    The XCom is the manifest in short: ``{"folder", "version", "slice", "rows", "splits", "fingerprint", "unchanged"}``.

    :param conn_id: connection of the PostgreSQL that has the table; for files, none is needed.
    :param path: a Parquet or JSONL file, or a folder of them (for example one that an extract staged), instead of the
        table.
    :param sql: a query with the contract's columns, instead of the whole table.
    :param folder: URI on any Airflow object storage, for example ``s3://sets/support``; only for this set.
    :param form: ``chat`` or ``prompt_completion``.
    :param columns: part of an example -> column: ``prompt`` and ``completion``; or ``messages`` with a list of
        ``{"role", "content"}``; or ``user``, ``assistant`` and maybe ``system``.
    :param group: columns that name the person or thing of an example; all examples of a group go into one split.
    :param labelled_at: column that says when the label was known; one later than the slice's end is from the future.
    :param splits: name -> share; together 1.
    :param quality: bounds: ``min_chars``, ``max_chars``, ``max_symbol_share``, ``max_repeated_share``.
    :param personal_data: in the texts: ``mask``, ``drop`` (the example) or ``keep``. The contract's treatment of a
        column applies in any case.
    :param near_duplicates: ``drop`` (all but one of a cluster), ``together`` (all stay, in one split) or ``keep``.
    :param similarity: share of common runs of three words at which two examples count as near duplicates, 0.01 to 1.
    :param max_tokens: of an example; a longer one is left out. None for no limit.
    :param counter: of tokens: ``approximate``, ``tiktoken:/path/cl100k_base.tiktoken`` or
        ``tokenizers:/path/tokenizer.json``.
    :param max_bad_share: share of rows that may be bad examples and are left out, 0 to 1; a larger share stops the set.
    :param seed: of splits and MinHash.
    :param bias: distributions that are compared with a reference: mappings of ``columns``, ``reference`` (group ->
        share, several columns joined by ``|``; or a table with the same columns), ``period`` (``year``, ``month``,
        ``day`` of one moment), ``most`` (total variation, 0 to 1, from which on the set is stopped) and ``cap`` of a
        weight. ``weights.json`` has what was found.
    """

    template_fields: Sequence[str] = (*SliceOperator.template_fields, "path", "sql", "folder", "counter", "group")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "postgresql"}

    def __init__(
        self,
        *,
        folder: str,
        form: str,
        columns: Mapping[str, str],
        conn_id: str = "",
        path: str = "",
        sql: str = "",
        group: Sequence[str] = (),
        labelled_at: str = "",
        splits: Mapping[str, float] | None = None,
        quality: Mapping[str, float] | None = None,
        personal_data: str = "mask",
        near_duplicates: str = "drop",
        similarity: float = 0.8,
        max_tokens: int | None = None,
        counter: str = "approximate",
        max_bad_share: float = 0.0,
        seed: int = 1,
        bias: Sequence[Mapping[str, Any]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, **kwargs)
        if bool(conn_id) == bool(path) or (path and sql):
            raise ConfigurationError(
                f"task {self.task_id}",
                "needs a conn_id for a table (with sql, if wanted), or a path of files.",
                valid=("conn_id", "path"),
            )
        if isinstance(group, str) or not folder or not ("://" in folder or folder[0] in "/{"):
            raise ConfigurationError(
                f"task {self.task_id}",
                f"has group={group!r} and folder={folder!r}.",
                fix="Give group as a list of columns, and folder as a URI or an absolute path: "
                "file:///var/lib/airflow/sets/support.",
            )
        self.path, self.sql, self.folder, self.counter, self.group = path, sql, folder, counter, list(group)
        self.rules: dict[str, Any] = {
            "form": form,
            "columns": dict(columns),
            "labelled_at": labelled_at,
            "splits": dict(splits or {"train": 0.9, "validation": 0.05, "test": 0.05}),
            "quality": dict(quality or {}),
            "personal_data": personal_data,
            "near_duplicates": near_duplicates,
            "similarity": similarity,
            "max_tokens": max_tokens,
            "max_bad_share": max_bad_share,
            "seed": seed,
        }
        self.bias = [dict(one) if isinstance(one, Mapping) else one for one in bias]
        self._plan()
        self._bias()

    def _plan(self) -> Any:
        """The rules; what has no meaning is an import error of the Dag."""
        from airflow_provider_harness.core.learning.fine_tuning.plan import planned

        return planned(f"task {self.task_id}", {**self.rules, "group": self.group})

    def _bias(self) -> Any:
        from airflow_provider_harness.core.learning.bias import bias_rules

        return bias_rules(f"task {self.task_id}", self.bias)

    def execute(self, context: Any) -> dict[str, Any]:
        """Make the set and publish it."""
        from airflow_provider_harness.wiring.learning import fine_tuning

        with self._working():
            contract, key = self._terms()
            order = fine_tuning.Order(
                contract=contract,
                key=key,
                end=str(self.slice_end or ""),
                conn_id=self.conn_id,
                sql=self.sql,
                path=self.path,
                folder=self.folder,
                source=str(self._lineage_inputs()[0]),
                plan=self._plan(),
                counter=self.counter,
                task=wiring.rows.slices.task_of(context),
                bias=self._bias(),
            )
            manifest, self._report = fine_tuning.build(order, self._running)
        self._rows = sum(one["examples"] for one in manifest["splits"].values())
        for step in manifest["steps"]:
            self.log.info("%s: %s in, %s out %s", step["step"], step["in"], step["out"], step["why"] or "")
        log_report(self.log, self._report)
        short = ("version", "slice", "rows", "splits", "fingerprint", "unchanged")
        told = {"folder": self.folder, **{name: manifest[name] for name in short}}
        self._tell_outlets(context, told)
        return told

    def _lineage_inputs(self) -> tuple[Dataset, ...]:
        if self.path:
            folder = self.path if "://" in self.path else f"file://{self.path}"
            return (staged_dataset(folder, str(self.slice_key)),)
        tables = wiring.rows.queries.query_tables(self.conn_id, self.sql) if self.sql else (self.table,)
        return tuple(wiring.rows.connections.dataset(self.conn_id, table) for table in tables)

    def _lineage_output(self) -> Dataset:
        return staged_dataset(self.folder, "")

    def _lineage_edges(self) -> tuple[Any, ...]:
        from airflow_provider_harness.core.lineage.graph import ColumnEdge, Transformation

        source = self._lineage_inputs()[0]
        return tuple(
            ColumnEdge(source=source, source_column=column, target_column="example", how=Transformation.TRANSFORMATION)
            for column in self.rules["columns"].values()
        )
