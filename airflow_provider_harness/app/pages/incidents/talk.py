"""What a model was asked and said about an incident, and what was drafted for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_harness.app.oncall.drafts import NOBODY, contract_change
from airflow_provider_harness.app.reports.postmortem import Story
from airflow_provider_harness.core.incidents.events import Event, ModelAnswered, ModelProposed

#: Characters of one part of a conversation that a page shows.
LONGEST = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One part of a conversation with a model: what was said, a tool that was called, or what the tool found.

    :param role: ``user`` is the harness.
    :param tool: name of the tool; empty where none was called.
    """

    at: datetime
    role: str
    text: str
    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change for a person; nobody has executed it."""

    kind: str
    title: str
    text: str
    at: datetime


def conversation(events: Sequence[Event]) -> list[Said] | None:
    """The journal of all calls, oldest first; None where no model was asked."""
    calls = [(event.at, event.body) for event in events if isinstance(event.body, ModelAnswered)]
    return (
        [said for at, body in calls for message in body.messages or () for said in _said(at, message)]
        if calls
        else None
    )


def _said(at: datetime, message: Mapping[str, Any]) -> Iterator[Said]:
    role, content = str(message.get("role", "")), message.get("content", "")
    for block in content if isinstance(content, list) else [{"type": "text", "text": content}]:
        text, tool = _block(block) if isinstance(block, Mapping) else (str(block), "")
        yield Said(at=at, role=role, text=text[:LONGEST], tool=tool)


def _block(block: Mapping[str, Any]) -> tuple[str, str]:
    """What a part says, and the tool that it calls."""
    if block.get("type") == "tool_use":
        return json.dumps(block.get("input", {}), ensure_ascii=False), str(block.get("name", ""))
    if block.get("type") == "tool_result":
        inner = block.get("content", "")
        parts = inner if isinstance(inner, list) else [{"text": inner}]
        return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping)), ""
    return str(block.get("text", "")), ""


def drafts(story: Story) -> list[Draft] | None:
    """What a person may change; None where nothing was drafted."""
    found = [
        Draft(
            kind=event.body.draft["of"],
            title=f"{event.body.why}: {NOBODY}",
            text=f"{event.body.draft['checked']}\n{event.body.draft['diff']}",
            at=event.at,
        )
        for event in story.events
        if isinstance(event.body, ModelProposed) and event.body.draft
    ]
    if change := contract_change(story.failed):
        at = story.incident.touched_at or story.events[-1].at
        found.append(Draft(kind="contract", title=f"A change of the contract: {NOBODY}", text=change, at=at))
    return found or None
