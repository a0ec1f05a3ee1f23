"""Look at the data again and again in the triggerer, and wake the task when there is something to decide."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

log = logging.getLogger(__name__)


class LookTrigger(BaseTrigger):
    """Wakes its task when the look succeeds, at ``until``, or when it cannot look; then the task looks itself and
    decides. So the task does not rely on the triggerer, and a triggerer that cannot look (missing file, missing driver)
    only makes the task look more often.

    :param look: a name of ``wiring.probes.LOOKS``.
    :param given: that look's arguments; plain values, since Airflow keeps them in its database.
    :param every: seconds between two looks, above 0.
    :param until: moment at which the task wants to be woken in any case, as ISO 8601 with zone.
    """

    def __init__(self, *, look: str, given: dict[str, Any], every: float, until: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.look, self.given, self.every, self.until = look, given, every, until

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class's path and its arguments, as Airflow's database keeps them."""
        own = {"look": self.look, "given": self.given, "every": self.every, "until": self.until}
        return f"{type(self).__module__}.{type(self).__qualname__}", own

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is something to decide."""
        until = datetime.fromisoformat(self.until)
        while (left := (until - datetime.now(UTC)).total_seconds()) > 0:
            await asyncio.sleep(min(self.every, left))
            try:
                ready = await self._look()
            except Exception as error:  # noqa: BLE001  the task takes the look itself, and its error is seen there
                log.warning("This look failed; the task will look itself: %s", error)
                break
            if ready:
                break
        yield TriggerEvent("look")

    async def _look(self) -> bool:
        """One look in a thread of its own, cancelled on the server when the trigger is."""
        from airflow_provider_harness.wiring import probes as wiring_looks

        running: list[Callable[[], None]] = []
        try:
            found = await asyncio.to_thread(wiring_looks.take, self.look, self.given, running)
        except asyncio.CancelledError:
            for cancel in running:
                cancel()
            raise
        log.info("%s", found.sentence)
        return found.ready
