"""Takes secrets and values of rows out of a text, makes its hidden characters visible, and only then shortens it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

MASK = "***"

# Each pattern keeps what its group "keep" matched. Lazy or open-ended repetition is bounded, so that cost is linear.
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----[\s\S]{0,8000}?(?:-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----|\Z)",
        r"(?P<keep>\b[a-z][a-z0-9+.\-]{1,30}://[^\s:/@'\"]{0,200}:)[^\s@'\"]{1,500}(?=@)",
        r"(?P<keep>\b(?:proxy-)?authorization['\"]?\s{0,3}[:=]\s{0,3}['\"]?(?:(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)\s{1,3})?)[^\s'\",;]{4,2000}",
        r"(?P<keep>\bbearer\s{1,3})[a-z0-9._~+/=\-]{8,2000}",
        r"\beyJ[a-z0-9_\-]{5,2000}\.[a-z0-9_\-]{5,4000}(?:\.[a-z0-9_\-]{0,2000})?",
        r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,20}\b",
        r"\bAIza[a-z0-9_\-]{30,45}",
        r"\bya29\.[a-z0-9_\-.]{10,500}",
        r"\b(?:ghp|gho|ghu|ghs|ghr|glpat|github_pat|xox[abprs]|sk|rk|pk|dapi|npg|hf|shpat)[_\-][a-z0-9_\-]{16,300}",
        r"\bsk-[a-z0-9_\-]{16,300}",
        r"\bgAAAAA[a-z0-9_\-]{20,4000}={0,2}",
        r"(?P<keep>[?&](?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|sig|signature|se|token|access_token|api_?key|key)=)[^&\s'\"]{1,2000}",
        r"(?P<keep>[\"']?\b[a-z0-9_.\-]{0,60}(?:password|passwd|pwd|passphrase|secret|token|api[_\-]?key|access[_\-]?key|accountkey|"
        r"sharedaccess(?:key|signature)|private[_\-]?key|fernet[_\-]?key|credentials?|client[_\-]?secret|auth[_\-]?key|session[_\-]?key|pgpassword)"
        r"(?:[_\-][a-z0-9_\-]{0,30})?[\"']?\s{0,3}(?:=>|[:=])\s{0,3})(?:'[^'\n]{1,2000}'|\"[^\"\n]{1,2000}\"|(?!\*\*\*)[^\s'\",;&)}\]]{3,2000})",
    )
)
# What a database repeats of a row when it refuses one: whose column it is and whether it is personal is not known here. A first
# line of column names alone is a file's header.
_ROWS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<keep>\bkey \([^()\n]{1,300}\)=\()(?:[^\n]{0,500}?(?=\) (?:already|is|conflicts|with)\b)|[^\n]{1,4000})",
        r"(?P<keep>\bfailing row contains \()[^\n]{1,8000}",
        r"(?P<keep>\bCOPY [^\s,]{1,130}, line \d{1,12}(?:, column [^\s:]{1,130})?: ['\"])"
        r"(?!(?<=line 1: .)[a-z0-9]{1,60}_[a-z0-9_]{1,60}(?:[,;|\t][a-z0-9_]{1,60}){1,200}['\"])[^\n]{1,8000}",
        r"(?P<keep>\bduplicate entry ')(?:[^\n]{0,500}?(?=' for key\b)|[^\n]{1,4000})",
        r"(?P<keep>\bduplicate key value is \()(?:[^\n]{0,500}?(?=\)\.)|[^\n]{1,4000})",
    )
)
_KEY_BODY = re.compile(r"^[A-Za-z0-9+/]{60,80}={0,2}$", re.MULTILINE)  # lines of a key whose first line was cut off
_ESCAPES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Control, bidirectional and zero-width characters as their Python escapes; tabs and line feeds stay."""
    text = text.replace("\r\n", "\n")
    return _ESCAPES.sub(_escape, text.replace("\r", "\\r") if "\r" in text else text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _mask(match: re.Match[str]) -> str:
    keep = match.groupdict().get("keep")
    return f"{keep or ''}{MASK}"


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters; what was cut off is said, where there is room to say it."""
    if len(text) <= limit:
        return text
    mark = f"... [{len(text) - limit} more characters]"
    return text[: max(limit - len(mark), 0)] + mark if limit > len(mark) else text[:limit]


@dataclass(frozen=True, slots=True)
class Redactor:
    """Knows the secrets of this installation beside the patterns of secrets in general.

    :param secrets: texts that must never leave, such as connection passwords; shorter than 4 characters are not
        looked for, since they would mask ordinary words.
    :param outer: masks what somebody else knows to be secret, such as Airflow's own masker; it comes first.
    """

    secrets: tuple[str, ...] = ()
    outer: Callable[[str], str] = str
    _known: re.Pattern[str] | None = field(init=False, default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        forms = {form for secret in self.secrets if len(secret) >= 4 for form in _forms(secret)}
        if forms:
            known = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
            object.__setattr__(self, "_known", re.compile(known))

    def redact(self, text: str, limit: int | None = None) -> str:
        """The text without secrets, hidden characters made visible, then cut.

        :param limit: characters that remain at most; None keeps all. Cutting comes last, so that no half of a secret
            escapes its pattern.
        """
        for _ in range(4):  # masking can join what surrounds it into a new match; a fixed point ends it
            before, text = text, self._once(text)
            if text == before:
                break
        return text if limit is None else shorten(text, limit)

    def _once(self, text: str) -> str:
        text = self.outer(text)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = visible(text)
        for pattern in (*_PATTERNS, *_ROWS):
            text = pattern.sub(_mask, text)
        text = _KEY_BODY.sub(MASK, text)
        return self._known.sub(MASK, text) if self._known is not None else text


def _forms(secret: str) -> Iterable[str]:
    """The ways in which a secret is printed: as it is, escaped, in a URL, in JSON."""
    yield secret
    yield visible(secret)
    quoted = "".join(
        c if c.isalnum() or c in "-_.~" else "".join(f"%{b:02X}" for b in c.encode("utf-8", "replace")) for c in secret
    )
    yield quoted
    yield secret.encode("unicode_escape").decode("ascii")
