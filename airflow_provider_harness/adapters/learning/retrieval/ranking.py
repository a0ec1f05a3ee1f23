"""Passages by vector and by keyword, in one version of an index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.retrieval.names import Pair
from airflow_provider_harness.adapters.sql.checks import column, literal
from airflow_provider_harness.app.ports.learning import Vector
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.retrieval import asked_text, fused

if TYPE_CHECKING:
    import psycopg

Key = tuple[str, int]
"""A passage: its document's id, and its ordinal there."""
CANDIDATES = 50
"""Passages of each ranking that are fused, at least."""
COMMON = 2000
"""Passages from which on a word is common: PostgreSQL ranks by the passage alone, and would count "how" as much as a name."""
FEW = 20_000
"""Passages up to which all that pass the filter are compared, which costs milliseconds and misses none; an index of vectors is for more."""
LOOKED_AT = 400
"""``hnsw.ef_search``: candidates that the index keeps while it walks."""


BOUNDS = (">=", ">", "<=", "<")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a passage's document must be.

    :param sql: a condition, with a mark for each of its values.
    """

    sql: str = "TRUE"
    values: tuple[Any, ...] = ()


def condition(where: Mapping[str, Any]) -> Filter:
    """Columns that have a value, or one of several, None for null; or that are within bounds.

    >>> condition({"a": [1, None], "b": {">=": 2}})
    Filter(sql='("a" IN (%s) OR "a" IS NULL) AND ("b" >= %s)', values=(1, 2))
    """
    parts = [_bounded(name, one) if isinstance(one, Mapping) else _one_of(name, one) for name, one in where.items()]
    if not parts:
        return Filter()
    return Filter(
        " AND ".join(f"({part.sql})" for part in parts), tuple(value for part in parts for value in part.values)
    )


def _one_of(name: str, wanted: Any) -> Filter:
    several = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str | bytes) else [wanted]
    known = tuple(one for one in several if one is not None)
    parts = [f"{column(name)} IN ({', '.join(['%s'] * len(known))})"] if known else []
    parts += [f"{column(name)} IS NULL"] if len(known) < len(several) else []
    return Filter(" OR ".join(parts) or "FALSE", known)


def _bounded(name: str, bounds: Mapping[Any, Any]) -> Filter:
    if not bounds or any(sign not in BOUNDS or value is None for sign, value in bounds.items()):
        raise ConfigurationError(
            f"where {name}", f"has the bounds {', '.join(map(str, bounds)) or 'of nothing'}.", valid=BOUNDS, fix=_BOUND
        )
    return Filter(" AND ".join(f"{column(name)} {sign} %s" for sign in bounds), tuple(bounds.values()))


_BOUND = 'Give each a value that is not None, such as {">=": 1, "<": 5}.'


def by_vector(
    connection: psycopg.Connection[Any],
    passages: str,
    vector: Vector,
    limit: int,
    narrowed: Filter,
    *,
    many: bool,
) -> list[Key]:
    """The nearest passages in the transaction that is open, nearest first. Where the filter leaves few, all are compared; else the index
    of vectors is asked, which goes on until it has enough, and where it has not, all are compared, too.

    :param many: whether so many pass the filter that the index is asked.
    """
    order = "harness_embedding <=> %s::vector"
    asked = f"SELECT harness_id, harness_ordinal FROM {passages} WHERE {narrowed.sql} ORDER BY {{}} LIMIT %s"
    given = [*narrowed.values, _written(vector), limit]
    found: list[Key] = []
    if many:
        connection.execute(_SETTINGS.encode())
        found = connection.execute(asked.format(order).encode(), given).fetchall()
    if len(found) < limit:
        exactly = f"({order}) + 0, harness_id, harness_ordinal"
        found = connection.execute(asked.format(exactly).encode(), given).fetchall()
    return found


def many(connection: psycopg.Connection[Any], passages: str, narrowed: Filter) -> bool:
    """Whether more than a few passages pass a filter; no more of them are counted."""
    asked = f"SELECT count(*) > {FEW} FROM (SELECT FROM {passages} WHERE {narrowed.sql} LIMIT {FEW + 1}) AS few"
    return bool(connection.execute(asked.encode(), narrowed.values).fetchall()[0][0])


_SETTINGS = f"""
SELECT set_config(name, CASE name WHEN 'hnsw.ef_search' THEN '{LOOKED_AT}' ELSE 'strict_order' END, true)
FROM pg_catalog.pg_settings WHERE name IN ('hnsw.ef_search', 'hnsw.iterative_scan') AND '[1]'::vector IS NOT NULL
"""
"""Let the index go on where a filter leaves too little; before 0.8, pgvector has no such setting, and rows are read instead. Until the
vector is read, pgvector's library is not loaded, and has no settings."""


def by_keyword(
    connection: psycopg.Connection[Any],
    passages: str,
    language: str,
    question: str,
    limit: int,
    narrowed: Filter,
) -> list[Key]:
    """The passages that have the question's words, best first; a word counts for more that is rare among those that pass the filter. Words of very many passages are looked
    for only where the others lead to too few."""
    words = _words(connection, passages, language, question, narrowed)
    rare = {word: count for word, count in words.items() if count < COMMON}
    found: list[Key] = []
    for wanted in filter(None, (rare, words if words != rare else {})):
        more = _with_words(connection, passages, wanted, limit, narrowed)
        found += [key for key in more if key not in found]
        if len(found) >= limit:
            break
    return found[:limit]


def _words(
    connection: psycopg.Connection[Any], passages: str, language: str, question: str, narrowed: Filter
) -> dict[str, int]:
    """The question's words as queries -> how many passages of the filter have them, ``COMMON`` at most; without those that none
    has."""
    word = r"concat('''', replace(replace(w, '\', '\\'), '''', ''''''), '''')"
    asked = (
        f"SELECT q, (SELECT count(*) FROM (SELECT FROM {passages} WHERE harness_words @@ q::tsquery AND {narrowed.sql} "
        f"LIMIT {COMMON}) AS few) "
        f"FROM (SELECT {word} AS q FROM unnest(tsvector_to_array(to_tsvector({literal(language)}, %s))) AS w) AS words"
    )
    rows = connection.execute(asked.encode(), [*narrowed.values, asked_text(question)]).fetchall()
    return {word: count for word, count in rows if count}


def _with_words(
    connection: psycopg.Connection[Any], passages: str, words: Mapping[str, int], limit: int, narrowed: Filter
) -> list[Key]:
    weights = [log(1 + COMMON / count) for count in words.values()]
    score = " + ".join(["(harness_words @@ %s::tsquery)::integer * %s::double precision"] * len(words))
    parts = [part for pair in zip(words, weights, strict=True) for part in pair]
    asked = (
        f"SELECT harness_id, harness_ordinal FROM {passages} WHERE harness_words @@ %s::tsquery AND {narrowed.sql} "
        f"ORDER BY {score} DESC, ts_rank_cd(harness_words, %s::tsquery, 1) DESC, harness_id, harness_ordinal LIMIT %s"
    )
    any_word = " | ".join(words)
    return connection.execute(asked.encode(), [any_word, *narrowed.values, *parts, any_word, limit]).fetchall()


def documents_like(
    connection: psycopg.Connection[Any], pair: Pair, language: str, question: str, vector: Vector, limit: int
) -> Sequence[str]:
    """The documents that a question leads to by both rankings, best first."""
    rankings = (
        by_vector(
            connection, pair.passages, vector, CANDIDATES, Filter(), many=many(connection, pair.passages, Filter())
        ),
        by_keyword(connection, pair.passages, language, question, CANDIDATES, Filter()),
    )
    return list(dict.fromkeys(document for document, _ in fused(rankings)))[:limit]


def _written(vector: Vector) -> str:
    return "[" + ",".join(map(repr, vector)) + "]"
