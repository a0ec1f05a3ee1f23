"""What was seen, by whom it was written, and what could not be read. Assembled in code before anybody diagnoses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from airflow_provider_harness.core.diagnosis.witness import Witnessed


class Source(StrEnum):
    """Where an observation was read."""

    EXCEPTION = "exception"
    LOG = "log"
    TRIES = "tries"
    RUN = "run"
    REPORT = "report"
    SCHEMA = "schema"
    WAREHOUSE = "warehouse"
    HISTORY = "history"
    LINEAGE = "lineage"
    RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that was seen.

    :param text: redacted, then truncated.
    :param trusted: True only for typed enumerations, numbers and ids that were found to exist; whatever a task, a Dag
        author or a row of data could have written is somebody's text and stays False.
    """

    source: Source
    text: str
    trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place in the redacted log that supports a diagnosis.

    :param line: 1 for the first line of the log as the evidence holds it; 0 for the exception itself.
    :param text: the line, at most 300 characters.
    """

    source: Source
    line: int
    text: str


#: A fact: a boolean, a number, a word, or several. ``core.policy.policy.FACTS`` lists every name and its type.
Fact = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The dossier of one incident.

    :param system: what kind of system the failure came from ("postgres", "http"), or empty.
    :param log: the redacted log, whole or its head, tail and error windows; citations are checked against it.
    :param observations: in the order in which a reader wants them.
    :param facts: trusted facts, name to value.
    :param unavailable: sources that could not be read, one sentence each.
    :param witnessed: what of the failure the healer saw itself; only that is a fact, and everything else was told to it.
    """

    system: str = ""
    log: str = ""
    observations: tuple[Observation, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    unavailable: tuple[str, ...] = ()
    witnessed: Witnessed | None = None
