"""Runbooks of the team: Markdown files of one folder, offered to a diagnosing model by name and read on demand.

Who may write into the folder reviews them. They are authored text: advice, never a fact, and no line of them can be cited.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_provider_harness.adapters.model.log_tools import Reading
from airflow_provider_harness.adapters.model.prompt import fenced
from airflow_provider_harness.core.errors import ConfigurationError, HarnessUnavailable
from airflow_provider_harness.core.redaction.escaping import one_line
from airflow_provider_harness.core.redaction.redactor import shorten

MOST = 100  # runbooks of a folder
LONGEST = 64_000  # bytes of one
OFFERED = 700  # characters of the dossier
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.md")


class Runbooks:
    """The runbooks of one folder, without those of folders in it.

    :raises ConfigurationError: there is no such folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        if not self._folder.is_dir():
            fix = "Name a folder of Markdown files that workers can read and cannot write, or leave it empty."
            raise ConfigurationError("[harness] runbooks_path", f"{folder} is not a folder.", fix=fix)

    def names(self) -> Sequence[str]:
        """File names, in order; a link is none, wherever it leads."""
        found = sorted(self._folder.iterdir(), key=lambda path: path.name)
        return [p.name for p in found if _NAME.fullmatch(p.name) and p.is_file() and not p.is_symlink()][:MOST]

    def text(self, name: str) -> str:
        """One of them.

        :raises ValueError: none has this name.
        :raises HarnessUnavailable: it cannot be read, or is too long.
        """
        names = self.names()
        if name not in names:
            raise ValueError(f"name: not a runbook. There are: {', '.join(names) or 'none'}.")
        try:
            with (self._folder / name).open("rb") as file:
                body = file.read(LONGEST + 1)
        except OSError as error:
            raise HarnessUnavailable(f"The runbook {name}", type(error).__name__) from error
        if len(body) > LONGEST:
            raise HarnessUnavailable(f"The runbook {name}", f"it is longer than {LONGEST} bytes")
        return body.decode("utf-8", "replace")

    def offers(self, mark: str) -> Sequence[str]:
        """The part of a dossier that names them, each with its title."""
        lines = [f"{name}: {self._title(name)}" for name in self.names()]
        if not lines:
            return ()
        told = fenced(shorten("\n".join(lines), OFFERED), mark)
        return (f"Runbooks of the team (advice, no evidence; read_runbook gives one, {len(lines)} in all):\n{told}",)

    def _title(self, name: str) -> str:
        try:
            first = next((line for line in self.text(name).splitlines() if line.strip()), "")
        except HarnessUnavailable as error:
            first = str(error)
        return one_line(first.lstrip("# "), 100)

    def tool(self) -> Reading:
        """What gives one of them."""
        return Reading(
            name="read_runbook",
            description="One of the team's runbooks, by its name. It is advice: it is not evidence, and cannot be cited.",
            look=self._read,
            properties={"name": {"type": "string"}},
        )

    def _read(self, arguments: Mapping[str, Any]) -> str:
        return self.text(arguments["name"])
