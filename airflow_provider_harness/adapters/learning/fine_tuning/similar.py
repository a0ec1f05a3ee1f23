"""Near-duplicates by MinHash (datasketch) and locality-sensitive hashing, with its buckets on disk.

datasketch's own index keeps every bucket in memory, gigabytes for a million examples. Here each band is a file of 8 bytes an
example, sorted one band at a time; who shares a bucket is compared by the signatures before the two count as similar.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from airflow_provider_harness.core.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np

PERMUTATIONS = 128
"""Of a signature: the share of equal ones estimates the similarity, to about 0.05."""
MOST = 0.95
"""From this similarity on the bands stay as they are; who shares one is compared by the signatures anyway."""
WAITING = 2_000
"""Signatures that are written at once."""


class Similar:
    """Signatures and bands of examples; a context manager that closes its files.

    :param similarity: Jaccard similarity of shingles from which on two are similar, over 0 and at most 1.
    :param seed: of MinHash's permutations.
    """

    def __init__(self, folder: Path, similarity: float, seed: int) -> None:
        try:
            from datasketch import MinHash, MinHashLSH
        except ModuleNotFoundError as error:
            raise MissingExtra("near-duplicates of a fine-tuning set", "training") from error
        index = MinHashLSH(threshold=min(similarity, MOST), num_perm=PERMUTATIONS)
        self._similarity, self._bands, self._rows = similarity, index.b, index.r
        self._empty = MinHash(num_perm=PERMUTATIONS, seed=seed, hashfunc=zlib.crc32, scheme="affine32")
        self._signatures = _opened(folder / "signatures")
        self._files = [_opened(folder / f"band{number}") for number in range(self._bands)]
        self._waiting: list[Any] = []
        self._size = 0

    def __enter__(self) -> Similar:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._signatures, *self._files):
            file.close()

    def add(self, shingles: Iterable[bytes]) -> None:
        """Take the next example."""
        signature = self._empty.copy()
        signature.update_batch(shingles)
        self._waiting.append(signature.hashvalues)
        self._size += 1
        if len(self._waiting) >= WAITING:
            self._flush()

    def _flush(self) -> None:
        import numpy as np

        if not self._waiting:
            return
        signatures = np.stack(self._waiting)
        self._waiting.clear()
        self._signatures.write(signatures.tobytes())
        factors = np.power(np.uint64(0x9E3779B97F4A7C15), np.arange(1, self._rows + 1, dtype=np.uint64))
        for number, file in enumerate(self._files):
            band = signatures[:, number * self._rows : (number + 1) * self._rows].astype(np.uint64)
            file.write((band * factors).sum(axis=1, dtype=np.uint64).tobytes())

    def firsts(self, order: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Of each example, the place of the first of its cluster: the one that is least in ``order``, whatever came when."""
        import numpy as np

        self._flush()
        roots = np.arange(self._size, dtype=np.int64)
        for file in self._files:
            for one, other in self._together(file, order):
                _join(roots, one, other, order, self._alike)
        return np.array([_root(roots, place) for place in range(self._size)], dtype=np.int64)

    def _together(self, file: BinaryIO, order: np.ndarray[Any, Any]) -> Iterator[tuple[int, int]]:
        """Pairs that share a bucket of a band: each with the first of its bucket, and with the one before it."""
        import numpy as np

        file.flush()
        file.seek(0)
        buckets = np.frombuffer(file.read(), dtype=np.uint64)
        places = np.lexsort((order, buckets))
        same = np.flatnonzero(buckets[places[1:]] == buckets[places[:-1]]) + 1
        first = before = -1
        for at in map(int, same):
            if at != before + 1 or first < 0:
                first = at - 1
            before = at
            yield int(places[first]), int(places[at])
            if first != at - 1:
                yield int(places[at - 1]), int(places[at])

    def _alike(self, one: int, other: int) -> bool:
        """Whether two signatures agree often enough."""
        import numpy as np

        self._signatures.flush()
        size = PERMUTATIONS * 4
        pair = [
            np.frombuffer(os.pread(self._signatures.fileno(), size, place * size), np.uint32) for place in (one, other)
        ]
        return float(np.mean(pair[0] == pair[1])) >= self._similarity


def _opened(path: Path) -> BinaryIO:
    return path.open("w+b")


def _join(roots: Any, one: int, other: int, order: Any, alike: Any) -> None:
    """Make one cluster of two examples' clusters, if the two are alike."""
    first, second = _root(roots, one), _root(roots, other)
    if first == second or not alike(one, other):
        return
    if (order[second], second) < (order[first], first):
        first, second = second, first
    roots[second] = first


def _root(roots: Any, place: int) -> int:
    while roots[place] != place:
        roots[place] = roots[roots[place]]
        place = int(roots[place])
    return place
