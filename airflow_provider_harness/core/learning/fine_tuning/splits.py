"""Which split an example goes into: by a hash of its group, so that a group is in one split, in every run the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_harness.core.errors import ConfigurationError

_WHOLE = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """The splits and their shares.

    :param shares: name -> share, over 0; together 1.
    """

    shares: Mapping[str, float]

    def __post_init__(self) -> None:
        wrong = [name for name, share in self.shares.items() if not share > 0 or not name.isidentifier()]
        alike = len({name.lower() for name in self.shares}) < len(self.shares)
        if wrong or alike or not self.shares or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ConfigurationError(
                "splits",
                f"is {dict(self.shares)}.",
                fix="Give names of letters, different in small letters too, with shares over 0 that are 1 together: {'train': 0.9, 'test': 0.1}.",
            )

    def of(self, group: int) -> str:
        """The split of a group.

        :param group: 64 bits of its hash.

        >>> splits = Splits(shares={"train": 0.75, "test": 0.25})
        >>> splits.of(0), splits.of(2**64 - 1)
        ('train', 'test')
        """
        place, upto = group / _WHOLE, 0.0
        for name, share in self.shares.items():
            upto += share
            if place < upto:
                return name
        return name
