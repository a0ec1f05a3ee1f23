"""Which contract files were found right before: a Dag file with a hundred of them then costs a hundred looks at the disk.

Only the check when a Dag is parsed is spared. Whoever uses a contract reads it, whatever is noted here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from airflow_provider_harness.adapters.contracts.file import file_of


def check_once(path: str, folder: Path, check: Callable[[str], None], about: str = "") -> None:
    """Check a file, unless just this file passed before.

    :param folder: where it is noted, one empty file each; if that cannot be written, the check is made every time.
    :param check: raises if the file is wrong; then nothing is noted.
    :param about: what in the file is looked at, if not all of it.
    """
    note = _note(path, folder, about)
    if note is not None and note.exists():
        return
    check(path)
    if note is not None:
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
    rooms = ("adapters/contracts/**", "adapters/sql/**", "core/contracts", "core/slices")
    parts = [*(file for room in rooms for file in root.glob(f"{room}/*.py")), root / "contract.schema.json"]
    parts += [Path(standard.origin)] if standard and standard.origin else []
    return "|".join(f"{part.name},{_state(part)}" for part in sorted(parts))
