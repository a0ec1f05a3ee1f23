"""Checks of what is inside a column, on DuckDB: a function of Python's, since DuckDB's own reading of JSON rounds numbers."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.inside import FUNCTION
from airflow_provider_harness.adapters.sql.types import element
from airflow_provider_harness.adapters.sql.values import Family, family, kind_of, unfit
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.documents import UNREADABLE, guilty

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MALFORMED = object()
"""A text that should be JSON, and cannot be read as such; it is of no type, so it fails whatever needs one."""

KEPT_BYTES = 1 << 20
"""The most that values may take whose documents are kept; documents take up to fifty times as much."""


def teach(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Give a connection the function that says whether a value fails a check of a contract; it knows one contract."""
    inside = {check.id: check for check in contract.checks if check.looks_inside and not unfit(check, contract)}
    if not inside:
        return
    from duckdb.func import FunctionNullHandling, PythonUDFType

    known = connection.sql(f"SELECT 1 FROM duckdb_functions() WHERE function_name = '{FUNCTION}'").fetchall()
    if known:
        connection.remove_function(FUNCTION)
    tests = {name: (check.columns[0], guilty(check, contract.load.time_zone)) for name, check in inside.items()}
    documents = _Documents(contract, [column for column, _ in tests.values()])

    def answers(values: Any, names: Any) -> Any:  # without types, which DuckDB would look up by their names
        import pyarrow as pa

        if not len(names):
            return pa.array([], pa.bool_())
        column, test = tests[names[0].as_py()]
        return pa.array([test(one) for one in documents.of(column, values)], pa.bool_())

    connection.create_function(
        FUNCTION, answers, None, "BOOLEAN", type=PythonUDFType.ARROW, null_handling=FunctionNullHandling.SPECIAL
    )


class _Documents:
    """Values of columns as documents, read once for all checks of a column, which DuckDB asks in turn of the same rows.

    :param asked: the column of each check.
    """

    def __init__(self, contract: Contract, asked: list[str]) -> None:
        self._texts = {name: family(element(kind_of(contract, name))) is Family.JSON for name in asked}
        self._shared = {name for name in asked if asked.count(name) > 1}
        self._last: tuple[str, Any, list[Any]] = ("", None, [])

    def of(self, column: str, values: pa.ChunkedArray) -> Iterable[Any]:
        """The documents of values: the last ones again, where column and values are those of the last time."""
        of, known, found = self._last
        if of == column and values.equals(known):
            return found
        kind, texts = values.type, self._texts[column]
        documents = (document(value, kind, texts=texts) for value in values.to_pylist())
        if column not in self._shared or values.nbytes > KEPT_BYTES:
            return documents
        self._last = (column, values, list(documents))
        return self._last[2]


def document(value: Any, kind: pa.DataType, *, texts: bool) -> Any:
    """A value as ``core.contracts.documents`` reads it: what is text as a whole is JSON.

    :param kind: its Arrow type.
    :param texts: whether the items of an array are JSON, too.
    """
    import pyarrow as pa

    if isinstance(value, str):
        return parsed(value)
    if texts and pa.types.is_list(kind) and value is not None:
        items = [document(one, kind.value_type, texts=True) for one in value]
        return MALFORMED if MALFORMED in items else items
    return _plain(value, kind)


def parsed(text: str) -> Any:
    """A text of JSON as a document, numbers with all their digits; ``MALFORMED`` if it cannot be read."""
    if re.search(UNREADABLE, text):
        return MALFORMED
    try:
        return json.loads(text, parse_float=_decimal, parse_int=_decimal, parse_constant=_no_constant)
    except ValueError:
        return MALFORMED


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(text)
    return number


MOST_DIGITS = 131_072
"""Digits before the point that PostgreSQL's numbers have."""


def _no_constant(word: str) -> Any:
    raise ValueError(word)  # NaN and infinity, which are no JSON


def _plain(value: Any, kind: pa.DataType) -> Any:
    """A value of DuckDB's as PostgreSQL's ``to_jsonb`` has it."""
    import pyarrow as pa

    if value is None or isinstance(value, bool | str):
        return value
    if pa.types.is_map(kind):
        return {str(name): _plain(one, kind.item_type) for name, one in value}
    if isinstance(value, dict):
        return {name: _plain(one, kind.field(name).type) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, kind.value_type) for one in value]
    if isinstance(value, float):
        return _binary(value, single=pa.types.is_float32(kind))
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _binary(number: float, *, single: bool) -> Any:
    """A binary number as it is written shortest; what is not a number of JSON's, as a text."""
    if not isfinite(number):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    if not single:
        return Decimal(repr(number))
    kept = struct.pack("f", number)
    written = (f"{number:.{digits}g}" for digits in range(1, 10))
    return Decimal(next((short for short in written if struct.pack("f", float(short)) == kept), repr(number)))
