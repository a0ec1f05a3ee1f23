"""Leave to set failing rows of one slice aside, once, although the contract rejects them by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a verdict allows the tasks of one run.

    :param run_id: the run whose failed task is cleared; no other run's task finds the grant.
    :param task_id: the task that failed.
    :param contract: id of the contract; whichever task of the run publishes the slice under it uses the grant.
    :param checks: ids of the checks whose failing rows may be set aside, within the contract's limits.
    """

    id: str
    incident_id: str
    dag_id: str
    run_id: str
    task_id: str
    contract: str
    slice: str
    checks: tuple[str, ...]
    expires_at: datetime


def text_of(checks: Sequence[str]) -> str:
    """Ids of checks as one argument of an act; an id can have commas of its own.

    >>> text_of(["range:amount", "referential:a,b"])
    'range:amount,referential:a%2Cb'
    """
    return ",".join(quote(check, safe=" :._-[]()/") for check in checks)


def checks_of(text: str) -> tuple[str, ...]:
    """The ids that ``text_of`` wrote."""
    return tuple(unquote(part) for part in text.split(",") if part)
