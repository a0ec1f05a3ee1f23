"""FAB's auth manager: who may read, answer and change what, by the roles and user ids that it has.

The commands are those of docs/how-to/run-in-production.md.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest

from airflow_provider_harness.testing.stack import AirflowStack, ApiRefused
from tests.browser.driver import NoBrowser, chromium
from tests.demo.breaks import PLAIN, Run, incidents, refuse_connections
from tests.demo.world import World, by_on_call, world
from tests.production.conftest import bodies, needs, outcomes

pytestmark = [pytest.mark.slow, needs("airflow.providers.fab")]

MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ROLES = {"admin": "Admin", "harness": "User", "oncall": "User", "viewer": "Viewer", "other": "User"}
"""User -> role, in the order in which FAB numbers them from 1 on."""
HARNESS_ID, ONCALL = "2", "3"
RIGHTS = (
    ("roles", "create", "Harness"),
    ("roles", "add-perms", "Harness", "--resource", "Audit Logs", "--action", "can_read"),
    ("users", "add-role", "--username", "harness", "--role", "Harness"),
    ("roles", "add-perms", "Viewer", "User", "--resource", "Plugins", "--action", "can_read"),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The world, the healed runs, and who was refused when the question stood."""

    world: World
    runs: list[Run]
    refused: list[tuple[str, int]]

    @property
    def stack(self) -> AirflowStack:
        return self.world.stack

    def status(self, path: str, user: str, method: str = "GET") -> int:
        """Of a call of the pages' API; an empty user is nobody."""
        headers = {"Authorization": f"Bearer {self.stack.token(user)}"} if user else {}
        headers |= {"X-Requested-With": "XMLHttpRequest", "Content-Type": "application/json"}
        body = "{}" if method == "POST" else None
        return self.stack.client().request(method, f"/harness/api/{path}", headers=headers, content=body).status_code


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A source that refuses for a while: one heal alone, one after the approver's answer; others are refused before."""
    home = tmp_path_factory.mktemp("fab")
    approvers = home / "approvers-by-number.yaml"
    approvers.write_text(f'data-team: ["{ONCALL}", "{HARNESS_ID}"]\n')
    passwords = {user: secrets.token_urlsafe(12) for user in ROLES}
    env = {"AIRFLOW__CORE__AUTH_MANAGER": MANAGER, "AIRFLOW__HARNESS__APPROVERS_FILE": str(approvers)}
    setup = [*(_create(user, role, passwords[user]) for user, role in ROLES.items()), *RIGHTS]
    refused: list[tuple[str, int]] = []

    def approve(stack: AirflowStack, incident_id: str, path: str) -> None:
        for user in ("other", "viewer", "harness"):
            try:
                stack.api("PATCH", path, {"chosen_options": ["Approve"], "params_input": {}}, user=user)
            except ApiRefused as error:
                refused.append((user, error.status))
        by_on_call(stack, incident_id, path)

    with world(home, env=env, setup=setup, passwords=passwords) as found:
        runs = list(refuse_connections(replace(found, approve=approve), date(2013, 1, 1)))
        yield Place(world=found, runs=runs, refused=refused)


def _create(user: str, role: str, password: str) -> tuple[str, ...]:
    names = ("--firstname", user.title(), "--lastname", "Example", "--email", f"{user}@example.org")
    return ("users", "create", "--username", user, "--role", role, *names, "--password", password)


def test_one_heals_alone_and_one_after_the_approvers_answer(place: Place) -> None:
    assert outcomes(place.world, place.runs) == ["healed", "recovered"]


def test_only_the_approver_is_asked_and_only_the_approver_may_answer(place: Place) -> None:
    asked = next(run for run in place.runs if run.dag_id == PLAIN)
    assert [body["assigned"] for body in bodies(place.world, asked, "asked")] == [[ONCALL]]
    assert place.refused == [("other", 403), ("viewer", 403), ("harness", 403)]
    assert [(body["by"], body["answer"]) for body in bodies(place.world, asked, "answered")] == [(ONCALL, "Approve")]


@pytest.mark.parametrize("path", ["incidents", "tables", "health", "policy", "autonomy", "me"])
def test_who_is_logged_in_reads_and_nobody_else(place: Place, path: str) -> None:
    assert [place.status(path, user) for user in ("", "viewer", "oncall", "admin")] == [401, 200, 200, 200]


def test_a_viewer_does_not_write_and_a_user_does(place: Place) -> None:
    [incident] = incidents(place.world, place.runs[0])
    path = f"incidents/{incident['id']}/take"
    found = [place.status(path, user, "POST") for user in ("", "viewer", "oncall")]
    assert found[:2] == [401, 403]
    assert found[2] not in (401, 403)


def test_an_administrator_may_accept_autonomy_and_a_user_may_not(place: Place) -> None:
    may = {
        user: place.stack.client()
        .get("/harness/api/me", headers={"Authorization": f"Bearer {place.stack.token(user)}"})
        .json()["can"]["accept_autonomy"]
        for user in ("admin", "oncall", "viewer")
    }
    assert may == {"admin": True, "oncall": False, "viewer": False}


def test_doctor_is_content_but_for_the_harness_among_its_approvers(place: Place) -> None:
    done = place.stack.cli("harness", "doctor", "--output", "json", check=False)
    wrong = [row for row in json.loads(done.stdout) if row["health"] == "wrong"]
    assert [row["check"] for row in wrong] == ["approvers"]
    assert f"{HARNESS_ID} is the harness's own account" in wrong[0]["what"]


@pytest.mark.parametrize("user", ["viewer", "oncall"])
def test_the_incidents_are_a_page_in_the_browser(place: Place, user: str) -> None:
    """By FAB's own login form."""
    try:
        with chromium() as browser:
            page = browser.new_page()
            page.goto(f"{place.stack.url}/plugin/harness/incidents?state=all")
            page.fill("input[name=username]", user)
            page.fill("input[name=password]", place.stack.passwords[user])
            page.click("[type=submit]")
            page.get_by_role("heading", name="Incidents", level=1).wait_for()
            page.get_by_role("link", name=PLAIN).first.wait_for()
    except NoBrowser as error:
        pytest.skip(str(error))
