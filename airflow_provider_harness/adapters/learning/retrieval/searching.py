"""Searches in the version of an index that is served."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.retrieval import names
from airflow_provider_harness.adapters.learning.retrieval.ranking import (
    CANDIDATES,
    Filter,
    Key,
    by_keyword,
    by_vector,
    condition,
    many,
)
from airflow_provider_harness.adapters.postgres.errors import translated
from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.authored.reading import reading
from airflow_provider_harness.adapters.sql.checks import column
from airflow_provider_harness.app.learning.retrieval import defect_of, vectors_of
from airflow_provider_harness.app.ports.learning import Embedder, Vector
from airflow_provider_harness.core.errors import ConfigurationError, DatabaseRefused, HarnessUnavailable
from airflow_provider_harness.core.learning.retrieval import Passage, asked_text, fused

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


@contextmanager
def opened(dsn: str, name: str, table: str, embedder: Embedder | None) -> Iterator[Callable[..., tuple[Passage, ...]]]:
    """See ``airflow_provider_harness.retrieval.searching``.

    :param name: the connection in words, for errors.
    """
    with session(dsn, name, writes=True, watched=False) as connection:
        index = _Index(connection=connection, name=name, table=table, embedder=embedder)
        yield index.search


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """An index, and a session that only reads while it is searched."""

    connection: psycopg.Connection[Any]
    name: str
    table: str
    embedder: Embedder | None

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        where: Mapping[str, Any] | None = None,
        by: str = "hybrid",
        exact: bool = False,
    ) -> tuple[Passage, ...]:
        """See ``airflow_provider_harness.retrieval.search``."""
        asked = Asked(question=asked_text(question), limit=limit, where=where or {}, by=by, exact=exact)
        for last in (False, True):
            try:
                with translated(self.name), reading(self.connection):
                    return self._found(asked)
            except DatabaseRefused as error:
                if error.code != _NO_TABLE:
                    raise
                if last:
                    raise ConfigurationError(f"table {self.table}", "has no index.", fix=_PUBLISH) from error
        raise AssertionError("the second attempt returns or raises")

    def _found(self, asked: Asked) -> tuple[Passage, ...]:
        served = _served(self.connection, self.table)
        pair, wanted = names.version(self.table, served.version), max(asked.limit, CANDIDATES)
        narrowed = _narrowed(self.table, served, asked.where)
        many_pass = _many(self.connection, pair.passages, narrowed, asked)
        rankings: dict[str, list[Key]] = {}
        if asked.by != "keyword":
            vector = _vector(self.embedder, served, self.table, asked.question)
            rankings["vector"] = by_vector(
                self.connection, pair.passages, vector, wanted, narrowed, many=many_pass and not asked.exact
            )
        if asked.by != "vector":
            rankings["keyword"] = by_keyword(
                self.connection, pair.passages, served.language, asked.question, wanted, narrowed
            )
        return _passages(self.connection, pair, rankings, served, asked.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and what its answer must be; see ``airflow_provider_harness.retrieval.search``."""

    question: str
    limit: int
    where: Mapping[str, Any]
    by: str
    exact: bool

    def __post_init__(self) -> None:
        if self.by not in BY:
            raise ConfigurationError("by", f"is {self.by!r}.", valid=BY)
        if not isinstance(self.limit, int) or not 1 <= self.limit <= MOST:
            raise ConfigurationError("limit", f"is {self.limit!r}.", fix=f"Give 1 to {MOST:,}.")
        if not isinstance(self.where, Mapping):
            raise ConfigurationError("where", f"is {type(self.where).__name__}.", fix="Map columns to their values.")


MOST = 10_000
"""Passages of one search."""
_NO_TABLE = "42P01"
"""There is no index; or another version was served, and the one before dropped, while we looked: the next look finds the new one."""
_PUBLISH = "Let an IndexDocumentsOperator publish it, or correct the table's name."


def _narrowed(table: str, served: Served, where: Mapping[str, Any]) -> Filter:
    unknown = [str(one) for one in where if one not in served.fields]
    if unknown:
        raise ConfigurationError(
            f"index {table}",
            f"cannot be narrowed by {', '.join(unknown)}.",
            valid=served.fields,
            fix="Name columns of the contract.",
        )
    return condition(where)


def _many(connection: psycopg.Connection[Any], passages: str, narrowed: Filter, asked: Asked) -> bool:
    """Whether so many pass the filter that the index of vectors is asked; the first question with the filter's values.

    :raises ConfigurationError: a column does not take its value.
    """
    import psycopg

    try:
        return many(connection, passages, narrowed)
    except psycopg.errors.UndefinedTable:
        raise
    except (psycopg.DataError, psycopg.ProgrammingError, UnicodeEncodeError) as error:
        code = getattr(error, "sqlstate", None)
        raise ConfigurationError(
            f"where {', '.join(asked.where)}",
            f"has a value that its column does not take ({code or type(error).__name__}).",
            fix='Give a value of the column\'s own type, a list of them, or bounds such as {">=": 1, "<": 5}.',
        ) from error


def _passages(
    connection: psycopg.Connection[Any],
    pair: names.Pair,
    rankings: Mapping[str, Sequence[Key]],
    served: Served,
    limit: int,
) -> tuple[Passage, ...]:
    """The best of the rankings together."""
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
        raise ConfigurationError(f"table {table}", "has an index, but no version of it was published.", fix=_PUBLISH)
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
    [vector] = vectors_of(embedder, [question])
    if defect := defect_of(vector, served.dimension):
        raise HarnessUnavailable(f"model {embedder.model}", f"its vector of the question {defect}")
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
