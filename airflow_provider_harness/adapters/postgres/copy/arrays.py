"""PostgreSQL's arrays as Arrow's nested lists and back, with their dimensions.

A contract says how many dimensions an array has (``integer[][]`` has two); PostgreSQL does not hold its values to that, and
the driver gives all of them as one flat list, so the server is asked for the shape of each value beside the value itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.types import AS_TEXT, as_literal, base, dimensions, element
from airflow_provider_harness.core.contracts.contract import Contract

if TYPE_CHECKING:
    import pyarrow as pa


def shape_columns(name: str, kind: str) -> tuple[str, ...]:
    """What tells the shape of an array: whether it is another one than Arrow can have, then the lengths from the second
    dimension on.

    :param name: the column, as SQL.
    """
    levels = range(1, dimensions(kind) + 1)
    other = " OR ".join((f"array_ndims({name}) <> {len(levels)}", *(f"array_lower({name}, {n}) <> 1" for n in levels)))
    return f"cardinality({name}) > 0 AND ({other})", *(f"array_length({name}, {n})::bigint" for n in levels[1:])


def misshapen(other: pa.Array, kind: str) -> str:
    """What is wrong with the shapes of a batch's values; empty where nothing is."""
    import pyarrow.compute as pc

    count = pc.sum(other).as_py() or 0
    count_of = "one dimension" if dimensions(kind) == 1 else f"{dimensions(kind)} dimensions"
    return f"{count} value(s) without {count_of}, or that do not begin at 1" if count else ""


def nested(flat: pa.Array, values: pa.Array, lengths: Sequence[pa.Array]) -> pa.Array:
    """One list for each row, nested as deep as the values are.

    :param flat: what the driver gave: each row's values as one list.
    :param values: the values of all rows, in order.
    :param lengths: of each row, from the second dimension on; null in an empty array.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    counts = pc.fill_null(pc.list_value_length(flat), 0).cast(pa.int64())
    for length in reversed(lengths):
        size = pc.max_element_wise(pc.fill_null(length, 1).cast(pa.int64()), 1)
        counts = pc.divide(counts, size)
        values = pa.ListArray.from_arrays(_offsets(_repeated(size, counts)), values)
    gone = flat.is_null() if flat.null_count else None
    return pa.ListArray.from_arrays(_offsets(counts), values, mask=gone)


def _repeated(values: pa.Array, times: pa.Array) -> pa.Array:
    """Each value as often as its row says."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = pa.ListArray.from_arrays(_offsets(times), pa.nulls(pc.sum(times).as_py() or 0))
    return values.take(pc.list_parent_indices(rows))


def _offsets(sizes: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(sizes)]).cast(pa.int32())


def with_literals(batches: Iterable[pa.RecordBatch], contract: Contract) -> Iterator[pa.RecordBatch]:
    """Batches in which an array that the driver cannot send as it is has become PostgreSQL's text of it."""
    kinds = {column.name: column.physical_type for column in contract.columns if as_literal(column.physical_type)}
    for batch in batches:
        yield _replaced(batch, kinds) if kinds else batch


def literal_schema(contract: Contract, schema: pa.Schema) -> pa.Schema:
    """The schema of what ``with_literals`` gives."""
    import pyarrow as pa

    texts = {column.name for column in contract.columns if as_literal(column.physical_type)}
    return pa.schema([field.with_type(pa.string()) if field.name in texts else field for field in schema])


def _replaced(batch: pa.RecordBatch, kinds: Mapping[str, str]) -> pa.RecordBatch:
    import pyarrow as pa

    for place, name in enumerate(batch.schema.names):
        if name in kinds:
            texts = [None if value is None else literal(value) for value in batch.column(place).to_pylist()]
            batch = batch.set_column(place, name, pa.array(texts, type=pa.string()))
    return batch


def literal(value: Any) -> str:
    """A value, or nested lists of them, as PostgreSQL's input of an array has it.

    >>> literal([[1, None], [2, 3]]), literal(['a "b"', 'null', ''])
    ('{{1,NULL},{2,3}}', '{"a \\\\"b\\\\"","null",""}')
    """
    if isinstance(value, list):
        return "{" + ",".join(map(literal, value)) + "}"
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        text = f"\\x{value.hex()}"
    elif isinstance(value, date | datetime | time):
        text = value.isoformat()
    else:
        text = str(value)
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"' if isinstance(value, str | bytes | date | time) else text


def asked(name: str, kind: str, found: str) -> str:
    """An array column as the source is asked for it: elements that travel as text are written by the server.

    A value of another shape is not asked for, since the driver would stop at some of them with no word about the column.

    :param name: the column, as SQL.
    :param found: its type at the source.
    """
    same = base(found).rstrip("[]") == base(element(kind))
    cast = "" if found and same else f"::{element(kind)}[]"
    by_text = base(element(kind)) in (*AS_TEXT, "numeric")
    value = f"{name}{cast}::text[]" if by_text else f"{name}{cast}"
    return f"CASE WHEN {shape_columns(name, kind)[0]} THEN NULL ELSE {value} END"
