"""Indexing in constant memory, by count of what is held at once."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence

from airflow_provider_harness.app.learning.retrieval import GROUP, LOOKED_UP, Reading, fill
from airflow_provider_harness.app.ports.learning import Found, Passages, Vector
from airflow_provider_harness.core.learning.chunks import Chunking, Document, plain_blocks
from airflow_provider_harness.testing.embedding import HashEmbedder

DOCUMENTS, CUT = 3000, 3


class Text(str):
    """A text that can be seen to be forgotten."""

    __slots__ = ("__weakref__",)


class Source:
    """Documents of three passages, made when they are read."""

    def __init__(self) -> None:
        self.held: list[weakref.ref[Text]] = []

    def found(self) -> Iterator[Found]:
        for number in range(DOCUMENTS):
            text = Text("\n\n".join(f"{number} part {part} {'x' * 90}" for part in range(CUT)))
            self.held.append(weakref.ref(text))
            name = str(number)
            yield Found(id=name, place=name, digest=name, size=len(text), open=lambda t=text, n=name: document(n, t))  # type: ignore[misc]


def document(name: str, text: str) -> Document:
    return Document(id=name, place=name, text=text, blocks=plain_blocks(text))


class Index:
    """Counts what it is given at once, and how many texts are alive meanwhile."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.looked_up = self.put_at_once = self.alive = self.passages = 0

    def changed(self, found: Sequence[Found]) -> Collection[str]:
        self.looked_up = max(self.looked_up, len(found))
        gc.collect(0)
        self.alive = max(self.alive, sum(one() is not None for one in self._source.held))
        return {one.id for one in found}

    def forget(self, ids: Sequence[str]) -> None:
        raise AssertionError(ids)

    def known(self, passages: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Vector]:
        return {}

    def put(self, passages: Sequence[Passages]) -> None:
        count = sum(len(one.chunks) for one in passages)
        self.put_at_once = max(self.put_at_once, count)
        self.passages += count


def test_a_few_documents_are_held_at_once_however_many_there_are() -> None:
    source, model = Source(), HashEmbedder(dimension=2)
    index = Index(source)
    reading = Reading(chunking=Chunking(size=110, overlap=0), split=lambda text, size: [], treat=lambda text: (text, 0))
    tally = fill(source, index, model, reading, lambda name: True)
    assert (tally.found, tally.embedded, index.passages) == (DOCUMENTS, DOCUMENTS * CUT, DOCUMENTS * CUT)
    assert index.looked_up <= LOOKED_UP
    assert index.put_at_once < GROUP + CUT
    assert index.alive <= 2 * LOOKED_UP
