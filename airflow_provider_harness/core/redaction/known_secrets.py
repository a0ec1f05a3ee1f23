"""The ways in which a secret that is known is written: as it is, escaped, encoded for an address, JSON, XML, or as bytes."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable

#: Characters of the shortest secret that is looked for: shorter ones would mask ordinary words.
SHORTEST = 4
#: From so many characters on, capitals do not count, and encoded forms of the whole are looked for.
LONG = 8


def pattern_of(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds these secrets in any of their forms, the longest first; None where none is long enough."""
    forms: dict[str, None] = {}
    for secret in sorted((s for s in set(secrets) if len(s) >= SHORTEST), key=len, reverse=True):
        for text in dict.fromkeys((secret, *(unicodedata.normalize(form, secret) for form in ("NFC", "NFD")))):
            forms[_any_case("".join(map(_sign, text)), len(secret))] = None
        for text in _wholes(secret):
            forms[re.escape(text)] = None
    return re.compile("|".join(forms)) if forms else None


def _any_case(pattern: str, length: int) -> str:
    return f"(?i:{pattern})" if length >= LONG else pattern


def _sign(sign: str) -> str:
    """One character in every way in which it is written."""
    code = ord(sign)
    octets = sign.encode("utf-8", "surrogatepass")
    ways = [rf"\\{{0,4}}{re.escape(sign)}", rf"&\#0{{0,4}}{code};", rf"&\#x0{{0,4}}{code:x};"]
    ways += [
        "".join(f"%(?:25){{0,2}}{octet:02x}" for octet in octets),
        "".join(rf"\\{{1,4}}x{octet:02x}" for octet in octets),
    ]
    ways += [rf"\\{{1,4}}u{code:04x}" if code < 0x10000 else rf"\\{{1,4}}U{code:08x}"]
    if 0x7F < code < 0x100:
        ways += [f"%{code:02x}", rf"\\{{1,4}}x{code:02x}"]
    if code > 0x7F:
        ways += [
            "\ufffd{1,4}",
            r"\?{1,4}",
            re.escape(octets.decode("latin-1")),
            re.escape(octets.decode("cp1252", "replace")),
        ]
        ways += ["".join(_shown(octet) for octet in octets)]
    if code > 0xFFFF:
        ways += ["".join(rf"\\{{1,4}}u{half:04x}" for half in _surrogates(code))]
    ways += {
        " ": [r"\+"],
        "\n": [r"\\{1,4}n"],
        "\t": [r"\\{1,4}t"],
        "\r": [r"\\{1,4}r"],
        "\\": [r"\\{1,8}"],
        "'": ["''", "&apos;"],
    }.get(sign, [])
    ways += {'"': ["&quot;", '""'], "&": ["&amp;"], "<": ["&lt;"], ">": ["&gt;"]}.get(sign, [])
    return f"(?:{'|'.join(dict.fromkeys(f'(?i:{way})' for way in ways))})"


def _shown(octet: int) -> str:
    """A byte that was read as Latin-1, as ``redaction.visible`` shows it."""
    return rf"\\x{octet:02x}" if 0x80 <= octet < 0xA0 or octet == 0xAD else re.escape(chr(octet))


def _surrogates(code: int) -> tuple[int, int]:
    return 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF)


def _wholes(secret: str) -> Iterable[str]:
    """The whole secret inside of something that was encoded: Base64 at each of its three offsets, and hexadecimal."""
    if len(secret) < LONG:
        return
    octets = secret.encode("utf-8", "surrogatepass")
    yield octets.hex()
    yield octets.hex().upper()
    for offset in range(3):
        encoded = b64encode(b"\0" * offset + octets).decode()
        first = (0, 2, 3)[offset]
        whole = (offset + len(octets)) * 8 // 6
        yield encoded[first:whole]
        yield encoded[first:whole].replace("+", "-").replace("/", "_")
