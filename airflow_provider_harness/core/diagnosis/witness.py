"""Who vouches for what: a report becomes a fact only through a reader that saw the same itself, in this run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from airflow_provider_harness.core.diagnosis import shown
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure, Origin


class Reader(StrEnum):
    """Who reads a fact. What none of them read is somebody's text."""

    AIRFLOW = "airflow"  # Airflow's REST API, asked by the healer
    LOG = "log"  # the structured exception with which Airflow's own log of the try ends
    RECORDS = "records"  # what the healer recorded itself: events, acts, money
    DIAGNOSIS = "diagnosis"  # the closed tables of causes and remedies
    ADMINISTRATOR = "administrator"  # configuration: options, policy, maintenance
    CLOCK = "clock"
    PROCESS = (
        "process"  # the exception itself, in the task's own process: for that task's own retries, and nothing else
    )
    WAREHOUSE = "warehouse"  # published data, read back by the healer
    CONTRACT = "contract"  # a file of the Dag's author, read by the healer; it narrows what the administrator grants
    LINEAGE = (
        "lineage"  # all that tasks ever told of their tables; more of it narrows, and none of it can be taken back
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """A failure as far as a reader saw it itself; made by ``witness`` and ``live`` alone.

    :param agrees: how many of the exceptions, reports and differences that the report tells the reader saw as well.
    """

    failure: Failure
    reader: Reader
    agrees: int = 0


#: The classes of exceptions by which a gate and a comparison of columns say what they found.
_VIOLATION, _DRIFT = "ContractViolation", "SchemaDrift"
_CUT = re.compile(r"\.\.\. \[\d+ more characters\]$")


def witness(failure: Failure, chain: Sequence[ErrorLink], same: Mapping[str, ErrorLink]) -> Witnessed | None:
    """What of a failure the healer saw itself; None where it saw nothing.

    :param chain: the structured exceptions that Airflow's log of this try ends with, outermost first; messages whole.
    :param same: class name -> what the healer knows of such a class: its bases and code.
    """
    if failure.origin is Origin.RECONCILER:
        return Witnessed(failure=failure, reader=Reader.AIRFLOW)
    if not chain:
        return None
    said = {_name(link): link.message for link in chain}
    told = {_name(link): link for link in failure.chain}
    report = shown.gate(failure.report, said.get(_VIOLATION, "")) if failure.report is not None else None
    diff = shown.difference(failure.schema_diff, said.get(_DRIFT, "")) if failure.schema_diff is not None else None
    links = tuple(_link(link, told.get(_name(link)), same) for link in chain)
    repeated = sum(_name(link) in told and _agree(told[_name(link)].message, link.message) for link in chain)
    return Witnessed(
        failure=replace(failure, chain=links, report=report, schema_diff=diff, detail={}),
        reader=Reader.LOG,
        agrees=repeated + (report is not None) + (diff is not None),
    )


def live(failure: Failure) -> Witnessed:
    """A failure whose exception is in hand, where the task itself asks what to do about its own next try."""
    return Witnessed(failure=failure, reader=Reader.PROCESS)


def _name(link: ErrorLink) -> str:
    return link.type.rpartition(".")[2]


def _agree(told: str, seen: str) -> bool:
    """Whether a message is the log's, of which a report may keep the beginning alone."""
    kept, whole = _CUT.sub("", shown.words(told)), shown.words(seen)
    return kept == whole or (kept != shown.words(told) and whole.startswith(kept))


def _link(seen: ErrorLink, told: ErrorLink | None, same: Mapping[str, ErrorLink]) -> ErrorLink:
    """An exception of the log, with the codes that a report gives it only where the log shows them, too."""
    known = same.get(_name(seen))
    link = replace(seen, bases=known.bases, sqlstate=known.sqlstate, errno=known.errno) if known else seen
    return link if told is None else replace(link, **shown.codes(told, seen.message))
