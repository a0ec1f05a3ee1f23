"""What the use cases of data for models need from outside."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_harness.core.contracts.report import Measurements, Report
from airflow_provider_harness.core.learning.chunks import Chunk, Document

Vector = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A document that was found, and not yet looked into.

    :param id: stable over its versions.
    :param place: where it is, for people.
    :param digest: of all that it is made of; the same digest means that nothing changed.
    :param size: bytes that it holds in memory.
    :param open: gives its text.
        :raises core.learning.documents.NotText: it has none.
    """

    id: str
    place: str
    digest: str
    size: int
    open: Callable[[], Document]


class Documents(Protocol):
    """Where documents come from: they are read one after the other, and never all at once."""

    def found(self) -> Iterator[Found]: ...


class Embedder(Protocol):
    """A model that gives a vector for a text.

    :param model: its name; with ``version`` it tells vectors apart that cannot be compared.
    :param batch: texts of one call, at most.
    """

    @property
    def model(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def batch(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Sequence[Vector]:
        """One vector for each text, in their order.

        :raises HarnessUnavailable: another try can pass.
        :raises ConfigurationError: it would be refused again.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Passages:
    """A document with its passages, ready to be kept.

    :param vectors: digest of a passage -> its vector.
    """

    found: Found
    document: Document
    chunks: tuple[Chunk, ...]
    vectors: Mapping[str, Vector]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCounts:
    """What an index holds before it is published.

    :param documents: of all shards; ``passages`` likewise.
    :param seen: documents with text that this run found in its shard; ``kept``: those of its shard that the index has.
    :param twice: ids that the source gave more than once, with how often.
    :param orphans: passages without a document.
    :param bare: ids of documents with a text and without a passage.
    :param doubled: passages that stand at one place of one document more than once.
    :param defects: (document, ordinal, what is wrong) of vectors, the first few; ``defective``: all of them.
    """

    documents: int
    passages: int
    seen: int
    kept: int
    twice: Mapping[str, int]
    orphans: int
    bare: tuple[str, ...]
    doubled: int
    defects: tuple[tuple[str, int, str], ...]
    defective: int


Find = Callable[[Vector, str, int], Sequence[str]]
"""The ids of the documents that a question leads to, so many at most, best first."""
Judge = Callable[[Measurements | None, IndexCounts, Find], Report]
"""Judges an index before the swap; without measurements of the contract's checks, one shard of a version that is not yet whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What a run did.

    :param documents: in the index; ``passages`` likewise.
    :param gone: documents that were taken out.
    :param version: of the index that is served.
    :param swapped: another version than before is served.
    :param waiting: shards of a new version that are not yet done; until then the old version is served.
    """

    documents: int
    passages: int
    gone: int
    version: str
    swapped: bool
    waiting: tuple[int, ...] = ()


class VectorIndex(Protocol):
    """An index under construction, beside the one that is served."""

    def changed(self, found: Sequence[Found]) -> Collection[str]:
        """The ids, of these, that are not in the index as they are; all of them are seen."""
        ...

    def forget(self, ids: Sequence[str]) -> None:
        """Documents that were seen and have no text: they are not in the index."""
        ...

    def known(self, digests: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors by the same model that are there, whatever document they are of: digest of a passage -> vector."""
        ...

    def put(self, passages: Sequence[Passages]) -> None: ...
