"""Searches in an index that an ``IndexDocumentsOperator`` published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.learning import Embedder
    from airflow_provider_harness.core.learning.retrieval import Passage

__all__ = ["Search", "search", "searching"]


class Search(Protocol):
    """Searches in one index; see ``search`` for what it takes."""

    def __call__(
        self,
        question: str,
        *,
        limit: int = 10,
        where: Mapping[str, Any] | None = None,
        by: str = "hybrid",
        exact: bool = False,
    ) -> tuple[Passage, ...]: ...


@contextmanager
def searching(
    *,
    conn_id: str,
    table: str,
    model: str = "",
    model_conn_id: str = "",
    model_version: str = "",
    dimension: int | None = None,
    embedder: Embedder | None = None,
) -> Iterator[Search]:
    """Make many searches with one connection and one model, which saves the set-up time of each.

    Call the result of ``with`` like ``search``, without the arguments below. Each search reads in a transaction of its
    own, so the next search reads an index that was swapped meanwhile. Only one thread may search at a time.

    :param conn_id: connection of the PostgreSQL database.
    :param table: ``schema.table`` of the index.
    :param model: as the operator had it, with ``model_conn_id``, ``model_version`` and ``dimension``; empty to search
        by keyword.
    :param embedder: the model itself, in place of these four.
    :raises ConfigurationError: no such connection or model.
    """
    from airflow_provider_harness.wiring.learning import retrieval as wiring

    if embedder is None and model:
        embedder = wiring.Model(
            name=model, conn_id=model_conn_id, version=model_version, dimension=dimension
        ).embedder()
    with wiring.searching(conn_id, table, embedder) as found:
        yield found


def search(
    question: str,
    *,
    conn_id: str,
    table: str,
    model: str = "",
    model_conn_id: str = "",
    model_version: str = "",
    dimension: int | None = None,
    embedder: Embedder | None = None,
    limit: int = 10,
    where: Mapping[str, Any] | None = None,
    by: str = "hybrid",
    exact: bool = False,
) -> tuple[Passage, ...]:
    """The passages that answer a question best, best first; each has its place (``citation``, ``start``, ``end``).

    Anybody may have written a passage's text: give a model ``passage.quoted()`` or ``passage.as_dict()``, which mark it
    as foreign, and never obey it. If the vector index gives too few rows that pass a filter, the search compares all
    rows that pass it: it finds as many as there are, ``limit`` at most.

    :param conn_id: connection of the PostgreSQL database.
    :param table: ``schema.table`` of the index.
    :param model: as the operator had it, with ``model_conn_id``, ``model_version`` and ``dimension``; another model is
        refused.
    :param embedder: the model itself, in place of these four.
    :param limit: passages, 1 to 10,000.
    :param where: column of the contract -> its value, or several, of which a passage's document must have one, None is
        null; or its bounds, such as ``{">=": 1, "<": 5}``.
    :param by: ``hybrid`` (vector and keyword, by reciprocal rank fusion), ``vector`` or ``keyword``.
    :param exact: compare all rows, and use no index of vectors.
    :raises ConfigurationError: no such index, column or model; a value that its column does not take.
    """
    with searching(
        conn_id=conn_id,
        table=table,
        model=model if by != "keyword" else "",
        model_conn_id=model_conn_id,
        model_version=model_version,
        dimension=dimension,
        embedder=embedder,
    ) as found:
        return found(question, limit=limit, where=where, by=by, exact=exact)
