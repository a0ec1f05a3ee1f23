"""The keys of the audit chain in files of their owner: the one in use under its own name, others beside it under theirs.

``harness_audit.key`` is in use; beside it, as ``harness_audit.key.9f2c41d07be36a58``, is every key of a chain whose key was changed.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.audit import Ring, name_of

#: Bytes of a key.
KEY_BYTES = 32


def ring(path: Path) -> Ring:
    """The keys as they are at hand now; the first one is made where there is none yet.

    :raises ConfigurationError: a file holds no key.
    """
    if not path.exists():
        _put(path, secrets.token_bytes(KEY_BYTES))
    found = path.stat()
    return _ring(path, (found.st_ino, found.st_mtime_ns, path.parent.stat().st_mtime_ns))


def files(path: Path) -> list[Path]:
    """The file of the key in use, then those beside it."""
    beside = (one for one in sorted(path.parent.glob(f"{path.name}.*")) if one.name != f"{path.name}.")
    return [path, *beside]


def prepare(path: Path, new: bytes) -> Path:
    """Lay a new key beside the one in use, and that one under its own name; where the old one stays.

    From here on both are found, whichever the chain goes on with.
    """
    _put(_named(path, new), new)
    old = path.read_bytes()
    _put(_named(path, old), old)
    return _named(path, old)


def take_up(path: Path, new: bytes) -> None:
    """The new key is the one in use from now on; it keeps its own name, too, so that no other change can lose it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    os.link(_named(path, new), part)
    part.replace(path)


def _named(path: Path, key: bytes) -> Path:
    return path.with_name(f"{path.name}.{name_of(key)}")


@lru_cache(maxsize=4)
def _ring(path: Path, _as_of: tuple[int, int, int]) -> Ring:
    current, *old = (_read(one) for one in files(path))
    return Ring(current=current, old=tuple(key for key in old if key != current), place=str(path))


def _read(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise ConfigurationError(str(path), f"holds {len(key)} bytes; an audit key has {KEY_BYTES}.")
    return key


def _put(path: Path, key: bytes) -> None:
    """Written beside and linked, so that it appears whole, and of several processes that make it at once one wins."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key)
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
