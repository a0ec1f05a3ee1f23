"""What is stored of an event: the same keys in the same bytes as ever, whichever version wrote it."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.incidents.audit import canonical, recorded
from airflow_provider_harness.core.incidents.events import BODIES, Body, Event, EventKind, Outcome, stored
from tests.events import LEAST

AT = datetime(2026, 11, 21, tzinfo=UTC)
E = EventKind
#: kind -> its keys as the version before typed events wrote them, in that order; those after the bar it sometimes left out.
WRITTEN: dict[EventKind, str] = {
    E.OPENED: "failure slice table episode",
    E.JOINED: "failure slice table",
    E.CLAIMED: "run",
    E.EVIDENCE: "failure facts observations unavailable reader gate for_whom zones connections place",
    E.DIAGNOSED: "category cause basis certainty why citations alternatives traits retry_after against wish failure",
    E.MODEL_ASKED: "call reserved_usd left_usd",
    E.MODEL_ANSWERED: "call model prompt ended cost_usd input_tokens cache_written cache_read output_tokens reasoning",
    E.MODEL_PROPOSED: "action category why named verdict rule reason policy_version",
    E.MODEL_ENDED: "model failure prompt turns input_tokens output_tokens cost_usd reads refused counts ended",
    E.PROPOSED: "action arguments why facts slices",
    E.JUDGED: "verdict rule reason policy_version limit acting due found",
    E.ASKED: "approval assigned expires url",
    E.ANSWERED: "answer by",
    E.ACT_STARTED: "act before left",
    E.ACT_ENDED: "act at result | cleared done backfill undone grant",
    E.FOLLOWED: "failure act action arguments why facts verdict rule reason policy_version | left",
    E.RUN_SETTLED: "run outcome text",
    E.SETTLED: "outcome text gates",
    E.PAGED: "dedup_key | severity summary action asks promised reached reached_why also_told route",
    E.NOTED: "text | run again at said waits_for since",
    E.TAKEN: "by",
    E.RETURNED: "by",
    E.ACKED: "by",
    E.FORGOTTEN: "by why",
    E.RESOLVED: "by why unproved",
    E.REOPENED: "why",
    E.CLOSED: "outcome why",
}
#: Keys that were stored as null where there was nothing.
NULL = {"gate", "retry_after", "wish"}

values = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[EventKind, dict[str, Any]]:
    """A body as the version before typed events wrote it."""
    kind = draw(st.sampled_from(EventKind))
    always, _, perhaps = WRITTEN[kind].partition("|")
    keys = [*always.split(), *(key for key in perhaps.split() if key == "action" or draw(st.booleans()))]
    of = {"outcome": st.sampled_from([item.value for item in Outcome])}
    return kind, {
        key: draw(st.none()) if key in NULL and draw(st.booleans()) else draw(of.get(key, values)) for key in keys
    }


def read(kind: EventKind, body: dict[str, Any]) -> Event:
    return Event.read(incident_id="I", kind=kind, at=AT, body=body)


@given(bodies())
def test_every_kind_is_stored_in_the_bytes_in_which_it_was(given_body: tuple[EventKind, dict[str, Any]]) -> None:
    kind, body = given_body
    event = read(kind, json.loads(json.dumps(body)))
    assert json.dumps(stored(event.body)) == json.dumps(body)
    chained = {"incident": "I", "kind": kind.value, "at": AT.isoformat(), "body": body}
    wanted = json.dumps(chained, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    assert canonical(recorded(event)) == wanted


def test_every_kind_has_its_body() -> None:
    assert set(WRITTEN) == set(LEAST) == set(BODIES) == set(EventKind)


@pytest.mark.parametrize("kind", EventKind)
def test_what_an_earlier_version_wrote_is_read(kind: EventKind) -> None:
    event = read(kind, {**LEAST[kind], "of_a_later_version": 1})
    assert {**stored(event.body), "of_a_later_version": 1}.items() >= LEAST[kind].items()
    assert (event.kind, type(event.body)) == (kind, BODIES[kind])


@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind in EventKind for key in LEAST[kind]])
def test_a_body_that_lacks_what_every_version_wrote_is_refused(kind: EventKind, key: str) -> None:
    with pytest.raises(ValueError, match=f"of kind {kind} has no {key}"):
        read(kind, {name: value for name, value in LEAST[kind].items() if name != key})


@pytest.mark.parametrize("body", BODIES.values())
def test_the_least_is_what_has_no_default(body: type[Body]) -> None:
    assert {one.name for one in fields(body) if one.default is MISSING} == set(LEAST[body.kind])  # type: ignore[arg-type]
