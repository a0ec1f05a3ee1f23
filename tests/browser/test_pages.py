"""What people do on the pages, in a real browser: find an incident, read it, answer it, take it; and who may not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from airflow_provider_harness.core.incidents.events import EventKind
from airflow_provider_harness.core.incidents.incident import State
from tests.browser.conftest import ATTACK, Place
from tests.browser.driver import ROOT, log_in
from tests.events import event_of


def hitl(place: Place, name: str) -> dict[str, Any]:
    """What Airflow has of a question."""
    path = f"api/v2/dags/harness_healer/dagRuns/heal__{name}__1/taskInstances/approve/-1/hitlDetails"
    answer = httpx.get(
        place.url(path), headers={"Authorization": f"Bearer {place.pages.tokens['root']}"}, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def heal(place: Place, name: str) -> None:
    """What the healer does once it has read the answer in Airflow."""
    answered = hitl(place, name)
    outcome = {"outcome": "healed", "text": "The gate passed on the published slice.", "gates": []}
    story: list[tuple[EventKind, dict[str, Any]]] = [
        (EventKind.ANSWERED, {"answer": answered["chosen_options"][0], "by": answered["responded_by_user"]["id"]}),
        (EventKind.ACT_STARTED, {"act": "retry_task(task=load)"}),
        (EventKind.ACT_ENDED, {"act": "retry_task(task=load)", "at": "", "result": "cleared 1"}),
        (EventKind.SETTLED, outcome),
        (EventKind.CLOSED, {"outcome": "healed", "why": "The gate passed."}),
    ]
    now = datetime.now(UTC)
    place.pages.store.append(
        *(event_of(incident_id=place.ids[name], kind=kind, at=now, body=body) for kind, body in story)
    )


def test_a_person_finds_the_incident_reads_it_approves_and_sees_it_healed(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.url("plugin/harness"))
    page.get_by_role("searchbox").fill("yes")
    expect(page).to_have_url(re.compile(r"incidents\?q=yes"))  # it can be sent to somebody
    expect(
        page.get_by_text("1 incident", exact=True)
    ).to_be_visible()  # the others are gone, so its place is where it stays
    page.get_by_role("link", name=re.compile(r"^yes")).click()
    expect(page.get_by_role("heading", name="You are asked")).to_be_visible()
    expect(page.get_by_text("May the harness run load again?").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_text("retry_task")).to_be_visible()  # exactly what would be done
    expect(dialog.get_by_text("manual__1")).to_be_visible()
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(re.compile("You answered .Approve"))).to_be_visible()
    assert (hitl(place, "yes")["chosen_options"], hitl(place, "yes")["responded_by_user"]["id"]) == (["Approve"], "ada")
    heal(place, "yes")
    expect(page.get_by_text("Healed", exact=True).first).to_be_visible()  # by itself, without a reload
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)


def test_a_person_refuses(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("no"))
    page.get_by_role("button", name="Refuse").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_text("what failed stays failed")).to_be_visible()
    dialog.get_by_role("button", name="Refuse").click()
    expect(page.get_by_text(re.compile("You answered .Refuse"))).to_be_visible()
    assert hitl(place, "no")["chosen_options"] == ["Refuse"]


def test_a_person_takes_it_and_gives_it_back(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("mine"))
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_text("Taken by ada").first).to_be_visible()
    assert place.pages.store.incident(place.ids["mine"]).state is State.TAKEN
    page.get_by_role("button", name="Return").click()
    expect(page.get_by_text("Waits for a healer").first).to_be_visible()
    assert place.pages.store.incident(place.ids["mine"]).state is State.OPEN


def test_a_reason_is_asked_for_before_an_end(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("person"))
    page.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("alertdialog")
    expect(dialog.get_by_role("button", name="Resolve")).to_be_disabled()
    dialog.get_by_role("textbox").fill("The source sent the day twice; removed there.")
    dialog.get_by_role("button", name="Resolve").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Airflow does not agree")  # it says how to end it all the same
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Resolve")).to_be_focused()


@pytest.mark.attack
def test_a_viewer_reads_and_is_refused_on_the_page_and_on_every_route(place: Place) -> None:
    page = place.as_user("vic")
    page.goto(place.incident("asks"))
    expect(page.get_by_text("It was too slow.").first).to_be_visible()
    for name in ("Approve", "Refuse", "Take", "Resolve"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_text("ada").first).to_be_visible()  # who may
    for act in ("take", "return", "acknowledge", "resolve"):
        body = {"why": "w", "unproved": True} if act == "resolve" else {}
        assert posted(page, f"harness/api/incidents/{place.ids['asks']}/{act}", body) == 403


def posted(page: Page, path: str, body: dict[str, Any], headers: str = "{'X-Requested-With': 'harness'}") -> int:
    """The status of a write, as a script of the page makes it."""
    script = f"""async ([path, body]) => (await fetch(new URL(path, document.baseURI), {{
        method: 'POST', body, headers: {{'Content-Type': 'application/json', ...{headers}}} }})).status"""
    status: int = page.evaluate(script, [path, json.dumps(body)])
    return status


@pytest.mark.attack
def test_a_write_without_the_header_is_refused_to_who_may(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("asks"))
    assert posted(page, f"harness/api/incidents/{place.ids['asks']}/take", {}, "{}") == 403


@pytest.mark.attack
def test_an_incident_of_a_dag_that_may_not_be_read_is_not_there(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("secret_dag"))
    expect(page.get_by_role("alert")).to_contain_text("There is no such thing")
    page.goto(place.url("plugin/harness/incidents?state=all"))
    expect(page.get_by_role("link", name=re.compile("^healed"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^secret_dag"))).to_have_count(0)


def test_who_is_not_logged_in_comes_back_to_the_incident(place: Place) -> None:
    page = place.as_user("")
    page.goto(place.incident("healed"))
    log_in(page, "ada", "of ada")
    expect(page.get_by_role("heading", name=re.compile("^healed"), level=1)).to_be_visible()
    assert page.url == place.incident("healed")


@pytest.mark.attack
def test_what_a_log_says_is_text(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("mine"))
    lines = page.get_by_role("region", name="Lines of the log")
    expect(lines).to_contain_text(ATTACK)
    assert lines.locator("img").count() == 0
    assert page.evaluate("document.body.dataset.hacked ?? ''") == ""


def test_a_card_that_fails_leaves_the_home_page(place: Place) -> None:
    page = place.as_user("ada")
    page.route("**/harness/api/dashboard", lambda route: route.fulfill(json={"alive": True, "newest": [None]}))
    page.goto(place.url(""))
    expect(page.get_by_text("The harness's card cannot be shown")).to_be_visible()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "detail", "said"),
    [
        (503, "The store is away.", "The harness store does not answer"),
        (403, "Forbidden", "You may not read the incidents"),
        (401, "Token Expired", "You are not logged in"),
    ],
)
def test_what_fails_says_what_to_do(place: Place, status: int, detail: str, said: str) -> None:
    page = place.as_user("ada")
    page.route(
        "**/harness/api/incidents?*", lambda route: route.fulfill(status=status, json={"detail": detail, "fix": ""})
    )
    page.goto(place.url("plugin/harness/incidents"))
    expect(page.get_by_role("alert")).to_contain_text(said)


def test_an_empty_list_says_why(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.url("plugin/harness/incidents?q=nothing+has+this+word"))
    expect(page.get_by_text("No incident fits these filters")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("link", name=re.compile("^asks"))).to_be_visible()


def test_tables_are_filtered_by_readiness(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.url("plugin/harness/tables"))
    expect(page.get_by_role("link", name="public.flights")).to_be_visible()
    page.get_by_label("Readiness").select_option("gold")
    expect(page.get_by_text("No table fits these filters")).to_be_visible()


def test_moments_follow_the_zone_that_was_chosen_in_airflow(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.incident("healed"))
    shown = page.locator("time").first
    expect(shown).to_have_attribute("title", re.compile("Europe/Berlin"))
    page.evaluate(
        "localStorage.setItem('timezone', JSON.stringify('Asia/Tokyo')); dispatchEvent(new Event('local-storage'))"
    )
    expect(shown).to_have_attribute("title", re.compile("Asia/Tokyo"))


def test_tabs_of_a_dag(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.url("dags/yes/plugin/harness-dag"))
    expect(page.get_by_role("link", name=re.compile("^yes.load"))).to_be_visible()
    page.get_by_role("tab", name="Explain").click()
    expect(page.get_by_role("heading", name="What the harness does about it")).to_be_visible()
    assert page.url.endswith("plugin/harness-dag?harness=explain")  # no address of its own: Airflow would mark no tab


@pytest.mark.parametrize(
    "tab",
    [
        "runs/manual__1/plugin/harness-run",
        "tasks/load/plugin/harness-task",
        "runs/manual__1/tasks/load/plugin/harness-ti",
    ],
)
def test_tabs_of_a_run_a_task_and_a_task_instance(place: Place, tab: str) -> None:
    page = place.as_user("ada")
    page.goto(place.url(f"dags/mine/{tab}"))
    expect(page.get_by_role("link", name=re.compile("^mine.load"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^yes.load"))).to_have_count(0)  # of another Dag
    page.get_by_role("tab", name="Checks").click()
    expect(page.get_by_text("No gate of the harness has run here")).to_be_visible()
    page.get_by_role("tab", name="Explain").click()
    expect(page.get_by_role("heading", name="What the harness does about it")).to_be_visible()


def test_the_card_on_the_home_page_leads_to_what_is_open(place: Place) -> None:
    page = place.as_user("ada")
    page.goto(place.url(""))
    card = page.get_by_role("region", name="Incidents")
    card.get_by_role("link", name=re.compile("open$")).click()
    expect(page.get_by_role("heading", name="Incidents", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^asks"))).to_be_visible()


def test_the_host_has_what_the_bundle_takes_of_it(place: Place) -> None:
    """A name that Airflow's page lacks would be undefined in the browser, though TypeScript is content."""
    page = place.as_user("ada")
    page.goto(place.incident("asks"))
    for module, host in (("@chakra-ui/react", "ChakraUI"), ("react-router-dom", "ReactRouterDOM"), ("react", "React")):
        texts = [path.read_text() for path in (ROOT / "ui" / "src").rglob("*.ts*")]
        lists = [found for text in texts for found in re.findall(rf'import {{([^}}]*)}} from "{module}"', text)]
        names = {name.split(" as ")[0].strip() for one in lists for name in one.split(",")}
        used = sorted(name for name in names if name and not name.startswith("type "))
        missing = page.evaluate(
            "([host, names]) => names.filter((name) => window[host][name] === undefined)", [host, used]
        )
        assert used and missing == []
