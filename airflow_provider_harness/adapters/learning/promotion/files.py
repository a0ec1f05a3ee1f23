"""The files that a person gets, and what was spent, on any Airflow object storage."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import Any

from airflow_provider_harness.core.errors import HarnessUnavailable, NotAllowed

SPENT = "spent.json"


class Folder:
    """Where one run of one task puts its files.

    :param folder: local path or URI.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder.rstrip("/")

    def write(self, files: Mapping[str, str]) -> None:
        """Put files there, each in place of what had its name.

        :raises HarnessUnavailable: the storage refuses it.
        """
        try:
            self._at("").mkdir(parents=True, exist_ok=True)
            for name, text in files.items():
                self._at(name).write_bytes(text.encode())
        except OSError as error:
            raise HarnessUnavailable(f"The folder {self.folder}", str(error)) from error

    def read(self, name: str) -> str:
        """A file's text; empty where there is none."""
        try:
            return bytes(self._at(name).read_bytes()).decode()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise HarnessUnavailable(f"The folder {self.folder}", str(error)) from error

    def _at(self, name: str) -> Any:
        from airflow.sdk import ObjectStoragePath

        place: Any = ObjectStoragePath(self.folder if "://" in self.folder else f"file://{self.folder}")
        return place / name if name else place


class KeptBudget:
    """What this run of the task has used up, over all its tries: a retry goes on with what is left.

    What is about to be spent is written down before it is, so that a task that is killed has not spent it twice. Where what was written
    cannot be read, such as half of it, nothing is left.

    :param turns: proposals after the one by rules, 0 or more.
    :param usd: US dollars, 0 or more.
    """

    def __init__(self, folder: Folder, *, turns: int, usd: float, left: Any) -> None:
        self._folder, self._turns, self._usd, self._left = folder, turns, usd, left
        self.turns, self.usd = _kept(folder.read(SPENT), turns, usd)

    def turn(self) -> str:
        """See ``app.ports.promotion.Budget``."""
        if self.turns >= self._turns:
            return f"{self.turns} proposals of the model were made, as many as may be"
        if self._left() <= 0:
            return "the time is used up"
        self.turns += 1
        self._keep()
        return ""

    def reserve(self, usd: float) -> None:
        """Take money for one request.

        :raises NotAllowed: there is not as much left.
        """
        if not self.usd + usd <= self._usd:
            raise NotAllowed(f"the money is used up: {self.usd:.4f} of {self._usd:g} US dollars were spent")
        self.usd += usd
        self._keep()

    def settle(self, reserved: float, spent: float) -> None:
        """Give back what a request did not need."""
        self.usd += spent - reserved
        self._keep()

    def _keep(self) -> None:
        self._folder.write({SPENT: json.dumps({"turns": self.turns, "usd": round(self.usd, 6)})})


def _kept(text: str, turns: int, usd: float) -> tuple[int, float]:
    """Proposals and US dollars that were spent by earlier tries; all of them where the file does not say."""
    if not text:
        return 0, 0.0
    try:
        kept = json.loads(text)
        spent = int(kept["turns"]), float(kept["usd"])
    except (ValueError, TypeError, KeyError, OverflowError):
        return turns, usd
    return spent if spent[0] >= 0 and 0 <= spent[1] < inf else (turns, usd)
