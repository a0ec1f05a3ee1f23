"""What looks like personal data: patterns that a checksum confirms, so that ordinary numbers are not taken for it.

Each rule is about one value. A column is suspected when so many of its sampled values fit one rule that chance does not
explain it (``suspects``). Nothing here keeps or shows a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType

PERSONAL = frozenset({"personal", "pii", "sensitive", "special category"})
"""Classifications (in any case) that mean personal data; the contract must say what is done with such a column."""

LEAST_SHARE, LEAST_VALUES = 0.2, 5
"""A column is suspected from this share of the sampled values on, and never for fewer than so many."""


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right is doubled; the sum of digits is a multiple of 10."""
    doubled = [int(d) if place % 2 == 0 else sum(divmod(2 * int(d), 10)) for place, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1


def mod97(text: str) -> bool:
    """ISO 13616 (IBAN) by ISO 7064: country and check digits moved to the end, letters as 10 to 35, leaves 1 modulo 97."""
    moved = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def weighted(weights: Sequence[int], modulus: int, *, rest: int = 0) -> Callable[[str], bool]:
    """A sum of weighted digits that leaves ``rest``."""
    return lambda digits: (
        sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % modulus == rest and (len(set(digits)) > 1)
    )


def german_tax_id(digits: str) -> bool:
    """Steuer-Identifikationsnummer: ISO 7064 MOD 11,10; one of the first ten digits comes two or three times."""
    product = 10
    for digit in digits[:10]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    counts = [digits[:10].count(digit) for digit in set(digits[:10])]
    return (11 - product) % 10 == int(digits[10]) and digits[0] != "0" and max(counts) in (2, 3)


def spanish_dni(text: str) -> bool:
    """Documento nacional de identidad: the letter is the number modulo 23 in a fixed order of letters."""
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def french_nir(text: str) -> bool:
    """Numéro d'inscription au répertoire: 97 minus the number modulo 97 is the key; Corsica's 2A and 2B count as 19 and 18."""
    number, key = text[:13].replace("2A", "19").replace("2B", "18"), int(text[13:])
    return number.isdigit() and 97 - int(number) % 97 == key


def social_security_number(text: str) -> bool:
    """United States: no area 000, 666 or 9xx, no group 00, no serial 0000; there is no checksum."""
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def address_of_network(text: str) -> bool:
    """An IPv4 or IPv6 address that can belong to somebody: not private, loopback or reserved."""
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of personal data.

    :param pattern: what the whole value looks like.
    :param holds: the checksum; it gets the value without blanks and, unless ``marks``, without ``-./``.
    """

    pattern: str
    holds: Callable[[str], bool] = _always
    marks: bool = False


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "e-mail address": Rule(pattern=r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", marks=True),
        "telephone number": Rule(pattern=r"\+[1-9][0-9 ()./-]{6,20}[0-9]", marks=True),
        "IBAN": Rule(pattern=r"[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?", holds=mod97),
        "payment card number": Rule(pattern=r"(4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|3[47][0-9]{2}|6(011|5[0-9]{2}))([ -]?[0-9]{4}){2,3}[0-9]{0,3}", holds=luhn),
        "US social security number": Rule(pattern=r"[0-9]{3}-[0-9]{2}-[0-9]{4}", holds=social_security_number, marks=True),
        "IP address": Rule(pattern=r"[0-9a-fA-F:.]{7,45}", holds=address_of_network, marks=True),
        "German tax id": Rule(pattern=r"[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}", holds=german_tax_id),
        "NHS number": Rule(pattern=r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}", holds=weighted((10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 11)),
        "Dutch BSN": Rule(pattern=r"[0-9]{9}", holds=weighted((9, 8, 7, 6, 5, 4, 3, 2, -1), 11)),
        "Spanish DNI or NIE": Rule(pattern=r"[0-9XYZ][0-9]{7}-?[A-Z]", holds=spanish_dni),
        "French NIR": Rule(pattern=r"[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9AB] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}", holds=french_nir),
        "Polish PESEL": Rule(pattern=r"[0-9]{11}", holds=weighted((1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10)),
    }
)  # fmt: skip
"""Kind -> how a value of it is known. NHS numbers are looked for as they are printed, in three groups."""

_COMPILED = {kind: re.compile(rule.pattern) for kind, rule in RULES.items()}
_MARKS = str.maketrans("", "", " -./")


def kinds_of(value: str) -> tuple[str, ...]:
    """The kinds of personal data that a value fits."""
    text = value.strip()
    if not 7 <= len(text) <= 254:
        return ()
    return tuple(
        kind
        for kind, rule in RULES.items()
        if _COMPILED[kind].fullmatch(text) and rule.holds(text if rule.marks else text.translate(_MARKS))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A column whose values look like personal data.

    :param found: sampled values that fit, of ``sampled``.
    """

    column: str
    kind: str
    found: int
    sampled: int

    def sentence(self) -> str:
        """The suspicion as a person would say it; never with a value."""
        return f"{self.found} of {self.sampled} sampled values look like {self.kind}s"


def suspects(column: str, values: Iterable[str]) -> tuple[Suspect, ...]:
    """What the sampled values of one column look like, the likeliest kind alone."""
    sampled, counts = 0, dict.fromkeys(RULES, 0)
    for value in values:
        sampled += 1
        for kind in kinds_of(value):
            counts[kind] += 1
    kind = max(counts, key=lambda name: counts[name])
    if counts[kind] < LEAST_VALUES or counts[kind] < LEAST_SHARE * sampled:
        return ()
    return (Suspect(column=column, kind=kind, found=counts[kind], sampled=sampled),)
