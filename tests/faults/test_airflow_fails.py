"""Airflow's API fails in every way: a round of the healer ends with a sentence, and the next one carries on; an act is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.adapters.airflow.api import AirflowApi
from airflow_provider_harness.adapters.store.incidents import SqlIncidentStore, open_engine
from airflow_provider_harness.adapters.store.ulid import ulid
from airflow_provider_harness.app.healing import act, reconcile
from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.ports.healing import Healer
from airflow_provider_harness.core.errors import HarnessUnavailable
from airflow_provider_harness.core.incidents.events import EventKind
from tests.faults.airflow import Airflow
from tests.faults.proxy import HTTP, NETWORK, FaultProxy, Mode
from tests.ports.test_airflow_api import EACH
from tests.unit.app.fakes import RUN, World, failure, world

SECONDS = 0.4
"""The longest that a test waits for a piece of an answer."""
TEXTS = ("log", "source")
"""Reads of text, which may say anything."""
NOTES = ("note", "note_run")
"""Of their answers only the form is looked at: what a note became changes nothing."""
BROKEN = (*NETWORK, *HTTP)


@pytest.fixture
def api(before_airflow: FaultProxy) -> Iterator[AirflowApi]:
    before_airflow.be(Mode.WELL)
    made = AirflowApi(f"http://127.0.0.1:{before_airflow.port}", "", "token", "harness_healer", timeout=SECONDS)
    yield made
    made._http.close()


@pytest.fixture
def store(store_url: str) -> Iterator[SqlIncidentStore]:
    engine = open_engine(store_url)
    yield SqlIncidentStore(engine, b"k" * 32)
    engine.dispose()


@pytest.fixture
def at_work(store: SqlIncidentStore, api: AirflowApi, airflow: Airflow) -> tuple[World, Healer]:
    w = world()
    w.clock.ahead(minutes=1)
    return w, replace(w.healer, store=store, airflow=api, new_id=lambda: ulid(w.clock()))


@pytest.mark.parametrize("mode", [mode for mode in HTTP if mode is not Mode.TRICKLE])
def test_no_call_takes_what_is_not_of_the_api_for_an_answer(
    api: AirflowApi, before_airflow: FaultProxy, mode: Mode
) -> None:
    """Not one row of the table: neither "there is none" nor "it is done"."""
    before_airflow.be(mode)
    for name, _, _, _, call, _ in EACH:
        if (name in TEXTS and mode in (Mode.EMPTY, Mode.CUT, Mode.OTHER)) or (name in NOTES and mode is Mode.OTHER):
            continue
        with pytest.raises(HarnessUnavailable, match=r"^Airflow's API is unavailable: "):
            pytest.fail(f"{name} took it for {call(api)!r}")


@pytest.mark.parametrize("mode", [Mode.TRICKLE, Mode.SILENT])
@pytest.mark.parametrize("name", ["run", "log"])
def test_no_call_waits_for_ever(api: AirflowApi, before_airflow: FaultProxy, mode: Mode, name: str) -> None:
    before_airflow.be(mode)
    call: Callable[[AirflowApi], object] = next(item[4] for item in EACH if item[0] == name)
    with pytest.raises(HarnessUnavailable, match=r"not whole after|Timeout"):
        call(api)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mode", BROKEN)
def test_a_round_loses_nothing_and_does_nothing_twice(
    at_work: tuple[World, Healer], airflow: Airflow, before_airflow: FaultProxy, mode: Mode
) -> None:
    w, healer = at_work
    before_airflow.be(mode, after=300)
    for _ in range(2):
        if mode is Mode.FLAPPING:
            _pass(healer)
        else:
            with pytest.raises(HarnessUnavailable, match=r"^Airflow's API is unavailable: "):
                reconcile.reconcile(healer)
        w.clock.ahead(minutes=3)
    assert mode is Mode.FLAPPING or healer.store.last_pass() is None
    before_airflow.be(Mode.WELL)
    for _ in range(3):
        _pass(healer)
        w.clock.ahead(seconds=30)
    [incident] = healer.store.open_incidents()
    assert len(incident.failures) == len(set(airflow.started)) == 1
    assert w.pager.pages == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("mode", "after"), [*((mode, 0) for mode in BROKEN), *((Mode.DROPPED, after) for after in (1, 150, 400))]
)
def test_an_act_whose_answer_is_lost_is_made_once(
    at_work: tuple[World, Healer], airflow: Airflow, before_airflow: FaultProxy, mode: Mode, after: int
) -> None:
    w, healer = at_work
    healer.store.record(failure(), ulid(w.clock()))
    [joined] = healer.store.intake(w.clock(), healer.store.waiting())
    name = joined.incident_id
    assert heal.claim(healer, name, RUN)
    heal.diagnose(healer, name)
    heal.decide(healer, name)
    api: Any = healer.airflow
    breaking = replace(healer, airflow=_AtTheClear(api, lambda: before_airflow.be(mode, after)))
    act.act(breaking, name, RUN)
    before_airflow.be(Mode.WELL)
    for _ in range(4):
        w.clock.ahead(minutes=1)
        with suppress(HarnessUnavailable):  # the time that an answer has is short here, and the machine may be busy
            act.act(healer, name, RUN)
    assert airflow.cleared == 1
    kinds = [event.kind for event in healer.store.events(name)]
    assert kinds.count(EventKind.ACT_STARTED) == kinds.count(EventKind.ACT_ENDED) == 1


class _AtTheClear:
    """Airflow's API that begins to fail when the act is made."""

    def __init__(self, api: AirflowApi, fail: Callable[[], None]) -> None:
        self._api, self._fail = api, fail

    def clear(self, *given: Any) -> int:
        self._fail()
        return self._api.clear(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)


def _pass(healer: Healer) -> None:
    try:
        reconcile.reconcile(healer)
    except HarnessUnavailable as error:
        assert str(error).startswith("Airflow's API is unavailable: ")
