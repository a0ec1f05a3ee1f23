"""A real Chromium on the pages of a real api-server below a base path, with a store that holds incidents of every kind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from airflow_provider_harness.core.diagnosis.failure import ErrorLink, TryKey
from airflow_provider_harness.core.incidents.events import EventKind
from tests.browser.driver import PATIENCE, ROOT, NoBrowser, chromium, log_in
from tests.events import event_of
from tests.ports.pages_case import Pages, diagnosed, environment, judged, served
from tests.unit.app.fakes import failure

ATTACK = "<img src=x onerror=\"document.body.dataset.hacked='yes'\">"
"""What a log says to who would take it for HTML."""
DAGS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

for name, task in {tasks!r}.items():
    with DAG(name, schedule=None):
        EmptyOperator(task_id=task)
"""
WORDS = ("yes", "no", "mine")
"""Names of Dags of which each has an incident with an open question: one to approve, one to refuse, one to take."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the pages are, and who can look at them.

    :param ids: name of a Dag -> its incident.
    :param as_user: a fresh page of a person who is logged in; the empty name is nobody.
    """

    pages: Pages
    ids: dict[str, str]
    as_user: Callable[..., Page]
    contexts: list[BrowserContext] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.pages.url}/{path}"

    def incident(self, name: str) -> str:
        return self.url(f"plugin/harness/incidents/{self.ids[name]}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, which goes with the last test of this folder: while it is there, no other test could run an event loop.

    Where none is installed the tests are left out, and a sentence says so; CI fails.
    """
    try:
        with chromium() as found:
            yield found
    except NoBrowser as error:
        pytest.skip(f"The pages were not looked at in a browser. {error}")


@pytest.fixture(scope="package")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The server, for all tests of this folder."""
    with served(tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="package")
def place(browser: Browser, pages: Pages) -> Iterator[Place]:
    """The server with the incidents of ``pages_case`` and those of ``WORDS``, and Airflow's questions to them."""
    ids = {**pages.incidents, **{name: _asked(pages, number, name) for number, name in enumerate(WORDS)}}
    _seed_airflow(
        pages, {f"heal__{name}__1": {"subject": f"May {name} run again?", "assigned": ["ada"]} for name in WORDS}
    )
    states: dict[str, Any] = {}
    contexts: list[BrowserContext] = []

    def as_user(user: str = "ada", *, width: int = 1440, dark: bool = False, zone: str = "Europe/Berlin") -> Page:
        if user and user not in states:
            states[user] = _log_in(browser, pages.url, user)
        size = {"width": width, "height": 844 if width < 500 else 1000}
        context = browser.new_context(viewport=size, timezone_id=zone, storage_state=states.get(user))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_init_script(f"localStorage.setItem('theme', '{'dark' if dark else 'light'}')")
        contexts.append(context)
        return context.new_page()

    yield Place(pages=pages, ids=ids, as_user=as_user, contexts=contexts)
    for context in contexts:
        context.close()


@pytest.fixture(autouse=True)
def _closed(place: Place) -> Iterator[None]:
    """No page goes on asking the server once its test is over."""
    yield
    while place.contexts:
        place.contexts.pop().close()


def _log_in(browser: Browser, url: str, user: str) -> Any:
    """The cookies of a person who logged in by Airflow's own form."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/plugin/harness/incidents")
    log_in(page, user, f"of {user}")
    page.get_by_role("heading", name="Incidents", level=1).wait_for()
    state = context.storage_state()
    context.close()
    return state


def _asked(pages: Pages, number: int, dag_id: str) -> str:
    """An incident that asks; its log would do harm to who takes it for HTML."""
    now = datetime.now(UTC).replace(microsecond=0)
    key = TryKey(dag_id=dag_id, run_id="manual__1", task_id="load", try_number=1)
    chain = (ErrorLink(type="TimeoutError", message=f"the gadget of {dag_id} took too long"),)
    one = failure(key=key, chain=chain, occurred_at=now, owner="ada")
    pages.store.record(replace(one, slice_id="20131225T000000Z"), f"01K9ZJ4Q6T3M8V5W7X2Y0N1Q5{number}")
    [joined] = pages.store.intake(now, pages.store.waiting())
    story = [*diagnosed("timeout", str(key)), *judged(key, "ask")]
    for kind, body in story:
        if kind is EventKind.CLAIMED:
            body["run"] = f"heal__{dag_id}__1"
        if kind is EventKind.EVIDENCE:
            body["context"][1]["text"] = ATTACK
    asked = {
        "approval": f"A{dag_id}",
        "assigned": ["ada"],
        "expires": (now + timedelta(hours=1)).isoformat(),
        "url": "",
    }
    story.append((EventKind.ASKED, asked))
    opened = now - timedelta(minutes=2)
    pages.store.append(
        *(event_of(incident_id=joined.incident_id, kind=kind, at=opened, body=body) for kind, body in story)
    )
    return str(joined.incident_id)


def _seed_airflow(pages: Pages, questions: dict[str, Any]) -> None:
    folder = pages.home / "dags"
    folder.mkdir()
    tasks = {"harness_healer": "approve", **dict.fromkeys(WORDS, "load")}
    (folder / "seeded.py").write_text(DAGS.format(tasks=tasks))
    command = [sys.executable, "-m", "tests.browser.seed_airflow", str(folder), json.dumps(questions)]
    env = environment(pages.home, 1)
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
