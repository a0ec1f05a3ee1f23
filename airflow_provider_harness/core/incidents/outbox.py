"""What on-call is told, and in which order: nothing lost, nothing twice, nothing stale after its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class MessageKind(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CHANGE = "change"  # something happened that explains what follows; it has no end, and is told at most once


class MessageStatus(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    SENDING = "sending"  # somebody is telling it; whoever died meanwhile is made up for when its time is over
    SENT = "sent"
    UNHEARD = "unheard"  # there is nobody to tell: it stands in the log, and nobody was paged
    DROPPED = "dropped"  # overtaken by what came after it


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to tell one receiver.

    :param id: sorts by the order in which it was said.
    :param channel: the receiver.
    :param due_at: UTC; not before.
    :param tries: how often it was tried in vain.
    """

    id: str
    channel: str
    dedup_key: str
    kind: MessageKind
    body: Mapping[str, Any]
    due_at: datetime
    tries: int = 0
    state: MessageStatus = MessageStatus.WAITING


class Reached(StrEnum):
    """Whether what was said reached on-call."""

    SENT = "sent"  # on-call's pager took it
    WAITING = "waiting"  # it is kept, and told when its time comes or the receiver is there again
    NOBODY = "nobody"  # there is no pager: nobody was told
    UNKNOWN = "unknown"  # an earlier version of the harness did not record it


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a page, or of its end.

    :param why: where it has not arrived, why not, without a full stop.
    :param beside: who else was told, such as a notifier.
    """

    reached: Reached
    why: str = ""
    beside: tuple[str, ...] = ()


#: Seconds until what could not be told is tried again; the last one from then on.
BACKOFF = (5, 15, 60, 300)
#: Whoever tells something has this long.
CLAIM_TIMEOUT = timedelta(minutes=2)


def next_attempt_at(message: Message, now: datetime) -> datetime:
    """When to try again what could not be told."""
    return now + timedelta(seconds=BACKOFF[min(message.tries, len(BACKOFF) - 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """:param send: in this order.
    :param drop: ids of what is not worth telling any more.
    """

    send: tuple[Message, ...]
    drop: tuple[str, ...]


def plan(waiting: Iterable[Message], told: Sequence[tuple[str, str]], now: datetime) -> Plan:
    """What to tell now.

    :param told: (channel, dedup key) of what was triggered and not resolved since.
    """
    send: list[Message] = []
    drop: list[str] = []
    by_key: dict[tuple[str, str], list[Message]] = {}
    for message in sorted(waiting, key=lambda item: item.id):
        if message.kind is not MessageKind.CHANGE:
            by_key.setdefault((message.channel, message.dedup_key), []).append(message)
        elif (
            message.state is MessageStatus.SENDING
        ):  # it may have arrived; a second one could not be told from the first
            drop += [message.id] if message.due_at <= now else []
        elif message.due_at <= now:
            send.append(message)
    for key, messages in by_key.items():
        kept = _kept(messages, open_before=key in told)
        drop += [message.id for message in messages if message not in kept]
        if kept and kept[0].due_at <= now:
            send.append(kept[0])  # the next one when this one was taken
    return Plan(send=tuple(sorted(send, key=lambda item: item.id)), drop=tuple(drop))


def _kept(messages: Sequence[Message], *, open_before: bool) -> list[Message]:
    """One key's messages without those that a later one overtakes."""
    kept: list[Message] = []
    for message in messages:
        begun = [item for item in kept if item.state is MessageStatus.SENDING]
        is_open = kept[-1].kind is not MessageKind.RESOLVE if kept else open_before
        if message.kind is MessageKind.TRIGGER:
            kept = [item for item in kept if item in begun or item.kind is not MessageKind.TRIGGER] + [message]
        elif message.kind is MessageKind.RESOLVE:
            told = open_before or any(item.kind is MessageKind.TRIGGER for item in begun)
            kept = begun + ([message] if told else [])
        elif is_open:
            kept.append(message)
    return kept
