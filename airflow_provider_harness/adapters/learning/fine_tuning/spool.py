"""Prepared examples on a worker's disk, and in memory a few numbers of each: about 50 bytes an example."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.fine_tuning.similar import Similar
from airflow_provider_harness.app.ports.fine_tuning import Prepared
from airflow_provider_harness.app.ports.rows import Progress
from airflow_provider_harness.core.learning.fine_tuning.examples import hash_of, texts_of
from airflow_provider_harness.core.learning.fine_tuning.quality import shingles

if TYPE_CHECKING:
    import numpy as np

BATCH_ROWS = 2_000
"""Examples that are in memory at once."""
PART_ROWS, MOST_PARTS = 10_000, 200
"""Examples that are sorted at once, about; and files that are open for it at most."""


class DiskSpool:
    """Implements ``app.ports.fine_tuning.Spool``.

    :param folder: a private folder on this machine, which somebody else removes.
    :param progress: is told how many examples were compared.
    """

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder, self._file, self._progress = folder, folder / "spool.parquet", progress
        self._digests, self._groups, self._keys = array("Q"), array("Q"), array("Q")
        self._waiting: list[Prepared] = []
        self._joined: dict[int, int] = {}
        self._writer: Any = None
        self._kept: np.ndarray[Any, Any]
        self._clusters: np.ndarray[Any, Any]

    def add(self, prepared: Prepared) -> None:
        """See ``app.ports.fine_tuning.Spool``."""
        self._digests.append(int(prepared.digest[:16], 16))
        self._groups.append(prepared.group)
        self._keys.append(hash_of([prepared.key], 0))
        self._waiting.append(prepared)
        if len(self._waiting) >= BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        told = {
            "example": [json.dumps(one.example, ensure_ascii=False) for one in self._waiting],
            "key": [one.key for one in self._waiting],
            "digest": [one.digest for one in self._waiting],
            "tokens": pa.array([one.tokens for one in self._waiting], type=pa.int64()),
            "values": [json.dumps(dict(one.values)) for one in self._waiting],
        }
        texts = {name: pa.array(told[name], type=pa.string()) for name in told if name != "tokens"}
        table = pa.table({**told, **texts})
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, table.schema, compression="zstd", use_dictionary=False)
        self._writer.write_table(table)
        self._waiting.clear()

    def finish(self) -> None:
        """See ``app.ports.fine_tuning.Spool``."""
        import numpy as np

        if self._waiting:
            self._flush()
        if self._writer is not None:
            self._writer.close()
        size = len(self._digests)
        self._kept, self._clusters = np.ones(size, dtype=bool), np.arange(size, dtype=np.int64)

    def exact_duplicates(self) -> int:
        """See ``app.ports.fine_tuning.Spool``."""
        import numpy as np

        own = (self._keys, self._groups, self._digests)
        keys, groups, digests = (np.frombuffer(numbers, dtype=np.uint64) for numbers in own)
        order = np.lexsort((keys, groups, digests))  # of the same example, the same row stays whatever came first
        again = digests[order[1:]] == digests[order[:-1]]
        self._kept[order[1:][again]] = False
        return int(np.count_nonzero(again))

    def near_duplicates(self, similarity: float, seed: int) -> int:
        """See ``app.ports.fine_tuning.Spool``."""
        import numpy as np

        places = np.flatnonzero(self._kept)
        digests = np.frombuffer(self._digests, dtype=np.uint64)[places]
        with Similar(self._folder, similarity, seed) as similar:
            for number, prepared in self._rows():
                if self._kept[number]:
                    similar.add(shingles(texts_of(prepared.example)))
                self._progress("near duplicates", number + 1)
            firsts = similar.firsts(digests)
        self._clusters[places] = places[firsts]
        return int(np.count_nonzero(firsts != np.arange(len(firsts))))

    def drop_near(self) -> None:
        """See ``app.ports.fine_tuning.Spool``."""
        import numpy as np

        self._kept &= self._clusters == np.arange(len(self._clusters))

    def join_groups(self) -> None:
        """See ``app.ports.fine_tuning.Spool``."""
        import numpy as np

        groups = np.frombuffer(self._groups, dtype=np.uint64)
        for number in np.flatnonzero(self._kept & (self._clusters != np.arange(len(self._clusters)))):
            one, other = (_root(self._joined, int(groups[at])) for at in (number, self._clusters[number]))
            self._joined[max(one, other)] = min(one, other)

    def kept(self) -> Iterator[tuple[Prepared, int, int]]:
        """See ``app.ports.fine_tuning.Spool``. They come in the order of their digests, one part of all digests after the other."""
        parts = max(1, min(MOST_PARTS, len(self._digests) // PART_ROWS))
        files = [(self._folder / f"part{part}").open("w+b") for part in range(parts)]
        try:
            for number, prepared in self._rows():
                if self._kept[number]:
                    group, cluster = _root(self._joined, prepared.group), self._digests[int(self._clusters[number])]
                    told = (prepared.digest, prepared.example, prepared.key, group, prepared.tokens)
                    line = json.dumps([*told, dict(prepared.values), cluster])
                    files[self._digests[number] * parts >> 64].write(f"{line}\n".encode())
            for file in files:
                file.seek(0)
                for digest, example, key, group, tokens, values, cluster in sorted(map(json.loads, file), key=_digest):
                    own = Prepared(example=example, key=key, digest=digest, group=group, tokens=tokens, values=values)
                    yield own, group, cluster
        finally:
            for file in files:
                file.close()

    def _rows(self) -> Iterator[tuple[int, Prepared]]:
        import pyarrow.parquet as pq

        number = 0
        if not self._file.exists():
            return
        with pq.ParquetFile(self._file) as file:
            for group in range(file.num_row_groups):
                for row in file.read_row_group(group, use_threads=False).to_pylist():
                    yield number, _prepared(row, self._groups[number])
                    number += 1


def _prepared(row: dict[str, Any], group: int) -> Prepared:
    return Prepared(
        example=json.loads(row["example"]),
        key=row["key"],
        digest=row["digest"],
        group=group,
        tokens=row["tokens"],
        values=json.loads(row["values"]),
    )


def _digest(told: Sequence[Any]) -> str:
    return str(told[0])


def _root(joined: dict[int, int], group: int) -> int:
    while group in joined and joined[group] != group:
        group = joined[group]
    return group
