"""What tasks wrote and the harness leaves alone, as ``airflow harness doctor`` says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.adapters.store.migrate import upgrade
from airflow_provider_harness.cli.doctor import local as doctor_here
from airflow_provider_harness.cli.doctor.findings import Health
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import store as wiring_store
from tests.ports.test_reports import insert


@pytest.mark.attack
def test_rows_that_nobody_can_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    engine = wiring_store.store_engine()
    upgrade(engine)
    assert list(doctor_here.rows()) == []
    insert(engine, body="{}")
    wiring.store().waiting()
    (found,) = doctor_here.rows()
    assert (found.health, "1 row(s) of failures" in found.text) == (Health.NOTE, True)
