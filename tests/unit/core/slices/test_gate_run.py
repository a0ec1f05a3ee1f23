"""What a gate's results mean for later gates."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_harness.core.contracts.checks import Baseline, Check, CheckKind, Slot
from airflow_provider_harness.core.contracts.contract import Contract, Grain, Load
from airflow_provider_harness.core.contracts.report import Measurement, Measurements, judge_one
from airflow_provider_harness.core.slices.gate_run import (
    COMPARABLE_PLACES,
    OWN_TASK,
    Place,
    flagged,
    lookback,
    unreadable,
)

ANOMALY = Check(id="a", kind=CheckKind.ANOMALY, baseline=Baseline(of=CheckKind.ROW_COUNT, window=10))
CHANGE = Check(id="c", kind=CheckKind.ROW_COUNT_CHANGE)
COUNT = Check(id="n", kind=CheckKind.ROW_COUNT)


def contract(*checks: Check, grain: Grain = Grain.DAY) -> Contract:
    return Contract(id="t", version="1", name="t", table="t", columns=(), checks=checks, load=Load(grain=grain))


def slotted(slot: Slot) -> Check:
    return replace(ANOMALY, baseline=Baseline(of=CheckKind.ROW_COUNT, window=10, slot=slot))


@pytest.mark.parametrize(
    ("slot", "grain", "slices"),
    [
        (Slot.ALL, Grain.DAY, 10),
        (Slot.WEEKDAY, Grain.DAY, 70),
        (Slot.HOUR, Grain.DAY, 10),
        (Slot.ALL, Grain.HOUR, 10),
        (Slot.WEEKDAY, Grain.HOUR, 1680),
        (Slot.HOUR, Grain.HOUR, 240),
    ],
)
def test_as_many_slices_are_read_as_the_window_of_the_slot_needs(slot: Slot, grain: Grain, slices: int) -> None:
    assert lookback(contract(slotted(slot), grain=grain)) == slices


def test_only_checks_of_the_history_need_one() -> None:
    assert lookback(contract(COUNT)) == 0
    assert lookback(contract(COUNT, CHANGE)) == 30


@pytest.mark.parametrize(
    ("check", "value", "error", "is_flagged"),
    [(CHANGE, 99, "", True), (CHANGE, 0, "", False), (CHANGE, 99, "away", False), (COUNT, 99, "", False)],
)
def test_only_what_is_unusual_is_flagged(check: Check, value: int, error: str, is_flagged: bool) -> None:
    assert flagged(judge_one(check, Measurement(value=value, error=error), 99)) is is_flagged


def test_an_unreadable_history_spoils_only_what_needs_it() -> None:
    values = {"a": Measurement(value=5), "c": Measurement(value=5, error="no such column"), "n": Measurement(value=5)}
    found = unreadable(contract(ANOMALY, CHANGE, COUNT), Measurements(rows=5, values=values), "away").values
    assert found["a"] == Measurement(value=5, error="its history could not be read: away")
    assert found["c"].error == "no such column"
    assert found["n"] == values["n"]


def test_every_place_stands_for_itself_first() -> None:
    assert set(COMPARABLE_PLACES) == set(Place)
    assert all(places[0] is place for place, places in COMPARABLE_PLACES.items())
    assert not {place for own in OWN_TASK for place in COMPARABLE_PLACES[own]} - set(OWN_TASK)
