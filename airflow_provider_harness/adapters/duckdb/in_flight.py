"""The engine ``arrow``: DuckDB counts on each record batch that passes by, without another scan or query."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.duckdb import inside as duck_inside
from airflow_provider_harness.adapters.duckdb.alike import as_it_stands
from airflow_provider_harness.adapters.duckdb.measure import Duck
from airflow_provider_harness.adapters.gx import suite as gx
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql import values as sql_values
from airflow_provider_harness.adapters.sql.aggregates import MERGEABLE, State, merge
from airflow_provider_harness.adapters.sql.authored import in_flight as sql_rules
from airflow_provider_harness.adapters.sql.measure import cannot, first_line, plain, value_of
from airflow_provider_harness.adapters.sql.types import carried_type
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contracts.contract import Contract, MalformedRows
from airflow_provider_harness.core.contracts.report import Measurement, Measurements
from airflow_provider_harness.core.errors import MissingExtra
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import pyarrow as pa

log = logging.getLogger(__name__)

ELSEWHERE = frozenset({Metric.UNMET, Metric.SUSPECTED_VALUES, Metric.LOST_ROWS, Metric.MISSING_SLICES, Metric.DRIFT})
"""Metrics that need more than rows and tables."""
COUNTED_MIB = 8
"""Of rows that are counted at once."""
LIMIT_MB = 72
"""What DuckDB may keep in memory; enough, with what it spills, to tell 20,000,000 keys apart."""
DOUBLINGS = 5
"""How often the limit is doubled for a statement that cannot do with it; then DuckDB takes what it takes by itself."""
SEVERAL_ROWS = "More than one row"
"""What DuckDB says of a rule that gives several rows; every database refuses it."""
BY_BATCH = frozenset({Metric.FAILING_ROWS})
"""Metrics that add up over batches; for the others, the columns that they need are kept."""


class ArrowChecks:
    """The in-flight gate of one slice: ``add`` every batch, then ``finish``.

    Columns whose values must be seen together (keys, distinct values, quantiles) go to a DuckDB table, which spills to disk
    when it outgrows ``memory_limit``. What needs a table that is not here is left to the load's gate.

    :param memory_limit: megabytes, 1 or more; what cannot be done with it is done with more, and a warning.
    :param references: ``schema.table`` -> its rows, for foreign keys and reconciliation.
    :param at: moment as of which freshness is judged where there is no slice; None means now.
    :param expectations: whether rules of Great Expectations are measured here, on a frame of the columns that they name, which is in
        memory at the end; else they are left, since a database measures them where it has the rows.
    """

    def __init__(
        self,
        contract: Contract,
        piece: Slice | None,
        *,
        memory_limit: int = LIMIT_MB,
        references: Mapping[str, pa.Table] | None = None,
        at: datetime | None = None,
        expectations: bool = False,
    ) -> None:
        import duckdb

        self._contract, self._piece, self._at, self._limit = contract, piece, at, memory_limit
        folder = tempfile.mkdtemp(prefix="harness-")
        self._forget = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        config: dict[str, Any] = {"memory_limit": f"{memory_limit}MB", "threads": 1, "temp_directory": folder}
        self._duck = duckdb.connect(":memory:", config=config)
        self._duck.execute("SET enable_external_access = false")  # no check reads a file; nothing can turn it on again
        self._database = Duck(self._duck)
        tables = references or {}
        for name, rows in tables.items():
            self._refer(name, rows)
        self._errors = {
            check.id: reason
            for check in contract.checks
            if (reason := _absent(check, contract) or sql_values.unfit(check, contract))
        }
        duck_inside.teach(self._duck, contract)
        self._rows = sql_checks.Rows(relation="batch", piece=piece, at=at, dialect=self._database.dialect)
        here = [check for check in contract.checks if _here(check, contract, self._rows, tables)]
        custom = [check for check in contract.checks if expectations and check.kind is CheckKind.CUSTOM_GX]
        self._expected = [check for check in custom if check.id not in self._errors]
        self._elsewhere = {check.id for check in contract.checks if check not in (*here, *custom)} - set(self._errors)
        checks = [_carried(check) for check in here if check.id not in self._errors]
        self._counted = [check for check in checks if check.spec.metric in BY_BATCH]
        self._running = {check.id: check for check in checks if check.kind in MERGEABLE}
        self._states: dict[str, list[State]] = {name: [] for name in self._running}
        self._whole = [c for c in checks if c.spec.metric not in BY_BATCH and c.id not in self._running]
        self._distinct = {c.id: f"kept{n}" for n, c in enumerate(self._whole) if c.kind is CheckKind.DISTINCT_COUNT}
        self._aside = contract.quarantine.policy is MalformedRows.QUARANTINE
        together = [check for check in self._whole if check.id not in self._distinct]
        needed = [_needed(check, contract) for check in together] + [_named(one, contract) for one in self._expected]
        self._kept = tuple(dict.fromkeys(name for names in needed for name in names))
        self._waiting: list[pa.RecordBatch] = []
        self._number = 0
        self._totals = {check.id: 0 for check in self._counted}
        self._malformed = 0
        self._samples: dict[str, list[dict[str, Any]]] = {}
        self._seconds = 0.0
        self._statement = self._counting()

    def _counting(self) -> str:
        """What is asked of each batch."""
        parts = [
            part.format(sql_checks.column(c.columns[0]))
            for c in self._running.values()
            for part in MERGEABLE[c.kind].parts
        ]
        return self._spoken(sql_checks.gate(self._contract, self._rows, self._counted, *parts))

    @property
    def complete(self) -> bool:
        """See ``app.ports.rows.InFlightChecks``."""
        return not self._elsewhere

    @property
    def left(self) -> tuple[str, ...]:
        """See ``app.ports.rows.InFlightChecks``."""
        return tuple(check.id for check in self._contract.checks if check.id in self._elsewhere)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch; it is counted with its neighbours, since each counting costs the planning of its statement."""
        self._waiting.append(batch)
        if sum(one.nbytes for one in self._waiting) >= COUNTED_MIB << 20:
            self._count()

    def _count(self) -> None:
        import pyarrow as pa

        began = time.perf_counter()
        self._duck.register("batch", pa.Table.from_batches(self._waiting))
        self._waiting.clear()
        found = self._found()
        counts, parts = found[: 1 + len(self._counted)], iter(found[1 + len(self._counted) :])
        self._number += int(counts[0])
        for check, value in zip(self._counted, counts[1:], strict=True):
            self._totals[check.id] += int(value or 0)
        for name, check in self._running.items():
            self._states[name].append(tuple(islice(parts, len(MERGEABLE[check.kind].parts))))
        failing = [check for check, value in zip(self._counted, counts[1:], strict=True) if value]
        self._explain(failing)
        guilty = [check for check in failing if check.quarantines and self._aside]
        if guilty:
            query = self._spoken(sql_checks.aside(self._contract, self._rows, guilty))
            self._malformed += int(self._database.rows(query)[0][0])
        for table, columns in self._tables():
            names = ", ".join(map(sql_checks.column, columns))
            once = "DISTINCT " if table != "kept" else ""
            self._duck.execute(f"CREATE TABLE IF NOT EXISTS {table} AS SELECT {names} FROM batch LIMIT 0")
            self._duck.execute(f"INSERT INTO {table} SELECT {once}{names} FROM batch")
        self._duck.unregister("batch")
        self._seconds += time.perf_counter() - began

    def _found(self) -> tuple[Any, ...]:
        """What the statement gives for the batch that waits; a check that cannot be run is an error of its own."""
        try:
            return self._database.rows(self._statement)[0]
        except self._database.refusals:
            for check in (*self._counted, *self._running.values()):
                self._try(check)
            self._counted = [check for check in self._counted if check.id not in self._errors]
            self._running = {name: check for name, check in self._running.items() if name not in self._errors}
            self._statement = self._counting()
            return self._database.rows(self._statement)[0]

    def _try(self, check: Check) -> None:
        """Run one check alone on the batch that waits, and note why it cannot be run."""
        parts = MERGEABLE[check.kind].parts if check.id in self._running else ()
        more = [part.format(sql_checks.column(check.columns[0])) for part in parts]
        try:
            self._database.rows(
                self._spoken(sql_checks.gate(self._contract, self._rows, () if more else (check,), *more))
            )
        except self._database.refusals as error:
            self._errors[check.id] = first_line(error)

    def _tables(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What is kept of each batch, and in which table: of columns whose values are only told apart, each value once."""
        if self._kept:
            yield "kept", self._kept
        yield from ((self._distinct[c.id], c.columns[:1]) for c in self._whole if c.id in self._distinct)

    def finish(self) -> Measurements:
        """The sums over all batches."""
        if self._waiting:
            self._count()
        began = time.perf_counter()
        values = {
            check.id: Measurement(value=self._totals[check.id], samples=tuple(self._samples.get(check.id, ())))
            for check in self._counted
        }
        values |= {
            name: Measurement(value=value_of(check, merge(check.kind, self._states[name]), self._contract, self._rows))
            for name, check in self._running.items()
        }
        self._keep_nothing()
        self._rows = replace(self._rows, relation="kept")
        for check in self._whole:
            found = self._over_all(check)
            if found.error and check.sql and SEVERAL_ROWS not in found.error:
                self._elsewhere.add(check.id)  # DuckDB may read it in another way than the warehouse
            else:
                values[check.id] = found
        values |= self._by_expectations()
        values |= {name: Measurement(value=None, error=reason) for name, reason in self._errors.items()}
        self._duck.close()
        self._forget()
        self._seconds += time.perf_counter() - began
        return Measurements(
            rows=self._number,
            malformed=self._malformed,
            values=values,
            milliseconds=round(1000 * self._seconds),
        )

    def _keep_nothing(self) -> None:
        """An empty table of the contract's types, in case that no batch passed by."""
        types = {column.name: column.physical_type for column in self._contract.columns}
        for table, columns in self._tables():
            empty = ", ".join(
                f"CAST(NULL AS {carried_type(types[n]) or types[n]}) AS {sql_checks.column(n)}" for n in columns
            )
            self._duck.execute(self._spoken(f"CREATE TABLE IF NOT EXISTS {table} AS SELECT {empty} LIMIT 0"))

    def _over_all(self, check: Check) -> Measurement:
        """One check over the kept columns of all batches."""
        if check.spec.metric in (Metric.ROWS, Metric.CHANGE_PERCENT):
            return Measurement(value=self._number)
        rows = replace(self._rows, relation=self._distinct.get(check.id, "kept"))
        try:
            found = self._roomy(self._spoken(sql_checks.gate(self._contract, rows, [check])))[0][1]
        except self._database.refusals as error:
            return Measurement(value=None, error=first_line(error))
        if found and check.kind is CheckKind.UNIQUE:
            self._explain([check])
        value = value_of(check, found, self._contract, self._rows)
        return Measurement(value=value, samples=tuple(self._samples.get(check.id, ())))

    def _by_expectations(self) -> Mapping[str, Measurement]:
        """Rules of Great Expectations on the columns that they name; without it they could not be checked."""
        if not self._expected:
            return {}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The inplace keyword")  # DuckDB's own use of pandas
            frame = self._duck.sql("SELECT * FROM kept").df()
        try:
            return gx.measure_frame(frame, self._contract, self._rows, self._expected).values
        except MissingExtra as error:
            return {check.id: Measurement(value=None, error=str(error)) for check in self._expected}

    def _roomy(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement; one that cannot do with the limit, spilling and all, gets twice as much, and again."""
        import duckdb

        for doubled in range(DOUBLINGS + 1):
            try:
                return self._database.rows(statement)
            except duckdb.OutOfMemoryException as error:
                self._limit *= 2
                more = f"SET memory_limit = '{self._limit}MB'" if doubled < DOUBLINGS else "RESET memory_limit"
                log.warning("More memory is taken than the gate's limit (%s): %s", more, str(error).splitlines()[0])
                self._duck.execute(more)
        return self._database.rows(statement)

    def _explain(self, checks: Sequence[Check]) -> None:
        """Keep a few of the rows that fail."""
        wanted = [check for check in checks if len(self._samples.get(check.id, ())) < sql_checks.SAMPLE_ROWS]
        query = sql_checks.samples(self._contract, self._rows, wanted)
        for place, *cells in self._roomy(self._spoken(query[0])) if query else ():
            check, row = wanted[int(place)], dict(zip(query[1] if query else (), map(plain, cells), strict=True))
            kept = self._samples.setdefault(check.id, [])
            if len(kept) < sql_checks.SAMPLE_ROWS:
                kept.append({name: row[name] for name in sql_checks.shown(self._contract, check)})

    def _spoken(self, sql: str) -> str:
        """A statement as DuckDB has it; one that may hold an author's query is read by a parser, and looked at."""
        ours = "" if any(check.sql for check in self._contract.checks) else as_it_stands(sql)
        return ours or sql_checks.spoken(sql, self._database.dialect)

    def _refer(self, name: str, rows: pa.Table) -> None:
        home = name.rpartition(".")[0]
        if home:
            self._duck.execute(f"CREATE SCHEMA IF NOT EXISTS {sql_checks.ident(home)}")
        self._duck.register("incoming", rows)
        self._duck.execute(f"CREATE TABLE {sql_checks.ident(name)} AS SELECT * FROM incoming")
        self._duck.unregister("incoming")


def _absent(check: Check, contract: Contract) -> str:
    absent = [name for name in (*check.columns, *check.measures) if name not in contract.names]
    return f"column {absent[0]} does not exist in the contract" if absent else ""


def in_flight(check: Check, contract: Contract) -> bool:
    """Whether a check can be measured on rows that pass by, without any table."""
    return _here(check, contract, sql_checks.Rows(relation=sql_checks.UNDER_TEST), ())


def _here(check: Check, contract: Contract, rows: sql_checks.Rows, tables: Iterable[str]) -> bool:
    """Whether a check can be measured by what passes by and the tables that were given."""
    if check.spec.metric in ELSEWHERE or cannot(check, contract, "duckdb"):
        return False
    if check.reference is not None:
        return check.reference.table in tables and check.reference.table != contract.table
    if check.sql:
        return sql_rules.columns_in_flight(check.sql, contract) is not None
    return bool(sql_checks.outputs(check, contract, rows))


def _carried(check: Check) -> Check:
    return replace(check, type=carried_type(check.type) or check.type) if check.type else check


def _named(check: Check, contract: Contract) -> tuple[str, ...]:
    """The columns that a rule of Great Expectations names; where it names none, or rows by a condition, all of them."""
    given = json.loads(check.gx)["kwargs"]
    whose = [value for name, value in given.items() if name.startswith("column")]
    named = {name for value in whose for name in (value if isinstance(value, list) else [value])}
    every = "row_condition" in given or not named or not named <= set(contract.names)
    return contract.names if every else tuple(name for name in contract.names if name in named)


def _needed(check: Check, contract: Contract) -> tuple[str, ...]:
    """The columns that a check needs of all batches together; at least one, so that rows can be counted."""
    if check.spec.metric in (Metric.ROWS, Metric.CHANGE_PERCENT):
        return ()
    names = (sql_rules.columns_in_flight(check.sql, contract) or ()) if check.sql else (*check.columns, *check.measures)
    return tuple(names) or contract.names[:1]
