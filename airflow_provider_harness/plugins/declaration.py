"""What Airflow's server gets of the harness: pages, tabs and a card, and the JSON API that they read."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.plugins_manager import AirflowPlugin

#: The prefix of the JSON API and of the pages' own files.
PREFIX = "/harness"
#: The built file of the pages; where it is missing, no page is declared.
BUNDLE = Path(__file__).parent / "ui" / "dist" / "main.js"
#: The name of every page, and of what the built file gives to its host.
NAME = "Harness"
#: Where a page stands -> its own route (two pages may not share one), and the first version of Airflow that knows the place: one
#: that it does not know takes all the others away with it.
PLACES = {
    "nav": ("harness", (3, 3)),
    "dag": ("harness-dag", (3, 3)),
    "dag_run": ("harness-run", (3, 3)),
    "task": ("harness-task", (3, 3)),
    "task_instance": ("harness-ti", (3, 3)),
    "dashboard": ("harness-card", (3, 3)),
}


class HarnessPlugin(AirflowPlugin):
    """The plugin as a declaration. What is heavy is imported when Airflow's server asks for it, and by no other process."""

    name = "harness"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The app below ``/harness``."""
        from airflow_provider_harness.plugins.api.app import make_app

        return [{"name": "harness", "app": make_app(), "url_prefix": PREFIX}]

    @cached_property
    def react_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """One built file at every place that this Airflow knows; nothing where it was not built."""
        if not BUNDLE.is_file():
            return []
        from airflow import __version__

        return entries(tuple(int(part) for part in __version__.split(".")[:2]), digest(BUNDLE))


def digest(bundle: Path) -> str:
    """What tells a build from the one before: browsers keep a file of the same address."""
    return hashlib.sha256(bundle.read_bytes()).hexdigest()[:12]


def entries(version: tuple[int, ...], build: str) -> list[dict[str, Any]]:
    """The pages as Airflow declares them. Addresses are relative, so that they hold below any base path.

    :param version: of Airflow, major and minor.
    """
    return [
        {
            "name": NAME,
            "bundle_url": f"{PREFIX[1:]}/static/main.js?v={build}",
            "icon": f"{PREFIX[1:]}/static/icon.svg",
            "destination": place,
            "url_route": route,
            **({"category": "browse"} if place == "nav" else {}),
        }
        for place, (route, since) in PLACES.items()
        if version >= since
    ]
