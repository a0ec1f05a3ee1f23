"""``doctor`` says when people cannot see the harness's pages; and a colour goes to a terminal alone."""

from __future__ import annotations

import io
from typing import Any

import pytest

from airflow_provider_harness.cli import running
from airflow_provider_harness.cli.doctor import airflow as doctor
from airflow_provider_harness.core.errors import NotAllowed

WHOLE = {"name": "harness", "fastapi_apps": [{"name": "harness"}], "react_apps": [{"name": "Harness"}]}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([WHOLE], []),
        ([{"name": "other"}], ["does not have the plugin"]),
        ([WHOLE | {"react_apps": []}], ["main.js) is not installed"]),
        ([WHOLE | {"fastapi_apps": []}], ["does not have the JSON API"]),
    ],
)
def test_what_the_server_lacks_of_the_pages(listed: list[dict[str, Any]], said: list[str]) -> None:
    found = list(doctor.declared(listed, "Install it."))
    assert [words in one.text for words, one in zip(said, found, strict=True)] == [True] * len(said)


def test_who_may_not_read_plugins_sees_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused:
        def get(self, path: str, **query: str) -> Any:
            raise NotAllowed("Airflow refused GET plugins: 403")

    monkeypatch.setattr(doctor, "account", Refused)
    assert "see no page, tab or card" in list(doctor.plugin())[-1].text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_go_to_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(running, "_given", Terminal())
    assert running.coloured("high  ") == "\033[31mhigh  \033[0m"
    assert running.coloured("flights") == "flights"
    monkeypatch.setenv("NO_COLOR", "1")
    assert running.coloured("high") == "high"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setattr(running, "_given", io.StringIO())
    assert running.coloured("high") == "high"
