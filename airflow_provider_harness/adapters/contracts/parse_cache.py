"""Which contract files were found right before: a Dag file with a hundred of them then costs a hundred looks at the disk.

Only the check when a Dag is parsed is spared. Whoever uses a contract reads it, whatever is noted here.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from airflow_provider_harness.adapters.contracts.file import file_of

ROOMS = ("adapters/airflow", "adapters/contracts", "adapters/sql", "core/contracts", "core/slices")
"""Folders of the package in which the code is that checks."""


def check_once(path: str, folder: Path, check: Callable[[str], bool | None], about: str = "") -> None:
    """Check a file, unless just this file passed before.

    :param folder: where it is noted, one empty file each; if that cannot be written, the check is made every time.
    :param check: raises if the file is wrong, and gives False where something is to be said of it; then nothing is noted.
    :param about: what in the file is looked at, if not all of it, and by what it is held.
    """
    note = _note(path, folder, about)
    if note is not None and note.exists():
        return
    if check(path) is not False and note is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            note.touch()
        except OSError:
            return


def _note(path: str, folder: Path, about: str) -> Path | None:
    """The note's name says which state of the file it is about, and which code looked at it; None: there is no file."""
    found = _state(Path(file_of(path)))
    return (
        folder / f"{hashlib.sha256(f'{path}|{about}|{found}|{_code()}'.encode()).hexdigest()}.seen" if found else None
    )


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_ino},{found.st_size},{found.st_mtime_ns},{found.st_ctime_ns}"


@lru_cache(maxsize=1)
def _code() -> str:
    """The state of what checks: our files, and the package with the standard's schema."""
    root, standard = Path(__file__).parents[2], find_spec("open_data_contract_standard")
    parts = [part for room in ROOMS for part in _files(root / room)]
    alone = [root / "contract.schema.json", *([Path(standard.origin)] if standard and standard.origin else [])]
    return "|".join(sorted(parts) + [f"{part.name},{_state(part)}" for part in alone])


def _files(folder: Path | str) -> Iterator[str]:
    """The names and states of the modules in a folder and below it, in one reading of each folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                found = entry.stat()
                yield f"{entry.path},{found.st_ino},{found.st_size},{found.st_mtime_ns},{found.st_ctime_ns}"
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _files(entry.path)
