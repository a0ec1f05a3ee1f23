"""The JSON API of the pages on a real api-server below a base path: who may what, and what is answered."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_harness.core.incidents.events import Resolved
from tests.ports.pages_case import BASE, Pages, pages

__all__ = ["pages"]

#: Every read, with what must be said beside it; ID is an incident's.
READS: dict[str, dict[str, Any]] = {
    "me": {},
    "incidents": {},
    "incidents/ID": {},
    "tables": {},
    "checks": {"dag_id": "asks"},
    "explain": {"dag_id": "asks", "task_id": "load"},
    "dashboard": {},
    "health": {},
    "policy": {},
    "policy/explain": {"action": "retry_task", "fact": ["category=timeout", "tries_by_harness=0"]},
    "autonomy": {},
}
#: Every write, with a body that it takes.
WRITES: dict[str, Any] = {
    "incidents/ID/take": {},
    "incidents/ID/return": {},
    "incidents/ID/acknowledge": {},
    "incidents/ID/resolve": {"why": "mended", "unproved": True},
    "autonomy/accept": {"category": "timeout", "action": "retry_task", "days": 5},
    "autonomy/withdraw": {"category": "timeout", "action": "retry_task"},
    "policy/simulate": {"text": "version: 2\nrules: []\n"},
}
OWN = {"X-Requested-With": "harness", "Sec-Fetch-Site": "same-origin"}


def path_of(route: str, pages: Pages) -> str:
    return "api/" + route.replace("ID", pages.incidents["asks"])


def test_these_are_all_routes() -> None:
    from airflow_provider_harness.plugins.api.app import make_app

    app = make_app()
    found: dict[str, set[str]] = {"GET": set(), "POST": set()}
    for route in app.routes:
        path = str(getattr(route, "path", ""))
        if path.startswith("/api/"):
            for method in getattr(route, "methods", ()):
                found[method].add(path.removeprefix("/api/").replace("{incident_id}", "ID"))
    assert found == {"GET": {*READS, "table"}, "POST": set(WRITES)}


@pytest.mark.attack
@pytest.mark.parametrize("route", [*READS, "table"])
def test_who_is_not_logged_in_reads_nothing(pages: Pages, route: str) -> None:
    assert pages.call("GET", path_of(route, pages), "").status_code == 401


@pytest.mark.attack
@pytest.mark.parametrize("route", WRITES)
def test_who_is_not_logged_in_writes_nothing(pages: Pages, route: str) -> None:
    assert pages.call("POST", path_of(route, pages), "", json=WRITES[route], headers=OWN).status_code == 401


@pytest.mark.parametrize("route", READS)
@pytest.mark.parametrize("user", ["vic", "ada", "root"])
def test_who_may_read_reads(pages: Pages, route: str, user: str) -> None:
    answer = pages.call("GET", path_of(route, pages), user, params=READS[route])
    assert answer.status_code == 200, answer.text
    again = pages.call(
        "GET", path_of(route, pages), user, params=READS[route], headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b""), again.text


@pytest.mark.attack
@pytest.mark.parametrize("route", [route for route in WRITES if route != "policy/simulate"])
def test_a_viewer_writes_nothing(pages: Pages, route: str) -> None:
    answer = pages.call("POST", path_of(route, pages), "vic", json=WRITES[route], headers=OWN)
    assert answer.status_code == 403, answer.text
    assert "vic may not" in answer.json()["detail"]


@pytest.mark.attack
@pytest.mark.parametrize("route", ["autonomy/accept", "autonomy/withdraw"])
def test_a_user_does_not_change_what_the_harness_may(pages: Pages, route: str) -> None:
    assert pages.post(route, WRITES[route], "ada").status_code == 403


@pytest.mark.attack
@pytest.mark.parametrize("route", WRITES)
@pytest.mark.parametrize(
    "attack",
    [
        {"headers": {"Sec-Fetch-Site": "same-origin"}},
        {"headers": OWN | {"Sec-Fetch-Site": "cross-site"}},
        {"headers": OWN | {"Sec-Fetch-Site": "same-site"}},
        {"headers": OWN | {"Content-Type": "text/plain"}},
        {"headers": OWN | {"Content-Type": "application/x-www-form-urlencoded"}},
    ],
)
def test_a_foreign_page_writes_nothing(pages: Pages, route: str, attack: dict[str, Any]) -> None:
    before = len(pages.store.events(pages.incidents["asks"]))
    typed = "Content-Type" in attack["headers"]
    sent = {"content": b"{}"} if typed else {"json": WRITES[route]}
    answer = pages.call("POST", path_of(route, pages), "root", **sent, **attack)
    assert answer.status_code in ((415, 422) if typed else (403,)), answer.text
    assert len(pages.store.events(pages.incidents["asks"])) == before


@pytest.mark.attack
def test_a_dag_that_may_not_be_read_is_not_there(pages: Pages) -> None:
    hidden = pages.incidents["secret_dag"]
    for trick in ({}, {"dag_id": "asks"}, {"dag_id": "~"}):
        assert pages.call("GET", f"api/incidents/{hidden}", "ada", params=trick).status_code == 404
        listed = pages.get("incidents", "ada", state="all", **trick)
        assert hidden not in {row["id"] for row in listed["rows"]}
        assert "secret_dag" not in str(listed)
    assert (
        pages.call("POST", f"api/incidents/{hidden}/take?dag_id=asks", "ada", json={}, headers=OWN).status_code == 404
    )
    for route, params in (("checks", {"dag_id": "secret_dag"}), ("explain", {"dag_id": "secret_dag"})):
        assert pages.call("GET", f"api/{route}", "ada", params=params).status_code == 404
    assert hidden not in str(pages.get("health", "ada"))
    assert hidden in {row["id"] for row in pages.get("incidents", "root", state="all")["rows"]}
    assert pages.get(f"incidents/{hidden}", "root")["row"]["dag_id"] == "secret_dag"


@pytest.mark.attack
@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("incidents", {"since": "0001-01-01T00:00:00+14:00"}, 400),
        ("health", {"since": "0001-01-01T00:00:00+14:00"}, 400),
        ("incidents", {"map_index": 10**30}, 422),
        ("checks", {"dag_id": "person", "map_index": 10**30}, 422),
        ("incidents", {"cursor": "\u00b2-A"}, 400),
        ("incidents", {"search": "\0"}, 400),
        ("table", {"name": "\0"}, 400),
        ("tables", {"cursor": "public.gone"}, 400),
    ],
    ids=str,
)
def test_what_no_store_can_hold_is_a_wrong_request(
    pages: Pages, path: str, params: dict[str, Any], status: int
) -> None:
    answer = pages.call("GET", f"api/{path}", "ada", params=params)
    assert (answer.status_code, "detail" in answer.json()) == (status, True)


@pytest.mark.attack
def test_the_beginning_of_ids_does_not_tell_of_those_that_may_not_be_read(pages: Pages) -> None:
    hidden = pages.incidents["secret_dag"]
    several, one, none = ("01K9ZJ4Q6T3M8V5W7X2Y0N1P4", hidden, "01K9ZJ4Q6T3M8V5W7X2Y0N1P9")
    said = {name: pages.call("GET", f"api/incidents/{name}", "ada").json()["detail"] for name in (several, one, none)}
    assert len({text.replace(name, "ID") for name, text in said.items()}) == 1


def test_an_incident_or_dag_that_nobody_knows(pages: Pages) -> None:
    assert pages.call("GET", "api/incidents/01ARZ3NDEKTSV4RRFFQ69G5FAV").status_code == 404
    assert pages.get("incidents", state="all", dag_id="nosuch")["rows"] == []
    assert pages.call("GET", "api/table", params={"name": "public.nope"}).status_code == 404
    assert pages.call("GET", "nope").status_code == 404


def test_the_plugin_is_listed_with_all_its_pages(pages: Pages) -> None:
    from airflow_provider_harness.plugins.declaration import BUNDLE, PLACES

    answer = pages.client.get(f"{pages.url}/api/v2/plugins", headers={"Authorization": f"Bearer {pages.tokens['vic']}"})
    [mine] = [one for one in answer.json()["plugins"] if one["name"] == "harness"]
    assert [app["url_prefix"] for app in mine["fastapi_apps"]] == ["/harness"]
    declared = {one["destination"]: one["url_route"] for one in mine["react_apps"]}
    assert declared == ({place: route for place, (route, _) in PLACES.items()} if BUNDLE.is_file() else {})


@pytest.mark.attack
@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json", "api/openapi.json"])
def test_the_apps_own_documentation_is_closed(pages: Pages, path: str) -> None:
    assert pages.call("GET", path, "").status_code == 404


def test_files_are_served_below_the_base_path(pages: Pages) -> None:
    assert pages.url.endswith(BASE)
    icon = pages.call("GET", "static/icon.svg", "")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert pages.call("GET", "static/absent.js", "").status_code == 404


def test_the_list_shows_problems_first_and_filters(pages: Pages) -> None:
    rows = pages.get("incidents", state="all")["rows"]
    states = [row["state"] for row in rows]
    assert states == sorted(states, key=["asked", "person", "taken", "waiting", "healing", "resolved", "over"].index)
    assert [row["dag_id"] for row in pages.get("incidents", category="data_quality_violation")["rows"]] == ["person"]
    assert [row["dag_id"] for row in pages.get("incidents", owner="own0")["rows"]] == ["asks"]
    assert {row["dag_id"] for row in pages.get("incidents", team="ops", state="open")["rows"]} == {"asks", "person"}
    assert pages.get("incidents", search="slow healed", state="all")["total"] == 1
    assert pages.get("incidents", severity="critical")["total"] == 0
    assert pages.get("incidents", since="12h", state="all")["total"] == 3
    assert pages.get("incidents", run_id="manual__2026/1", dag_id="asks", task_id="load", state="all")["total"] == 1
    assert pages.get("incidents", run_id="other", dag_id="asks", state="all")["total"] == 0
    first = pages.get("incidents", state="all", limit=1)
    second = pages.get("incidents", state="all", limit=1, cursor=first["next_cursor"])
    assert [first["rows"][0]["id"], second["rows"][0]["id"]] == [row["id"] for row in rows[:2]]
    assert pages.call("GET", "api/incidents", params={"since": "yesterday"}).status_code == 400
    assert pages.call("GET", "api/incidents", params={"cursor": "'; drop table"}).status_code == 400


def test_an_incident_tells_everything(pages: Pages) -> None:
    found = pages.get(f"incidents/{pages.incidents['asks']}")
    assert found["question"]["sentence"] == "May the harness run load again?"
    assert found["question"]["hitl"] == {
        "dag_id": "harness_healer",
        "run_id": "heal__e__1",
        "task_id": "approve",
        "map_index": -1,
        "approve": "Approve",
        "refuse": "Refuse",
    }
    assert found["may"] == {"act": True, "answer": True, "why_not": ""}
    assert [line["line"] for line in found["evidence"]["log"] if line["cited"]] == [3]
    assert found["verdict"]["rules"] and found["verdict"]["rule"] == "retry-transient"
    assert (found["conversation"], found["drafts"], found["audit"]["events"]) == (None, None, 8)
    assert [one["id"] for one in found["similar"]] == [pages.incidents["healed"]]
    assert found["similar"][0]["helped"] == "retry_task(dag=healed)"
    gate = pages.get(f"incidents/{pages.incidents['person']}")["gate"]
    assert [check["id"] for check in gate["checks"]] == ["not_null:dep_delay", "rows"]
    assert pages.get(f"incidents/{pages.incidents['asks']}", "vic")["may"]["act"] is False


def test_a_person_takes_returns_sees_and_resolves_under_their_own_name(pages: Pages) -> None:
    name = pages.incidents["person"]
    seen = pages.post(f"incidents/{name}/acknowledge", {})
    assert (seen.status_code, seen.json()["text"]) == (200, "Seen by ada.")
    refused = pages.post(f"incidents/{name}/resolve", {"why": "mended"})
    assert (refused.status_code, "Airflow does not agree" in refused.json()["detail"]) == (409, True)
    assert pages.post(f"incidents/{name}/resolve", {"why": ""}).status_code == 422
    assert pages.post(f"incidents/{name}/resolve", {"why": "x", "by": "root"}).status_code == 422
    done = pages.post(f"incidents/{name}/resolve", {"why": "mended", "unproved": True})
    assert (done.status_code, done.json()["row"]["state"]) == (200, "resolved"), done.text
    last = [event for event in pages.store.events(name) if event.kind == "resolved"][-1]
    assert last.body == Resolved(by="ada", why="mended", unproved=True)
    taken = pages.post(f"incidents/{pages.incidents['healed']}/take", {})
    assert taken.status_code == 409
    assert pages.store.audit_break() is None


def test_autonomy_is_proposed_accepted_and_withdrawn(pages: Pages) -> None:
    [row] = pages.get("autonomy", "root")["rows"]
    assert (row["category"], row["action"], row["healed"], row["state"]) == ("timeout", "retry_task", 1, "proposed")
    done = pages.post("autonomy/accept", {"category": "timeout", "action": "retry_task", "days": 99}, "root")
    assert (done.status_code, done.json()["row"]["state"], done.json()["row"]["accepted_by"]) == (
        200,
        "accepted",
        "root",
    )
    again = pages.post("autonomy/accept", {"category": "timeout", "action": "retry_task", "days": 1}, "root")
    assert again.status_code == 409
    back = pages.post("autonomy/withdraw", {"category": "timeout", "action": "retry_task"}, "root")
    assert (back.json()["row"]["state"], back.json()["row"]["withdrawn_by"]) == ("withdrawn", "root")


def test_a_policy_is_tried_on_the_past_without_a_write(pages: Pages) -> None:
    found = pages.post("policy/simulate", {"text": "version: 2\nrules: []\n"}, "ada").json()
    assert (found["judged"], {one["would_be"] for one in found["changes"]}) == (2, {"refuse"})
    wrong = pages.post("policy/simulate", {"text": "version: none"}, "ada")
    assert (wrong.status_code, "version" in wrong.json()["detail"]) == (400, True)


def test_the_card_and_health_count(pages: Pages) -> None:
    card = pages.get("dashboard")
    assert (card["asked"], card["alive"]) == (1, False)
    health = pages.get("health")
    assert (health["incidents"], health["heals"], health["questions"]["asked"]) == (3, 1, 1)
    assert health["recovery_seconds"]["count"] == 1
    assert [team["team"] for team in health["by_team"]] == ["ops"]


def test_a_table_tells_what_its_gates_found_and_what_its_contract_was(pages: Pages) -> None:
    [row] = pages.get("tables", owner="ops")["rows"]
    assert (row["table"], row["version"], row["quarantined"]) == ("public.flights", "1.1.0", 3)
    assert [point["decision"] for point in row["trend"]] == ["publish"] * 5 + ["quarantine"]
    assert pages.incidents["secret_dag"] not in row["incidents"]
    assert pages.incidents["secret_dag"] in pages.get("tables", "root")["rows"][0]["incidents"]
    assert pages.get("tables", search="nothing like it")["rows"] == []
    found = pages.get("table", name="public.flights")
    assert [one["decision"] for one in found["grid"]["slices"]][-1] == "quarantine"
    assert [cell["passed"] for cell in found["grid"]["cells"][0]] == [True] * 5 + [False]
    figures = found["kpis"]
    assert (figures["table"], figures["slices"]) == ("public.flights", len(found["grid"]["slices"]))
    assert 0 <= figures["passed"] <= 1
    [metric] = found["metrics"]
    assert [point["anomaly"] for point in metric["points"]] == [False] * 5 + [True]
    newest, oldest = found["versions"]
    assert (newest["version"], oldest["version"]) == ("1.1.0", "1.0.0")
    assert [change["where"] for change in newest["changes"]] == ["column gate"]
    assert found["quarantine"]["slices"][0]["rows"] == 3
    assert found["quarantine"]["release"].startswith("airflow harness quarantine release ")
    assert {one["row"]["carrier"] for one in found["quarantine"]["samples"]} == {"***"}
    [first, *_] = pages.get("checks", dag_id="person", task_id="load")["gates"]
    assert (first["table"], first["checks"][0]["id"]) == ("public.flights", "rows")
    assert pages.call("GET", "api/table", "", params={"name": "public.flights"}).status_code == 401


def agent(pages: Pages, user: str, *calls: tuple[str, dict[str, Any]], mode: str = "auto") -> list[Any]:
    """What the SDK's client is answered over streamable HTTP, with a user's own token."""
    import anyio
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    async def ask() -> list[Any]:
        headers = {"Authorization": f"Bearer {pages.tokens[user]}"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
            Client(streamable_http_client(f"{pages.url}/harness/mcp", http_client=http), mode=mode) as client,
        ):
            return [(await client.call_tool(*call)) for call in calls]

    return anyio.run(ask)


@pytest.mark.attack
@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_agent_has_the_rights_of_its_token(pages: Pages, mode: str) -> None:
    hidden, calls = pages.incidents["secret_dag"], []
    for name in ("asks", "secret_dag"):
        calls.append(("incident", {"id": pages.incidents[name]}))
    calls += [("incidents", {"state": "all"}), ("check", {"text": "x = 1"}), ("check", {"file": "/etc/passwd"})]
    mine, secret, listed, checked, file = agent(pages, "ada", *calls, mode=mode)
    assert not mine.is_error and secret.is_error and not checked.is_error and file.is_error
    assert "secret_dag" not in listed.content[0].text and '"total":3' in listed.content[0].text
    assert "HF003" in checked.content[0].text and "may read" in secret.content[0].text
    [all_of_it, policy] = agent(pages, "root", ("incident", {"id": hidden}), ("policy", {"incident": hidden}))
    assert not all_of_it.is_error and "no verdict" in policy.content[0].text


@pytest.mark.attack
def test_an_agent_needs_a_token_of_its_own(pages: Pages) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    cookie = {"Cookie": f"_token={pages.tokens['root']}"}
    for headers in ({}, cookie, {"Authorization": "Bearer no.token.atall"}):
        answer = pages.call("POST", "mcp", "", json=message, headers=headers)
        assert answer.status_code in (401, 403), answer.text
        assert "tools" not in answer.text
    assert pages.call("GET", "mcp", "root").status_code == 405
