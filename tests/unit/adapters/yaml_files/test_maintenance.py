"""Maintenance windows from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_harness.adapters.yaml_files.maintenance import load_maintenance
from airflow_provider_harness.core.errors import ConfigurationError


def test_windows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("- {from: '2026-12-24T18:00:00+01:00', until: 2026-12-25T06:00:00Z, dags: [a], reason: r}\n")
    (window,) = load_maintenance(str(file)).windows
    assert window.start == datetime(2026, 12, 24, 17, tzinfo=UTC)
    assert window.end == datetime(2026, 12, 25, 6, tzinfo=UTC)
    assert (window.dags, window.reason) == (frozenset({"a"}), "r")
    assert load_maintenance("").windows == ()


@pytest.mark.parametrize(
    "text",
    [
        "a: 1",
        "- 1",
        "- {from: 2026-12-24T18:00:00Z}",
        "- {from: soon, until: later}",
        "- {from: 2026-12-24T18:00:00Z, until: 2026-12-24T17:00:00Z}",
        "- {from: 2026-12-24T18:00:00Z, until: 2026-12-25T17:00:00Z, dag: a}",
        "- {from: 2026-12-24T18:00:00Z, until: 2026-12-25T17:00:00Z, dags: a}",
    ],
)
def test_a_wrong_window_says_where(tmp_path: Path, text: str) -> None:
    file = tmp_path / "m.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=r"m\.yaml"):
        load_maintenance(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_maintenance(str(tmp_path / "none.yaml"))
