"""What is known of products ships with the package: reviewed, with its source, and never a reason to act alone."""

from __future__ import annotations

import pytest

from airflow_provider_harness.adapters.diagnosis.rules import RuleDiagnoser
from airflow_provider_harness.adapters.diagnosis.runbook import RunbookDiagnoser
from airflow_provider_harness.adapters.yaml_files.runbook import known_issues
from airflow_provider_harness.core.diagnosis.diagnosis import PERSON_NEEDED, first_remedy, safe_action
from airflow_provider_harness.core.diagnosis.evidence import Evidence
from airflow_provider_harness.core.diagnosis.runbook import Entry

ISSUES = known_issues()


def test_there_are_three_dozen_and_each_has_its_source() -> None:
    assert len(ISSUES) >= 36 and len({entry.id for entry in ISSUES}) == len(ISSUES)
    assert all(entry.source.startswith("https://") for entry in ISSUES)


@pytest.mark.parametrize("entry", ISSUES, ids=lambda entry: entry.id)
def test_its_phrase_is_answered_with_what_helps_and_where_it_is_written(entry: Entry) -> None:
    diagnoser = RunbookDiagnoser(RuleDiagnoser(), known_issues, lambda _: None)
    found = diagnoser.diagnose(None, Evidence(log=f"Traceback (most recent call last):\nSomeError: {entry.phrase} x"))
    assert found.category is entry.category
    assert entry.resolution in found.why and entry.source in found.why
    if found.category != "lock_contention":  # a query that a standby ended is over, and may run again
        assert safe_action(first_remedy(found)) in PERSON_NEEDED
