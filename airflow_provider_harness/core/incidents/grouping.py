"""What makes two failures one cause: the same task, run, signature or backfill, or a table that one breaks for another.

A failure offers handles under which others can join its incident, and accepts some by which it joins theirs. What is
compared are hashes; texts only ever narrow or widen who is paged together, never what may be done.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import Any

from airflow_provider_harness.core.diagnosis.diagnosis import Category
from airflow_provider_harness.core.diagnosis.failure import ErrorLink, Failure
from airflow_provider_harness.core.signatures.error_codes import CODES, Field

LENGTH = 300
"""Characters of a message that count."""


class GroupingKey(StrEnum):
    """By what failures find each other, the surest first."""

    TASK = "task"  # tries of one task, and its mapped siblings
    ONE_RUN = "one_run"  # the same signature in the same run
    SIGNATURE = "signature"  # the same signature anywhere, within a window
    BACKFILL = "backfill"  # runs of one Dag's backfill, with the same kind of error
    RUN = "run"  # a run; for failures that say nothing of their cause
    SILENT = "silent"  # such a failure in a run; every other failure of the run joins it
    BROKEN = "broken"  # a table that a failed task should have written, or that a gate found wrong
    READER = "reader"  # a table that a failed task reads


#: How long after an incident's last failure with a handle another one joins by it; None = as long as it is in hand.
WINDOWS: Mapping[GroupingKey, timedelta | None] = {
    GroupingKey.TASK: None,
    GroupingKey.ONE_RUN: None,
    GroupingKey.SIGNATURE: timedelta(minutes=30),
    GroupingKey.BACKFILL: None,
    GroupingKey.RUN: None,
    GroupingKey.SILENT: None,
    GroupingKey.BROKEN: timedelta(hours=24),
    GroupingKey.READER: timedelta(minutes=30),
}

#: Failures of one such cause start one healer run, however many they are; another one can start after as long.
HANDOVER_SECONDS = 600

#: What a system that is away does to whoever calls it: its address alone is the cause, whatever was asked of it.
_AWAY = {
    Category.TRANSIENT_NETWORK: "unreachable",
    Category.TIMEOUT: "unreachable",
    Category.RATE_LIMITED: "rate limited",
    Category.QUOTA_EXHAUSTED: "quota exhausted",
    Category.AUTH_EXPIRED_OR_INVALID: "login refused",
    Category.RESOURCE_EXHAUSTED_CONNECTIONS: "connections exhausted",
}
#: A weaker name (OperationalError) says too little: then the message counts as well.
_TELLING = 3
#: Messages that any failure of any cause can have.
_EMPTY = re.compile(
    r"^\W*$|^(bash )?command failed|non-zero (exit|return)|exit(ed with)? (code|status)|^task failed|^error$"
)
_ADDRESS = re.compile(
    r"""https?://(?:[^/\s@"']+@)?(?P<url>[\w.-]+(?::\d+)?)
      | host\s*[=:]?\s*["'](?P<host>[\w.-]+)["']\W{1,5}port\s*[=:]?\s*["']?(?P<port>\d+)
      | server\s+at\s+["'](?P<server>[^"'\s]+)["'](?:\s*\([^)]*\))?,?\s*port\s+(?P<server_port>\d+)
      | \b(?P<pair>(?:[a-z][\w-]*(?:\.[\w-]+)+|localhost|\d{1,3}(?:\.\d{1,3}){3}):\d{2,5})\b""",
    re.VERBOSE | re.IGNORECASE,
)
_KEPT_NUMBER = r"(?<!port )(?<!port=)(?<!status )(?<!code )(?<!http )(?<!error )(?<!errno )"
_VOLATILE = re.compile(
    r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12,}\b|\d{4}-?\d\d-?\d\d([t _]\d\d:?\d\d(:?\d\d)?[\d.]*)?(z|[+-]\d\d:?\d\d)?"
)
#: An id that no message has by chance: one without a digit or a sign might be a word of it.
_IDENTIFIER = re.compile(r"[\d_.:-]")
_NUMBER = re.compile(rf"\b{_KEPT_NUMBER}\d+(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a failure says of its cause, without what differs from try to try.

    :param text: for people; empty where it says nothing.
    :param shared: whether the same elsewhere is the same cause.
    """

    text: str
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingKeys:
    """:param accepts: in the order in which they are tried."""

    offers: tuple[str, ...]
    accepts: tuple[str, ...]


def signature(failure: Failure) -> Fingerprint:
    """What identifies the cause of a failure."""
    if failure.schema_diff is not None:
        return Fingerprint(text=f"schema: {_plain(str(failure.schema_diff.get('sentence', '')), failure)}", shared=True)
    if failure.report is not None:
        return _of_gate(failure.report)
    if not failure.chain:
        return Fingerprint(text="", shared=False)
    strength, category = max(map(_category, failure.chain), key=lambda found: found[0])
    addresses = sorted({address for link in failure.chain for address in _addresses(link.message)})
    where = f" at {', '.join(addresses)}" if addresses else ""
    if addresses and strength >= _TELLING and category in _AWAY:
        return Fingerprint(text=f"{_AWAY[category]}{where}", shared=True)
    link = next((link for link in reversed(failure.chain) if link.message.strip()), failure.chain[-1])
    codes = [str(code) for code in (link.sqlstate, link.http_status) if code is not None]
    words = _plain(link.message, failure)
    text = f"{' '.join([link.type.rpartition('.')[2], *codes])}{where}: {words}"
    return Fingerprint(text=text, shared=not _EMPTY.search(words))


def _of_gate(report: Mapping[str, Any]) -> Fingerprint:
    """The checks that failed; a report that a task wrote by itself may lack anything."""
    found, table = report.get("results"), report.get("table")
    results = [item for item in found if isinstance(item, dict)] if isinstance(found, list | tuple) else []
    checks = sorted(str(item.get("id")) for item in results if not item.get("passed"))
    return Fingerprint(text=f"gate of {table}: {', '.join(checks)}" if table and checks else "", shared=bool(checks))


def _category(link: ErrorLink) -> tuple[int, Category]:
    """The strongest that the typed parts of an exception say."""
    state, code = link.sqlstate or "", errno.errorcode.get(link.errno or 0, "")
    names = [(Field.NAME, name.rpartition(".")[2]) for name in (link.type, *link.bases)]
    asked = [(Field.SQLSTATE, state), (Field.SQLSTATE, state[:2]), (Field.HTTP, str(link.http_status))]
    found = [_known()[key] for key in (*asked, (Field.ERRNO, code), *names) if key in _known()]
    return max(found, key=lambda item: item[0], default=(0, Category.UNKNOWN))


@cache
def _known() -> Mapping[tuple[Field, str], tuple[int, Category]]:
    return {(item.field, item.key): (item.strength, item.category) for item in CODES}


def _addresses(message: str) -> Iterable[str]:
    for found in _ADDRESS.finditer(message[:2000]):
        given = found.groupdict()
        if given["server"] or given["host"]:
            yield f"{given['server'] or given['host']}:{given['server_port'] or given['port']}".lower()
        else:
            yield (given["url"] or given["pair"]).lower()


def _plain(message: str, failure: Failure) -> str:
    """The message without what differs from try to try: its own ids, times, addresses in memory, counts."""
    key, text = failure.key, message[: 3 * LENGTH]
    for own in (key.run_id, key.dag_id, key.task_id, failure.slice_id):
        if own and _IDENTIFIER.search(own):
            text = re.sub(rf"(?<!\w){re.escape(own)}(?!\w)", "*", text)
    return " ".join(_NUMBER.sub("#", _VOLATILE.sub("#", text.lower())).split())[:LENGTH]


def handles(failure: Failure) -> GroupingKeys:
    """By what others can join the incident of this failure, and by what it joins one."""
    key, said = failure.key, signature(failure)
    run = f"{key.dag_id}\0{key.run_id}"
    task, whole, silent = (
        _at(GroupingKey.TASK, f"{run}\0{key.task_id}"),
        _at(GroupingKey.RUN, run),
        _at(GroupingKey.SILENT, run),
    )
    if not said.text:
        offers, accepts = [task, whole, silent], [task, whole]
    else:
        same = _at(GroupingKey.ONE_RUN, f"{run}\0{said.text}")
        more = [_at(GroupingKey.SIGNATURE, said.text)] if said.shared else []
        if of_backfill(key.run_id):
            more.append(_at(GroupingKey.BACKFILL, f"{key.dag_id}\0{key.task_id}\0{said.text}"))
        offers, accepts = [task, whole, same, *more], [task, same, *more, silent]
    broken, read = broken_tables(failure), [_at(GroupingKey.BROKEN, table) for table in failure.reads]
    offers += [_at(GroupingKey.BROKEN, table) for table in broken]
    offers += [_at(GroupingKey.READER, table) for table in failure.reads]
    accepts += [*read, *(_at(GroupingKey.READER, table) for table in failure.writes)]
    return GroupingKeys(offers=tuple(dict.fromkeys(offers)), accepts=tuple(dict.fromkeys(accepts)))


def broken_tables(failure: Failure) -> tuple[str, ...]:
    """The tables that are not as they should be since this task failed: what it writes, and what it found wrong."""
    found_wrong = failure.reads if failure.report is not None else ()
    return tuple(dict.fromkeys((*failure.writes, *found_wrong)))


def of_backfill(run_id: str) -> bool:
    """Whether a backfill made the run: Airflow keeps such ids for its own."""
    return run_id.startswith("backfill__")


def _at(handle: GroupingKey, value: str) -> str:
    return f"{handle}:{_hash(value)[:32]}"


def _hash(value: str) -> str:
    return sha256(value.encode(errors="replace")).hexdigest()  # a message can hold half of a character


def healer_run_key(failure: Failure, episode: str) -> str:
    """What the healer run is named by that this failure starts: a storm of one cause starts one run."""
    said = signature(failure)
    if not said.shared:
        return episode
    bucket = int(failure.occurred_at.timestamp()) // HANDOVER_SECONDS
    return _hash(f"{said.text}\0{bucket}")[:16]


def root_failure(failures: Sequence[Failure]) -> Failure:
    """The failure to look at: the lineage root, the first of them to fail, in its newest try.

    :param failures: one incident's, oldest first; at least one.
    """
    newest = {failure.key.task_instance: failure for failure in failures}
    broken = {table: name for name, failure in newest.items() for table in failure.writes}
    roots = [failure for name, failure in newest.items() if not any(broken.get(t, name) != name for t in failure.reads)]
    return (roots or list(newest.values()))[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGroup:
    """An incident that can be joined by a handle.

    :param seen_at: UTC; its newest failure with the handle.
    """

    key: str
    incident_id: str
    seen_at: datetime


class GroupIndex:
    """The handles of all incidents that are in hand, while failures are taken in."""

    def __init__(self, held: Iterable[OpenGroup]) -> None:
        self._held: dict[str, dict[str, datetime]] = {}
        for item in held:
            self._held.setdefault(item.key, {})[item.incident_id] = item.seen_at
        self.changed: dict[tuple[str, str], OpenGroup] = {}

    def find(self, found: GroupingKeys, at: datetime) -> str | None:
        """The incident that a failure of this time joins; None where it opens one."""
        for key in found.accepts:
            window = WINDOWS[GroupingKey(key.partition(":")[0])]
            fresh = [
                (seen, name)
                for name, seen in self._held.get(key, {}).items()
                if window is None or abs(at - seen) <= window
            ]
            if fresh:
                return max(fresh)[1]
        return None

    def put(self, found: GroupingKeys, incident_id: str, at: datetime) -> None:
        """The incident can be joined by what its new failure offers."""
        for key in found.offers:
            mine = self._held.setdefault(key, {})
            mine[incident_id] = max(at, mine.get(incident_id, at))
            self.changed[key, incident_id] = OpenGroup(key=key, incident_id=incident_id, seen_at=mine[incident_id])
