"""Documents on any Airflow object storage, read one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from airflow_provider_harness.adapters.learning.retrieval.formats import read
from airflow_provider_harness.app.ports.learning import Found
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.chunks import Document
from airflow_provider_harness.core.learning.documents import NotText

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
                "documents", f"{self._folder} is no folder.", fix="Name a folder that the worker can read."
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
        size = int(fs.size(path) or 0)
        if size > MOST_BYTES:
            refuse = partial(_refused, f"has {size:,} bytes; a document has {MOST_BYTES:,} at most")
            return Found(id=inside, place=place, digest=f"{size} bytes", size=0, open=refuse)
        data = fs.cat_file(path)
        return Found(
            id=inside,
            place=place,
            digest=hashlib.sha256(data).hexdigest(),
            size=len(data),
            open=partial(_opened, data, inside, place),
        )


def _opened(data: bytes, inside: str, place: str) -> Document:
    _, dot, suffix = inside.rpartition("/")[2].rpartition(".")
    text, blocks = read(data, f"{dot}{suffix}" if dot else "")
    return Document(id=inside, place=place, text=text, blocks=blocks)


def _refused(reason: str) -> Document:
    raise NotText(reason)
