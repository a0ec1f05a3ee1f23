"""Checks measured in flight: DuckDB counts on each record batch that passes by, without another scan or query."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.partition import Slice
from airflow_provider_harness.core.report import Measurement, Measurements

from . import sql_checks

if TYPE_CHECKING:
    import pyarrow as pa

IN_FLIGHT = frozenset(
    {
        CheckKind.NOT_NULL,
        CheckKind.ACCEPTED_VALUES,
        CheckKind.RANGE,
        CheckKind.IN_SLICE,
        CheckKind.UNIQUE,
        CheckKind.ROW_COUNT,
    }
)
"""Kinds that need nothing but the rows themselves; the load's gate measures all kinds."""


class ArrowGauge:
    """The in-flight gate of one slice: ``add`` every batch, then ``finish``.

    Keys for exact uniqueness go to a DuckDB table, which spills to disk when it outgrows ``memory_limit``.

    :param memory_limit: in DuckDB's words, for example ``200MB``.
    """

    def __init__(self, contract: Contract, piece: Slice | None, *, memory_limit: str = "200MB") -> None:
        import duckdb

        self._contract, self._piece = contract, piece
        self._checks = [check for check in contract.checks if check.kind in IN_FLIGHT]
        self._counted = [check for check in self._checks if check.spec.metric is Metric.FAILING_ROWS]
        self._unique = [check for check in self._checks if check.kind is CheckKind.UNIQUE]
        self._totals = [0] * (2 + len(self._counted))
        self._samples: dict[str, list[dict[str, Any]]] = {}
        self._seconds = 0.0
        self._rows = sql_checks.Rows(relation="batch", piece=piece)
        self._duck = duckdb.connect(":memory:", config={"memory_limit": memory_limit, "threads": 1})
        self._statement = sql_checks.gate(contract, self._rows, self._counted)

    def add(self, batch: pa.RecordBatch) -> None:
        """Count one batch."""
        import pyarrow as pa

        began = time.perf_counter()
        self._duck.register("batch", pa.Table.from_batches([batch]))
        found = self._duck.execute(self._statement).fetchall()[0]
        self._totals = [total + int(value or 0) for total, value in zip(self._totals, found, strict=True)]
        for check, value in zip(self._counted, found[2:], strict=True):
            if value:
                self._sample(check)
        for number, check in enumerate(self._unique):
            self._keep_keys(number, check)
        self._duck.unregister("batch")
        self._seconds += time.perf_counter() - began

    def finish(self) -> Measurements:
        """The sums over all batches."""
        began = time.perf_counter()
        values = {
            check.id: Measurement(value=total, samples=tuple(self._samples.get(check.id, ())))
            for check, total in zip(self._counted, self._totals[2:], strict=True)
        }
        for number, check in enumerate(self._unique):
            values[check.id] = self._duplicates(number, check)
        for check in self._checks:
            if check.kind is CheckKind.ROW_COUNT:
                values[check.id] = Measurement(value=self._totals[0])
        self._duck.close()
        self._seconds += time.perf_counter() - began
        return Measurements(
            rows=self._totals[0],
            malformed=self._totals[1],
            values=values,
            milliseconds=round(1000 * self._seconds),
        )

    def _keep_keys(self, number: int, check: Check) -> None:
        names = ", ".join(sql_checks.column(name) for name in check.columns)
        self._duck.execute(f"CREATE TABLE IF NOT EXISTS keys_{number} AS SELECT {names} FROM batch LIMIT 0")
        self._duck.execute(f"INSERT INTO keys_{number} SELECT {names} FROM batch")

    def _duplicates(self, number: int, check: Check) -> Measurement:
        if not self._totals[0]:
            return Measurement(value=0)
        found = self._duck.execute(sql_checks.excess(check.columns, f"keys_{number}")).fetchall()[0]
        rows = sql_checks.Rows(relation=f"keys_{number}", piece=self._piece)
        query = sql_checks.samples(self._contract, rows, check) if found[0] else None
        return Measurement(value=int(found[0]), samples=tuple(self._fetch(*query)) if query else ())

    def _sample(self, check: Check) -> None:
        kept = self._samples.setdefault(check.id, [])
        query = sql_checks.samples(self._contract, self._rows, check)
        if query is not None and len(kept) < sql_checks.SAMPLE_ROWS:
            kept.extend(self._fetch(*query)[: sql_checks.SAMPLE_ROWS - len(kept)])

    def _fetch(self, query: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
        columns = self._duck.sql(query).to_arrow_table().columns
        return [
            dict(zip(names, map(_plain, row), strict=True))
            for row in zip(*(c.to_pylist() for c in columns), strict=True)
        ]


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool | None) else str(value)
