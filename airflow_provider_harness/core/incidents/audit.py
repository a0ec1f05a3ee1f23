"""A chain of keyed hashes over what was recorded, so that an edit, a deletion or a reordering shows.

``hash = HMAC-SHA256(key, previous hash || canonical JSON of the event)``. The keys lie outside the store, so that
whoever can write the store cannot forge the chain. A tail that was cut off shows only against a head noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_provider_harness.core.incidents.events import Event, EventKind, stored

GENESIS = "0" * 64

#: What a new key says of the chain that it takes over.
_GOES_ON = "the chain goes on"


class StoreKind(StrEnum):
    """What the chain holds of the store itself, beside the events of incidents."""

    FOUNDED = "founded"  # body: key; from here on the chain holds rows of tables (core.kept)
    FOUND = "row_found"  # body: table, row; a row that stood before the chain held such rows: nobody proves that it was right
    KEPT = "row_kept"  # body: table, row; a row as it stands from now on
    DROPPED = "row_dropped"  # body: table, row; a row that is gone, as it stood last
    SEEN = "rows_seen"  # body: table -> rows; what tasks wrote, as the harness saw it
    KEY_CHANGED = "key_changed"  # body: old, new, proof; the next event is chained with the new key
    PRUNED = "pruned"  # body: before, gaps, removed; what was removed since it was old (core.audit.Gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEvent:
    """One thing that happened to the store.

    :param at: UTC.
    :param body: see ``StoreKind`` for the keys; JSON values only.
    :param incident_id: of the incident that a row belongs to; empty where it belongs to none.
    """

    kind: StoreKind
    at: datetime
    body: Mapping[str, Any] = field(default_factory=dict)
    incident_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event of an incident as it is stored, with whatever its version of the harness wrote.

    :param at: UTC.
    :param body: JSON values only.
    """

    incident_id: str
    kind: EventKind
    at: datetime
    body: Mapping[str, Any]

    def event(self) -> Event:
        """It as this version understands it."""
        return Event.read(incident_id=self.incident_id, kind=self.kind, at=self.at, body=self.body)


def recorded(event: Event) -> Recorded:
    """An event as it is stored."""
    return Recorded(incident_id=event.incident_id, kind=event.kind, at=event.at, body=stored(event.body))


def canonical(event: Recorded | StoreEvent) -> bytes:
    """The bytes that are hashed: every field of the event, keys sorted."""
    body = {
        "incident": event.incident_id,
        "kind": event.kind.value,
        "at": event.at.isoformat(),
        "body": event.body,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def link(key: bytes, previous: str, event: Recorded | StoreEvent) -> str:
    """The hash of one event, 64 hexadecimal characters."""
    return hmac.new(key, previous.encode() + canonical(event), hashlib.sha256).hexdigest()


def seal(key: bytes, *parts: str) -> str:
    """A keyed hash by which the harness knows again what it wrote itself, 64 hexadecimal characters."""
    return hmac.new(key, json.dumps(["seal", *parts]).encode(), hashlib.sha256).hexdigest()


def name_of(key: bytes) -> str:
    """The name of a key, 16 hexadecimal characters, from which nobody can tell the key."""
    return seal(key, "name of the key")[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The keys of the chain.

    :param current: the key in use, at least 32 bytes.
    :param old: keys that were in use before.
    :param place: where they are kept, for people.
    """

    current: bytes
    old: Sequence[bytes] = ()
    place: str = "the ring of keys"

    def find(self, name: str) -> bytes | None:
        """The key of a name; None where it is not among them."""
        return next((key for key in (self.current, *self.old) if name_of(key) == name), None)


def change_of_key(old: bytes, new: bytes, previous: str, at: datetime) -> StoreEvent:
    """What the chain says where a new key begins: it is chained with the old one, and bears the new one's proof.

    :param previous: hash of the event before.
    """
    body = {"old": name_of(old), "new": name_of(new), "proof": seal(new, _GOES_ON, previous)}
    return StoreEvent(kind=StoreKind.KEY_CHANGED, at=at, body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row as stored. ``seq`` counts from 1 without gaps."""

    seq: int
    event: Recorded | StoreEvent
    hash: str


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Events that were pruned: the first and the last one's numbers, and the hash of the last, from which the chain goes on."""

    first: int
    last: int
    hash: str


def closed_up(gaps: Iterable[Gap]) -> list[Gap]:
    """The same gaps, in order, with those made one that touch each other."""
    found: list[Gap] = []
    for gap in sorted(gaps):
        if found and found[-1].last + 1 == gap.first:
            gap = Gap(found.pop().first, gap.last, gap.hash)
        found.append(gap)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the chain does not hold, and how.

    :param unreadable: an event there cannot be read at all.
    """

    seq: int
    problem: str
    unreadable: bool = False


class _Broken(Exception):
    """The chain does not hold here."""


def verify(
    key: bytes | Ring,
    entries: Iterable[Entry],
    *,
    head: str | None = None,
    begins: str = "",
    gaps: Sequence[Gap] = (),
) -> Break | None:
    """The first place where the chain breaks, or None.

    :param entries: in order of ``seq``.
    :param head: the hash of an event that was the last one when somebody noted it elsewhere; finds a tail that was cut.
    :param begins: the name of the first key, as the chain itself says it; empty where it does not.
    :param gaps: what was pruned, as the newest event of the chain says that tells of it.
    """
    walk = _Walk(key if isinstance(key, Ring) else Ring(current=key), head, begins, gaps)
    try:
        for entry in entries:
            walk.step(entry)
        walk.end()
    except _Broken as broken:
        return Break(seq=walk.expected, problem=str(broken))
    return walk.lost


class _Walk:
    """Goes along the chain, event by event.

    ``expected`` is the number that comes next, and ``lost`` where a key begins that is not at hand.
    """

    def __init__(self, ring: Ring, head: str | None, begins: str, gaps: Sequence[Gap]) -> None:
        self._ring, self._head, self._gaps = ring, head, list(gaps)
        self._previous, self._seen, self._pruned = GENESIS, head in (None, GENESIS), 0
        self.expected = 1
        self.lost: Break | None = None
        self._name, self._key = begins, ring.find(begins)
        self._pass_gaps()
        self._note_if_lost()

    def step(self, entry: Entry) -> None:
        if entry.seq <= self._pruned:
            raise _Broken(f"event {entry.seq} is there although it was pruned")
        if entry.seq != self.expected:
            raise _Broken(f"event {self.expected} is missing")
        self._check(entry)
        if isinstance(entry.event, StoreEvent):
            self._turn(entry.event)
        self._previous, self._seen = entry.hash, self._seen or entry.hash == self._head
        self.expected += 1
        self._pass_gaps()
        self._note_if_lost()

    def end(self) -> None:
        if not self._seen:
            raise _Broken(
                f"the noted head is not in the chain: its tail was cut{', or it was pruned' * bool(self._pruned)}"
            )
        if self._key is not None and self._name not in ("", name_of(self._ring.current)):
            raise _Broken(
                f"the chain ends with key {self._name}, and the key in use is {name_of(self._ring.current)}: either the store "
                "was put back to what it was before the key changed, or the change was not finished "
                "(`airflow harness audit rotate-key` finishes it)"
            )

    def _pass_gaps(self) -> None:
        while self._gaps and self._gaps[0].first == self.expected:
            gap = self._gaps.pop(0)
            self._previous, self._pruned, self.expected = gap.hash, gap.last, gap.last + 1
            self._seen = self._seen or gap.hash == self._head

    def _check(self, entry: Entry) -> None:
        """Against the key in use; where the chain names none, against any of them."""
        if self._name and self._key is None:
            return  # the key is lost: what it proves cannot be proved
        for key in (self._ring.current, *self._ring.old) if self._key is None else (self._key,):
            if hmac.compare_digest(link(key, self._previous, entry.event), entry.hash):
                self._key = key
                return
        other = f", or its key is not in {self._ring.place}" if self._key is None else ""
        raise _Broken(f"event {entry.seq} was changed, or is not in its place{other}")

    def _turn(self, event: StoreEvent) -> None:
        """Take up the key that the chain names from here on."""
        if event.kind is StoreKind.FOUNDED and event.body["key"] != self._name:
            raise _Broken(f"event {self.expected} names another key than the one that it is chained with")
        if event.kind is StoreKind.KEY_CHANGED:
            self._name = str(event.body["new"])
            self._key = self._ring.find(self._name)
            if self._key is not None and event.body["proof"] != seal(self._key, _GOES_ON, self._previous):
                raise _Broken(f"event {self.expected} names a key that did not agree to it")

    def _note_if_lost(self) -> None:
        if self._name and self._key is None and self.lost is None:
            problem = (
                f"from event {self.expected} on, until the key changes, nothing can be proved: the chain was made with key "
                f"{self._name} there, and that is not in {self._ring.place}; put its file back"
            )
            self.lost = Break(seq=self.expected, problem=problem)
