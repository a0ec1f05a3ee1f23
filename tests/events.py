"""Events of incidents for tests: as they are stored, with nothing that a kind does not need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_harness.core.incidents.events import Event, EventKind

E = EventKind
#: kind -> the keys that every version of the harness wrote, each with a value that says as little as it can.
LEAST: Mapping[EventKind, Mapping[str, Any]] = {
    E.OPENED: {"failure": "d/r/t#1", "episode": "e"},
    E.JOINED: {"failure": "d/r/t#2"},
    E.CLAIMED: {"run": "heal__e__1"},
    E.EVIDENCE: {"facts": {}, "observations": [], "unavailable": []},
    E.DIAGNOSED: {
        "category": "unknown", "cause": "", "basis": "none", "certainty": "unsure", "why": "", "citations": [], "alternatives": [],
        "traits": [], "retry_after": None,
    },
    E.MODEL_ASKED: {"call": "c", "reserved_usd": 0.0},
    E.MODEL_ANSWERED: {
        "call": "c", "model": "m", "prompt": "p", "ended": "", "cost_usd": 0.0, "input_tokens": 0, "cache_written": 0,
        "cache_read": 0, "output_tokens": 0, "reasoning": [],
    },
    E.MODEL_PROPOSED: {
        "action": "retry_task", "category": "unknown", "why": "", "named": {}, "verdict": "refuse", "rule": "", "reason": "",
        "policy_version": 1,
    },
    E.MODEL_ENDED: {
        "model": "m", "failure": "d/r/t#1", "prompt": "p", "turns": 0, "input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0,
        "reads": [], "refused": [], "counts": {}, "ended": "",
    },
    E.PROPOSED: {"action": "escalate_to_human", "arguments": {}, "why": "", "facts": {}, "slices": []},
    E.JUDGED: {"verdict": "refuse", "rule": "", "reason": "", "policy_version": 1, "limit": {}},
    E.ASKED: {"approval": "a", "assigned": [], "expires": "", "url": ""},
    E.ANSWERED: {"answer": "", "by": ""},
    E.ACT_STARTED: {"act": "retry_task()"},
    E.ACT_ENDED: {"act": "retry_task()", "at": "", "result": "cleared"},
    E.FOLLOWED: {"failure": "d/r2/t#1", "act": "retry_task()", "verdict": "refuse", "rule": "", "reason": ""},
    E.RUN_SETTLED: {"run": "d/r2", "outcome": "unknown", "text": ""},
    E.SETTLED: {"outcome": "unknown", "text": "", "gates": []},
    E.PAGED: {"dedup_key": "", "action": "trigger"},
    E.NOTED: {"text": ""},
    E.TAKEN: {"by": "p"},
    E.RETURNED: {"by": "p"},
    E.ACKED: {"by": "p"},
    E.FORGOTTEN: {"by": "p", "why": "w"},
    E.RESOLVED: {"by": "p", "why": ""},
    E.REOPENED: {"why": ""},
    E.CLOSED: {"outcome": "unknown", "why": ""},
}  # fmt: skip


def event_of(*, kind: EventKind, at: datetime, incident_id: str = "I", body: Mapping[str, Any] | None = None) -> Event:
    """An event with these keys beside those that it needs."""
    return Event.read(incident_id=incident_id, kind=kind, at=at, body={**LEAST[kind], **(body or {})})
