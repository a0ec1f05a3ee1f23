"""The flavour of regular expressions: what is read, what it means, and what is refused."""

from __future__ import annotations

import re
import time

import pytest

from airflow_provider_harness.core.contracts.pattern import PatternError, compiled, re2

MEANS = [
    (r"^[a-z]+$", ["a", "abc"], ["", "A", "a\n", "\na"]),
    (r"\bfoo\b", ["foo", "a foo b", "foo\n", "éfooé"], ["food", "_foo", "foo1"]),
    (r"^foo\b", ["foo", "foo-"], ["foot", " foo"]),
    (r"^\d+$", ["0", "42"], ["\u0663", "\uff14", "4\n", ""]),
    (r"^\w+$", ["a_1"], ["é", "ß", "a b"]),
    (r"\A\w+\Z", ["ab"], ["ab\n", "é"]),
    (r"^a.c$", ["abc", "a\nc", "a😀c"], ["ac"]),
    (r"^\s$", [" ", "\t", "\n", "\v", "\f", "\r"], ["\u00a0", "\u2003", "x"]),
    (r"^\p{L}+$", ["a", "é", "漢", "ß"], ["1", "_", "😀", "a1"]),
    (r"^\p{Lu}\P{Lu}*$", ["Éa1"], ["éa", "ÉÉ"]),
    (r"^(?P<first>ab)+$", ["ab", "abab"], ["a"]),
    (r"^a{0,1000}$", ["", "a" * 1000], ["a" * 1001, "b"]),
    (r"^a{300}$", ["a" * 300], ["a" * 299, "a" * 301]),
    (r"^a{256,}$", ["a" * 256, "a" * 600], ["a" * 255]),
    (r"^[[:alpha:][:digit:]-]+$", ["a-1", "Z"], ["é", "_"]),
    (r"^[^[:space:]]+$", ["é"], [" ", "a b"]),
    (r"^[\w.-]+$", ["a.b-c"], ["a b"]),
    (r"^[^\W\d]+$", ["ab_"], ["a1"]),
    (r"^[]a]+$", ["]a"], ["b"]),
    (r"(?i)^straße$", ["STRAßE", "straße"], ["STRASSE", "strase"]),
    (r"^(?i:a)b$", ["Ab", "ab"], ["aB"]),
    (r"^(?:a|b|)$", ["", "a", "b"], ["c"]),
    (r"^\x41\u00e9\x{1F600}$", ["Aé😀"], ["A"]),
    (r"^a*?b+?$", ["b", "aab"], ["a"]),
    (r"^\^\$\.\|\(\)\[\]\{\}\*\+\?\\\\$", ["^$.|()[]{}*+?\\\\"], ["x"]),
    (r"a|b$", ["ac", "cb"], ["c"]),
    (r"(?s)^.$", ["\n"], [""]),
    (r"^(?!test)[a-z]+$", ["tes", "atest"], ["test", "tester"]),
    (r"^(a|b)\1$", ["aa", "bb"], ["ab"]),
    (r"(?<=a)b", ["ab"], ["cb", "b"]),
    (r"(?<!a)b", ["cb", "b"], ["ab"]),
    (r"^(?P<q>['\"]).*(?P=q)$", ["'a'", '"a"'], ["'a\""]),
]
"""Pattern, texts that match, and texts that do not."""
WRONG = [
    ("^[A-Z{2}$", 2, "the set is not closed"),
    ("(a", 1, "the parenthesis is not closed"),
    ("a)", 2, "no parenthesis to close"),
    ("*a", 1, "nothing for * to repeat"),
    ("a**", 3, "a repetition is repeated"),
    ("a{2}{3}", 5, "a repetition is repeated"),
    ("a{,3}", 2, "a brace begins no repetition"),
    ("a{3,2}", 2, "a repetition of 3 to 2 is none"),
    ("a{1001}", 1, "more than 1000 times"),
    ("(a{100}){100}", 1, "more than 1000 times"),
    ("^*", 1, "cannot be repeated"),
    ("a++", 3, "a possessive repetition is not known"),
    ("(?>a)", 1, "is not known"),
    ("(?m)^a", 1, "is not known"),
    ("(?x)a b", 1, "is not known"),
    (r"\q", 1, "is not known"),
    (r"\p{Greek}", 1, "is not known"),
    (r"(a)\2", 4, "there is no group 2"),
    ("[z-a]", 2, "is not a range"),
    (r"[a-\d]", 2, "is not a range"),
    ("[[:alpa:]]", 2, "is not known"),
    ("[[.a.]]", 2, "is not known"),
    ("a\\", 2, "a backslash stands alone"),
    (r"\x0", 1, "is not a character"),
    ("(?<=a+)b", 1, "needs a fixed length"),
    ("(?P<1>a)", 1, "no name"),
    ("a\0", 2, "no text holds"),
]


@pytest.mark.parametrize(("pattern", "texts", "others"), MEANS, ids=[pattern for pattern, _, _ in MEANS])
def test_a_pattern_means_what_the_page_says(pattern: str, texts: list[str], others: list[str]) -> None:
    read = re.compile(compiled(pattern).python)
    assert [text for text in texts if not read.search(text)] == []
    assert [text for text in others if read.search(text)] == []


def test_many_repetitions_cost_what_their_number_says() -> None:
    few, many = (re.compile(compiled(f"^a{{0,{most}}}$").python) for most in (100, 1000))

    def cost(read: re.Pattern[str], text: str) -> float:
        began = time.process_time()
        for _ in range(200):
            assert read.search(text) is None
        return time.process_time() - began

    assert cost(many, "a" * 1001) < 100 * cost(few, "a" * 101)


@pytest.mark.parametrize(("pattern", "place", "problem"), WRONG, ids=[pattern for pattern, _, _ in WRONG])
def test_what_is_no_pattern_is_refused_with_its_place(pattern: str, place: int, problem: str) -> None:
    with pytest.raises(PatternError, match=re.escape(problem)) as caught:
        compiled(pattern)
    assert caught.value.place == place


def test_what_re2_has_not_is_named() -> None:
    assert compiled("^(?!test)[a-z]+$").needs == "lookahead"
    assert compiled(r"(?<=a)(b)\1").needs == "lookbehind and a back reference"
    assert compiled(r"\bfoo\b").needs == ""


@pytest.mark.parametrize("pattern", [pattern for pattern, _, _ in MEANS])
def test_postgres_and_re2_differ_in_boundaries_alone(pattern: str) -> None:
    found = compiled(pattern)
    assert found.re2 == ("" if found.needs else re2(found.postgres))
