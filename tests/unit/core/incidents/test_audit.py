"""The chain: whatever is done to stored events shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.incidents import audit
from airflow_provider_harness.core.incidents.events import EventKind

KEY = b"k" * 32
AT = datetime(2026, 11, 21, tzinfo=UTC)

events = st.builds(
    audit.Recorded,
    incident_id=st.text(max_size=3),
    kind=st.sampled_from(EventKind),
    at=st.integers(0, 10**6).map(lambda n: AT + timedelta(microseconds=n)),
    body=st.dictionaries(
        st.text(max_size=3), st.one_of(st.integers(), st.text(max_size=3), st.booleans(), st.none()), max_size=3
    ),
)


def chain(items: list[audit.Recorded]) -> list[audit.Entry]:
    entries: list[audit.Entry] = []
    for number, item in enumerate(items, 1):
        previous = entries[-1].hash if entries else audit.GENESIS
        entries.append(audit.Entry(seq=number, event=item, hash=audit.link(KEY, previous, item)))
    return entries


chains = st.lists(events, min_size=1, max_size=6).map(chain)


@given(chains)
def test_an_untouched_chain_holds(entries: list[audit.Entry]) -> None:
    assert audit.verify(KEY, entries) is None
    assert audit.verify(KEY, entries, head=entries[-1].hash) is None
    assert audit.verify(b"another key".ljust(32), entries) is not None


@given(chains, st.data(), events)
def test_an_edit_is_found(entries: list[audit.Entry], data: st.DataObject, other: audit.Recorded) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    was = entries[place].event
    name = data.draw(st.sampled_from(["incident_id", "kind", "at", "body"]))
    edited = replace(was, **{name: getattr(other, name)})
    if edited == was:
        return
    entries[place] = replace(entries[place], event=edited)
    found = audit.verify(KEY, entries)
    assert found is not None
    assert found.seq == place + 1


@given(chains, st.data())
def test_a_wrong_number_is_found(entries: list[audit.Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    entries[place] = replace(entries[place], seq=data.draw(st.integers(-9, 9).filter(lambda n: n != place + 1)))
    found = audit.verify(KEY, entries)
    assert found is not None
    assert found.seq == place + 1


@given(chains, st.data())
def test_an_edit_with_a_hash_made_without_the_key_is_found(entries: list[audit.Entry], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(entries) - 1))
    edited = replace(entries[place].event, body={"forged": True})
    previous = entries[place - 1].hash if place else audit.GENESIS
    entries[place] = audit.Entry(seq=place + 1, event=edited, hash=audit.link(b"guess".ljust(32), previous, edited))
    assert audit.verify(KEY, entries) is not None


@given(chains, st.data())
def test_a_deletion_is_found(entries: list[audit.Entry], data: st.DataObject) -> None:
    head = entries[-1].hash
    place = data.draw(st.integers(0, len(entries) - 1))
    del entries[place]
    assert audit.verify(KEY, entries, head=head) is not None
    closed_up = [replace(entry, seq=number) for number, entry in enumerate(entries, 1)]
    assert audit.verify(KEY, closed_up, head=head) is not None
    if place < len(entries):  # not the tail: found without a head noted elsewhere
        assert audit.verify(KEY, entries) is not None


@given(chains, st.data())
def test_a_reordering_is_found(entries: list[audit.Entry], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(entries))))
    if order == sorted(order):
        return
    turned = [entries[place] for place in order]
    assert audit.verify(KEY, turned) is not None
    assert audit.verify(KEY, [replace(entry, seq=number) for number, entry in enumerate(turned, 1)]) is not None


@given(chains, st.integers(1, 6))
def test_a_cut_tail_is_found_against_a_noted_head(entries: list[audit.Entry], cut: int) -> None:
    kept = entries[: max(0, len(entries) - cut)]
    assert audit.verify(KEY, kept) is None
    found = audit.verify(KEY, kept, head=entries[-1].hash)
    assert found is not None
    assert "tail" in found.problem


@given(chains)
def test_a_head_that_was_noted_earlier_is_in_the_chain(entries: list[audit.Entry]) -> None:
    assert all(audit.verify(KEY, entries, head=entry.hash) is None for entry in entries)


def test_an_empty_chain_holds_only_where_nothing_was_noted() -> None:
    assert audit.verify(KEY, []) is None
    assert audit.verify(KEY, [], head=audit.GENESIS) is None
    assert audit.verify(KEY, [], head="f" * 64) is not None
