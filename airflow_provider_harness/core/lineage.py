"""Who feeds whom, table by table and column by column."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Transformation(StrEnum):
    """How a column came from another."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A table or file by OpenLineage's naming specification.

    :param namespace: for example ``postgres://host:5432`` or ``file``.
    :param name: for example ``database.schema.table`` or a path.
    """

    namespace: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnEdge:
    """One column that one output column is made of."""

    source: Dataset
    source_column: str
    target_column: str
    how: Transformation


def identity_edges(source: Dataset, columns: tuple[str, ...]) -> tuple[ColumnEdge, ...]:
    """The edges of a copy: each column comes from the column of the same name."""
    return tuple(
        ColumnEdge(source=source, source_column=name, target_column=name, how=Transformation.IDENTITY)
        for name in columns
    )
