"""Contract files on disk: which file a path names, and how much of it is read."""

from __future__ import annotations

import stat
from pathlib import Path

MOST_BYTES = 2 << 20
"""Of a contract file; a thousand tables of a hundred lines are half of it."""


def file_of(path: str) -> str:
    """The file of a path; ``file.yaml#table`` names one table of it, unless there is a file of just that name."""
    file, mark, _ = path.rpartition("#")
    return file if mark and file.endswith((".yaml", ".yml", ".json")) and not Path(path).exists() else path


def regular(path: str) -> str:
    """The text of a regular file.

    :raises OSError: there is none, or it cannot be read.
    :raises ValueError: it is not a regular file, is too large, or is no UTF-8.
    """
    found = Path(path).stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is not a regular file")
    if found.st_size > MOST_BYTES:
        raise ValueError(f"it has {found.st_size >> 10} KiB, and a contract has at most {MOST_BYTES >> 10}")
    return Path(path).read_text(encoding="utf-8")
