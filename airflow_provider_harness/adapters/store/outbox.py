"""What on-call is told, kept in the harness store until it was taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store import schema as t
from airflow_provider_harness.adapters.store.schema import text_of
from airflow_provider_harness.adapters.store.transaction import transaction
from airflow_provider_harness.core.incidents.outbox import CLAIM_TIMEOUT, Message, MessageKind, MessageStatus

if TYPE_CHECKING:
    from sqlalchemy import Engine


class SqlOutbox:
    """Implements ``app.oncall.delivery.Outbox``.

    :param engine: gives the store; called when it is needed.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine

    def put(self, message: Message) -> None:
        row = {name: getattr(message, name) for name in ("id", "channel", "dedup_key", "tries")}
        row |= {"kind": message.kind.value, "state": message.state.value, "due_at": text_of(message.due_at)}
        with transaction(self._engine) as connection:
            connection.execute(t.outbox.insert().values(**row, body=json.dumps(dict(message.body))))

    def waiting(self) -> Sequence[Message]:
        from sqlalchemy import select

        o = t.outbox
        unsent = o.c.state.in_((MessageStatus.WAITING.value, MessageStatus.SENDING.value))
        with transaction(self._engine) as connection:
            return [_message(row) for row in connection.execute(select(o).where(unsent).order_by(o.c.id))]

    def open_alerts(self) -> Sequence[tuple[str, str]]:
        """(channel, dedup key) of what was triggered and not resolved since."""
        from sqlalchemy import func, select

        o = t.outbox
        ends = (MessageKind.TRIGGER.value, MessageKind.RESOLVE.value)
        newest = (
            select(func.max(o.c.id))
            .where(o.c.state == MessageStatus.SENT.value, o.c.kind.in_(ends))
            .group_by(o.c.channel, o.c.dedup_key)
        )
        wanted = select(o.c.channel, o.c.dedup_key).where(o.c.id.in_(newest), o.c.kind == MessageKind.TRIGGER.value)
        with transaction(self._engine) as connection:
            return [(row.channel, row.dedup_key) for row in connection.execute(wanted)]

    def newest(self, dedup_key: str, kind: MessageKind) -> Sequence[Message]:
        """The newest message of this kind under this key for each receiver, wherever it is."""
        from sqlalchemy import func, select

        o = t.outbox
        mine = o.c.dedup_key == dedup_key, o.c.kind == kind.value
        newest = select(func.max(o.c.id)).where(*mine).group_by(o.c.channel)
        with transaction(self._engine) as connection:
            return [_message(row) for row in connection.execute(select(o).where(o.c.id.in_(newest)).order_by(o.c.id))]

    def take(self, message: Message, now: datetime) -> bool:
        """Begin to tell it; False where somebody else was faster."""
        return self._change(message, state=MessageStatus.SENDING, due_at=now + CLAIM_TIMEOUT)

    def end(self, message: Message, state: MessageStatus) -> None:
        """It was told, or is not worth telling any more."""
        with transaction(self._engine) as connection:
            connection.execute(t.outbox.update().where(t.outbox.c.id == message.id).values(state=state.value))

    def reschedule(self, message: Message, until: datetime) -> None:
        """It could not be told."""
        o = t.outbox
        values = {"state": MessageStatus.WAITING.value, "due_at": text_of(until), "tries": message.tries + 1}
        with transaction(self._engine) as connection:
            connection.execute(o.update().where(o.c.id == message.id).values(**values))

    def _change(self, message: Message, *, state: MessageStatus, due_at: datetime) -> bool:
        o = t.outbox
        as_seen = (
            o.c.id == message.id,
            o.c.state == message.state.value,
            o.c.due_at == text_of(message.due_at),
        )
        with transaction(self._engine) as connection:
            done = connection.execute(o.update().where(*as_seen).values(state=state.value, due_at=text_of(due_at)))
            return bool(done.rowcount)


def _message(row: Any) -> Message:
    return Message(
        id=row.id,
        channel=row.channel,
        dedup_key=row.dedup_key,
        kind=MessageKind(row.kind),
        body=json.loads(row.body),
        due_at=datetime.fromisoformat(row.due_at),
        tries=row.tries,
        state=MessageStatus(row.state),
    )
