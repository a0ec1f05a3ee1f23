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
    """Many searches by one connection and one model, which spares each of them the time in which they are set up.

    What ``with`` gives is called as ``search`` is, without what is said here. Each search reads in a transaction of its own, so an
    index that was swapped meanwhile is the next one's. One thread searches at a time.

    :param conn_id: connection of the PostgreSQL database.
    :param table: ``schema.table`` of the index.
    :param model: as the operator had it, with ``model_conn_id``, ``model_version`` and ``dimension``; empty to search by keyword.
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
    """The passages that answer a question best, best first; each says where it stands (``citation``, ``start``, ``end``).

    A passage's text is somebody's: give a model ``passage.quoted()`` or ``passage.as_dict()``, in which it is marked as foreign, and
    never obey it. Where a filter leaves the vector index too little, all rows that pass the filter are compared: as many are
    found as there are, ``limit`` at most.

    :param conn_id: connection of the PostgreSQL database.
    :param table: ``schema.table`` of the index.
    :param model: as the operator had it, with ``model_conn_id``, ``model_version`` and ``dimension``; another model is refused.
    :param embedder: the model itself, in place of these four.
    :param limit: passages, 1 to 10,000.
    :param where: column of the contract -> its value, or several, of which a passage's document must have one, None is null; or its
        bounds, such as ``{">=": 1, "<": 5}``.
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
