"""What looks like personal data: made-up examples of each kind are found, and ordinary numbers hardly ever are."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.redaction.person_texts import hide_people
from airflow_provider_harness.core.redaction.personal_data import LEAST_VALUES, RULES, kinds_of, suspects

EXAMPLES = {
    "e-mail address": ["ada@example.org", "o'hara+x@mail.example.co.uk"],
    "telephone number": ["+49 30 901820", "+1 (212) 555-0187"],
    "IBAN": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"],
    "payment card number": ["4111 1111 1111 1111", "5555555555554444", "378282246310005"],
    "US social security number": ["078-05-1120"],
    "IP address": ["8.8.8.8", "2001:4860:4860::8888"],
    "German tax id": ["86 095 742 719", "47036892816"],
    "NHS number": ["943 476 5919"],
    "Dutch BSN": ["111222333"],
    "Spanish DNI or NIE": ["12345678Z", "X1234567L"],
    "French NIR": ["2 55 08 14 168 025 38", "255081416802538"],
    "Polish PESEL": ["44051401359"],
}
"""Published test values and documentation examples; none belongs to anybody."""


def test_every_kind_has_examples() -> None:
    assert set(EXAMPLES) == set(RULES)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in EXAMPLES.items() for value in values])
def test_an_example_is_known(kind: str, value: str) -> None:
    assert kind in kinds_of(value)
    assert kind in kinds_of(f"  {value} ")


CHECKED = {
    kind
    for kind in RULES
    if kind not in ("e-mail address", "telephone number", "US social security number", "IP address")
}


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k in sorted(CHECKED) for v in EXAMPLES[k]])
def test_one_wrong_digit_is_seen(kind: str, value: str) -> None:
    place = next(n for n in range(len(value) - 1, -1, -1) if value[n].isdigit())
    wrong = value[:place] + str((int(value[place]) + 1) % 10) + value[place + 1 :]
    assert kind not in kinds_of(wrong)


ORDINARY = {
    "ids of 9 digits": lambda rng: str(rng.randrange(10**8, 10**9)),
    "ids of 11 digits": lambda rng: str(rng.randrange(10**10, 10**11)),
    "ids of 16 digits": lambda rng: str(rng.randrange(10**15, 10**16)),
    "tail numbers": lambda rng: f"N{rng.randrange(100, 99999)}UA",
    "dates": lambda rng: f"20{rng.randrange(10, 27)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
    "hexadecimal": lambda rng: f"{rng.getrandbits(64):016x}",
    "versions": lambda rng: f"{rng.randrange(9)}.{rng.randrange(30)}.{rng.randrange(99)}",
    "private addresses": lambda rng: f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}",
    "amounts": lambda rng: f"{rng.randrange(10**6)}.{rng.randrange(100):02}",
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_values_are_no_suspects(name: str) -> None:
    rng = random.Random(7)
    assert suspects("c", [ORDINARY[name](rng) for _ in range(2000)]) == ()


@given(st.text(max_size=40))
def test_any_text_is_judged(text: str) -> None:
    assert set(kinds_of(text)) <= set(RULES)


def test_a_suspect_needs_several_values_and_a_share() -> None:
    mail = [f"p{n}@example.org" for n in range(40)]
    assert suspects("c", mail[: LEAST_VALUES - 1]) == ()
    assert suspects("c", mail[:LEAST_VALUES] + ["no"] * 30) == ()
    (found,) = suspects("c", mail[:10] + ["no"] * 30)
    assert (found.kind, found.found, found.sampled) == ("e-mail address", 10, 40)
    assert "example" not in found.sentence()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Frau Meier asks", "Frau *** asks"),
        ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "***"),
        ("Call +49 170 1234567 now", "Call *** now"),
        ("mail a.b@example.com", "mail ***"),
    ],
)
def test_persons_are_found_in_texts_with_and_without_digits(text: str, hidden: str) -> None:
    assert hide_people(text) == hidden
