"""A chain of keyed hashes over the events, so that an edit, a deletion or a reordering shows.

``hash = HMAC-SHA256(key, previous hash || canonical JSON of the event)``. The key lies outside the store, so that
whoever can write the store cannot forge the chain. A tail that was cut off shows only against a head noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from airflow_provider_harness.core.incident import Event

GENESIS = "0" * 64


def canonical(event: Event) -> bytes:
    """The bytes that are hashed: every field of the event, keys sorted."""
    body = {
        "incident": event.incident_id,
        "kind": event.kind.value,
        "at": event.at.isoformat(),
        "body": event.body,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def link(key: bytes, previous: str, event: Event) -> str:
    """The hash of one event, 64 hexadecimal characters."""
    return hmac.new(key, previous.encode() + canonical(event), hashlib.sha256).hexdigest()


def seal(key: bytes, *parts: str) -> str:
    """A keyed hash by which the harness knows again what it wrote itself, 64 hexadecimal characters."""
    return hmac.new(key, json.dumps(["seal", *parts]).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row as stored. ``seq`` counts from 1 without gaps."""

    seq: int
    event: Event
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where the chain does not hold, and how."""

    seq: int
    problem: str


def verify(key: bytes, entries: Iterable[Entry], *, head: str | None = None) -> Break | None:
    """The first place where the chain breaks, or None.

    :param entries: in order of ``seq``.
    :param head: the hash of an event that was the last one when somebody noted it elsewhere; finds a tail that was cut.
    """
    previous, expected, seen = GENESIS, 1, head in (None, GENESIS)
    for entry in entries:
        if entry.seq != expected:
            return Break(seq=expected, problem=f"event {expected} is missing")
        computed = link(key, previous, entry.event)
        if not hmac.compare_digest(computed, entry.hash):
            return Break(seq=entry.seq, problem=f"event {entry.seq} was changed, or is not in its place")
        previous, expected, seen = entry.hash, expected + 1, seen or entry.hash == head
    if not seen:
        return Break(seq=expected, problem="the noted head is not in the chain: its tail was cut")
    return None
