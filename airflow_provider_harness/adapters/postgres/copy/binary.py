"""Text that travels in Arrow, in the bytes that PostgreSQL's binary COPY expects of a column of its own type."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.types import AS_TEXT, base
from airflow_provider_harness.core.contracts.contract import Contract

if TYPE_CHECKING:
    import pyarrow as pa

JSONB_VERSION = "\x01"
"""The byte before the text in ``jsonb_recv``."""
NO_UUID = "00000000-0000-0000-0000-000000000000"


def wired_schema(contract: Contract, schema: pa.Schema) -> pa.Schema:
    """The schema of batches in wire form."""
    import pyarrow as pa

    kinds = {column.name: base(column.physical_type) for column in contract.columns}
    return pa.schema([field.with_type(pa.binary()) if kinds[field.name] == "uuid" else field for field in schema])


def encode(batches: Iterable[pa.RecordBatch], contract: Contract, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches whose uuid and jsonb columns a table of these types takes as they are.

    :param schema: of the result, as ``wired_schema`` gives it.
    """
    import pyarrow as pa

    special = {c.name: base(c.physical_type) for c in contract.columns if base(c.physical_type) in AS_TEXT}
    for batch in batches:
        columns = [
            _WIRE.get(special.get(name, ""), _as_it_is)(column)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _as_it_is(column: Any) -> Any:
    return column


def _jsonb(column: pa.Array) -> pa.Array:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(JSONB_VERSION, column, "")


def _uuid(column: pa.Array) -> pa.Array:
    """Sixteen bytes each; all digits of a batch are read at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pc.replace_substring(pc.fill_null(column, NO_UUID), "-", "")
    values = binascii.unhexlify(digits.buffers()[2][: pc.sum(pc.binary_length(digits)).as_py() or 0])
    if len(values) != 16 * len(column):
        raise ValueError("a uuid is not written with 32 digits")
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(column), [None, pa.py_buffer(values)])
    return pc.if_else(column.is_valid(), fixed.cast(pa.binary()), None)


_WIRE: Mapping[str, Any] = {"jsonb": _jsonb, "uuid": _uuid}
"""Type -> its text in wire form; json is text there too."""
