"""On-call with a phone: Airflow's pages of the harness in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from airflow_provider_harness.testing.stack import AirflowStack
from tests.browser.driver import PATIENCE, NoBrowser, chromium, log_in

PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """Somebody who is logged in.

    :param page: what is open.
    :param url: of Airflow.
    """

    page: Page
    url: str

    def opens(self, incident_id: str) -> None:
        """Find the incident in the list, and read it."""
        self.page.goto(f"{self.url}/plugin/harness/incidents?state=all")
        self.page.locator(f"a[href$='/incidents/{incident_id}']").click()
        expect(self.page.get_by_role("heading", name="What broke")).to_be_visible()

    def answers(self, word: str) -> None:
        """Approve or Refuse the open question, as soon as Airflow takes an answer."""
        self.page.get_by_role("button", name=word).click()
        self.page.get_by_role("alertdialog").get_by_role("button", name=word).click()
        self.sees(f"You answered “{word}”")

    def does(self, word: str) -> None:
        """Take or Return."""
        self.page.get_by_role("button", name=word, exact=True).click()

    def sees(self, text: str, seconds: float = PATIENCE / 1000) -> None:
        """Without a reload."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=seconds * 1000)


@contextmanager
def on_call(stack: AirflowStack, user: str = "oncall") -> Iterator[OnCall | None]:
    """A person at a phone, logged in; nobody where no browser is installed, and a sentence says so."""
    try:
        with chromium() as browser:
            page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
            page.set_default_timeout(PATIENCE)
            page.goto(f"{stack.url}/plugin/harness/incidents")
            log_in(page, user, stack.passwords[user])
            expect(page.get_by_role("heading", name="Incidents", level=1)).to_be_visible()
            yield OnCall(page=page, url=stack.url)
    except NoBrowser as error:
        print(f"On-call answered by Airflow's REST API, not on the pages. {error}")
        yield None
