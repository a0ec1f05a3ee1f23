"""Secrets of addresses and of HTTP headers: who logs in, what a cookie holds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_provider_harness.core.redaction.redactor import MASK
from airflow_provider_harness.core.redaction.secret_forms import looks_random
from airflow_provider_harness.core.redaction.secret_names import SAID

_SCHEME = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.\-]{0,40}(?::(?://|%2[fF]%2[fF]|\\{1,4}/\\{1,4}/)|%3[aA]%2[fF]%2[fF])",
    re.ASCII,
)
#: What may stand before the host: anything without a blank; quotes only where the sign that ends it follows.
_RUN = re.compile(r"[^\s<>]{1,3000}")
_HOST = re.compile(
    r"(?:[\w\-]+(?:\.[\w\-]+)*|\[[0-9A-Fa-f:.]+\]|%5[bB][^\s]{1,60})(?::[\w{}$]*|%3[aA]\d*)?(?=[/?#,;'\"`)\]}>|&\\%]|\s|[.:!]?\Z|[.:!]\s)"
)
_WEB = ("http", "https", "ws", "wss", "ftp", "ftps")
_NO_SECRET = frozenset({"git", "hg", "svn", "anonymous", "www-data"})
_NO_PASSWORD = ("x-oauth-basic", "x", "oauth")
_STORES = ("abfs", "abfss", "wasb", "wasbs", "gs", "adl", "file", "data", "mailto")
_ENDS_AT_ONCE = re.compile(r"[\w.\-]*(?::\d+)?(?:\\?[\"'`,)\]}|]|\\n|%22|%2[fF]|/(?=[^@]*$))")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._\-]{0,30}\Z")
#: user:password@tcp(host), as Go's drivers write it.
_GO = re.compile(r"(?P<keep>\b[\w.\-]{1,60}:)(?!\*\*\*)[^\s'\"]{1,200}(?=@(?:tcp|unix)\()")
_QUERY = re.compile(r"[/?&;][\w.\-\[\]]{1,40}=[^@]*\Z")


def hide_logins(text: str) -> str:
    """The text without passwords and tokens before the host of an address."""
    if "@" not in text and "%40" not in text:
        return text
    done, at = [], 0
    for scheme in _SCHEME.finditer(text):
        if scheme.start() < at:
            continue
        found = _login(text, scheme)
        if found is not None:
            first, last = found
            done += [text[at:first], MASK]
            at = last
    text = "".join((*done, text[at:]))
    return _GO.sub(rf"\g<keep>{MASK}", text) if "@tcp(" in text or "@unix(" in text else text


def _login(text: str, scheme: re.Match[str]) -> tuple[int, int] | None:
    """Where the secret of an address begins and ends; it ends before the sign @."""
    start = scheme.end()
    kind = re.split("[:%]", scheme.group())[0].lower().rpartition("+")[2]
    run = _RUN.match(text, start)
    if run is None:
        return None
    given, sign = run.group(), "@"
    if "://" in given:  # the next address
        given = given[: given.index("://")]
    if "@" not in given and "%40" in given and "%2" in scheme.group():
        sign = "%40"
    if (end := _end_of_login(given, sign, kind)) is None:
        return _with_blanks(text, start, kind)
    login = given[:end]
    colon = min((i for i in (login.find(":"), login.lower().find("%3a")) if i >= 0), default=-1)
    if colon >= 0:
        width = 1 if login[colon] == ":" else 3
        if login[colon + width :] in _NO_PASSWORD or looks_random(login[:colon], 12):
            return start, start + end  # the token is the name, and stands before a word that means nothing
        return (start + colon + width, start + end) if login[colon + width :].strip("*") else None
    if not login.strip("*") or kind in _STORES or login.lower() in _NO_SECRET:
        return None
    if kind in _WEB or looks_random(login, 12) or len(login) >= 24 or not _PLAIN.match(login):
        return start, start + end
    return None


def _end_of_login(given: str, sign: str, kind: str) -> int | None:
    """The place of the sign that ends the login, or None where there is no login."""
    first = given.find(sign)
    if first < 0:
        return None
    path = next((i for i, c in enumerate(given) if c in "/?#"), len(given))
    head = given[:path]
    if sign not in head and _is_host(head, kind):
        return None
    if _ENDS_AT_ONCE.match(given) and re.match(r"[\w.\-]*(?::\d*)?\\?[\"'`,)\]}|]", given):
        return None  # the address ended before the sign
    places = [i for i in range(len(given)) if given.startswith(sign, i) and _HOST.match(given, i + len(sign))]
    if not places:
        return None if sign not in head else head.rfind(sign)
    return _last_sign(given, sign, kind, places)


def _is_host(head: str, kind: str) -> bool:
    """Whether what stands before the path is a host, with its port where it has one; the sign is in the path then."""
    host, colon, port = head.partition(":")
    if not colon or not port or port.startswith("{") or (port.isdigit() and kind in _WEB):
        return True
    return bool(re.fullmatch(r"\d{2,5}", port) and re.search(r"[./]", host))


def _last_sign(given: str, sign: str, kind: str, places: Sequence[int]) -> int:
    """The place of the sign that ends the login, of several that a host follows."""
    best = places[0]
    for place in places[1:]:
        if _QUERY.search(given[best:place]) or re.match(r"v?\d+(?:\.\d+)*(?![\w.\-])", given[place + len(sign) :]):
            break
        if (
            kind in _WEB
            and "/" in given[best:place]
            and re.match(r"[\w\-]+(?:\.[\w\-]+)+(?::\d+)?/", given[best + len(sign) :])
        ):
            break
        best = place
    return best


def _with_blanks(text: str, start: int, kind: str) -> tuple[int, int] | None:
    """A password with a blank in it, which only an address of a database has."""
    if kind in _WEB:
        return None
    found = re.compile(r"[\w.%\-]{1,60}:(?=\S)[^\n@:'\"]{1,60}@(?=[\w\-]{1,60}[.:/\w\-]*)").match(text, start)
    if found is None or not re.search(r"\s", found.group()):
        return None
    return start + found.group().index(":") + 1, found.end() - 1


_NEXT = re.compile(r",\s{0,3}\\?['\"]?[A-Z][\w\-]{1,40}\\?['\"]?\s?:\s|\\[nr]")
_HEADER_HINTS = ("authorization", "cookie", "x-", "api-key", "apikey", "api_key")
_LONGEST = 8000  # characters of a header that are looked at
_HEADER = re.compile(
    r"(?P<keep>(?P<before>\\{0,8}['\"]|\b)(?P<name>(?:proxy-)?authorization|x-[\w\-]{0,40}(?:authorization|auth|token|key|secret|signature)|(?:set-)?cookie2?|api-?key|apikey|x-amz-security-token)"
    r"(?P<close>\\{0,8}['\"])?(?:\s{0,3}(?P<sep>[:=]|,(?=\s{0,3}b?['\"]))\s{0,3}))(?P<kind>b?)(?P<quote>\\{0,8}['\"])?",
    re.IGNORECASE,
)
#: Schemes whose name is shown; of others nothing is.
_SCHEME_WORD = re.compile(
    r"(?:basic|bearer|digest|negotiate|ntlm|token|api-?key|oauth|aws4-hmac-sha256|sharedkey(?:lite)?|splunk|geniekey|snowflake|private-token|hawk|dpop|key)"
    r"(?:\s{1,4}|%20|\+)(?=\S)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"(?:[A-Za-z]{1,20}[,.:]?)(?:\s[A-Za-z]{1,20}[,.:]?)+\s*\Z|(?:is|was|not|header|missing|required|invalid|failed|denied|none|null|expired|unsupported|error)\b",
    re.I,
)


def hide_headers(text: str, lowered: str) -> str:
    """The text without what headers say of who calls: all of it but the name of the scheme."""
    if not any(hint in lowered for hint in _HEADER_HINTS):
        return text
    done, at = [], 0
    for header in _HEADER.finditer(text):
        found = _header(text, header) if header.start() >= at else None
        if found is not None:
            first, last = found
            done += [text[at:first], MASK]
            at = last
    return "".join((*done, text[at:]))


def _header(text: str, header: re.Match[str]) -> tuple[int, int] | None:
    """Where the secret part of a header's value begins and ends."""
    name, at = header["name"].lower(), header.end()
    if header["sep"] == "," and not header["close"]:
        return None
    line = text.find("\n", at, at + _LONGEST)
    end = min(len(text), at + _LONGEST) if line < 0 else line
    sign = header["quote"] or ("" if header["close"] else header["before"]) or _open_quote(text, header)
    if sign:
        found = re.compile(r"(?<!\\)" + re.escape(sign) + r"(?!\w)").search(text, at, end)
    elif name.endswith(("cookie", "cookie2")) and header["sep"] == "=":
        return None
    else:
        found = _NEXT.search(text, at, end)
    value = text[at : found.start() if found else end]
    if value.strip("*'\"\\ ,)}]") == "" or _said(value[:300], quoted=bool(header["quote"])):
        return None
    scheme = _SCHEME_WORD.match(value) if "authorization" in name else None
    first = at + (scheme.end() if scheme else 0)
    if text[first : at + len(value)].strip("*'\"\\ ,;)}]") == "":
        return None
    if found is None and line < 0:  # nothing ends it so soon: it goes to the end of its line
        line = text.find("\n", end)
        return first, len(text) if line < 0 else line
    return first, at + len(value)


def _open_quote(text: str, header: re.Match[str]) -> str:
    """The quote that was opened before the header on its line, as in a command line or a list of headers."""
    line = text[max(header.start() - 300, text.rfind("\n", 0, header.start()) + 1) : header.start()]
    at = max(line.rfind('"'), line.rfind("'"))
    return line[at] if at >= 0 and line.count(line[at]) % 2 else ""


def _said(value: str, *, quoted: bool) -> bool:
    """Whether a sentence stands there in place of a secret: two words are one where one of them is said of secrets."""
    words = value.split()
    if quoted or _SENTENCE.match(value.strip()) is None:
        return False
    return len(words) != 2 or words[1].lower().rstrip(".,") in SAID or words[0].lower() in SAID
