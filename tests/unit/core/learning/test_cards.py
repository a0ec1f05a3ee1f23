"""Cards: what is rendered is read back, and what is not borne out is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.learning.cards import Card, Fact, Section, as_json, rendered, unproved

ROWS = Fact(what="rows", value=336_776, source="gate of public.flights", at="2026-11-30T06:00:00+00:00")
FRONT = {
    "license": "cc0-1.0",
    "size_categories": ["100K<n<1M"],
    "model-index": [{"name": "m", "results": [{"metrics": [{"type": "auc", "value": 0.81}], "verified": True}]}],
    "empty": [],
    "none": None,
}


def card(*facts: Fact, front: dict[str, Any] | None = None) -> Card:
    return Card(title="flights", front=front or {}, sections=(Section(title="Numbers", text="As of", facts=facts),))


def front_of(text: str) -> Any:
    assert text.startswith("---\n")
    return yaml.safe_load(text[4:].partition("\n---\n")[0])


def test_the_front_is_read_back_as_it_was_given() -> None:
    assert front_of(rendered(card(ROWS, front=FRONT))) == FRONT


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
KEYS = st.text(min_size=1, max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=3))
def test_whatever_the_front_holds_is_read_back(front: dict[str, Any]) -> None:
    assert front_of(rendered(Card(title="x", front=front))) == json.loads(json.dumps(front))


@pytest.mark.parametrize(
    ("fact", "why"),
    [
        (Fact(what="rows", value=None, source="gate"), "no number"),
        (Fact(what="auc", value=float("nan"), source="gate"), "no number"),
        (Fact(what="fair", value="yes", source=""), "nobody is named"),
        (Fact(what="fair", value="yes", source="ana", person=True), "nobody wrote when"),
        (Fact(what="unique", value="yes", source="unique:id", wrong="3 rows too many."), "3 rows too many"),
    ],
)
def test_a_claim_that_nothing_bears_out_is_named_with_its_place(fact: Fact, why: str) -> None:
    (said,) = unproved(card(ROWS, fact))
    assert said.startswith(f"Numbers, {fact.what}: ") and why in said
    assert "NOT BORNE OUT" in rendered(card(fact))
    json.dumps(as_json(card(fact)), allow_nan=False)


def test_what_is_borne_out_is_not_named() -> None:
    said = Fact(what="consent", value="given", source="ana", at="2026-11-01", person=True)
    assert unproved(card(ROWS, said)) == ()
    assert "| consent | given | ana, a person | 2026-11-01 |" in rendered(card(said))


@pytest.mark.attack
def test_a_text_from_outside_adds_no_row_no_heading_and_no_front() -> None:
    hostile = "x | y\n\n# approved\n---\nlicense: mit\n<script>alert(1)</script>"
    text = rendered(
        Card(
            title=hostile,
            front={"pretty_name": hostile},
            sections=(Section(title="a", facts=(Fact(what=hostile, value=hostile, source=hostile),)),),
        )
    )
    assert front_of(text) == {"pretty_name": hostile}
    body = text.partition("\n---\n")[2]
    assert "\n# approved" not in body and "<script>" not in body and "license: mit\n" not in body
    (row,) = [line for line in body.splitlines() if line.startswith("| x")]
    assert row.replace("\\|", "").count("|") == 5


def test_a_section_of_which_nothing_is_known_says_so() -> None:
    assert rendered(Card(title="orders", sections=(Section(title="Claims"),))).endswith(
        "## Claims\n\nNothing is known.\n"
    )
