"""A contract's checks measured in PostgreSQL: one statement, and the rows that explain what failed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.checks import Check, CheckKind
from airflow_provider_harness.core.contract import Contract
from airflow_provider_harness.core.report import Measurement, Measurements

from . import sql_checks
from .pg_catalog import catalog

if TYPE_CHECKING:
    import psycopg


def measure(connection: psycopg.Connection[Any], contract: Contract, rows: sql_checks.Rows) -> Measurements:
    """All checks of a gate in one statement; where that fails, check by check, to see which one cannot be run."""
    import psycopg

    began = time.perf_counter()
    checks = [check for check in contract.checks if sql_checks.metric(check, contract, rows.piece) is not None]
    runnable, broken = _runnable(connection, checks)
    try:
        found = _row(connection, sql_checks.gate(contract, rows, runnable))
    except (psycopg.ProgrammingError, psycopg.DataError):
        broken |= _errors(connection, contract, rows, runnable)
        runnable = [check for check in runnable if check.id not in broken]
        found = _row(connection, sql_checks.gate(contract, rows, runnable))
    values = {check.id: Measurement(value=_number(value)) for check, value in zip(runnable, found[2:], strict=True)}
    for check in runnable:
        number = values[check.id].value
        if number and check.spec.samples:
            values[check.id] = Measurement(value=number, samples=_samples(connection, contract, rows, check))
    values |= {name: Measurement(value=None, error=reason) for name, reason in broken.items()}
    spent = round(1000 * (time.perf_counter() - began))
    return Measurements(rows=int(found[0]), malformed=int(found[1]), values=values, milliseconds=spent)


def _runnable(connection: psycopg.Connection[Any], checks: Sequence[Check]) -> tuple[list[Check], dict[str, str]]:
    tables = {c.reference.table for c in checks if c.kind is CheckKind.REFERENTIAL and c.reference}
    absent = {table for table in tables if catalog(connection, table) is None}
    broken = {
        check.id: f"table {check.reference.table} does not exist here"
        for check in checks
        if check.reference and check.reference.table in absent
    }
    return [check for check in checks if check.id not in broken], broken


def _errors(
    connection: psycopg.Connection[Any], contract: Contract, rows: sql_checks.Rows, checks: Sequence[Check]
) -> dict[str, str]:
    import psycopg

    errors: dict[str, str] = {}
    for check in checks:
        try:
            connection.execute(sql_checks.gate(contract, rows, [check]).encode())
        except (psycopg.ProgrammingError, psycopg.DataError) as error:
            errors[check.id] = str(error).splitlines()[0]
    return errors


def _samples(
    connection: psycopg.Connection[Any], contract: Contract, rows: sql_checks.Rows, check: Check
) -> tuple[Mapping[str, Any], ...]:
    query = sql_checks.samples(contract, rows, check)
    if query is None:
        return ()
    found = connection.execute(query[0].encode()).fetchall()
    return tuple(dict(zip(query[1], map(_plain, row), strict=True)) for row in found)


def _row(connection: psycopg.Connection[Any], sql: str) -> tuple[Any, ...]:
    return tuple(connection.execute(sql.encode()).fetchone() or ())


def _number(value: Any) -> Any:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str | bool | None) else str(value)
