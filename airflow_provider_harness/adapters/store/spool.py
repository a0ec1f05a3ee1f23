"""Failures that the store could not take, each in a file of its own until the reconciler has recorded it."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from airflow_provider_harness.core.diagnosis.failure import Failure
from airflow_provider_harness.core.diagnosis.reported import LONGEST_BODY, body_of, read
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.redaction.escaping import one_line, terminal

#: Bytes of the largest file that is read; a failure's texts are bounded far below it.
MOST_BYTES = LONGEST_BODY
#: What became of a file that holds no failure.
BAD = ".bad"


class FileSpool:
    """Implements ``app.ports.healing.Spool`` in a folder.

    A file is named by the identity of its failure, so two reports of one try are one file, and it appears whole or not
    at all. What stands in it is as little trusted as a row of ``harness_failures``: any task could have written it.

    :param log: is given one line for each file that had to be set aside.
    """

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self._folder, self._log = folder, log

    def keep(self, failure: Failure) -> None:
        """Write the failure; it is on disk when this returns.

        :raises HarnessUnavailable: the folder cannot be written.
        """
        path = self._path(failure)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(body_of(failure))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            raise HarnessUnavailable("the spool", f"{self._folder}: {error.strerror or error}") from error

    def waiting(self) -> Sequence[Failure]:
        """See ``app.ports.healing.Spool``."""
        found = [failure for path in self._folder.glob("*.json") if (failure := self._read(path)) is not None]
        return sorted(found, key=lambda failure: (failure.occurred_at, failure.identity))

    def forget(self, failure: Failure) -> None:
        """See ``app.ports.healing.Spool``."""
        self._path(failure).unlink(missing_ok=True)

    def _path(self, failure: Failure) -> Path:
        return self._folder / f"{hashlib.sha256(failure.identity.encode()).hexdigest()[:32]}.json"

    def _read(self, path: Path) -> Failure | None:
        try:
            failure = read(_content(path))
            if self._path(failure) != path:
                raise ValueError("its name is not that of its failure")
        except FileNotFoundError:  # another pass was faster
            return None
        except (OSError, ValueError) as error:
            self._set_aside(path, error)
            return None
        return failure

    def _set_aside(self, path: Path, error: Exception) -> None:
        name = terminal(str(path).replace("\n", "\\n"))
        self._log(f"{name} holds no failure ({type(error).__name__}: {_line(error)}); it is set aside as *{BAD}.")
        for aside in (
            path.name + BAD,
            f"{path.name}.{secrets.token_hex(8)}{BAD}",
        ):  # a folder may stand under the first
            try:
                path.replace(path.with_name(aside))
            except OSError as refusal:
                why = _line(refusal)
            else:
                return
        self._log(f"{name} could not be set aside: {why}")


def _line(error: Exception) -> str:
    return one_line(str(error))


def _content(path: Path) -> bytes:
    """What stands in a file; a pipe, a link, a device or a file that is too large is not read, and nothing is waited for.

    :raises ValueError: it is not a regular file, or too large.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is not a regular file")
        if found.st_size > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES} bytes")
        return file.read(MOST_BYTES + 1)
