"""The Chromium that the tests of the pages drive."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 20_000
"""Milliseconds; a machine may have much to do beside."""


class NoBrowser(Exception):
    """No Chromium is installed; the message says what to do."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window.

    :raises NoBrowser: there is none.
    """
    found = subprocess.run(["sh", str(ROOT / ".ci" / "chromium")], capture_output=True, text=True)
    if found.returncode:
        assert not os.environ.get("CI"), found.stderr
        raise NoBrowser(found.stderr.strip())
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def log_in(page: Page, user: str, password: str) -> None:
    """By Airflow's own form, which leads back to the page that was asked for."""
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
