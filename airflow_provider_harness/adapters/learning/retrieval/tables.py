"""Documents in rows of a PostgreSQL table or query, read as a stream from one snapshot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from airflow_provider_harness.adapters.postgres.source import PostgresSource
from airflow_provider_harness.app.ports.learning import Found
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.contracts.schema import Side, compare
from airflow_provider_harness.core.errors import SchemaDrift
from airflow_provider_harness.core.learning.chunks import Document, markdown_blocks
from airflow_provider_harness.core.learning.documents import refused
from airflow_provider_harness.core.learning.retrieval import Recipe
from airflow_provider_harness.core.slices.slices import Slice


class TableDocuments:
    """One document a row; its text is read as Markdown, which plain text is, too.

    Columns other than the text are masked, hashed or left out on the way, as the contract says.

    :param source: not yet opened.
    :param where: the table or query in words.
    """

    def __init__(self, source: PostgresSource, contract: Contract, recipe: Recipe, piece: Slice, where: str) -> None:
        self._source, self._recipe, self._piece, self._where = source, recipe, piece, where
        columns = tuple(
            replace(column, treatment=Treatment.KEEP) if column.name == recipe.text else column
            for column in contract.columns
        )
        self._contract = replace(contract, columns=columns)

    def found(self) -> Iterator[Found]:
        """
        :raises SchemaDrift: the source lacks a column, or has another type.
        """
        with self._source as source:
            drift = compare(self._contract, source.schema(), Side.SOURCE)
            if drift.blocking:
                raise SchemaDrift(drift)
            for batch in source.batches(self._contract, self._piece):
                for row in batch.to_pylist():
                    yield self._one(row)

    def _one(self, row: Mapping[str, Any]) -> Found:
        recipe = self._recipe
        name, text = _id(row[recipe.key], f"{recipe.key} IS NULL"), row[recipe.text]
        fields = {column.name: row[column.name] for column in recipe.fields}
        place = f"{self._where}, {recipe.key} {name}"
        digest = hashlib.sha256(repr((place, text, sorted(fields.items()))).encode()).hexdigest()
        nothing = next((column for column in (recipe.key, recipe.text) if row[column] is None), "")
        opened = partial(refused, f"has {nothing} null") if nothing else partial(_opened, name, place, text, fields)
        return Found(id=name, place=place, digest=digest, size=len(text or ""), open=opened)


def _id(value: Any, none: str) -> str:
    """A key as the text that PostgreSQL reads as that key."""
    if value is None:
        return none
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _opened(name: str, place: str, text: str, fields: Mapping[str, Any]) -> Document:
    return Document(id=name, place=place, text=text, blocks=markdown_blocks(text), fields=fields)
