"""Passages by vector and by keyword, in one version of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.retrieval.names import Pair
from airflow_provider_harness.adapters.sql.checks import column, literal
from airflow_provider_harness.app.ports.learning import Vector
from airflow_provider_harness.core.learning.retrieval import fused

if TYPE_CHECKING:
    import psycopg

Key = tuple[str, int]
"""A passage: its document's id, and its ordinal there."""
CANDIDATES = 50
"""Passages of each ranking that are fused, at least."""
COMMON = 2000
"""Passages from which on a word is common: PostgreSQL ranks by the passage alone, and would count "how" as much as a name."""
FEW = 10_000
"""Passages up to which all that pass the filter are compared, which costs milliseconds and misses none; an index of vectors is for more."""
LOOKED_AT = 200
"""``hnsw.ef_search``: candidates that the index keeps while it walks."""


def condition(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Columns that have a value, or one of several; None stands for null."""
    parts, values = ["TRUE"], []
    for name, wanted in where.items():
        several = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        known = [one for one in several if one is not None]
        null = f" OR {column(name)} IS NULL" if len(known) < len(several) else ""
        marks = ", ".join(["%s"] * len(known))
        parts.append(f"({f'{column(name)} IN ({marks})' if known else 'FALSE'}{null})")
        values += known
    return " AND ".join(parts), values


def by_vector(
    connection: psycopg.Connection[Any],
    passages: str,
    vector: Vector,
    limit: int,
    where: Mapping[str, Any],
    *,
    exact: bool = False,
) -> list[Key]:
    """The nearest passages in the transaction that is open, nearest first. Where the filter leaves few, all are compared; else the index
    of vectors is asked, which goes on until it has enough, and where it has not, all are compared, too.

    :param exact: compare all at once.
    """
    narrowed, values = condition(where)
    order = "harness_embedding <=> %s::vector"
    asked = f"SELECT harness_id, harness_ordinal FROM {passages} WHERE {narrowed} ORDER BY {{}} LIMIT %s"
    given = [*values, _written(vector), limit]
    found: list[Key] = []
    if not exact and _many(connection, passages, narrowed, values):
        connection.execute(_SETTINGS.encode())
        found = connection.execute(asked.format(order).encode(), given).fetchall()
    if len(found) < limit:
        found = connection.execute(asked.format(f"({order}) + 0").encode(), given).fetchall()
    return found


def _many(connection: psycopg.Connection[Any], passages: str, narrowed: str, values: list[Any]) -> bool:
    """Whether more than a few passages pass a filter; no more of them are counted."""
    asked = f"SELECT count(*) > {FEW} FROM (SELECT FROM {passages} WHERE {narrowed} LIMIT {FEW + 1}) AS few"
    return bool(connection.execute(asked.encode(), values).fetchall()[0][0])


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
    where: Mapping[str, Any],
) -> list[Key]:
    """The passages that have the question's words, best first; a rare word counts for more. Words of very many passages are looked
    for only where the others lead to too few."""
    words = _words(connection, passages, language, question)
    rare = {word: count for word, count in words.items() if count < COMMON}
    found: list[Key] = []
    for wanted in filter(None, (rare, words if words != rare else {})):
        more = _with_words(connection, passages, wanted, limit, where)
        found += [key for key in more if key not in found]
        if len(found) >= limit:
            break
    return found[:limit]


def _words(connection: psycopg.Connection[Any], passages: str, language: str, question: str) -> dict[str, int]:
    """The question's words as queries -> how many passages have them, ``COMMON`` at most; without those that none has."""
    word = r"concat('''', replace(replace(w, '\', '\\'), '''', ''''''), '''')"
    asked = (
        f"SELECT q, (SELECT count(*) FROM (SELECT FROM {passages} WHERE harness_words @@ q::tsquery LIMIT {COMMON}) AS few) "
        f"FROM (SELECT {word} AS q FROM unnest(tsvector_to_array(to_tsvector({literal(language)}, %s))) AS w) AS words"
    )
    return {word: count for word, count in connection.execute(asked.encode(), [question]).fetchall() if count}


def _with_words(
    connection: psycopg.Connection[Any], passages: str, words: Mapping[str, int], limit: int, where: Mapping[str, Any]
) -> list[Key]:
    narrowed, values = condition(where)
    weights = [log(1 + COMMON / count) for count in words.values()]
    score = " + ".join(["(harness_words @@ %s::tsquery)::integer * %s::double precision"] * len(words))
    parts = [part for pair in zip(words, weights, strict=True) for part in pair]
    asked = (
        f"SELECT harness_id, harness_ordinal FROM {passages} WHERE harness_words @@ %s::tsquery AND {narrowed} "
        f"ORDER BY {score} DESC, ts_rank_cd(harness_words, %s::tsquery, 1) DESC, harness_id, harness_ordinal LIMIT %s"
    )
    any_word = " | ".join(words)
    return connection.execute(asked.encode(), [any_word, *values, *parts, any_word, limit]).fetchall()


def documents_like(
    connection: psycopg.Connection[Any], pair: Pair, language: str, question: str, vector: Vector, limit: int
) -> Sequence[str]:
    """The documents that a question leads to by both rankings, best first."""
    rankings = (
        by_vector(connection, pair.passages, vector, CANDIDATES, {}),
        by_keyword(connection, pair.passages, language, question, CANDIDATES, {}),
    )
    return list(dict.fromkeys(document for document, _ in fused(rankings)))[:limit]


def _written(vector: Vector) -> str:
    return "[" + ",".join(map(repr, vector)) + "]"
