"""BigQuery: load a slice from Parquet."""

from __future__ import annotations

from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.operators.postgres import LoadOperator


class BigQueryLoadOperator(LoadOperator):
    """Publish a staged slice in BigQuery: load jobs into a staging table, gate, one atomic job.

    Running a slice again replaces it. Each job has a name made of contract, slice and the files' checksums, so a retry
    repeats no job of an earlier try. Malformed rows go to ``<table>__quarantine`` where the contract allows it.
    The XCom is ``{"slice", "rows", "before", "new", "quarantined": {check id: rows}}``.

    :param conn_id: connection of type ``google_cloud_platform``; its extra may name ``project``, ``location``,
        ``api_endpoint`` and ``maximum_bytes_billed``.
    :param table: ``dataset.table`` in the connection's project; the dataset must exist.
    :param staged: folder of the staged files: the extract's XCom (``extract.output``). BigQuery fetches files on
        ``gs://`` itself; others are sent by the task.
    :param maximum_bytes_billed: bytes that one query of this task may bill, 1 or more; None for the connection's limit.
    """

    def __init__(self, *, maximum_bytes_billed: int | None = None, **kwargs: Any) -> None:
        if maximum_bytes_billed is not None and maximum_bytes_billed < 1:
            raise ConfigurationError(
                f"task {kwargs.get('task_id', '')}",
                f"has maximum_bytes_billed={maximum_bytes_billed}.",
                fix="Give a number of bytes, 1 or more, or None for the connection's limit.",
            )
        super().__init__(**kwargs)
        self.maximum_bytes_billed = maximum_bytes_billed
