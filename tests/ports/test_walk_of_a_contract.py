"""How far a contract travels while one slice is loaded: what is handed on from module to module ties them to each other."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from tests.ports.operators_case import case, context, dag, run, terms

__all__ = ["case", "dag"]

PACKAGE = f"{Path(__file__).resolve().parents[2] / 'airflow_provider_harness'}/"
LAYERS = ("core", "app", "adapters", "wiring", "operators")
MOST, MOST_CLIMBS = 22, 4

Place = tuple[str, str]
"""A module of the package, and a function of it."""


class Walk:
    """Every call of a function of the package that has a parameter ``contract``: who was called, by whom."""

    def __init__(self) -> None:
        self.calls: set[tuple[Place, Place]] = set()

    def look(self, frame: FrameType, event: str, _: Any) -> None:
        code, place = frame.f_code, _place(frame)
        if event == "call" and place and "contract" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]:
            caller = frame.f_back
            while caller is not None and not _place(caller):
                caller = caller.f_back
            if caller is not None and (by := _place(caller)):
                self.calls.add((by, place))

    def handed_on(self) -> set[Place]:
        """The functions that take it, and hand it to a function of another module."""
        takers = {place for _, place in self.calls}
        return {by for by, place in self.calls if by in takers and by[0] != place[0]}

    def climbs(self) -> set[Place]:
        """The functions that a lower layer calls with it."""
        return {place for by, place in self.calls if _layer(place) > _layer(by)}


def _place(frame: FrameType) -> Place | None:
    file = frame.f_code.co_filename
    return (file.removeprefix(PACKAGE), frame.f_code.co_qualname) if file.startswith(PACKAGE) else None


def _layer(place: Place) -> int:
    return LAYERS.index(place[0].partition("/")[0])


def test_few_functions_hand_a_contract_on_to_another_module(case: Any, dag: Any) -> None:
    from airflow_provider_harness.operators import PostgresExtractOperator, PostgresLoadOperator

    staged = run(PostgresExtractOperator(task_id="e", **terms(dag, "src")), context(case))
    load = PostgresLoadOperator(task_id="l", staged=staged, **terms(dag, "wh"))
    walk = Walk()
    sys.setprofile(walk.look)
    try:
        run(load, context(case))
    finally:
        sys.setprofile(None)
    found, climbs = sorted(walk.handed_on()), sorted(walk.climbs())
    assert ("app/rows/move.py", "load") in found
    assert len(found) <= MOST, found
    assert len(climbs) <= MOST_CLIMBS, climbs
