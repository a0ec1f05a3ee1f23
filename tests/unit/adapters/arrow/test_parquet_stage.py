"""Staged files are read with the memory of a few batches, however long they are."""

from __future__ import annotations

import json
import os
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from airflow_provider_harness.adapters.arrow.parquet_stage import ParquetStage
from airflow_provider_harness.core.contracts.contract import Column, Contract, LogicalType
from airflow_provider_harness.core.errors import HarnessError, MalformedFile
from airflow_provider_harness.core.slices.slices import Slice

CONTRACT = Contract(
    id="texts",
    name="texts",
    version="1.0.0",
    table="public.texts",
    columns=(Column(name="a", logical_type=LogicalType.STRING, physical_type="text"),),
)
PIECE = Slice(id="day", start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 1, 2, tzinfo=UTC))


def test_what_was_read_is_let_go(tmp_path: Path) -> None:
    stage = ParquetStage(tmp_path.as_uri())
    writer = stage.writer(CONTRACT)
    for _ in range(40):
        texts = [os.urandom(100).hex() for _ in range(4_000)]
        writer.write(pa.RecordBatch.from_arrays([pa.array(texts)], names=["a"]))
    manifest = writer.seal(CONTRACT, PIECE, "snapshot")
    size = sum(length for _, length, _ in manifest.files.values())
    tracemalloc.start()
    try:
        rows = sum(batch.num_rows for batch in stage.batches(CONTRACT))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert rows == manifest.rows == 160_000
    assert peak < size / 8, "a few of the forty groups of rows"


def test_a_page_that_cannot_be_unpacked_is_a_malformed_file(tmp_path: Path) -> None:
    """Arrow says so by a bare OSError, which must not pass for a storage that is away."""
    stage = ParquetStage(tmp_path.as_uri())
    writer = stage.writer(CONTRACT)
    writer.write(pa.RecordBatch.from_arrays([pa.array([os.urandom(100).hex() for _ in range(4_000)])], names=["a"]))
    writer.seal(CONTRACT, PIECE, "snapshot")
    part = tmp_path / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[1000:2000] = bytes(1000)
    part.write_bytes(data)
    with pytest.raises(MalformedFile, match=r"part-00000\.parquet: is not a whole Parquet file"):
        list(stage.batches(CONTRACT))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"files": []}', '{"files": {"a": 1}}'])
def test_what_is_no_manifest_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "_manifest.json").write_text(text)
    with pytest.raises(MalformedFile, match=r"_manifest\.json: is not a manifest of an extract"):
        ParquetStage(tmp_path.as_uri()).manifest()


@pytest.mark.attack
@pytest.mark.parametrize("name", ["../other/part-00000.parquet", "/etc/passwd", "a/b.parquet", ".hidden", ""])
def test_a_manifest_names_files_of_its_own_folder_only(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "slice"
    folder.mkdir()
    part = {"rows": 1, "bytes": 1, "sha256": "x"}
    told = {"contract": "c", "contract_version": "1", "slice": "s", "rows": 1, "files": {name: part}, "snapshot": ""}
    (folder / "_manifest.json").write_text(json.dumps(told))
    with pytest.raises(HarnessError, match="not a part of this folder"):
        ParquetStage(f"file://{folder}").manifest()
