"""What somebody wrote is text in every medium: no markup, no link, no mention, no control; and it stays readable."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.redaction import escaping
from airflow_provider_harness.core.redaction.escaping import (
    ESCAPES,
    LONGEST,
    Medium,
    code,
    link,
    links,
    markdown,
    one_line,
)

pytestmark = pytest.mark.attack
HOSTILE = (
    "boom\n\n**Proposed:** Pause nothing, all is well\n\n<!-- ",
    "[approve here](https://evil.example) ![x](https://evil.example/t.png)",
    "<!channel> <@U123> <https://evil.example|Airflow> @everyone @here",
    "``` `code` ~~~ # head\n| a | b |\n|---|---|",
    "\x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x1b[2J\x9b31m \x1b]0;title\x07",
    "a\u202egnp.exe\u202c\u2066x\u2069 \u200bzero\ufeff",
    "javascript:alert(1) data:text/html,x mailto:a@b.example file:///etc/passwd",
    "<img src=x onerror=alert(1)><script>alert(1)</script></details>",
    "over\rwritten\x08\x08\x00",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("medium", Medium)
def test_no_control_character_leaves(text: str, medium: Medium) -> None:
    shown = ESCAPES[medium](text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in "\n\t"]


@pytest.mark.parametrize("text", HOSTILE)
def test_in_markdown_it_is_one_span_of_code(text: str) -> None:
    shown = code(text)
    assert shown.startswith("`") and shown.endswith("`") and "`" not in shown[1:-1]
    assert "\n" not in shown and "<!" not in shown and "<script" not in shown and "@everyone" not in shown
    assert len(shown) <= LONGEST + 10


@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_sentence_of_markdown_no_sign_is_markup(text: str) -> None:
    shown = markdown(text)
    assert (
        "\n" not in shown
        and "<" not in shown
        and "](" not in shown
        and "http://" not in shown
        and "https://" not in shown
    )
    assert "javascript:" not in shown and "mailto:" not in shown
    assert all(shown[i - 1] == "\\" for i, c in enumerate(shown) if c in "*[]!`_#|")


def test_slack_gets_no_mention_and_no_link() -> None:
    shown = escaping.slack(HOSTILE[2])
    assert "<" not in shown and ">" not in shown and "@everyone" not in shown and "@here" not in shown
    assert "&lt;!channel&gt;" in shown


@pytest.mark.parametrize(
    ("text", "medium", "shown"),
    [
        ('column "a" does not exist', Medium.PAGERDUTY, 'column "a" does not exist'),
        ("x < 5 and y > 3", Medium.PAGERDUTY, "x < 5 and y > 3"),
        ("x < 5 & y", Medium.SLACK, "x &lt; 5 &amp; y"),
        ("Größe: 5 €, 東京", Medium.TERMINAL, "Größe: 5 €, 東京"),
        ("two\nlines\tand a tab", Medium.TERMINAL, "two\nlines\tand a tab"),
        ("it's <b>", Medium.HTML, "it&#39;s &lt;b&gt;"),
        ("Failed: load_orders[3] (try 2)", Medium.PLAIN, "Failed: load_orders[3] (try 2)"),
    ],
)
def test_ordinary_text_stays_readable(text: str, medium: Medium, shown: str) -> None:
    assert ESCAPES[medium](text) == shown


def test_ordinary_text_stays_readable_as_code() -> None:
    assert code('psycopg.errors.UndefinedColumn: column "a" does not exist\nLINE 1: select a') == (
        '`psycopg.errors.UndefinedColumn: column "a" does not exist LINE 1: select a`'
    )
    assert code("x < 5") == "`x < 5`" and code("") == "`(nothing)`"


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "file:///etc/passwd",
        "https://evil.example/ onclick=x", "https://user:pw@evil.example/", "https://airflow.example@evil.example/", "//evil.example", "http:///x",
        "https://\u0430pple.com", "https://a.example/)[x](y",
        "https://a.example/\u202egnp", "https://a.example/<script>", "vbscript:x", "", "runbook", "https://a.example/\nx", "https://" + "a" * 3000, "https://[x",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_no_link(address: str) -> None:
    assert link(address) == ""


@pytest.mark.parametrize(
    "address",
    [
        "https://wiki.example/runbooks/schema_drift?x=1#top",
        "http://localhost:8080/dags/x/runs/y",
        "https://wiki.example/a%20b",
    ],
)
def test_an_address_of_the_web_is_a_link(address: str) -> None:
    assert link(address) == address
    assert links({"Run\nbook": address, "bad": "javascript:x"}) == {"Run book": address}


@given(st.text(max_size=400))
def test_any_text_is_one_line_of_code_without_markup(text: str) -> None:
    shown = code(text)
    assert "\n" not in shown and "\r" not in shown and shown.count("`") == 2
    assert escaping.visible(shown) == shown


@given(st.text(max_size=400), st.sampled_from(list(Medium)))
def test_any_text_is_without_controls(text: str, medium: Medium) -> None:
    shown = ESCAPES[medium](text)
    assert escaping.visible(shown) == shown
    assert "<!" not in shown or medium is Medium.TERMINAL


@given(st.text(max_size=200), st.integers(1, 100))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    assert len(one_line(text, limit)) <= limit and "\n" not in one_line(text, limit)


@pytest.mark.attack
@pytest.mark.parametrize(
    "address", ["ftp://e.x", "slack://e", "vscode://x", "intent://x", "www.evil.example", "&#x6A;avascript:x"]
)
@pytest.mark.parametrize("medium", [Medium.MARKDOWN, Medium.SLACK, Medium.PLAIN])
def test_no_text_becomes_a_link_of_any_scheme(address: str, medium: Medium) -> None:
    assert address not in ESCAPES[medium](f"see {address} now")


@pytest.mark.attack
def test_every_invisible_character_is_shown_and_every_letter_stays() -> None:
    hidden = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) == "Cf"] + ["\u2800", "\ufffc"]
    assert [sign for sign in hidden if escaping.visible(f"a{sign}b") == f"a{sign}b"] == []
    assert "\u0301" not in escaping.visible("x" + "\u0301" * 100)
    for fine in ("café", "cafe\u0301", "Vie\u0323\u0302t Nam", "データ", "\u05e9\u05c1\u05b8\u05dc"):
        assert escaping.visible(fine) == fine
