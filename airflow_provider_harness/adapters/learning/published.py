"""A folder whose content is swapped as a whole: each version in a folder of its own, and a manifest that names the one that counts."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.arrow.parquet_stage import MANIFEST, inside, place_of


class PublishedFolder:
    """A folder on any Airflow object storage.

    :param uri: for example ``file:///sets/support`` or ``s3://bucket/sets/support``.
    """

    def __init__(self, uri: str) -> None:
        self.uri, self._place = uri.rstrip("/"), place_of(uri)

    def manifest(self) -> dict[str, Any] | None:
        """What is published; None where nothing is."""
        try:
            found: dict[str, Any] = json.loads((self._place / MANIFEST).read_text())
        except FileNotFoundError:
            return None
        return found

    def publish(self, local: Path, manifest: dict[str, Any]) -> dict[str, Any]:
        """Copy the files of a local folder, and then let the manifest name them.

        A failure before the last step leaves what was published as it was.

        :raises OSError: a copy is not what was copied.
        """
        before = self.manifest()
        version = uuid.uuid4().hex[:12]
        target = self._place / version
        target.mkdir(parents=True, exist_ok=True)
        try:
            files = {path.name: _copied(path, target / path.name) for path in sorted(local.iterdir())}
        except BaseException:
            self._remove(version)
            raise
        told = {**manifest, "version": version, "before": (before or {}).get("version", ""), "files": files}
        temporary = self._place / f"_manifest.{version}.tmp"
        temporary.write_text(json.dumps(told, indent=1, ensure_ascii=False))
        if isinstance(temporary, Path):
            temporary.replace(self._place / MANIFEST)
        else:
            temporary.fs.mv(temporary.path, (self._place / MANIFEST).path)
        self._forget({version, told["before"]}, before)
        return told

    def _forget(self, kept: set[str], before: dict[str, Any] | None) -> None:
        """Remove the version before the last, which nobody is reading any more; only a folder that a manifest named is one."""
        old = (before or {}).get("before", "")
        if old and old not in kept and (self._place / old).exists():
            self._remove(old)

    def _remove(self, version: str) -> None:
        for file in inside(self._place / version):
            file.unlink()
        if isinstance(self._place, Path):  # object storage has no folders
            (self._place / version).rmdir()


def _copied(source: Path, target: Any) -> dict[str, Any]:
    with source.open("rb") as read, target.open("wb") as write:
        shutil.copyfileobj(read, write, 1 << 20)
    digests = [_digest(source), _digest(target)]
    if digests[0] != digests[1]:
        raise OSError(f"{target} is not what was copied to it")
    return {"bytes": source.stat().st_size, "sha256": digests[0]}


def _digest(path: Any) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
