"""Documents on any Airflow object storage, read one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from airflow_provider_harness.adapters.learning.retrieval.formats import read
from airflow_provider_harness.app.ports.learning import Found
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.learning.chunks import Document
from airflow_provider_harness.core.learning.documents import refused

MOST_BYTES = 64 << 20
"""Of one document, since it is in memory as a whole."""


class FileDocuments:
    """The files below a folder; a document's id is its path there. A file whose name begins with a dot is none.

    :param folder: ``file:///docs``, ``s3://conn_id@bucket/docs`` and so on.
    :param pattern: of paths below it, as ``fnmatch`` has it.
    """

    def __init__(self, folder: str, pattern: str = "*") -> None:
        self._folder, self._pattern = folder, pattern

    def found(self) -> Iterator[Found]:
        """
        :raises ConfigurationError: there is no such folder.
        """
        from fnmatch import fnmatch

        from airflow.sdk import ObjectStoragePath

        root = ObjectStoragePath(self._folder)
        if not root.is_dir():
            raise ConfigurationError(
                "documents", f"{self._folder} is not a folder.", fix="Name a folder that the worker can read."
            )
        top = str(root.path).rstrip("/")
        for folder, folders, files in root.fs.walk(top):
            folders.sort()
            for name in sorted(files):
                path = f"{folder.rstrip('/')}/{name}"
                inside = path.removeprefix(top.lstrip("/") if not path.startswith(top) else top).lstrip("/")
                if not any(part.startswith(".") for part in inside.split("/")) and fnmatch(inside, self._pattern):
                    yield self._one(root.fs, path, inside)

    def _one(self, fs: Any, path: str, inside: str) -> Found:
        place = f"{self._folder.rstrip('/')}/{inside}"
        try:
            why, data = _read(fs, path, inside)
        except OSError as error:
            raise HarnessUnavailable(place, f"it cannot be read: {type(error).__name__}: {error}") from error
        return Found(
            id=_written(inside),
            place=_written(place),
            digest=hashlib.sha256(b"\0".join((why.encode(), _written(place).encode(), data))).hexdigest(),
            size=len(data),
            open=partial(refused, why) if why else partial(_opened, data, inside, place),
        )


def _read(fs: Any, path: str, inside: str) -> tuple[str, bytes]:
    """Why a file is no document, else its bytes."""
    try:
        info = fs.info(path)
    except FileNotFoundError:
        return "leads to no file", b""
    size = int(info.get("size") or 0)
    if info.get("type") in ("directory", "other"):
        return "is not a file; a link to a folder is not followed", b""
    if _written(inside) != inside:
        return "has a name that is not in UTF-8", b""
    if size > MOST_BYTES:
        return f"has {size:,} bytes; a document has {MOST_BYTES:,} at most", b""
    return "", bytes(fs.cat_file(path))


def _written(name: str) -> str:
    """A name as text; bytes in it that are none are written as such."""
    return name.encode("utf-8", "backslashreplace").decode()


def _opened(data: bytes, inside: str, place: str) -> Document:
    _, dot, suffix = inside.rpartition("/")[2].rpartition(".")
    text, blocks = read(data, f"{dot}{suffix}" if dot else "")
    return Document(id=inside, place=place, text=text, blocks=blocks)
