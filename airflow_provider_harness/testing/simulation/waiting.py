"""A trigger of a deferred task, stepped by the virtual clock in place of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from typing import Any

from airflow_provider_harness.core.errors import ConfigurationError


class _Pause:
    """What a trigger awaits that sleeps."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[_Pause, None, None]:
        yield self


class Waiting:
    """A trigger at work.

    :param classpath: of the trigger.
    :param given: its arguments, as Airflow keeps them.
    """

    def __init__(self, classpath: str, given: Any) -> None:
        from airflow.sdk.serde import deserialize

        self._name = classpath
        module, _, kind = classpath.rpartition(".")
        arguments: Any = deserialize(given)
        self._events = getattr(import_module(module), kind)(**arguments).run()
        self._step: Any = None

    def go_on(self) -> timedelta | dict[str, Any]:
        """How long the trigger sleeps now; or the arguments with which it wakes its task.

        :raises ConfigurationError: it waits for something other than time.
        """
        try:
            with _stepped():
                self._step = self._step or self._events.__anext__()
                pause = self._step.send(None)
        except StopIteration as end:
            return {"event": end.value.payload}
        except StopAsyncIteration:
            return {}
        except RuntimeError as error:
            raise ConfigurationError(self._name, f"cannot be stepped by a virtual clock: {error}.") from error
        if not isinstance(pause, _Pause):
            raise ConfigurationError(self._name, "waits for something other than time, which a simulation has not.")
        return timedelta(seconds=pause.seconds)


@contextmanager
def _stepped() -> Iterator[None]:
    sleep, to_thread = asyncio.sleep, asyncio.to_thread
    asyncio.sleep, asyncio.to_thread = _sleep, _inline
    try:
        yield
    finally:
        asyncio.sleep, asyncio.to_thread = sleep, to_thread


async def _sleep(delay: float, result: Any = None) -> Any:
    await _Pause(delay)
    return result


async def _inline(call: Callable[..., Any], /, *given: Any, **named: Any) -> Any:
    return call(*given, **named)
