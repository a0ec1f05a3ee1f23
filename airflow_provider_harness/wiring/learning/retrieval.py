"""Indexes of documents put together: where documents are, the model, the index, and its gate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable, MissingExtra

if TYPE_CHECKING:
    from airflow_provider_harness.app.learning.retrieval import Golden, Reading, Tally
    from airflow_provider_harness.app.ports.learning import Documents, Embedder, Indexed
    from airflow_provider_harness.core.contracts.contract import Contract, Treatment
    from airflow_provider_harness.core.contracts.report import Report
    from airflow_provider_harness.core.diagnosis.failure import TryKey
    from airflow_provider_harness.core.learning.chunks import Document
    from airflow_provider_harness.core.learning.retrieval import Passage, Recipe
    from airflow_provider_harness.core.slices.slices import Slice

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Which model embeds.

    :param name: ``wordllama`` without a connection: it needs no network.
    :param conn_id: connection of the provider; its host ends before ``/embeddings``, its password is the key.
    :param version: tells apart what the provider serves by one name.
    :param dimension: that is asked for; None for the model's own.
    """

    name: str = ""
    conn_id: str = ""
    version: str = ""
    dimension: int | None = None

    def embedder(self) -> Embedder:
        """The model, ready to be asked."""
        from airflow_provider_harness.adapters.learning.retrieval import offline, served

        if not self.conn_id:
            if self.name != offline.MODEL:
                raise ConfigurationError(
                    f"model {self.name!r}",
                    "needs a connection.",
                    valid=(offline.MODEL,),
                    fix="Give model_conn_id of its provider.",
                )
            return offline.OfflineEmbedder()
        address, key = _provider(self.conn_id)
        return served.ServedEmbedder(
            address, key, self.name, name=f"connection {self.conn_id}", version=self.version, dimension=self.dimension
        )


def _provider(conn_id: str) -> tuple[str, str]:
    """Address and key of a connection."""
    from airflow_provider_harness.wiring.access import opened

    found = opened(conn_id)
    extra = found.extra_dejson
    host = str(extra.get("base_url") or found.host or "")
    if not host:
        raise ConfigurationError(
            f"connection {conn_id}", "has no host.", fix="Give the address that ends before /embeddings."
        )
    if "://" not in host:
        scheme = found.schema if found.schema in ("http", "https") else "https"
        host = f"{scheme}://{host}"
    if found.port and not extra.get("base_url"):
        head, slash, path = host.partition("://")[2].partition("/")
        host = f"{host.partition('://')[0]}://{head}:{found.port}{slash}{path}"
    return host, str(found.password or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task is told to index; see ``operators.IndexDocumentsOperator``."""

    documents: str = ""
    pattern: str = "*"
    source_conn_id: str = ""
    source_table: str = ""
    sql: str = ""
    text_column: str = "text"
    chunk_size: int = 1200
    overlap: int = 150
    language: str = "english"
    golden: str = ""
    least_recall: float = 1.0
    shard: int = 0
    shards: int = 1


def index(
    contract: Contract,
    key: str,
    order: Order,
    embedder: Embedder,
    *,
    conn_id: str,
    run: str,
    task: TryKey,
    running: list[Callable[[], None]],
    end: str = "",
) -> tuple[Indexed, Tally, Report]:
    """Bring the documents of one shard into the index of a contract's table."""
    from airflow_provider_harness.adapters.learning.retrieval.pgvector import PgVectorIndex, shard_number
    from airflow_provider_harness.adapters.postgres.session import session
    from airflow_provider_harness.app.learning import retrieval as app
    from airflow_provider_harness.app.rows.exactly_once import in_hand
    from airflow_provider_harness.core.slices.gate_run import GateSite, Place
    from airflow_provider_harness.core.slices.lease import of_slice
    from airflow_provider_harness.wiring.leases import published
    from airflow_provider_harness.wiring.moves import RECORDS
    from airflow_provider_harness.wiring.rows.connections import dsn, named
    from airflow_provider_harness.wiring.rows.slices import piece_of

    piece = piece_of(contract, key, end)
    recipe = _recipe(contract, order, embedder)
    golden = _golden(order.golden, embedder)
    site = GateSite(place=Place.STAGING, conn_id=conn_id, task=task)
    lease = f"{of_slice(conn_id, contract.table, piece.id)} shard {order.shard} of {order.shards}"
    name = f"harness index {contract.table}"
    with (
        in_hand(RECORDS, contract, piece, site, task, lease) as slot,
        session(dsn(conn_id, name), named(conn_id), writes=True) as connection,
    ):
        running.append(connection.cancel_safe)
        vectors = PgVectorIndex(connection, recipe, run=run, shard=order.shard, shards=order.shards)
        vectors.open(lambda: len(app.vectors_of(embedder, ["How many numbers does a vector have?"])[0]))
        source = _documents(contract, order, recipe, piece)
        mine = lambda one: shard_number(one) % order.shards == order.shard  # noqa: E731
        tally = app.fill(source, vectors, embedder, _reading(contract, recipe), mine, _Looked())
        standards = app.Standards(
            golden=golden,
            least_recall=order.least_recall,
            unclassified="" if recipe.text in contract.classified() else recipe.text,
        )
        judge = lambda measured, counts, find: app.judged(slot.gate, measured, counts, tally, find, standards)  # noqa: E731
        done, report = vectors.publish(slot.contract, judge, log.info)
    if not done.waiting:
        published(contract, piece, conn_id, task)
    return done, tally, report


class _Looked:
    """Says in the task's log how far it is."""

    def __init__(self) -> None:
        from airflow_provider_harness.adapters.progress import Progress

        self._progress, self._sum = Progress(), 0

    def __call__(self, more: int) -> None:
        self._sum += more
        self._progress("Documents looked at", self._sum)


def _recipe(contract: Contract, order: Order, embedder: Embedder) -> Recipe:
    from airflow_provider_harness.core.learning.chunks import Chunking
    from airflow_provider_harness.core.learning.retrieval import recipe

    return recipe(
        contract,
        text=order.text_column,
        model=embedder.model,
        model_version=embedder.version,
        chunking=Chunking(size=order.chunk_size, overlap=order.overlap),
        language=order.language,
        of_files=bool(order.documents),
    )


def _documents(contract: Contract, order: Order, recipe: Recipe, piece: Slice) -> Documents:
    if order.documents:
        from airflow_provider_harness.adapters.learning.retrieval.files import FileDocuments

        return FileDocuments(order.documents, order.pattern)
    from airflow_provider_harness.adapters.learning.retrieval.tables import TableDocuments
    from airflow_provider_harness.adapters.postgres.source import PostgresSource
    from airflow_provider_harness.wiring.moves import bounded, hasher_of
    from airflow_provider_harness.wiring.rows.connections import dsn, named

    where, sql = named(order.source_conn_id), bounded(order.sql, piece, contract)
    source = PostgresSource(
        dsn(order.source_conn_id, f"harness index {contract.table}"),
        table=order.source_table,
        sql=sql,
        hasher=hasher_of(contract),
        name=where,
    )
    return TableDocuments(source, contract, recipe, piece, f"{where}, {order.source_table or 'query'}")


def _reading(contract: Contract, recipe: Recipe) -> Reading:
    from airflow_provider_harness.app.learning.retrieval import Reading
    from airflow_provider_harness.core.contracts.contract import Treatment
    from airflow_provider_harness.core.learning.documents import personal_spans, without_personal_data
    from airflow_provider_harness.core.redaction.redactor import MASK
    from airflow_provider_harness.wiring.moves import hasher_of

    def look(text: str) -> tuple[str, int]:
        return text, len(personal_spans(text))

    hasher = hasher_of(contract)
    treatments: Mapping[Treatment, Callable[[str], tuple[str, int]]] = {
        Treatment.MASK: without_personal_data,
        Treatment.HASH: partial(without_personal_data, word=hasher.word if hasher else None),
    }
    treat = treatments.get(recipe.treatment, look)
    own: Mapping[Treatment, Callable[[str], str]] = {
        Treatment.MASK: lambda _: MASK,
        Treatment.HASH: hasher.word if hasher else str,
    }
    complete = partial(_completed, recipe=recipe, treatments=own)
    return Reading(chunking=recipe.chunking, split=_split, treat=treat, complete=complete)


def _split(text: str, size: int) -> Sequence[tuple[int, int]]:
    """Pieces of a block that is too long, at its sentences and clauses where that can be."""
    try:
        from semchunk.semchunk import chunk
    except ImportError as error:
        raise MissingExtra("cutting documents", "retrieval") from error
    found: Any = chunk(text, size, len, memoize=False, offsets=True)
    places: Sequence[tuple[int, int]] = found[1]
    return places


def _completed(document: Document, recipe: Recipe, treatments: Mapping[Treatment, Callable[[str], str]]) -> Document:
    """A file's document with what the contract wants to know of it, treated as the contract says of each column."""
    if document.fields or not recipe.fields:
        return document
    folder, _, name = document.id.rpartition("/")
    title = next((block.headings[0] for block in document.blocks if block.headings), "")
    known = {"folder": folder, "format": name.rpartition(".")[2].lower(), "title": title}
    fields = {one.name: treatments.get(one.treatment, str)(known[one.name]) for one in recipe.fields}
    return replace(document, fields=fields)


def _golden(path: str, embedder: Embedder) -> tuple[Golden, ...]:
    """The questions of a file, with their vectors.

    :raises ConfigurationError: it is no list of questions.
    """
    from airflow_provider_harness.app.learning.retrieval import Golden, defect_of, vectors_of

    if not path:
        return ()
    from airflow_provider_harness.adapters.yaml_files.reading import parse

    place, fix = f"golden {path}", "Write a list, each with question and expects, the ids of documents."
    try:
        asked = [_question(row) for row in parse(Path(path).read_bytes(), place, fix)]
    except (OSError, TypeError, KeyError, ValueError) as error:
        raise ConfigurationError(
            place, f"cannot be read as questions ({type(error).__name__}: {error}).", fix=fix
        ) from error
    vectors = vectors_of(embedder, [question for question, _ in asked]) if asked else []
    for (question, _), vector in zip(asked, vectors, strict=True):
        if defect := defect_of(vector, len(vectors[0])):
            raise HarnessUnavailable(f"model {embedder.model}", f"its vector of the question {question!r} {defect}")
    return tuple(
        Golden(question=question, expects=expects, vector=vector)
        for (question, expects), vector in zip(asked, vectors, strict=True)
    )


def _question(row: Any) -> tuple[str, tuple[str, ...]]:
    """One question of the file, and the ids that it expects, each once.

    :raises ValueError: it asks nothing, or expects nothing.
    """
    from airflow_provider_harness.core.learning.retrieval import asked_text

    question, expects = row["question"], row["expects"]
    ids = tuple(dict.fromkeys(str(one) for one in ([expects] if isinstance(expects, str | int) else expects)))
    if not isinstance(question, str) or not question.strip() or not ids:
        raise ValueError(f"the question {question!r} expects {expects!r}")
    return asked_text(question), ids


@contextmanager
def searching(conn_id: str, table: str, embedder: Embedder | None) -> Iterator[Callable[..., tuple[Passage, ...]]]:
    """See ``airflow_provider_harness.retrieval.searching``."""
    from airflow_provider_harness.adapters.learning.retrieval import searching as adapter
    from airflow_provider_harness.wiring.rows.connections import dsn, named

    with adapter.opened(dsn(conn_id, f"harness search {table}"), named(conn_id), table, embedder) as found:
        yield found
