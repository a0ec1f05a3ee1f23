"""What is noted at the failed task and at the healer's run: a sentence and a link, and never over a person's own note."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_harness.app.healing import diagnose as heal
from airflow_provider_harness.app.pages import note
from airflow_provider_harness.core.incidents.events import Closed, Outcome
from tests.unit.app.fakes import World, opened, world

__all__ = ["world"]


@pytest.fixture
def w() -> World:
    return world()


def ended(w: World, outcome: Outcome = Outcome.ESCALATED) -> str:
    name = opened(w)
    heal.claim(w.healer, name, "heal__1")
    heal.diagnose(w.healer, name)
    w.healer.record(name, Closed(outcome=outcome, why="w"))
    return name


def notes(w: World) -> list[tuple[Any, ...]]:
    return [call for call in w.airflow.writes if call[0].startswith("note")]


def test_both_say_in_a_sentence_what_was_done_and_link_to_the_page(w: World) -> None:
    name = ended(w)
    note.write_note(w.healer, w.store.incident(name), "heal__1")
    run, task = notes(w)
    url = f"http://airflow/plugin/harness/incidents/{name}"
    assert run[:2] == ("note_run", "heal__1")
    assert run[2].startswith("airflow-provider-harness: ") and run[2].endswith(url)
    assert ": escalated. The harness did nothing: a person is needed." in run[2]
    assert task[2] == f"airflow-provider-harness: {note.sentence(w.store.incident(name))} {url}"


@pytest.mark.parametrize(
    ("there", "kept"), [("mine, do not touch", True), ("airflow-provider-harness: old", False), ("", False)]
)
def test_a_persons_note_stays(w: World, there: str, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    name, task = ended(w), w.airflow.task
    monkeypatch.setattr(w.airflow, "task", lambda *key: replace(task(*key), note=there))
    note.write_note(w.healer, w.store.incident(name), "heal__1")
    assert len(notes(w)) == (1 if kept else 2)


def test_every_outcome_has_its_words() -> None:
    assert set(note._ENDS) == set(Outcome)
