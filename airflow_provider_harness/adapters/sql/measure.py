"""The engine ``sql``: a contract's checks in one statement, and one more for the rows that explain what failed."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from math import isfinite
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql import checks as sql_checks
from airflow_provider_harness.adapters.sql.aggregates import merge
from airflow_provider_harness.adapters.sql.authored.guard import refusal
from airflow_provider_harness.adapters.sql.values import kind_of, unfit
from airflow_provider_harness.adapters.sql.views import Through, of_old_rows
from airflow_provider_harness.adapters.sql.whole import reads_whole, to_be
from airflow_provider_harness.core.contracts import exact
from airflow_provider_harness.core.contracts.checks import Check, CheckKind, Metric
from airflow_provider_harness.core.contracts.contract import Contract, MalformedRows
from airflow_provider_harness.core.contracts.pattern import compiled
from airflow_provider_harness.core.contracts.report import Measurement, Measurements


class Database(Protocol):
    """Where statements run.

    :param dialect: sqlglot's name.
    :param refusals: the driver's errors that mean the statement is wrong, rather than that the server is away.
    """

    dialect: str
    refusals: tuple[type[Exception], ...]

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...
    def plan(self, sql: str) -> object: ...
    def exists(self, table: str) -> bool: ...


def measure(
    database: Database,
    contract: Contract,
    rows: sql_checks.Rows,
    proofs: Mapping[str, str] | None = None,
    through: Through | None = None,
) -> Measurements:
    """All checks of a gate in one statement; where that fails, check by check, to see which one cannot be run.

    :param proofs: check id -> what in the catalog proves it; such a check reads no row.
    :param through: says which relations read the contract's table; where nobody knows, no rule is held up for it.
    """
    began = time.perf_counter()
    proofs, rows = proofs or {}, replace(rows, dialect=database.dialect)
    asked = [check for check in contract.checks if check.id not in proofs]
    broken = {check.id: reason for check in asked if (reason := cannot(check, contract, database.dialect))}
    broken |= of_old_rows(asked, contract, rows, through) if through else {}
    broken |= {check.id: NO_SLICE for check in asked if check.drift and check.drift.window(_begin(rows)) is None}
    checks = [c for c in asked if c.id not in broken and sql_checks.outputs(c, contract, rows)]
    runnable, absent = _runnable(database, contract, checks)
    broken |= absent
    found = None
    for attempt in (database.plan, database.rows):  # planning finds nearly all that is wrong; running finds the rest
        try:
            found = _gate(database, contract, rows, runnable)
            break
        except database.refusals:
            broken |= _errors(database, contract, rows, runnable, attempt)
            runnable = [check for check in runnable if check.id not in broken]
    if found is None:
        found = _gate(database, contract, rows, runnable)
    outputs = iter(found[1:])
    values = {
        check.id: Measurement(value=value_of(check, told(check, contract, rows, outputs), contract, rows))
        for check in runnable
    }
    guilty = [check for check in runnable if check.quarantines and values[check.id].value]
    malformed = (
        _aside(database, contract, rows, guilty)
        if guilty and contract.quarantine.policy is MalformedRows.QUARANTINE
        else 0
    )
    first = Measurements(rows=int(found[0]), malformed=malformed, values=values)
    again = _without(database, contract, rows, runnable, first)
    failed = [check for check in runnable if values[check.id].value and check.id not in again]
    values |= {**_explained(database, contract, rows, failed, values), **again}
    values |= _beyond(database, contract, rows, runnable, replace(first, values=values))
    values |= {name: Measurement(value=None, error=reason) for name, reason in broken.items()}
    values |= {name: Measurement(value=0, proof=proof) for name, proof in proofs.items()}
    spent = round(1000 * (time.perf_counter() - began))
    return Measurements(rows=int(found[0]), malformed=malformed, values=values, milliseconds=spent)


NO_SLICE = (
    "its reference is counted back from a slice, and no slice is judged here; name a fixed window, {from: ..., to: ...}"
)


def _begin(rows: sql_checks.Rows) -> datetime | None:
    return rows.piece.start if rows.piece else None


def cannot(check: Check, contract: Contract, dialect: str) -> str:
    """Why an engine cannot be asked; empty if it can.

    :param dialect: as ``Database.dialect``.
    """
    reason = refusal(check.sql) or unfit(check, contract) or _means_another(check, contract, dialect)
    if not reason and check.kind is CheckKind.DRIFT and dialect == "duckdb":
        return "drift is measured where the reference is published, and files are compared with no table"
    if reason or check.kind is not CheckKind.REGEX or dialect == "postgres":
        return reason
    needs = compiled(check.pattern).needs
    return f"the pattern {check.pattern!r} needs {needs}, which only PostgreSQL has" if needs else ""


def _means_another(check: Check, contract: Contract, dialect: str) -> str:
    """Why a rule of SQL, which is PostgreSQL's, cannot be asked of another database."""
    from airflow_provider_harness.adapters.sql.authored.elsewhere import put
    from airflow_provider_harness.adapters.sql.authored.guard import SqlRefused

    if not check.sql or dialect == "postgres":
        return ""
    try:
        put(check.sql.replace("${table}", sql_checks.UNDER_TEST), contract, dialect)
    except SqlRefused as error:
        return f"its query {error}; {dialect} takes it otherwise than PostgreSQL"
    return ""


def told(check: Check, contract: Contract, rows: sql_checks.Rows, outputs: Iterator[Any]) -> Any:
    """What the next outputs of a gate's statement say of a check."""
    found = tuple(islice(outputs, len(sql_checks.outputs(check, contract, rows))))
    return found[0] if len(found) == 1 else merge(check.kind, [found])


def _gate(
    database: Database, contract: Contract, rows: sql_checks.Rows, checks: Sequence[Check], *more: str
) -> tuple[Any, ...]:
    return database.rows(sql_checks.spoken(sql_checks.gate(contract, rows, checks, *more), database.dialect))[0]


def _aside(database: Database, contract: Contract, rows: sql_checks.Rows, guilty: Sequence[Check]) -> int:
    """How many rows would be set aside; asked only where some would be."""
    return int(database.rows(sql_checks.spoken(sql_checks.aside(contract, rows, guilty), database.dialect))[0][0])


def _without(
    database: Database,
    contract: Contract,
    rows: sql_checks.Rows,
    checks: Sequence[Check],
    found: Measurements,
) -> Mapping[str, Measurement]:
    """What looks at the table as it will be, measured again without the rows that are about to be set aside.

    :param checks: all that were run.
    :param found: what they gave with these rows.
    """
    whole = [check for check in checks if reads_whole(check, contract)]
    if not (
        whole
        and found.malformed
        and rows.staged
        and rows.piece
        and contract.quarantine.allows(found.malformed, found.rows)
    ):
        return {}
    bad = sql_checks.malformed(checks, contract, rows)
    left = replace(rows, whole=to_be(contract, rows.piece, f"{rows.staged} WHERE NOT ({bad})"))
    plain_ones, keys = [c for c in whole if not c.quarantines], [c for c in whole if c.quarantines]
    stranded = [
        f"count(*) FILTER (WHERE {sql_checks.failing(c, contract, left)} AND NOT ({bad}))" for c in keys
    ]  # not set aside themselves, and what they refer to is
    try:
        outputs = iter(_gate(database, contract, left, plain_ones, *stranded)[1:])
    except database.refusals as error:
        return {check.id: Measurement(value=None, error=first_line(error)) for check in whole}
    again = {c.id: Measurement(value=value_of(c, told(c, contract, left, outputs), contract, left)) for c in plain_ones}
    for check, number in zip(keys, map(int, outputs), strict=True):
        had = int(found.values[check.id].value or 0)
        again[check.id] = Measurement(value=had + number, stranded=number)
    return again | _explained(database, contract, left, [c for c in whole if again[c.id].value], again)


def _beyond(
    database: Database, contract: Contract, rows: sql_checks.Rows, run: Sequence[Check], found: Measurements
) -> Mapping[str, Measurement]:
    """What staged rows do to the rows that stay published, added to what their own checks found.

    :param run: the checks that were run.
    """
    if not (rows.staged and rows.piece):
        return {}
    wanted = [c for c in sql_beyond.looked_up(contract, rows.kept) if c in run and not found.values[c.id].error]
    if not wanted:
        return {}
    aside = found.malformed and contract.quarantine.allows(found.malformed, found.rows)
    bad = sql_checks.malformed(run, contract, rows) if aside else ""
    try:
        statement = sql_checks.spoken(sql_beyond.before(contract, wanted, rows, bad), database.dialect)
        numbers = [int(number) for number in database.rows(statement)[0]]
    except database.refusals as error:
        return {check.id: Measurement(value=None, error=first_line(error)) for check in wanted}
    had = [(check.id, found.values[check.id]) for check in wanted]
    return {
        name: replace(one, value=int(one.value or 0) + number, beyond=number)
        for (name, one), number in zip(had, numbers, strict=True)
        if number
    }


def _runnable(database: Database, contract: Contract, checks: Sequence[Check]) -> tuple[list[Check], dict[str, str]]:
    tables = {check.reference.table for check in checks if check.reference and not reads_whole(check, contract)}
    absent = {table for table in tables if not database.exists(table)}
    broken = {
        check.id: f"table {check.reference.table} does not exist here"
        for check in checks
        if check.reference and check.reference.table in absent and not reads_whole(check, contract)
    }
    return [check for check in checks if check.id not in broken], broken


def _errors(
    database: Database,
    contract: Contract,
    rows: sql_checks.Rows,
    checks: Sequence[Check],
    attempt: Callable[[str], object],
) -> dict[str, str]:
    """Check id -> why it cannot be run.

    :param attempt: what is done with each statement: planning, which reads no row, or running it.
    """
    errors: dict[str, str] = {}
    for check in checks:
        statement = sql_checks.spoken(sql_checks.gate(contract, rows, [check]), database.dialect)
        try:
            attempt(statement)
        except database.refusals as error:
            errors[check.id] = first_line(error)
    return errors


def first_line(error: Exception) -> str:
    """What a driver says, in one line."""
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def _explained(
    database: Database,
    contract: Contract,
    rows: sql_checks.Rows,
    checks: Sequence[Check],
    values: Mapping[str, Measurement],
) -> dict[str, Measurement]:
    query = sql_checks.samples(contract, rows, checks)
    if query is None:
        return {}
    kept: dict[str, list[dict[str, Any]]] = {}
    for place, *cells in database.rows(sql_checks.spoken(query[0], database.dialect)):
        check = checks[int(place)]
        row = dict(zip(query[1], map(plain, cells), strict=True))
        kept.setdefault(check.id, []).append({name: row[name] for name in sql_checks.shown(contract, check)})
    return {check: replace(values[check], samples=tuple(samples)) for check, samples in kept.items()}


def value_of(check: Check, value: Any, contract: Contract, rows: sql_checks.Rows) -> Any:
    """What a statement gave for a check, as the check compares it."""
    number = _number(value)
    if check.spec.metric is Metric.AGE_SECONDS and isinstance(number, int | float | Decimal):
        return _age(check, float(number), contract, rows)
    if check.spec.metric in (Metric.FAILING_ROWS, Metric.EXCESS_ROWS) and isinstance(number, float):
        return int(number)
    if check.kind in _OF_ONE_ROW and isinstance(number, float) and kind_of(contract, check.columns[0]) == "real":
        return _single(number)
    return number


_OF_ONE_ROW = (CheckKind.MINIMUM, CheckKind.MAXIMUM, CheckKind.QUANTILE)


def _single(number: float) -> float:
    """A number of single precision as it is written shortest: 0.3, and not 0.30000001192092896."""
    if not isfinite(number):
        return number
    kept = struct.pack("f", number)
    written = (float(f"{number:.{digits}g}") for digits in range(1, 10))
    return next((short for short in written if struct.pack("f", short) == kept), number)


def _age(check: Check, newest: float, contract: Contract, rows: sql_checks.Rows) -> float:
    """Seconds from the newest value to the end of the slice, or to now if that is earlier; NaN for infinity."""
    if not isfinite(newest):
        return float("nan")
    zoned = "with time zone" in contract.column(check.columns[0]).physical_type
    zone = UTC if zoned else ZoneInfo(contract.load.time_zone)
    moment = datetime.fromtimestamp(newest, UTC).replace(tzinfo=zone)
    now = datetime.now(UTC)
    at = min(rows.at or now, now)
    return (min(at, rows.piece.end) if rows.piece else at).timestamp() - moment.timestamp()


def _number(value: Any) -> Any:
    return exact.plain(value) if isinstance(value, Decimal) else value if isinstance(value, Fraction) else plain(value)


def plain(value: Any) -> Any:
    """A value as a report can carry it."""
    return value if isinstance(value, int | float | str | bool | None) else str(value)
