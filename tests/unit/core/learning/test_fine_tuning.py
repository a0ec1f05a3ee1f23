"""Examples, quality, splits and counts: cases with known answers, in several languages."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.learning.fine_tuning.examples import (
    BadExample,
    ExampleForm,
    Shape,
    digest,
    example_of,
    hash_of,
    texts_of,
    with_texts,
)
from airflow_provider_harness.core.learning.fine_tuning.quality import Quality, shingles
from airflow_provider_harness.core.learning.fine_tuning.splits import Splits

AS_OF = datetime(2026, 11, 30, tzinfo=UTC)
CHAT = Shape(form=ExampleForm.CHAT, columns={"messages": "talk"})


def talk(*turns: tuple[Any, Any]) -> Any:
    return example_of({"talk": [{"role": role, "content": text} for role, text in turns]}, CHAT, AS_OF)


ASKED, TOLD = ("user", "Why?"), ("assistant", "Because.")


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ((ASKED, TOLD), None),
        ((("system", "Be short."), ASKED, TOLD, ASKED, TOLD), None),
        ((ASKED, ("assistant", "I look."), ("tool", "42"), TOLD), BadExample.ROLE),
        ((ASKED, ("tool", "42"), TOLD), None),
        ((ASKED, TOLD, ASKED), BadExample.NO_ANSWER),
        ((TOLD, ASKED), BadExample.ROLE),
        ((ASKED, ASKED, TOLD), BadExample.ROLE),
        ((ASKED, ("oracle", "Yes.")), BadExample.ROLE),
        ((ASKED, ("assistant", " \n")), BadExample.NO_TEXT),
        ((ASKED, ("assistant", None)), BadExample.NO_TEXT),
        ((("system", "Be short."),), BadExample.ROLE),
        ((), BadExample.NO_MESSAGES),
    ],
)
def test_a_talk_takes_turns_and_ends_with_an_answer(turns: tuple[Any, ...], found: BadExample | None) -> None:
    assert (talk(*turns) == {"messages": [{"role": r, "content": t} for r, t in turns]}) is (found is None)
    assert found is None or talk(*turns) is found


PLAIN = {"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]}
BE_SHORT = {"messages": [{"role": "system", "content": "Be short."}, *PLAIN["messages"]]}
ANSWERS = {"role": "assistant", "content": "Because."}
ASKS = {"role": "user", "content": "Why?"}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}], PLAIN),
        ({"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because."}]}, PLAIN),
        ([{"role": "user", "parts": [{"text": "Wh"}, {"text": "y?"}]}, {"role": "model", "parts": [{"text": "Because."}]}], PLAIN),
        ([{"role": "user", "content": [{"type": "text", "text": "Why?"}]}, ANSWERS], PLAIN),
        ({"system": "Be short.", "messages": [ASKS, ANSWERS]}, BE_SHORT),
        ({"messages": [{"role": "developer", "content": "Be short."}, ASKS, ANSWERS]}, BE_SHORT),
        ([{**ASKS, "name": None, "tool_calls": []}, {**ANSWERS, "refusal": None}], PLAIN),
        ([ASKS, {**ANSWERS, "weight": 0}], BadExample.MORE),
        ([{**ASKS, "name": "Ada"}, ANSWERS], PLAIN),
        ([ASKS, {"role": "assistant", "content": "I call.", "tool_calls": [CALL]}, {"role": "tool", "content": "1"}, ANSWERS], BadExample.MORE),
        ({"messages": [ASKS, ANSWERS], "tools": [CALL]}, BadExample.MORE),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}, ANSWERS], BadExample.NOT_TEXT),
        ([{"role": "user", "content": [{"type": "text", "text": "Why?", "cache_control": {"type": "x"}}]}, ANSWERS], BadExample.NOT_TEXT),
        ([ASKS, {"role": "assistant", "content": 5}], BadExample.NOT_TEXT),
        ([ASKS, {"role": "assistant", "content": []}], BadExample.NOT_TEXT),
        ([ASKS, {"role": ["assistant"], "content": "x"}], BadExample.ROLE),
        ([ASKS, {"role": "assistant", "content": "\u00a0\u200b\ufeff"}], BadExample.NO_TEXT),
        ([{"speaker": "user", "text": "Why?"}], BadExample.NO_MESSAGES),
        ({"messages": [ASKS], "conversations": [ANSWERS]}, BadExample.NO_MESSAGES),
        ([[ASKS, ANSWERS]], BadExample.NO_MESSAGES),
    ],
)  # fmt: skip
def test_a_talk_is_read_as_several_services_write_it_and_nothing_of_it_is_lost(given: Any, found: Any) -> None:
    for told in (given, json.dumps(given)):
        made = example_of({"talk": told}, CHAT, AS_OF)
        assert made is found if isinstance(found, BadExample) else made == found


@pytest.mark.parametrize("text", ["", "{", "7", "null", '{"role": "user"}', '["a"]', None])
def test_what_is_no_list_of_messages_is_none(text: str | None) -> None:
    assert example_of({"talk": text}, CHAT, AS_OF) is BadExample.NO_MESSAGES


@pytest.mark.parametrize(
    ("at", "found"),
    [
        (AS_OF, None),
        (AS_OF + timedelta(microseconds=1), BadExample.FUTURE_LABEL),
        (date(2026, 11, 30), None),
        (date(2026, 12, 1), BadExample.FUTURE_LABEL),
        (datetime(2026, 12, 1), BadExample.FUTURE_LABEL),  # noqa: DTZ001 - a column without a zone
        (None, BadExample.NO_LABEL_TIME),
    ],
)
def test_a_label_is_known_by_the_end_of_the_slice(at: Any, found: BadExample | None) -> None:
    shape = Shape(form=ExampleForm.PROMPT_COMPLETION, columns={"prompt": "p", "completion": "c"}, labelled_at="at")
    made = example_of({"p": "a", "c": "b", "at": at}, shape, AS_OF)
    assert made == (found or {"prompt": "a", "completion": "b"})


def test_a_digest_is_of_roles_and_words_and_not_of_blanks() -> None:
    one = {"prompt": "Why  is\nit?", "completion": "So."}
    assert digest(one) == digest({"prompt": "Why is it?", "completion": "So. "})
    assert digest(one) != digest({"prompt": "Why is it? So.", "completion": ""})
    assert digest({"messages": [{"role": "user", "content": "a"}]}) != digest(
        {"messages": [{"role": "assistant", "content": "a"}]}
    )
    assert texts_of(with_texts(one, ["x", "y"])) == ("x", "y")


def test_hashes_are_the_same_in_every_process() -> None:
    assert hash_of(["c1"], 1) == 16133947538406051674 != hash_of(["c1"], 2)
    assert hash_of(["a", "b"], 1) != hash_of(["ab", ""], 1)


GOOD = [
    "The flight was late because the crew had to rest.",
    "Der Flug war verspätet, weil die Besatzung ruhen mußte.",
    "航班因机组人员需要休息而延误。",
    "चालक दल को आराम करना पड़ा इसलिए उड़ान में देरी हुई।",
    "تأخرت الرحلة لأن الطاقم كان بحاجة إلى الراحة.",
    "便が遅れたのは、乗務員が休む必要があったからです。",
    "def f(x):\n    return x + 1  # a line of code",
]


@pytest.mark.parametrize("text", GOOD)
def test_no_language_is_of_poor_quality(text: str) -> None:
    assert Quality(min_chars=10, max_symbol_share=0.35).fault([text]) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("=====#####*****", "more symbols than max_symbol_share"),
        ("same\n" * 10, "more repeated lines than max_repeated_share"),
        ("x" * 200_001, "longer than max_chars"),
        ("   ", "shorter than min_chars"),
    ],
)
def test_what_is_left_out_says_by_which_bound(text: str, fault: str) -> None:
    assert Quality().fault([text]) == fault


def test_texts_without_blanks_have_shingles_too() -> None:
    one, other = shingles(["航班因机组人员需要休息而延误"]), shingles(["航班因机组人员需要休息而取消"])
    assert 0.6 < len(one & other) / len(one | other) < 1


@given(st.integers(0, 2**64 - 1), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_every_group_has_one_split(group: int, parts: list[int]) -> None:
    shares = {f"s{n}": part / sum(parts) for n, part in enumerate(parts)}
    assert Splits(shares=shares).of(group) in shares


def test_shares_are_what_groups_get() -> None:
    splits = Splits(shares={"train": 0.8, "test": 0.2})
    test = sum(splits.of(hash_of([n], 1)) == "test" for n in range(20_000))
    assert abs(test / 20_000 - 0.2) < 0.01


def test_messages_are_read_from_json() -> None:
    turns = [{"role": "user", "content": "a", "name": "x"}, {"role": "assistant", "content": "b"}]
    found = example_of({"talk": json.dumps(turns)}, CHAT, AS_OF)
    assert found == {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}


@pytest.mark.attack
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[" * 100_000, BadExample.NO_MESSAGES),
        ('[{"role": "user", "content": "\\ud800"}, {"role": "assistant", "content": "b"}]', BadExample.NO_TEXT),
        ('[{"role": "user", "content": "\\ud83d\\ude00"}, {"role": "assistant", "content": "b"}]', None),
    ],
)
def test_a_text_that_no_file_can_hold_is_a_bad_example_and_no_crash(text: str, found: BadExample | None) -> None:
    made = example_of({"talk": text}, CHAT, AS_OF)
    assert (made is found) if found else digest(made)  # type: ignore[arg-type]
