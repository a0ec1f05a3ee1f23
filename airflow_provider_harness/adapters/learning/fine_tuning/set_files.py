"""The files of a set: JSONL as a trainer reads it, and Parquet with where each example is from; read back before anybody else may."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_harness.app.ports.fine_tuning import Prepared, Written
from airflow_provider_harness.core.learning.fine_tuning.examples import texts_of
from airflow_provider_harness.core.redaction.person_texts import hide_people

BATCH_ROWS = 2_000
"""Examples that are in memory at once, for each split."""
_ENDS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029"}
"""What some readers take for the end of a line, and how JSON writes it otherwise."""
LOOKED_AT = 2_000
"""Examples in which personal data are looked for again, spread over the set."""


class SetFiles:
    """Implements ``app.ports.fine_tuning.SetWriter``.

    ``SPLIT.jsonl`` has the examples and nothing else; ``SPLIT.parquet`` has the same ones in the same order, with their provenance.

    :param folder: an empty folder on this machine.
    :param source: of the examples, as OpenLineage names it.
    """

    def __init__(self, folder: Path, source: str, piece: str) -> None:
        self._folder, self._told = folder, {"source": source, "slice": piece}
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._open: dict[str, tuple[Any, Any]] = {}
        self.written = 0

    def write(self, split: str, prepared: Prepared, group: int, cluster: int) -> None:
        """See ``app.ports.fine_tuning.SetWriter``."""
        waiting = self._waiting.setdefault(split, [])
        waiting.append(
            {
                "example": json.dumps(prepared.example, ensure_ascii=False),
                **self._told,
                "row_key": prepared.key,
                "sha256": prepared.digest,
                "group": group,
                "cluster": cluster,
                "tokens": prepared.tokens,
            }
        )
        self.written += 1
        if len(waiting) >= BATCH_ROWS:
            self._flush(split)

    def _flush(self, split: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = self._waiting[split]
        numbers = {"group": pa.uint64(), "cluster": pa.uint64(), "tokens": pa.int64()}
        names = ("example", *self._told, "row_key", "sha256", *numbers)
        schema = pa.schema([(name, numbers.get(name, pa.string())) for name in names])
        if split not in self._open:
            lines = (self._folder / f"{split}.jsonl").open("w", encoding="utf-8", newline="\n")
            self._open[split] = (lines, pq.ParquetWriter(self._folder / f"{split}.parquet", schema, compression="zstd"))
        lines, table = self._open[split]
        lines.writelines(f"{row['example'].translate(_ENDS)}\n" for row in rows)
        table.write_table(pa.Table.from_pylist(rows, schema=schema))
        rows.clear()

    def close(self) -> None:
        """See ``app.ports.fine_tuning.SetWriter``."""
        for split in self._waiting:
            self._flush(split)
        for lines, table in self._open.values():
            lines.close()
            table.close()

    def read_back(self, splits: Sequence[str]) -> Written:
        """See ``app.ports.fine_tuning.SetWriter``."""
        import numpy as np

        looked, step = Looked(), max(1, self.written // LOOKED_AT)
        names = ("group", "cluster", "sha256")
        seen: dict[str, list[Any]] = {name: [] for name in names}
        where: list[Any] = []
        for place, split in enumerate(splits):
            for table in self._tables(split):
                looked.take(split, table, step)
                seen["group"].append(table["group"].to_numpy())
                seen["cluster"].append(table["cluster"].to_numpy())
                digests = [int(text[:16], 16) for text in table["sha256"].to_pylist()]
                seen["sha256"].append(np.array(digests, dtype=np.uint64))
                where.append(np.full(len(table), place, dtype=np.uint8))
        places = np.concatenate(where) if where else np.zeros(0, dtype=np.uint8)
        several = [_several(np.concatenate(seen[name]) if seen[name] else places, places) for name in names]
        return Written(
            examples=looked.examples,
            tokens=looked.tokens,
            split_groups=several[0],
            split_clusters=several[1],
            split_digests=several[2],
            most_tokens=looked.most,
            personal=looked.personal,
            sampled=looked.sampled,
        )

    def _tables(self, split: str) -> Iterator[Any]:
        import pyarrow.parquet as pq

        path = self._folder / f"{split}.parquet"
        if path.exists():
            with pq.ParquetFile(path) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group, use_threads=False)


class Looked:
    """What is counted of a set while it is read back."""

    def __init__(self) -> None:
        self.examples: dict[str, int] = {}
        self.tokens: dict[str, int] = {}
        self.most = self.personal = self.sampled = self.number = 0

    def take(self, split: str, table: Any, step: int) -> None:
        """Count the next examples, and look for personal data in one of ``step``."""
        tokens = table["tokens"].to_pylist()
        self.examples[split] = self.examples.get(split, 0) + len(tokens)
        self.tokens[split] = self.tokens.get(split, 0) + sum(tokens)
        self.most = max((self.most, *tokens))
        for row in table["example"].to_pylist():
            if self.number % step == 0:
                self.sampled += 1
                self.personal += any(hide_people(text) != text for text in texts_of(json.loads(row)))
            self.number += 1


def _several(values: Any, places: Any) -> int:
    """How many of the values stand in several splits."""
    import numpy as np

    order = np.lexsort((places, values))
    values, places = values[order], places[order]
    apart = (values[1:] == values[:-1]) & (places[1:] != places[:-1])
    return len(np.unique(values[1:][apart]))
