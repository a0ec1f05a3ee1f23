"""Who vouches for what: a report becomes a fact only through a reader that saw the same itself, in this run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.failure import ErrorLink, Failure, Origin


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
    """A failure as far as a reader saw it itself; made by ``witness`` and ``live`` alone."""

    failure: Failure
    reader: Reader


#: The classes of exceptions by which a gate and a comparison of columns say what they found.
_VIOLATION, _DRIFT = "ContractViolation", "SchemaDrift"
_SHOWN = re.compile(r"\W+")


def witness(failure: Failure, chain: Sequence[ErrorLink], same: Mapping[str, ErrorLink]) -> Witnessed | None:
    """What of a failure the healer saw itself; None where it saw nothing.

    :param chain: the structured exceptions that Airflow's log of this try ends with, outermost first; messages whole.
    :param same: class name -> what the healer knows of such a class: its bases and code.
    """
    if failure.origin is Origin.RECONCILER:
        return Witnessed(failure=failure, reader=Reader.AIRFLOW)
    if not chain:
        return None
    names = {link.type.rpartition(".")[2]: link.message for link in chain}
    report, diff = failure.report, failure.schema_diff
    if report is not None and _words(names.get(_VIOLATION, "")) != _words(sentence(report)):
        report = None
    if diff is not None and _words(names.get(_DRIFT, "")) != _words(str(diff.get("sentence", ""))):
        diff = None
    told = {link.type.rpartition(".")[2]: link for link in failure.chain}
    links = tuple(_link(link, told.get(link.type.rpartition(".")[2]), same) for link in chain)
    return Witnessed(
        failure=replace(failure, chain=links, report=report, schema_diff=diff, detail={}), reader=Reader.LOG
    )


def live(failure: Failure) -> Witnessed:
    """A failure whose exception is in hand, where the task itself asks what to do about its own next try."""
    return Witnessed(failure=failure, reader=Reader.PROCESS)


def _link(seen: ErrorLink, told: ErrorLink | None, same: Mapping[str, ErrorLink]) -> ErrorLink:
    """An exception of the log, with the codes that a report gives it only where the log shows them, too."""
    known = same.get(seen.type.rpartition(".")[2])
    link = replace(seen, bases=known.bases, sqlstate=known.sqlstate, errno=known.errno) if known else seen
    if told is None:
        return link
    shown = f" {_SHOWN.sub(' ', seen.message)} "
    codes = {
        name: value
        for name in ("sqlstate", "http_status", "errno")
        if (value := getattr(told, name)) is not None and f" {value} " in shown
    }
    reasons = tuple(word for word in told.reasons if f" {word} " in shown)
    wait = told.retry_after
    return replace(link, **codes, reasons=reasons, retry_after=wait)


def sentence(report: Mapping[str, Any]) -> str:
    """A gate's report in one paragraph, as ``core.report.Report`` says it, made anew from its parts."""
    results = [one for one in report.get("results", ()) if isinstance(one, Mapping)]
    blocking = [one for one in results if one.get("blocking")]
    subject = (
        f"{report.get('table')} slice {report.get('slice') or 'all'} ({report.get('where')}, {report.get('rows')} rows)"
    )
    said = " ".join(_result(one) for one in blocking)
    return f"{subject}: {len(blocking)} of {len(results)} checks failed. {said}"


def _result(result: Mapping[str, Any]) -> str:
    if result.get("error"):
        return f"{result.get('id')}: could not be checked ({result.get('error')})"
    share = f" ({result['share']:.2%} of rows)" if result.get("share") else ""
    said = f"{result.get('id')}: expected {result.get('expected')}, found {result.get('actual')}{share}. {result.get('look_at')}"
    return said.strip()


def _words(text: str) -> str:
    """What two tellings of one sentence have in common, however each of them was masked at its signs."""
    return " ".join(text.split())
