"""The closed table of actions: what a proposal must and may say."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_harness.core.actions import ACTIONS, ActionKind, Parameter, Proposal, Risk


def required(kind: ActionKind) -> dict[Parameter, str]:
    return {name: f"v-{name}" for name in ACTIONS[kind].required}


def test_every_kind_has_a_row() -> None:
    assert set(ACTIONS) == set(ActionKind)


@pytest.mark.parametrize("kind", ActionKind)
def test_what_is_required_and_what_is_taken(kind: ActionKind) -> None:
    spec, whole = ACTIONS[kind], required(kind)
    assert Proposal(kind=kind, arguments=whole).arguments == whole
    assert not spec.required & spec.optional
    for name in spec.required:
        with pytest.raises(ValueError, match=name.value):
            Proposal(kind=kind, arguments={other: value for other, value in whole.items() if other != name})
    for name in spec.optional:
        Proposal(kind=kind, arguments=whole | {name: "x"})
    for name in set(Parameter) - spec.required - spec.optional:
        with pytest.raises(ValueError, match=name.value):
            Proposal(kind=kind, arguments=whole | {name: "x"})


@pytest.mark.parametrize("kind", ActionKind)
def test_what_executes_nothing_names_nothing(kind: ActionKind) -> None:
    assert (ACTIONS[kind].risk is Risk.NONE) == (not ACTIONS[kind].required)
    assert ACTIONS[kind].what.endswith(".")


def test_a_task_is_never_named_without_the_try_that_failed() -> None:
    for spec in ACTIONS.values():
        assert (Parameter.TASK in spec.required) == (Parameter.TRY_NUMBER in spec.required)


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    kind = draw(st.sampled_from(ActionKind))
    spec, texts = ACTIONS[kind], st.text(alphabet="ab=,() \\%", max_size=6)
    names = sorted(spec.required) + draw(
        st.lists(st.sampled_from(sorted(spec.optional)), unique=True) if spec.optional else st.just([])
    )
    arguments: Mapping[Parameter, str] = {name: draw(texts) for name in names}
    return Proposal(kind=kind, arguments=arguments, why=draw(texts))


@given(proposals(), proposals())
def test_two_acts_never_share_their_line(one: Proposal, other: Proposal) -> None:
    same = (one.kind, one.arguments) == (other.kind, other.arguments)
    assert (one.canonical() == other.canonical()) == same


def test_an_argument_cannot_pass_for_another() -> None:
    """An approval is bound to this line: a value with our own punctuation must not make two acts look alike."""
    plain = required(ActionKind.RETRY_TASK)
    one = plain | {Parameter.DAG: "a, delay_seconds=5", Parameter.DELAY_SECONDS: "b"}
    other = plain | {Parameter.DAG: "a", Parameter.DELAY_SECONDS: "5, delay_seconds=b"}
    lines = {Proposal(kind=ActionKind.RETRY_TASK, arguments=given).canonical() for given in (one, other)}
    assert len(lines) == 2


def test_the_order_of_arguments_says_nothing() -> None:
    whole = required(ActionKind.BACKFILL_RANGE)
    turned = dict(reversed(list(whole.items())))
    lines = {Proposal(kind=ActionKind.BACKFILL_RANGE, arguments=given).canonical() for given in (whole, turned)}
    assert len(lines) == 1
