"""Staged Parquet files on any Airflow object storage: complete under their final names, the manifest last."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.app.ports.rows import Batch, Manifest
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.errors import (
    STORAGE,
    STORAGE_FIX,
    ConfigurationError,
    DatabaseRefused,
    DatabaseUnavailable,
    HarnessError,
    MalformedFile,
)
from airflow_provider_harness.core.slices.slices import Slice

MANIFEST = "_manifest.json"
LOCAL = "file://"
_OWN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
"""A part's name: a file of the folder itself, and no path."""
PART_ROWS = 5_000_000
"""Rows after which the next part file begins."""
BATCH_ROWS = 32_768
"""Rows that are read at once: twice as many take twice the memory, and with a thread for each column also twice the time."""
READ_BYTES = 1 << 20
"""Of a file at once, for its checksum."""
SAMPLED, MOST_DISTINCT = 10_000, 0.1
"""Rows that are looked at to choose the encoding of a text column, and the share of distinct values up to which it is a
dictionary; without one, long columns of distinct texts are written in half the time."""


class ParquetStage:
    """The staged files of one slice of one task.

    :param folder: where they are, for example ``file:///staging/flights_daily/extract/20130101T050000Z``.
    """

    def __init__(self, folder: str) -> None:
        self.folder, self._uri = place_of(folder), folder.rstrip("/")

    def writer(self, contract: Contract) -> ParquetWriter:
        """Begin anew: what an earlier try left is no longer a finished extract."""
        with _answered(self.folder):
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError as error:
                raise DatabaseUnavailable(STORAGE, f"it knows no bucket of {self._uri}.") from error
            if getattr(self.folder, "protocol", "") in ("", "file", "local"):
                Path(str(getattr(self.folder, "path", self.folder))).chmod(0o700)  # rows are for whoever moves them
            (self.folder / MANIFEST).unlink(missing_ok=True)
            for old in inside(self.folder):
                old.unlink(missing_ok=True)
        return ParquetWriter(self.folder, contract)

    def manifest(self) -> Manifest:
        """What the finished extract left.

        :raises ConfigurationError: there is none.
        :raises MalformedFile: it is no manifest.
        :raises DatabaseUnavailable: what an object storage gives as one is none: a manifest is there whole or not at all.
        """
        try:
            with _answered(self.folder):
                return self._manifest(json.loads((self.folder / MANIFEST).read_text()))
        except FileNotFoundError as error:
            raise ConfigurationError(
                f"folder {self._uri}",
                f"has no {MANIFEST}: it holds no finished extract.",
                fix="Run the extract of this slice, and pass staged=extract.output; the folder must be reachable from this worker.",
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MalformedFile([f"{self.uri(MANIFEST)}: is not a manifest of an extract ({error!r})"]) from error

    def _manifest(self, found: dict[str, Any]) -> Manifest:
        if strangers := [name for name in found["files"] if not _OWN.fullmatch(name)]:
            raise HarnessError(
                f"{self.folder / MANIFEST} names {strangers[0][:100]!r}, which is not a part of this folder"
            )
        return Manifest(
            contract=found["contract"],
            contract_version=found["contract_version"],
            slice=found["slice"],
            rows=found["rows"],
            files={name: (part["rows"], part["bytes"], part["sha256"]) for name, part in found["files"].items()},
            snapshot=found["snapshot"],
            treated=found.get("treated", {}),
            hash_key=found.get("hash_key", ""),
            milliseconds=found.get("milliseconds", {}),
            name=found.get("name", ""),
            start=found.get("start", ""),
            end=found.get("end", ""),
        )

    def verify(self, manifest: Manifest) -> None:
        """See ``app.ports.rows.Stage``."""
        for name, (_, _, digest) in sorted(manifest.files.items()):
            with self._whole(name), self.open(name) as handle:
                if _digest(handle) != digest:
                    raise MalformedFile(
                        [
                            f"{self.uri(name)}: is not what the extract left (its SHA-256 is not the manifest's); "
                            "extract the slice again"
                        ]
                    )

    def open(self, name: str) -> BinaryIO:
        """One of the manifest's files, as bytes."""
        return cast("BinaryIO", (self.folder / name).open("rb"))

    def uri(self, name: str) -> str:
        """Where one of the manifest's files is."""
        return f"{self._uri}/{name}"

    def batches(self, contract: Contract) -> Iterator[Batch]:
        """The rows of all files of the manifest, in order, in the contract's types."""
        import pyarrow.parquet as pq

        target = arrow_schema(contract)
        for name in sorted(self.manifest().files):
            with self._whole(name), (self.folder / name).open("rb") as handle:
                file = pq.ParquetFile(handle)
                _same_columns(self.uri(name), file.schema_arrow, target)
                for group in range(file.num_row_groups):  # of all groups at once, it would keep what it has read
                    for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False):
                        yield batch.cast(target)

    @contextmanager
    def _whole(self, name: str) -> Iterator[None]:
        """What is wrong with a staged file is said with its name."""
        import pyarrow as pa

        try:
            yield
        except FileNotFoundError as error:
            raise MalformedFile([f"{self.uri(name)}: is in the manifest and not in the folder"]) from error
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and (error.errno is not None or type(error) is not OSError):
                with _reached(self.folder):
                    raise  # the storage's, not Arrow's: another try can read it
            said = " ".join(str(error).split())[:200]
            raise MalformedFile([f"{self.uri(name)}: is not a whole Parquet file of this contract ({said})"]) from error


def _digest(handle: BinaryIO) -> str:
    """SHA-256 of all bytes of a file, read a piece at a time."""
    digest = hashlib.sha256()
    while data := handle.read(READ_BYTES):
        digest.update(data)
    return digest.hexdigest()


def _same_columns(uri: str, there: Any, wanted: Any) -> None:
    """Refuse files of another version of the contract."""
    if there.names != wanted.names:
        gone, more = (
            sorted({*one} - {*other}) for one, other in ((wanted.names, there.names), (there.names, wanted.names))
        )
        raise MalformedFile(
            [
                f"{uri}: was staged under other columns than the contract has now (without {gone or 'none'}, beside {more or 'none'}); "
                "extract the slice again"
            ]
        )


def place_of(folder: str) -> Any:
    """A folder as a path; a local one without Airflow's file systems, since it imports those of all providers (30 MB)."""
    if folder.startswith(LOCAL + "/"):
        return Path(folder.removeprefix(LOCAL))
    from airflow.sdk import ObjectStoragePath

    return ObjectStoragePath(folder)


def inside(folder: Any) -> list[Any]:
    """What a folder has; an object storage knows no folder before something is in it."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _answered(folder: Any) -> Iterator[None]:
    """What answers in an object storage's place, such as a proxy with a page of its own, is not taken for it."""
    try:
        with _reached(folder):
            yield
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        if isinstance(folder, Path):
            raise
        raise DatabaseUnavailable(STORAGE, f"what it answers about {folder} is not understood ({error!r}).") from error


@contextmanager
def _reached(folder: Any) -> Iterator[None]:
    """What an object storage refused, or did not do, is said as such; its file systems make an error of the machine's own of it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if isinstance(folder, Path):
            raise
        said = " ".join(str(error).split())[:300]
        if isinstance(error, PermissionError) or said.startswith("Forbidden"):
            raise DatabaseRefused(STORAGE, said, fix=STORAGE_FIX) from error
        raise DatabaseUnavailable(STORAGE, said) from error


def _rename(old: Any, new: Any) -> None:
    with _answered(new):
        if isinstance(old, Path):
            old.replace(new)
        else:
            old.fs.mv(old.path, new.path)


class Hashed:
    """A file that is only appended to, and knows how many bytes it has and their SHA-256."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest, self.bytes, self.closed = hashlib.sha256(), 0, False

    def write(self, data: Any) -> int:
        """Append; as a file's ``write``."""
        self._file.write(data)
        self.digest.update(data)
        size = len(data)
        self.bytes += size
        return size

    def tell(self) -> int:
        """Where the next byte goes."""
        return self.bytes

    def flush(self) -> None:
        """Hand over what is buffered."""
        self._file.flush()

    def close(self) -> None:
        """Close the file; twice is once."""
        if not self.closed:
            self.closed = True
            self._file.close()


def _repeated(batch: Batch) -> list[str]:
    """The text columns whose values come again and again, by the beginning of a batch: a dictionary pays for these."""
    import pyarrow as pa
    import pyarrow.compute as pc

    head = batch.slice(0, SAMPLED)
    texts = [n for n, kind in enumerate(batch.schema.types) if pa.types.is_string(kind) or pa.types.is_binary(kind)]
    few = len(head) * MOST_DISTINCT
    return [batch.schema.names[n] for n in texts if pc.count_distinct(head.column(n)).as_py() <= few]


class ParquetWriter:
    """Parquet files in the making, under temporary names."""

    def __init__(self, folder: Any, contract: Contract) -> None:
        self._folder, self._schema = folder, arrow_schema(contract)
        self._token = uuid.uuid4().hex[:8]
        self._rows: list[int] = []
        self._hashed: list[Hashed] = []
        self._repeated: list[str] = []
        self._open: tuple[Any, Any] | None = None
        self._began, self._writing = time.perf_counter(), 0.0

    def write(self, batch: Batch) -> None:
        """Append one batch; a full part file is closed and the next one begun."""
        began = time.perf_counter()
        with _reached(self._folder):
            if self._open is None:
                self._repeated = _repeated(batch)
                self._begin()
            assert self._open is not None
            self._open[0].write_batch(batch)
            self._rows[-1] += batch.num_rows
            if self._rows[-1] >= PART_ROWS:
                self._end()
        self._writing += time.perf_counter() - began

    def seal(self, contract: Contract, piece: Slice, snapshot: str, hash_key: str = "", *, gate: int = 0) -> Manifest:
        """Give the files their final names, then write the manifest.

        :param gate: milliseconds that the gate took of the time since this writer was made.
        """
        began = time.perf_counter()
        with _reached(self._folder):
            if not self._rows:
                self._begin()
            self._end()
        files = {f"part-{n:05d}.parquet": self._finish(n) for n in range(len(self._rows))}
        kept = {c.name: str(c.treatment) for c in contract.columns if c.treatment is not Treatment.KEEP}
        treated = kept | dict.fromkeys(contract.dropped, str(Treatment.DROP))
        manifest = Manifest(
            contract=contract.id,
            contract_version=contract.version,
            slice=piece.id,
            rows=sum(self._rows),
            files=files,
            snapshot=snapshot,
            treated=treated,
            hash_key=hash_key if Treatment.HASH in treated.values() else "",
            milliseconds=self._stages(began, gate),
            name=contract.name,
            start=piece.start.isoformat(),
            end=piece.end.isoformat(),
        )
        self._write_manifest(manifest)
        return manifest

    def discard(self) -> None:
        """Leave nothing behind."""
        self._end()
        for number in range(len(self._rows)):
            self._temporary(number).unlink(missing_ok=True)

    def _stages(self, sealing: float, gate: int) -> dict[str, int]:
        """Stage -> its milliseconds; what is neither gate nor writing was waiting for the source."""
        now = time.perf_counter()
        write, seal, total = (round(1000 * s) for s in (self._writing, now - sealing, now - self._began))
        return {"read": max(total - gate - write - seal, 0), "gate": gate, "write": write, "seal": seal, "total": total}

    def _begin(self) -> None:
        import pyarrow.parquet as pq

        handle = Hashed(self._temporary(len(self._rows)).open("wb"))
        self._rows.append(0)
        self._hashed.append(handle)
        options = {"compression": "zstd", "use_dictionary": self._repeated}
        self._open = (pq.ParquetWriter(handle, self._schema, **options), handle)

    def _end(self) -> None:
        if self._open is not None:
            writer, handle = self._open
            self._open = None
            writer.close()
            handle.close()

    def _temporary(self, number: int) -> Any:
        return self._folder / f"_part-{number:05d}.{self._token}.tmp"

    def _finish(self, number: int) -> tuple[int, int, str]:
        temporary, final = self._temporary(number), self._folder / f"part-{number:05d}.parquet"
        written = self._hashed[number]
        _rename(temporary, final)
        return self._rows[number], written.bytes, written.digest.hexdigest()

    def _write_manifest(self, manifest: Manifest) -> None:
        content = {
            "contract": manifest.contract,
            "contract_version": manifest.contract_version,
            "name": manifest.name,
            "slice": manifest.slice,
            "start": manifest.start,
            "end": manifest.end,
            "rows": manifest.rows,
            "snapshot": manifest.snapshot,
            "treated": manifest.treated,
            "hash_key": manifest.hash_key,
            "milliseconds": manifest.milliseconds,
            "files": {n: {"rows": r, "bytes": b, "sha256": s} for n, (r, b, s) in manifest.files.items()},
        }
        temporary, final = self._folder / f"_manifest.{self._token}.tmp", self._folder / MANIFEST
        with _answered(self._folder):
            temporary.write_text(json.dumps(content, indent=1))
            _rename(temporary, final)
            if not isinstance(final, Path) and json.loads(final.read_text()) != content:
                raise ValueError("it is not what was written")
