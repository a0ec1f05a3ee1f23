"""What making a set of examples for fine-tuning needs from the outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class TokenCounter(Protocol):
    """Counts the tokens of a text as a model does.

    :ivar name: for the manifest and the card.
    :ivar approximates: it is no model's own count.
    """

    @property
    def name(self) -> str: ...
    @property
    def approximates(self) -> bool: ...
    def count(self, text: str) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One example that every step but the duplicates let through.

    :param key: the row's key as JSON, or its place in the source.
    :param digest: see ``core.learning.fine_tuning.examples.digest``.
    :param group: 64 bits of the hash of its group.
    :param tokens: as the counter counts them.
    :param values: of the columns whose distribution is watched, by name.
    """

    example: dict[str, Any]
    key: str
    digest: str
    group: int
    tokens: int
    values: Mapping[str, str | None]


class Spool(Protocol):
    """Where prepared examples wait on disk until all of them are known."""

    def add(self, prepared: Prepared) -> None: ...
    def finish(self) -> None:
        """Nothing more will come."""
        ...

    def exact_duplicates(self) -> int:
        """Leave all but one of each digest out; how many those were."""
        ...

    def near_duplicates(self, similarity: float, seed: int) -> int:
        """Find clusters of examples that are nearly the same, among those that are left; how many are beside the first of theirs."""
        ...

    def drop_near(self) -> None:
        """Keep one example of each cluster: the one with the least digest, in whatever order they came."""
        ...

    def join_groups(self) -> None:
        """Make one group of all groups that a cluster has examples of."""
        ...

    def kept(self) -> Iterator[tuple[Prepared, int, int]]:
        """The examples that are left, each with the hash of the group that decides its split, and its cluster."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What reading a set back from its files found.

    :param examples: split -> how many.
    :param tokens: split -> their tokens.
    :param split_groups: groups that are in several splits; ``split_clusters`` and ``split_digests`` alike.
    :param most_tokens: of one example.
    :param personal: of the ``sampled`` examples, how many texts have personal data.
    """

    examples: Mapping[str, int]
    tokens: Mapping[str, int]
    split_groups: int
    split_clusters: int
    split_digests: int
    most_tokens: int
    personal: int
    sampled: int


class SetWriter(Protocol):
    """A set in the making, in a place of its own; ``publish`` swaps it in."""

    def write(self, split: str, prepared: Prepared, group: int, cluster: int) -> None: ...
    def close(self) -> None: ...
    def read_back(self, splits: Sequence[str]) -> Written:
        """Read the files as they are, and not what was meant to be written."""
        ...
