"""Searches in the version of an index that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.retrieval import names
from airflow_provider_harness.adapters.learning.retrieval.ranking import CANDIDATES, Key, by_keyword, by_vector
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.app.ports.learning import Embedder, Vector
from airflow_provider_harness.core.errors import ConfigurationError, DatabaseRefused, HarnessUnavailable
from airflow_provider_harness.core.learning.retrieval import Passage, fused

if TYPE_CHECKING:
    import psycopg

BY = ("hybrid", "vector", "keyword")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The version that is served."""

    version: str
    model: str
    model_version: str
    dimension: int
    language: str
    fields: tuple[str, ...]


def search(
    dsn: str,
    name: str,
    table: str,
    question: str,
    embedder: Embedder | None,
    *,
    limit: int,
    where: Mapping[str, Any],
    by: str,
    exact: bool = False,
) -> tuple[Passage, ...]:
    """See ``airflow_provider_harness.retrieval.search``.

    :param name: the connection in words, for errors.
    """
    for last in (False, True):
        try:
            with session(dsn, name) as connection:
                return _found(connection, table, question, embedder, limit=limit, where=where, by=by, exact=exact)
        except DatabaseRefused as error:
            if error.code != _NO_TABLE:
                raise
            if last:
                raise ConfigurationError(f"table {table}", "has no index.", fix=_PUBLISH) from error
    raise AssertionError("the second attempt returns or raises")


_NO_TABLE = "42P01"
"""There is no index; or another version was served, and the one before dropped, while we looked: the next look finds the new one."""
_PUBLISH = "Let an IndexDocumentsOperator publish it, or correct the table's name."


def _found(
    connection: psycopg.Connection[Any],
    table: str,
    question: str,
    embedder: Embedder | None,
    *,
    limit: int,
    where: Mapping[str, Any],
    by: str,
    exact: bool,
) -> tuple[Passage, ...]:
    served = _served(connection, table)
    unknown = [one for one in where if one not in served.fields]
    if unknown:
        raise ConfigurationError(
            f"index {table}",
            f"cannot be narrowed by {', '.join(unknown)}.",
            valid=served.fields,
            fix="Name columns of the contract.",
        )
    pair, wanted = names.version(table, served.version), max(limit, CANDIDATES)
    rankings: dict[str, list[Key]] = {}
    if by != "keyword":
        vector = _vector(embedder, served, table, question)
        rankings["vector"] = by_vector(connection, pair.passages, vector, wanted, where, exact=exact)
    if by != "vector":
        rankings["keyword"] = by_keyword(connection, pair.passages, served.language, question, wanted, where)
    scores = fused(rankings.values())
    best = list(scores)[:limit]
    ranks = {name: {key: rank for rank, key in enumerate(found, 1)} for name, found in rankings.items()}
    rows = _rows(connection, pair, best, served.fields)
    return tuple(
        Passage(
            document=key[0],
            score=scores[key],
            ranks={name: found[key] for name, found in ranks.items() if key in found},
            version=served.version,
            **rows[key],
        )
        for key in best
        if key in rows
    )


def _served(connection: psycopg.Connection[Any], table: str) -> Served:
    rows = connection.execute(
        (
            f"SELECT version, model, model_version, dimension, language, fields FROM {names.catalogue(table)} "
            "WHERE state = 'served'"
        ).encode()
    ).fetchall()
    if not rows:
        raise ConfigurationError(f"table {table}", "has an index of which no version was published.", fix=_PUBLISH)
    version, model, model_version, dimension, language, fields = rows[0]
    return Served(
        version=version,
        model=model,
        model_version=model_version,
        dimension=dimension,
        language=language,
        fields=tuple(fields),
    )


def _vector(embedder: Embedder | None, served: Served, table: str, question: str) -> Vector:
    made = f"{served.model} {served.model_version}".strip()
    if embedder is None:
        raise ConfigurationError(
            f"index {table}", "needs its model to be searched by vector.", fix=f"Give {made}, or by='keyword'."
        )
    if (embedder.model, embedder.version) != (served.model, served.model_version):
        given = f"{embedder.model} {embedder.version}".strip()
        raise ConfigurationError(
            f"index {table}",
            f"was made with {made}, whose vectors cannot be compared with those of {given}.",
            fix=f"Search with {made}.",
        )
    [vector] = embedder.embed([question])
    if len(vector) != served.dimension:
        raise HarnessUnavailable(
            f"model {embedder.model}", f"it gave {len(vector)} dimensions, and index {table} has {served.dimension}"
        )
    return vector


def _rows(
    connection: psycopg.Connection[Any], pair: names.Pair, keys: Sequence[Key], fields: Sequence[str]
) -> dict[Key, dict[str, Any]]:
    more = "".join(f", p.{column(one)}" for one in fields)
    rows = connection.execute(
        (
            f"SELECT p.harness_id, p.harness_ordinal, d.harness_place, p.harness_headings, p.harness_start, p.harness_end, p.harness_text{more} "
            "FROM unnest(%s::text[], %s::int[]) AS k (id, ordinal) "
            f"JOIN {pair.passages} AS p ON p.harness_id = k.id AND p.harness_ordinal = k.ordinal "
            f"JOIN {pair.documents} AS d ON d.harness_id = k.id"
        ).encode(),
        ([key[0] for key in keys], [key[1] for key in keys]),
    ).fetchall()
    return {
        (name, ordinal): {
            "place": place,
            "headings": tuple(headings),
            "start": start,
            "end": end,
            "text": text,
            "fields": dict(zip(fields, values, strict=True)),
        }
        for name, ordinal, place, headings, start, end, text, *values in rows
    }
