"""Tell on-call, now or as soon as the receiver is there again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_harness.app.ports.healing import Page, PageSeverity
from airflow_provider_harness.core.errors import HarnessError, HarnessUnavailable, NotAllowed
from airflow_provider_harness.core.incidents.outbox import (
    Delivery,
    Message,
    MessageKind,
    MessageStatus,
    Reached,
    next_attempt_at,
    plan,
)


class Outbox(Protocol):
    """Where messages wait."""

    def put(self, message: Message) -> None: ...

    def waiting(self) -> Sequence[Message]: ...

    def open_alerts(self) -> Sequence[tuple[str, str]]: ...

    def take(self, message: Message, now: datetime) -> bool: ...

    def end(self, message: Message, state: MessageStatus) -> None: ...

    def reschedule(self, message: Message, until: datetime) -> None: ...

    def newest(self, dedup_key: str, kind: MessageKind) -> Sequence[Message]:
        """The newest message of this kind under this key for each receiver, wherever it is."""


class NobodyThere(HarnessError):
    """There is nobody to tell: what was said stands in the log, and is not told later."""


class Channel(Protocol):
    """One of those who are told.

    :raises HarnessUnavailable: it is not there, or did not take it.
    :raises NotAllowed: it will never take it.
    :raises NobodyThere: it only wrote it down.
    """

    def trigger(self, page: Page) -> None: ...

    def resolve(self, dedup_key: str) -> None: ...

    def acknowledge(self, dedup_key: str) -> None: ...

    def change(self, page: Page) -> None: ...


#: The receiver of every page that has no route, or whose route is wrong.
DEFAULT = "pagerduty"
#: Under which a page says where it was sent, and why not where it should have been.
SENT_TO = "sent to"


class PageDispatcher:
    """Implements ``app.ports.healing.Pager``: what is said is kept first, then told; what is not taken is told later.

    :param receivers: name -> who is told. A name stays with its receiver, since messages wait under it.
    :param routes: who answers -> the receiver of their pages. A page goes to the first of its route that is here, else
        to the default one; those that no route names are told of every page.
    :param log: is given one line where a receiver did not take something.
    :param nobody: why nobody is paged where the default receiver only writes down.
    """

    def __init__(
        self,
        outbox: Outbox,
        receivers: Mapping[str, Channel],
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        log: Callable[[str], None],
        routes: Mapping[str, str] | None = None,
        nobody: str = "no PagerDuty connection",
    ) -> None:
        self._outbox, self._receivers, self._routes = outbox, receivers, routes or {}
        self._now, self._new_id, self._log, self._nobody = now, new_id, log, nobody

    def trigger(self, page: Page) -> None:
        self._say_page(MessageKind.TRIGGER, page)

    def trigger_at_once(self, page: Page) -> None:
        """The same where the store may be away, in which nothing can be kept then: the default receiver is told without
        it.

        :raises HarnessUnavailable: the receiver is away, too.
        """
        try:
            self.trigger(page)
        except HarnessUnavailable as error:
            self._log(f"This page is not stored, and is sent only once. {error}")
            self._receivers[DEFAULT].trigger(page)

    def resolve(self, dedup_key: str) -> None:
        self._say(MessageKind.RESOLVE, dedup_key, {}, self._receivers)

    def acknowledge(self, dedup_key: str) -> None:
        self._say(MessageKind.ACKNOWLEDGE, dedup_key, {}, self._receivers)

    def change(self, page: Page) -> None:
        self._say_page(MessageKind.CHANGE, page)

    def _say_page(self, kind: MessageKind, page: Page) -> None:
        """Tell whom the page is for; later messages about it go to everybody, and reach those who were told."""
        whom, why = self._whom(page)
        page = replace(page, details={**page.details, SENT_TO: why}) if why else page
        beside = [name for name in self._receivers if name != DEFAULT and name not in self._routes.values()]
        self._say(kind, page.dedup_key, _body(page), (whom, *beside), page.not_before)

    def _whom(self, page: Page) -> tuple[str, str]:
        """The receiver of a page, and what to say of that."""
        if not self._routes or not page.route:
            return DEFAULT, ""
        named = next((name for name in page.route if name in self._routes), "")
        if not named:
            return DEFAULT, f"the default, since no route names {', '.join(page.route)}"
        channel = self._routes[named]
        if channel not in self._receivers:
            return DEFAULT, f"the default, since the route of {named} leads to {channel}, which cannot be used"
        return channel, f"{named}, by {channel}"

    def _say(
        self,
        kind: MessageKind,
        key: str,
        body: Mapping[str, Any],
        whom: Iterable[str],
        not_before: datetime | None = None,
    ) -> None:
        for channel in whom:
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
            found = plan(self._outbox.waiting(), self._outbox.open_alerts(), self._now())
            for message in self._outbox.waiting() if found.drop else ():
                if message.id in found.drop:
                    self._outbox.end(message, MessageStatus.DROPPED)
            due = [item for item in found.send if item.channel in self._receivers and item.channel not in away]
            if not due:
                return
            away |= {message.channel for message in due if not self._tell(message)}

    def reached(self, dedup_key: str, kind: MessageKind = MessageKind.TRIGGER) -> Delivery:
        pagers = {DEFAULT, *self._routes.values()}
        found = self._outbox.newest(dedup_key, kind)
        beside = tuple(
            item.channel for item in found if item.channel not in pagers and item.state is MessageStatus.SENT
        )
        mine = [item for item in found if item.channel in pagers]
        if any(item.state is MessageStatus.SENT for item in mine):
            return Delivery(reached=Reached.SENT, beside=beside)
        waiting = [item for item in mine if item.state in (MessageStatus.WAITING, MessageStatus.SENDING)]
        if waiting:
            return Delivery(reached=Reached.WAITING, why=self._waits(waiting[-1]), beside=beside)
        over = any(item.state is MessageStatus.DROPPED for item in mine)
        why = "it was over before it could be sent" if over else self._nobody
        return Delivery(reached=Reached.NOBODY, why=why, beside=beside)

    def _waits(self, message: Message) -> str:
        if message.tries:
            next_try = f"tried {message.tries} time(s), again at {message.due_at:%Y-%m-%d %H:%M} UTC"
            return f"{message.channel} has not taken it; {next_try}"
        if message.due_at > self._now():
            return f"it is held back until {message.due_at:%Y-%m-%d %H:%M} UTC"
        return f"{message.channel} is being told"

    def _tell(self, message: Message) -> bool:
        """False where the receiver is away, or somebody else tells it."""
        if not self._outbox.take(message, self._now()):
            return False
        try:
            _SAY[message.kind](self._receivers[message.channel], message)
        except HarnessUnavailable as error:
            self._outbox.reschedule(message, next_attempt_at(message, self._now()))
            self._log(
                f"{message.channel} did not take {message.kind} {message.dedup_key}; the harness sends it "
                f"later. {error}"
            )
            return False
        except NotAllowed as refusal:
            self._refused(message, refusal)
            return False
        except NobodyThere:
            self._outbox.end(message, MessageStatus.UNHEARD)
            return True
        self._outbox.end(message, MessageStatus.SENT)
        return True

    def _refused(self, message: Message, refusal: NotAllowed) -> None:
        """What a route's receiver will never take goes to the default one; what that one refuses waits for a person."""
        if message.channel not in self._routes.values():
            self._outbox.reschedule(message, next_attempt_at(message, self._now()))
            self._log(f"{message.channel} refuses {message.kind} {message.dedup_key}. {refusal}")
            return
        self._outbox.end(message, MessageStatus.DROPPED)
        self._log(f"{message.channel} refuses {message.kind} {message.dedup_key}, which goes to the default. {refusal}")
        if message.kind in (MessageKind.TRIGGER, MessageKind.CHANGE):
            said = f"the default, since {message.channel} refused it: {refusal.reason}"
            body = {**message.body, "details": {**message.body["details"], SENT_TO: said}}
            self._outbox.put(
                replace(message, id=self._new_id(), channel=DEFAULT, body=body, tries=0, state=MessageStatus.WAITING)
            )


_SAY: Mapping[MessageKind, Callable[[Channel, Message], None]] = {
    MessageKind.TRIGGER: lambda receiver, message: receiver.trigger(_page(message)),
    MessageKind.RESOLVE: lambda receiver, message: receiver.resolve(message.dedup_key),
    MessageKind.ACKNOWLEDGE: lambda receiver, message: receiver.acknowledge(message.dedup_key),
    MessageKind.CHANGE: lambda receiver, message: receiver.change(_page(message)),
}


def _body(page: Page) -> dict[str, Any]:
    return asdict(page) | {"not_before": None}


def _page(message: Message) -> Page:
    body = message.body
    return Page(**dict(body) | {"severity": PageSeverity(body["severity"]), "route": tuple(body.get("route", ()))})
