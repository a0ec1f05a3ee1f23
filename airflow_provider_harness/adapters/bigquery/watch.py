"""A watched table in BigQuery: asked by statements of ours alone, if a dry run says that they read few enough bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.bigquery.jobs import Jobs, labels
from airflow_provider_harness.adapters.bigquery.warehouse import table_of
from airflow_provider_harness.adapters.sql import watch as sql
from airflow_provider_harness.adapters.sql.checks import spoken
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.errors import DatabaseRefused, QueryTooCostly
from airflow_provider_harness.core.slices.slices import Slice
from airflow_provider_harness.core.watch.profile import Profile

if TYPE_CHECKING:
    from google.cloud import bigquery


class BigQueryWatch:
    """Implements ``app.ports.watch.WatchedTable``.

    :param limit: bytes that one query may bill by its connection; None for no limit.
    :param name: the connection in words, for errors.
    """

    def __init__(self, client: bigquery.Client, limit: int | None, name: str) -> None:
        self._jobs, self._name = Jobs(client, limit=limit), name

    def profile(self, contract: Contract, piece: Slice) -> Profile:
        """See ``app.ports.watch.WatchedTable``."""
        if table_of(self._jobs.client, contract.table) is None:
            fix = "Make the table again, or end its watch."
            raise DatabaseRefused(self._name, f"{contract.table} is not there", fix=fix)
        rows = self._asked(contract, sql.profile(contract, piece))
        keyed = sql.rule(contract).key
        repeated = int(self._asked(contract, sql.duplicates(contract, piece))[0][0]) if keyed else None
        return sql.read_profile(contract, rows, repeated)

    def counts(self, contract: Contract, pieces: Sequence[Slice], now: datetime) -> tuple[Sequence[int], int]:
        """See ``app.ports.watch.WatchedTable``."""
        found = dict(self._asked(contract, sql.counts(contract, pieces, now)))
        return [int(found[place]) for place in range(len(pieces))], int(found[sql.TOTAL])

    def _asked(self, contract: Contract, statement: str) -> list[tuple[Any, ...]]:
        """The answer to a statement that reads no more bytes than the contract allows.

        :raises QueryTooCostly: it reads more.
        """
        text, most = spoken(statement, "bigquery"), sql.rule(contract).max_bytes
        read = int(self._jobs.dry_run(text).total_bytes_processed or 0)
        if read > most:
            fix = f"Partition the table by {sql.rule(contract).column}, so that the watch reads what is new alone; harness.watch's maxBytes is the limit."
            raise QueryTooCostly(contract.table, read, most, "bytes", fix)
        return self._jobs.rows(text, labels(contract, None, "watch"))
