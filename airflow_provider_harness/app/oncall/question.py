"""What is asked of a person, in words: the title of the page, what Approve and Refuse do, and until when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Parameter, Proposal
from airflow_provider_harness.core.contracts.grant import checks_of
from airflow_provider_harness.core.incidents.events import Judged
from airflow_provider_harness.core.incidents.remembered import DAYS
from airflow_provider_harness.core.slices.local import with_local_day
from airflow_provider_harness.core.slices.slices import stamp

Given = Mapping[Parameter, str]


def _task(given: Given) -> str:
    index = given.get(Parameter.MAP_INDEX)
    return given[Parameter.TASK] + (f"[{index}]" if index else "")


def _checks(given: Given) -> str:
    return ", ".join(checks_of(given[Parameter.CHECKS]))


def _slices(given: Given, zone: str) -> str:
    first, last = (stamp(datetime.fromisoformat(given[name])) for name in (Parameter.FIRST, Parameter.LAST))
    one = with_local_day(first, zone)
    return f"slice {one}" if first == last else f"slices {one} to {with_local_day(last, zone)}"


#: What may be done, as a question goes on after "May the harness".
_MAY: Mapping[ActionKind, Callable[[Given, str], str]] = {
    ActionKind.RETRY_TASK: lambda given, _: f"run {_task(given)} again",
    ActionKind.WAIT_FOR_SOURCE: lambda given, _: f"wait for the source, then run {_task(given)} again",
    ActionKind.RESTART_PIPELINE: lambda _given, _zone: "run every failed task of the run again",
    ActionKind.RERUN_UPSTREAM: lambda given, _: f"run {given[Parameter.UPSTREAM_TASK]} again, and what depends on it",
    ActionKind.QUARANTINE_AND_CONTINUE: lambda given, _: (
        f"set the rows aside that fail {_checks(given)}, and publish the rest"
    ),
    ActionKind.BACKFILL_RANGE: lambda given, zone: f"run {_slices(given, zone)} again",
    ActionKind.PAUSE_DAG: lambda given, _: f"pause {given[Parameter.DAG]}",
}


def may(proposal: Proposal, zone: str = "") -> str:
    """The question, without who is asked and until when.

    :param zone: of the contract, in which slices are days.
    """
    said = _MAY.get(proposal.kind)
    what = said(proposal.arguments, zone) if said else str(proposal.kind)
    return f"May the harness {what}?"


def title(task: str, proposal: Proposal, expires: str, zone: str = "") -> str:
    """The page's first line: what is asked, and until when."""
    return f"{task}: {may(proposal, zone)} Answer until {_clock(expires)}"


def remembered(judged: Judged) -> str:
    """What is remembered of the answer beyond this act; empty where nothing is."""
    if not judged.remembers:
        return ""
    version = (judged.found or {}).get("dag_version")
    return (
        f"If the run that a yes allows succeeds, this task may run again without asking, in cases like this one, for {DAYS} days and "
        f"as long as its Dag stays version {version}; an act on it that does not help ends that. After a no it is never run again "
        "without asking in these days."
    )


def after_yes(proposal: Proposal, judged: Judged) -> str:
    """What Approve does, and what is remembered of the answer."""
    return f"{ACTIONS[proposal.kind].what} {remembered(judged)}".strip()


def after_no(proposal: Proposal) -> str:
    """What Refuse does, and what happens when nobody answers."""
    left = "the Dag goes on as it is" if proposal.kind is ActionKind.PAUSE_DAG else "what failed stays failed"
    return f"Nothing is done: {left}, nothing more is published, and the incident stays open for a person."


def _clock(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%H:%M} UTC"
    except ValueError:
        return text
