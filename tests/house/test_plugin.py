"""The plugin costs other processes of Airflow nothing, and declares only what the server can take."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_harness.plugins import declaration
from tests.house.test_provider import loaded_by

FIRST = "import airflow.plugins_manager"


def test_a_process_that_loads_plugins_pays_for_no_api(tmp_path: Path) -> None:
    loaded = loaded_by("from airflow_provider_harness.plugins.declaration import HarnessPlugin", tmp_path, first=FIRST)
    ours = {name for name in loaded if name.startswith("airflow_provider_harness.")}
    assert ours <= {
        "airflow_provider_harness.plugins",
        "airflow_provider_harness.plugins.declaration",
        "airflow_provider_harness.get_provider_info",
        "airflow_provider_harness.config",
    }
    assert not {name for name in loaded if name.partition(".")[0] in ("fastapi", "pydantic", "sqlalchemy", "starlette")}


def test_every_place_has_its_own_route_and_one_file() -> None:
    pages = declaration.entries((3, 3), "abc")
    assert {page["destination"] for page in pages} == {"nav", "dag", "dag_run", "task", "task_instance", "dashboard"}
    assert len({page["url_route"] for page in pages}) == len(pages)
    assert {(page["name"], page["bundle_url"]) for page in pages} == {("Harness", "harness/static/main.js?v=abc")}
    assert not [page for page in pages if "/" in page["url_route"]]
    assert declaration.PREFIX.startswith("/")


def test_a_place_that_this_airflow_does_not_know_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(declaration.PLACES, "asset", ("harness-asset", (3, 4)))
    assert "asset" not in {page["destination"] for page in declaration.entries((3, 3), "abc")}
    assert "asset" in {page["destination"] for page in declaration.entries((3, 4), "abc")}


def test_no_page_is_declared_without_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(declaration, "BUNDLE", tmp_path / "main.js")
    assert declaration.HarnessPlugin().react_apps == []
    (tmp_path / "main.js").write_text("1")
    first = declaration.HarnessPlugin().react_apps[0]["bundle_url"]
    (tmp_path / "main.js").write_text("2")
    assert declaration.HarnessPlugin().react_apps[0]["bundle_url"] != first
