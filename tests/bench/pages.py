"""The pages' lists over 10,000 incidents and 1,000 tables, as a user asks for them again and again: read, counted and written as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.place import Place, Timed


def page(name: str) -> Callable[[Place], Timed]:
    """One answer of a server that has answered a few times before, as a page asks twice a minute.

    :param name: of a function of ``tests.many_incidents``.
    """

    def made(place: Place) -> Timed:
        from tests import many_incidents

        engine, ask = _store(place.folder / "pages.db"), getattr(many_incidents, name)
        for _ in range(3):
            ask(engine)
        return lambda: len(ask(engine))

    return made


def _store(file: Path) -> Any:
    """The store in SQLite, whose statements cost this process's own time; made once a bench."""
    from airflow_provider_harness.adapters.store.incidents import open_engine
    from airflow_provider_harness.adapters.store.migrate import upgrade
    from tests.many_incidents import fill

    if not file.exists():
        begun = file.with_suffix(".begun")
        engine = open_engine(f"sqlite:///{begun}")
        upgrade(engine)
        fill(engine)
        engine.dispose()
        begun.rename(file)
    return open_engine(f"sqlite:///{file}")
