"""An incident that is over becomes a draft; a reviewed draft is read where the rules do not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
from airflow_provider_harness.adapters.yaml_files.runbook import add, load_draft, load_runbook, written
from airflow_provider_harness.app.reports.runbook_draft import draft
from airflow_provider_harness.core.diagnosis.diagnosis import UNKNOWN, Category
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.failure import ErrorLink
from airflow_provider_harness.core.diagnosis.runbook import TODO, Entry
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.incidents.events import EventKind
from tests.unit.app.fakes import Scripted, World, diagnosis, opened, world
from tests.unit.core.diagnosis.test_runbook import ENTRY, LOG

CHAIN = (
    ErrorLink(type="ValueError", message="outer"),
    ErrorLink(type="WidgetError", message="the widget is stuck\nat 3"),
)


def over(w: World, **more: object) -> tuple[str, Entry]:
    incident_id = opened(w, chain=CHAIN, **more)
    observed = {"source": "run", "text": "1 failed", "trusted": True}
    w.event(incident_id, EventKind.EVIDENCE, facts={}, observations=[observed], unavailable=[])
    w.event(incident_id, EventKind.CLAIMED, run="r")
    w.event(incident_id, EventKind.DIAGNOSED, category="timeout", cause="It was too slow.")
    w.event(incident_id, EventKind.RESOLVED, by="ann", why="a larger machine", unproved=False)
    w.event(incident_id, EventKind.CLOSED, outcome="superseded", why="w")
    return incident_id, draft(incident_id, w.store.events(incident_id), w.store.failures(incident_id))


def test_a_draft_says_what_is_known() -> None:
    incident_id, entry = over(world())
    assert (entry.id, entry.category, entry.phrase) == (incident_id, Category.TIMEOUT, "the widget is stuck")
    assert (entry.symptoms, entry.root_cause, entry.resolution) == (
        ("1 failed",),
        "It was too slow.",
        "a larger machine",
    )
    assert entry.prevention.startswith("Would have been caught by the check row_count")
    report = {"table": "t", "slice": "s", "results": [{"id": "unique:k", "passed": False}, {"id": "x", "passed": True}]}
    assert over(world(), report=report)[1].prevention.startswith("Caught by unique:k; earlier by")


def test_what_is_not_over_teaches_nothing_and_what_is_not_known_is_to_do() -> None:
    w = world()
    incident_id = opened(w)
    with pytest.raises(ConfigurationError, match="is not over: it is open"):
        draft(incident_id, w.store.events(incident_id), [])
    w.event(incident_id, EventKind.CLOSED, outcome="superseded", why="w")
    entry = draft(incident_id, w.store.events(incident_id), [])
    assert (entry.phrase, entry.root_cause, entry.resolution, entry.prevention) == ("", TODO, TODO, TODO)


def test_a_draft_is_accepted_once_and_read_again(tmp_path: Path) -> None:
    book, file = str(tmp_path / "runbook.yaml"), tmp_path / "draft.yaml"
    file.write_text(written(replace(ENTRY, reviewed_by="")))
    assert load_draft(str(file)) == replace(ENTRY, reviewed_by="")
    assert load_runbook("") == load_runbook(book) == ()
    add(book, load_draft(str(file)), "ann")
    add(book, replace(ENTRY, id="other"), "bob")
    add(book, replace(ENTRY, resolution="Waited longer."), "ann")
    assert [(entry.id, entry.reviewed_by) for entry in load_runbook(book)] == [("other", "bob"), (ENTRY.id, "ann")]
    assert load_runbook(book)[1].resolution == "Waited longer."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "is a list of entries"),
        ("- 1", "is a mapping with these names"),
        (written(ENTRY).replace("rate_limited", "bad_luck"), "'bad_luck' is not known"),
        (written(ENTRY).replace("prevention: A pool.", "prevention: 1"), "prevention: is a text"),
        (written(replace(ENTRY, reviewed_by="")), "was not reviewed"),
        (written(replace(ENTRY, phrase="short")), "phrase: has 12 to 200"),
    ],
)
def test_a_wrong_runbook_names_its_mistake(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        load_runbook(str(tmp_path / "r.yaml"))


def test_the_rules_that_know_are_never_contradicted_and_a_wrong_file_harms_nothing() -> None:
    told: list[str] = []

    def broken() -> tuple[Entry, ...]:
        raise ConfigurationError("r.yaml", "is not a list.")

    sure, unsure = Scripted(diagnosis()), Scripted(UNKNOWN)
    assert RunbookDiagnoser(sure, broken, told.append).diagnose(None, LOG) == diagnosis()
    assert told == ["r.yaml: is not a list. The rules' answer stands: transient_network."]
    assert RunbookDiagnoser(unsure, broken, told.append).diagnose(None, LOG) == UNKNOWN
    assert "r.yaml: is not a list" in told[1]
    assert RunbookDiagnoser(unsure, lambda: [ENTRY], told.append).diagnose(None, LOG).category is Category.RATE_LIMITED
    assert RunbookDiagnoser(unsure, lambda: [ENTRY], told.append).diagnose(None, Evidence()) == UNKNOWN
