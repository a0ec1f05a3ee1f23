"""The card of a set: every number of it is one that the run counted or a gate found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.cards import Card, Fact, Section


def card_of(
    *,
    title: str,
    source: str,
    task: str,
    at: str,
    rules: Mapping[str, Any],
    steps: Sequence[Mapping[str, Any]],
    splits: Mapping[str, Mapping[str, int]],
    results: Sequence[CheckResult],
    counter: str,
    approximates: bool,
) -> Card:
    """The card.

    :param task: that counted, as ``job`` names it.
    :param splits: name -> ``examples`` and ``tokens``.
    :param counter: of tokens.
    """

    def counted(what: str, value: str | float | None) -> Fact:
        return Fact(what=what, value=value, source=f"task {task}", at=at)

    about = " It approximates: no model counts like this." if approximates else ""
    front = {"task_categories": ["text-generation"], "size_categories": [_size(splits)], "pretty_name": title}
    return Card(
        title=title,
        front=front,
        sections=(
            Section(title="Where it is from", facts=(counted("source", source),)),
            Section(title="Rules", facts=tuple(counted(name, _text(value)) for name, value in rules.items())),
            Section(
                title="Steps",
                text="How many examples each step was given, how many it let through, and why it left the others out.",
                facts=tuple(counted(one["step"], _step(one)) for one in steps),
            ),
            Section(
                title="Splits",
                text=f"A group is in one split. Tokens are counted by {counter}.{about}",
                facts=tuple(
                    counted(f"{name}, {what}", value) for name, one in splits.items() for what, value in one.items()
                ),
            ),
            Section(
                title="Gates",
                facts=tuple(
                    Fact(what=one.id, value=f"{one.actual} (expected {one.expected})", source=f"gate {one.id}", at=at)
                    for one in results
                ),
            ),
        ),
    )


def _size(splits: Mapping[str, Mapping[str, int]]) -> str:
    """The size in Hugging Face's words."""
    examples = sum(one["examples"] for one in splits.values())
    bounds = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((word for bound, word in bounds if examples < bound), "1M<n<10M")


def _step(one: Mapping[str, Any]) -> str:
    why = "; ".join(f"{count} {reason}" for reason, count in one["why"].items())
    noted = "; ".join(f"{count} {what}" for what, count in one["noted"].items())
    return f"{one['in']} in, {one['out']} out" + (f": {why}" if why else "") + (f" ({noted})" if noted else "")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {one}" for name, one in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)
