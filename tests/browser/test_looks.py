"""How the pages look: nothing wider than the screen, nothing that axe finds serious, light and dark, phone and desk.

With HARNESS_SCREENSHOTS=FOLDER the pictures are kept there; some of them stand in docs/assets.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Place
from tests.browser.driver import ROOT

AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "incidents": "plugin/harness/incidents?state=all",
    "incident": "plugin/harness/incidents/ASKS",
    "person": "plugin/harness/incidents/PERSON",
    "tables": "plugin/harness/tables",
    "health": "plugin/harness/health",
    "policy": "plugin/harness/policy",
    "explain": "plugin/harness/policy?view=explain",
    "autonomy": "plugin/harness/policy?view=autonomy",
    "home": "",
}
PHONE, DESK = 390, 1440


def opened(place: Place, page: Page, name: str) -> Page:
    """The page once it has its data."""
    path = PAGES[name].replace("ASKS", place.ids["asks"]).replace("PERSON", place.ids["person"])
    page.goto(place.url(path))
    page.locator("[data-harness]").first.wait_for()
    page.locator("[data-harness] [aria-busy=true]").first.wait_for(state="detached")
    return page


#: Width in pixels and dark: two of the four, since width and colour do not change each other; all four for pictures.
LOOKS = [(PHONE, True), (DESK, False)] + [(PHONE, False), (DESK, True)] * bool(os.environ.get("HARNESS_SCREENSHOTS"))


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_nothing_is_wider_than_the_screen_and_axe_finds_nothing_serious(place: Place, width: int, dark: bool) -> None:
    wide, found = [], []
    page = place.as_user("ada", width=width, dark=dark)
    for name in PAGES:
        opened(place, page, name)
        kept(page, f"{name}-{'dark' if dark else 'light'}-{width}")
        if page.evaluate(
            "document.documentElement.scrollWidth > innerWidth || [...document.querySelectorAll('[data-harness=page]')].some((e) => e.scrollWidth > e.clientWidth)"
        ):
            wide.append(name)
        found += [f"{name}: {problem}" for problem in serious(page)]
    assert (wide, found) == ([], [])


def serious(page: Page) -> list[str]:
    """What axe finds in our part of the page."""
    if not AXE.is_file():
        assert not os.environ.get("CI"), "axe-core is not installed: .ci/ui.py does it"
        pytest.skip("axe did not look at the pages: run make ui first.")
    page.evaluate(AXE.read_text())
    script = """async () => (await axe.run('[data-harness]', {resultTypes: ['violations']})).violations
        .filter((one) => ['serious', 'critical'].includes(one.impact))
        .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)).join(' | ')}`)"""
    found: list[str] = page.evaluate(script)
    return found


def kept(page: Page, name: str) -> None:
    """A picture of it, where somebody wants to look."""
    if folder := os.environ.get("HARNESS_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_keys_reach_the_answer(place: Place) -> None:
    """From the top of the page by Tab alone; the question can be left by Escape, and the key is where it was."""
    page = opened(place, place.as_user("ada"), "incident")
    page.get_by_role("link", name="All incidents").focus()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == "Approve":
            break
    page.keyboard.press("Enter")
    page.get_by_role("alertdialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("alertdialog").wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent").strip() == "Approve"
