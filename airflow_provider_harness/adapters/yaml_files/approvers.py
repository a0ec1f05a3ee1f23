"""Who may answer for which Dag: a YAML mapping of contract team or Dag owner to user ids of the auth manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from airflow_provider_harness.adapters.yaml_files.reading import parse
from airflow_provider_harness.app.ports.airflow import DagFacts
from airflow_provider_harness.core.errors import ConfigurationError


class YamlApprovers:
    """:param path: the approvers file; empty = nobody may answer, and people are paged instead."""

    def __init__(self, path: str) -> None:
        self._teams = _load(path) if path else {}

    def of(self, dag: DagFacts) -> Sequence[str]:
        """Of several owners, whoever may answer for each of them: one that an author adds lets nobody in."""
        teams = [self._teams.get(owner, ()) for owner in dag.owners]
        if not teams:
            return ()
        return tuple(user for user in dict.fromkeys(teams[0]) if all(user in team for team in teams))

    def everybody(self) -> set[str]:
        """Every user id that the file names."""
        return {user for users in self._teams.values() for user in users}


def _load(path: str) -> Mapping[str, Sequence[str]]:
    fix = "Correct [harness] approvers_file."
    try:
        text = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ConfigurationError(path, f"cannot be read: {error}", fix=fix) from error
    body = parse(text, path, fix)
    if not isinstance(body, dict):
        raise ConfigurationError(path, "is a mapping of team or owner to a list of user ids.")
    for team, users in body.items():
        if not isinstance(team, str):
            raise ConfigurationError(
                f"{path}: {team}", "is a team or owner, a text.", fix='Write numbers in quotes: "17".'
            )
        if not isinstance(users, list) or not all(isinstance(user, str) and user for user in users):
            raise ConfigurationError(
                f"{path}: {team}", "is a list of user ids, each a text.", fix='Write numbers in quotes: "17".'
            )
    return body
