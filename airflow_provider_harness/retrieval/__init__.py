"""Searches in an index that an ``IndexDocumentsOperator`` published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_harness.app.ports.learning import Embedder
    from airflow_provider_harness.core.learning.retrieval import Passage

__all__ = ["search"]


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
    :param limit: passages, 1 or more.
    :param where: column of the contract -> its value, or several, of which a passage's document must have one; None is null.
    :param by: ``hybrid`` (vector and keyword, by reciprocal rank fusion), ``vector`` or ``keyword``.
    :param exact: compare all rows, and use no index of vectors.
    :raises ConfigurationError: no such index, column or model.
    """
    from airflow_provider_harness.wiring.learning import retrieval as wiring

    if embedder is None and by != "keyword":
        embedder = wiring.Model(
            name=model, conn_id=model_conn_id, version=model_version, dimension=dimension
        ).embedder()
    return wiring.search(
        question, conn_id=conn_id, table=table, embedder=embedder, limit=limit, where=where or {}, by=by, exact=exact
    )
