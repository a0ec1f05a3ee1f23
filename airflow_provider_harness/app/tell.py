"""Tell on-call, now or as soon as the receiver is there again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_harness.app.ports import Page, Severity
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.outbox import Message, Said, Wait, again_at, plan


class Outbox(Protocol):
    """Where messages wait."""

    def put(self, message: Message) -> None: ...

    def waiting(self) -> Sequence[Message]: ...

    def told(self) -> Sequence[tuple[str, str]]: ...

    def take(self, message: Message, now: datetime) -> bool: ...

    def end(self, message: Message, state: Wait) -> None: ...

    def put_off(self, message: Message, until: datetime) -> None: ...


class Receiver(Protocol):
    """One of those who are told.

    :raises HarnessUnavailable: it is not there, or did not take it.
    """

    def trigger(self, page: Page) -> None: ...

    def resolve(self, dedup_key: str) -> None: ...

    def acknowledge(self, dedup_key: str) -> None: ...

    def change(self, page: Page) -> None: ...


class Teller:
    """Implements ``app.ports.Pager``: what is said is kept first, then told; what is not taken is told later.

    :param receivers: name -> who is told. A name stays with its receiver, since messages wait under it.
    :param log: is given one line where a receiver did not take something.
    """

    def __init__(
        self,
        outbox: Outbox,
        receivers: Mapping[str, Receiver],
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        log: Callable[[str], None],
    ) -> None:
        self._outbox, self._receivers = outbox, receivers
        self._now, self._new_id, self._log = now, new_id, log

    def trigger(self, page: Page) -> None:
        self._say(Said.TRIGGER, page.dedup_key, _body(page), page.not_before)

    def resolve(self, dedup_key: str) -> None:
        self._say(Said.RESOLVE, dedup_key, {})

    def acknowledge(self, dedup_key: str) -> None:
        self._say(Said.ACKNOWLEDGE, dedup_key, {})

    def change(self, page: Page) -> None:
        self._say(Said.CHANGE, page.dedup_key, _body(page))

    def _say(self, kind: Said, key: str, body: Mapping[str, Any], not_before: datetime | None = None) -> None:
        for channel in self._receivers:
            message = Message(
                id=self._new_id(),
                channel=channel,
                dedup_key=key,
                kind=kind,
                body=body,
                due_at=not_before or self._now(),
            )
            self._outbox.put(message)
        self.flush()

    def flush(self) -> None:
        """Tell what is due, until nothing is."""
        away: set[str] = set()
        while True:
            found = plan(self._outbox.waiting(), self._outbox.told(), self._now())
            for message in self._outbox.waiting() if found.drop else ():
                if message.id in found.drop:
                    self._outbox.end(message, Wait.DROPPED)
            due = [item for item in found.send if item.channel in self._receivers and item.channel not in away]
            if not due:
                return
            away |= {message.channel for message in due if not self._tell(message)}

    def _tell(self, message: Message) -> bool:
        """False where the receiver is away, or somebody else tells it."""
        if not self._outbox.take(message, self._now()):
            return False
        try:
            _SAY[message.kind](self._receivers[message.channel], message)
        except HarnessUnavailable as error:
            self._outbox.put_off(message, again_at(message, self._now()))
            self._log(f"{message.channel} did not take {message.kind} {message.dedup_key}; it is told later. {error}")
            return False
        self._outbox.end(message, Wait.SENT)
        return True


_SAY: Mapping[Said, Callable[[Receiver, Message], None]] = {
    Said.TRIGGER: lambda receiver, message: receiver.trigger(_page(message)),
    Said.RESOLVE: lambda receiver, message: receiver.resolve(message.dedup_key),
    Said.ACKNOWLEDGE: lambda receiver, message: receiver.acknowledge(message.dedup_key),
    Said.CHANGE: lambda receiver, message: receiver.change(_page(message)),
}


def _body(page: Page) -> dict[str, Any]:
    return asdict(page) | {"not_before": None}


def _page(message: Message) -> Page:
    return Page(**dict(message.body) | {"severity": Severity(message.body["severity"])})
