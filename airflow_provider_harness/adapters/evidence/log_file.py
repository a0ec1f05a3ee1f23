"""A text file of any size, of which a bounded part is read: its beginning and its end."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

EACH_END = 4 << 20
"""Bytes that are read of each end of a file; what caused a failure stands at the end of its log, what came first at the beginning."""
_LOOKED_AT = 1 << 16
"""Bytes in which one that no text has shows that the file is none."""
_FIX = "Give the path of a text file."


@contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A regular file of text, open for reading; what is none is never waited for.

    :raises ConfigurationError: there is none, it cannot be read, it is a folder, a pipe or a device, or it is binary.
    """
    try:
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"file {path}", f"cannot be read: {reason}.", fix=_FIX) from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise ConfigurationError(f"file {path}", "is not a regular file.", fix=_FIX)
    with open(number, "rb") as file:
        if b"\0" in file.read(_LOOKED_AT):
            raise ConfigurationError(f"file {path}", "is binary, not text.", fix=_FIX)
        file.seek(0)
        yield file


def ends(path: str, each: int = EACH_END) -> bytes:
    """A whole file, or its beginning and its end with a line between that says what was left out.

    :param each: bytes of each end.
    :raises ConfigurationError: see :func:`opened`.
    """
    with opened(path) as file:
        head = file.read(each)
        start = max(file.seek(0, os.SEEK_END) - each, len(head))
        file.seek(start)
        tail = file.read(each)
    left = start - len(head)
    return head + b"\n[%d bytes left out]\n" % left + tail if left else head + tail
