"""Who may read the key of the chain, as ``airflow harness doctor`` says it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_provider_harness.cli.doctor import local as doctor


@pytest.mark.parametrize(
    ("mode", "mounted", "wrong"),
    [(0o600, False, 0), (0o640, False, 1), (0o440, True, 0), (0o444, True, 1)],
    ids=["own", "own, for a group", "mounted, for a group", "mounted, for everybody"],
)
def test_a_key_is_for_the_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, mounted: bool, wrong: int
) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    assert list(doctor.audit_key()) == []  # it makes the key
    [path] = tmp_path.glob("harness_audit.key*")
    path.chmod(mode)
    if mounted:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 50_000)
    assert len(list(doctor.audit_key())) == wrong
