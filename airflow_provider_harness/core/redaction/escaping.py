"""Text for people: one function for each medium that it leaves by.

What a program, a Dag's author or a row wrote is text. In a question, a note, a page or on a terminal it stands on one line, as
code or escaped, so that it can forge no heading, no link, no mention and no colour, and can hide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import urlsplit

from airflow_provider_harness.core.redaction.redactor import shorten, visible

#: Characters of a program's text in a question or a note, of a name, and of an address.
LONGEST, LONGEST_NAME, LONGEST_LINK = 300, 200, 2000
_TAG = re.compile(r"<(?=[!/?A-Za-z])")
_MENTION = re.compile(r"@(?=(?:channel|here|everyone|all|group)\b)", re.IGNORECASE)
_SIGNS = re.compile(r"([\\`*_{}\[\]()#+!|~>])")
_SCHEME = re.compile(r"\b(javascript|data|vbscript|file|mailto|tel|sms|smb|ms-\w{1,30})(?=:)", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<=[A-Za-z0-9+.-]):(?=//)")
_BARE = re.compile(r"\bwww\.(?=\w)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w{1,32};)")
_BAD_IN_LINK = re.compile(r"[\s<>\"'`\\^{}|\x00-\x1f\x7f-\x9f]|\]\(|\)\[")


class Medium(StrEnum):
    """Where a text is read."""

    MARKDOWN = "markdown"  # Airflow's notes and required actions
    TERMINAL = "terminal"
    PAGERDUTY = "pagerduty"
    SLACK = "slack"
    HTML = "html"  # e-mail
    PLAIN = "plain"  # a receiver whose markup is not known


def one_line(text: str, limit: int = LONGEST) -> str:
    """A text on one line, its hidden characters visible, then cut."""
    return shorten(visible(" ".join(visible(text).split())), limit)


def code(text: str, limit: int = LONGEST) -> str:
    """What a program wrote, for Markdown: one line as code, in which nothing is markup, a tag, a comment or a mention.

    Backticks become apostrophes, since the length of a fence is read differently by different programs; the sign that
    opens a tag becomes one that looks like it.
    """
    shown = _MENTION.sub("(at)", _TAG.sub("\u2039", one_line(text, limit).replace("`", "'"))).strip()
    return f"`{shown or '(nothing)'}`"


def markdown(text: str, limit: int = LONGEST) -> str:
    """A sentence of ours in which names of others stand: no sign of it is markup."""
    return _MENTION.sub("(at)", _SIGNS.sub(r"\\\1", _no_link(one_line(text, limit)).replace("<", "\u2039")))


def terminal(text: str) -> str:
    """A text for a terminal or a log of ours: no control character is sent, but tabs and line feeds."""
    return visible(text)


def pagerduty(text: str, limit: int | None = None) -> str:
    """A text for PagerDuty, which shows it as it is, and makes links of addresses that begin with http."""
    shown = _ENTITY.sub("& ", _TAG.sub("\u2039", visible(text)))
    return shown if limit is None else shorten(" ".join(shown.split()), limit)


def slack(text: str) -> str:
    """A text for Slack: its three signs are entities, so that no mention, link or date is made of it."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub("(at)", _no_link(shown).replace("`", "'"))


def html(text: str) -> str:
    """A text for an e-mail or another page of HTML."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shown.replace('"', "&quot;").replace("'", "&#39;")


def plain(text: str) -> str:
    """A text for a receiver whose markup is not known: no tag, no mention, no link that is named otherwise."""
    return _MENTION.sub(
        "(at)", _TAG.sub("\u2039", _ENTITY.sub("& ", _no_link(visible(text))).replace("](", "] (").replace("`", "'"))
    )


def _no_link(text: str) -> str:
    """The text without addresses that a program could open: their colon is set apart."""
    return _SCHEME.sub(r"\1 ", _BARE.sub("www. ", _ADDRESS.sub(": ", text)))


def link(address: str) -> str:
    """An address that a person may be shown as a link: http or https with a host and nothing hidden; else empty."""
    address = address.strip()
    if not address or len(address) > LONGEST_LINK or _BAD_IN_LINK.search(address) or visible(address) != address:
        return ""
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return ""
    plain_host = host and host.isascii() and "@" not in parts.netloc  # a host of other letters can look like any
    return address if parts.scheme.lower() in ("http", "https") and plain_host else ""


def links(given: Mapping[str, str]) -> dict[str, str]:
    """The links that a person may be shown, each under one line of text."""
    return {one_line(text, LONGEST_NAME): shown for text, address in given.items() if (shown := link(address))}


#: Medium -> how a whole text is escaped for it.
ESCAPES: Mapping[Medium, Callable[[str], str]] = {
    Medium.MARKDOWN: markdown,
    Medium.TERMINAL: terminal,
    Medium.PAGERDUTY: pagerduty,
    Medium.SLACK: slack,
    Medium.HTML: html,
    Medium.PLAIN: plain,
}
