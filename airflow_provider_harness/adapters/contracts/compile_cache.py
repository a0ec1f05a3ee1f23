"""What is kept on disk of contracts, by their content and by what compiled them; anything wrong with the disk means compiling again.

Any task of the account that runs Airflow can write there. So this is for the parsing of Dags alone: what judges rows compiles.
A Dag file with a hundred contracts that were right before costs a hundred looks at the disk.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import types
import typing
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.contracts.file import file_of
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.grain import Grain

#: Folders of the package in which compiling stands.
_ROOMS = ("adapters/contracts", "adapters/sql", "core")


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
        folder / f"{hashlib.sha256(f'{path}|{about}|{found}|{_compiler()}'.encode()).hexdigest()}.seen"
        if found
        else None
    )


def cached(
    text: str, path: str, folder: Path | None, compile: Callable[[str, str], Contract], part: str = ""
) -> Contract:
    """The contract of this text, from disk if it was compiled before.

    :param folder: where compiled forms are kept, one file per content; None or unwritable: nothing is kept.
    :param compile: from text and path; what it raises is never kept.
    :param part: which part of the text it compiles; empty for all of it.
    """
    if folder is None:
        return compile(text, path)
    file = folder / f"{_digest(text, part)}.json"
    found = _read(file)
    if found is not None:
        return replace(found, place=path)
    contract = compile(text, path)
    _write(file, contract)
    return contract


def restore(text: str) -> Contract:
    """A contract from its form on disk."""
    contract: Contract = _build(Contract, json.loads(text))
    return contract


def dump(contract: Contract) -> str:
    """A contract as it is kept on disk."""
    return json.dumps(dataclasses.asdict(contract))


def _read(file: Path) -> Contract | None:
    try:
        return restore(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _write(file: Path, contract: Contract) -> None:
    """Written beside and renamed, so that nobody reads half a file; only what can be read back as it was."""
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    try:
        text = dump(contract)
        if restore(text) != contract:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(file)
    except (OSError, TypeError, ValueError):
        return


def _digest(text: str, part: str) -> str:
    return hashlib.sha256(f"{_compiler()}\n{part}\n{text}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _compiler() -> str:
    """What compiles: the versions of the package and of the standard, and the state of the files that take part."""
    package = import_module(__name__.partition(".")[0])
    root, standard = Path(__file__).parents[2], find_spec("open_data_contract_standard")
    parts = [*(file for room in _ROOMS for file in root.glob(f"{room}/**/*.py")), root / "contract.schema.json"]
    parts += [Path(standard.origin)] if standard and standard.origin else []
    versions = f"{package.__version__}|{version('open-data-contract-standard')}"
    return "|".join((versions, *(f"{part.name},{_state(part)}" for part in sorted(parts))))


def _state(file: Path) -> str:
    try:
        found = file.stat()
    except (OSError, ValueError):
        return ""
    return f"{found.st_ino},{found.st_size},{found.st_mtime_ns},{found.st_ctime_ns}"


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: Any, value: Any) -> Any:
    """A value of a type that a contract's fields have."""
    if value is None:
        return None
    origin, inner = typing.get_origin(kind), [arg for arg in typing.get_args(kind) if arg is not types.NoneType]
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_build(one, item) for one, item in zip(kinds, value, strict=True))
    if origin in (types.UnionType, typing.Union):
        return _build(inner[0], value) if len(inner) == 1 else value
    if isinstance(kind, type) and issubclass(kind, Enum | Grain):
        return kind(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return kind(**{name: _build(hint, value[name]) for name, hint in _hints(kind).items()})
    return value
