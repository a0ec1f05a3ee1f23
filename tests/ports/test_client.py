"""``airflow-harness incidents``: the list of the pages' API as whoever calls, without Airflow."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from pytest_httpserver import HTTPServer

from airflow_provider_harness.cli.incidents import client
from airflow_provider_harness.testing.process import free_port
from tests.ports.pages_case import Pages, pages

__all__ = ["pages"]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (client.TOKEN, client.URL):
        monkeypatch.delenv(name, raising=False)


def test_it_lists_what_its_caller_may_read(pages: Pages, capsys: pytest.CaptureFixture[str]) -> None:
    as_ada = ["incidents", "--url", pages.url, "--token", pages.tokens["ada"]]
    assert client.main([*as_ada, "--output", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["dag_id"] for row in rows] == ["asks", "person", "healed"]
    assert client.main([*as_ada, "--open", "--limit", "1"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["id", "severity", "age"]
    assert "person/load#1" in line and line.startswith(rows[1]["name"])
    assert client.main([*as_ada, "--dag", "none"]) == 0
    assert capsys.readouterr().out == "No incidents of this kind.\n"


def test_it_follows_every_page(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "ROWS", 1)
    monkeypatch.setenv(client.TOKEN, pages.tokens["root"])
    monkeypatch.setenv(client.URL, pages.url)
    assert client.main(["incidents", "--output", "json"]) == 0
    assert [row["dag_id"] for row in json.loads(capsys.readouterr().out)] == ["asks", "person", "healed", "secret_dag"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "token: is not given"),
        (["--token", "t"], 2, "address: '' is none"),
        (["--token", "t", "--url", "file:///etc/passwd"], 2, "address: 'file:///etc/passwd' is none"),
    ],
)
def test_what_is_missing_is_said(words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["incidents", *words]) == status
    assert said in capsys.readouterr().err


def test_a_refusal_and_a_wrong_word_are_told_in_the_servers_words(
    pages: Pages, capsys: pytest.CaptureFixture[str]
) -> None:
    assert client.main(["incidents", "--url", pages.url, "--token", "forged"]) == 2
    assert "refuses: 403, Invalid JWT token." in capsys.readouterr().err
    assert client.main(["incidents", "--url", pages.url, "--token", pages.tokens["ada"], "--since", "soon"]) == 2
    assert "'soon'" in capsys.readouterr().err


@pytest.mark.parametrize("body", ["<!doctype html>", "[]", '{"rows": []}', ""])
def test_who_answers_in_the_api_servers_place_is_not_taken_for_it(
    httpserver: HTTPServer, body: str, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request("/harness/api/incidents").respond_with_data(body)
    assert client.main(["incidents", "--url", httpserver.url_for(""), "--token", "t"]) == 3
    assert "is unavailable: " in capsys.readouterr().err


def test_a_server_that_is_down_is_said_to_be_away(capsys: pytest.CaptureFixture[str]) -> None:
    assert client.main(["incidents", "--url", f"http://127.0.0.1:{free_port()}", "--token", "t"]) == 3
    assert "refused" in capsys.readouterr().err


@pytest.mark.attack
def test_a_token_follows_no_redirect(httpserver: HTTPServer) -> None:
    """A load balancer, or whoever stands in its place, sends the caller to another machine."""
    there = httpserver.url_for("/elsewhere")
    httpserver.expect_request("/harness/api/incidents").respond_with_data("", 302, {"Location": there})
    httpserver.expect_request("/elsewhere").respond_with_data("{}")
    client.main(["incidents", "--url", httpserver.url_for(""), "--token", "secret"])
    [(asked, _), (sent_on, _)] = httpserver.log
    assert asked.headers["Authorization"] == "Bearer secret"
    assert "Authorization" not in sent_on.headers and "secret" not in sent_on.url


def test_nothing_of_airflow_is_loaded() -> None:
    """What makes it quick; `airflow version` alone takes more than a second."""
    code = "import sys, airflow_provider_harness.cli.incidents.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"airflow", "sqlalchemy", "pydantic", "httpx", "yaml", "psycopg", "alembic"}
    assert not heavy & {name.partition(".")[0] for name in loaded}
