"""Checks of what is inside a column, on DuckDB: a function of Python's, since DuckDB's own reading of JSON rounds numbers."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.inside import FUNCTION
from airflow_provider_harness.adapters.sql.types import element
from airflow_provider_harness.adapters.sql.values import Family, family, kind_of, unfit
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.documents import UNREADABLE, guilty

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MALFORMED = object()
"""A text that should be JSON, and cannot be read as such; it is of no type, so it fails whatever needs one."""


def teach(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Give a connection the function that says whether a value fails a check of a contract; it knows one contract."""
    inside = {check.id: check for check in contract.checks if check.looks_inside and not unfit(check, contract)}
    if not inside:
        return
    from duckdb.func import FunctionNullHandling, PythonUDFType

    known = connection.sql(f"SELECT 1 FROM duckdb_functions() WHERE function_name = '{FUNCTION}'").fetchall()
    if known:
        connection.remove_function(FUNCTION)
    readers = {name: _reader(check, contract) for name, check in inside.items()}

    connection.create_function(
        FUNCTION,
        lambda values, names: _answers(
            readers, values, names
        ),  # without types, which DuckDB would look up by their names
        None,
        "BOOLEAN",
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
    )


def _answers(
    readers: Mapping[str, Callable[[pa.ChunkedArray], list[bool]]], values: pa.ChunkedArray, names: pa.ChunkedArray
) -> pa.Array:
    import pyarrow as pa

    return pa.array(readers[names[0].as_py()](values) if len(names) else [], pa.bool_())


def _reader(check: Check, contract: Contract) -> Callable[[pa.ChunkedArray], list[bool]]:
    test = guilty(check, contract.load.time_zone)
    texts = family(element(kind_of(contract, check.columns[0]))) is Family.JSON

    def read(values: pa.ChunkedArray) -> list[bool]:
        return [test(document(value, values.type, texts=texts)) for value in values.to_pylist()]

    return read


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
    """A binary number as it is written shortest; what is no number of JSON's, as a text."""
    if not isfinite(number):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(number)]
    if not single:
        return Decimal(repr(number))
    kept = struct.pack("f", number)
    written = (f"{number:.{digits}g}" for digits in range(1, 10))
    return Decimal(next((short for short in written if struct.pack("f", float(short)) == kept), repr(number)))
