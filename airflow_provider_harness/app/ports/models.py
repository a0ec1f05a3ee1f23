"""What promotion and rollback of models ask: a registry of versions, and a journal of what was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from airflow_provider_harness.core.learning.models import ModelEvent, ModelVersion


class ModelRegistry(Protocol):
    """The versions of models, and which one is in use."""

    def version(self, model: str, version: str) -> ModelVersion | None:
        """One version; None where the registry has none of that name."""

    def current(self, model: str) -> str | None:
        """The version in use; None where none is."""

    def point(self, model: str, version: str, *, expected: str | None) -> None:
        """Make a version the one in use; a repeat changes nothing.

        :param expected: the version in use until now.
        :raises HarnessUnavailable: another one is in use, since somebody was faster; or the registry is away.
        """


class ModelJournal(Protocol):
    """What was done with models, in order; it only grows."""

    def keep(self, event: ModelEvent) -> None: ...

    def events(self, model: str) -> Sequence[ModelEvent]: ...
