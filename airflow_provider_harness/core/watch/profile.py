"""A profile of one slice: counts in bins, from which every number is made that the watch compares. It holds no value of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log, log1p
from typing import Any

NULL, ZERO = "null", "z"
PER_OCTAVE = 4
"""Bins of a number between a value and its double: a bin is 19 % wide."""
ABOVE, BELOW = "p", "m"
"""How the bin of a number over, and under, zero begins; after it stands the floor of 4 x the binary logarithm of its size. The bin of
any other value is ``h`` and the first digit of its MD5 in hexadecimal."""
FEWEST_KNOWN = 30
"""Values that a column has in a slice, at least, before their size and distribution are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One number of a slice.

    :param value: as it is compared: rows and sizes by their logarithm.
    :param noise: by how much it moves by chance alone where nothing changed, as a standard deviation; 0 where its history says it.
    :param of: rows that it is a share of; what chance makes of a share follows from what is usual for it. 0 where it is none.
    """

    value: float
    noise: float = 0.0
    of: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """:param bins: bin -> rows, ``null`` among them."""

    bins: Mapping[str, int]

    @property
    def nulls(self) -> int:
        """Rows without a value."""
        return self.bins.get(NULL, 0)

    @property
    def known(self) -> Mapping[str, int]:
        """The bins of values."""
        return {name: rows for name, rows in self.bins.items() if name != NULL}

    def size(self) -> Number | None:
        """The binary logarithm of the usual size of its numbers, their geometric mean; None where too few are known.

        >>> ColumnProfile(bins={"p12": 50, "null": 3}).size().value  # 4 x 3 octaves: from 8 to 9.5
        3.125
        """
        sized: dict[float, int] = {}
        for name, rows in self.bins.items():
            if name[0] in (ABOVE, BELOW):
                octaves = (int(name[1:]) + 0.5) / PER_OCTAVE
                sized[octaves] = sized.get(octaves, 0) + rows
        total = sum(sized.values())
        if total < FEWEST_KNOWN:
            return None
        mean = sum(rows * octaves for octaves, rows in sized.items()) / total
        variance = sum(rows * (octaves - mean) ** 2 for octaves, rows in sized.items()) / total
        return Number(
            value=mean, noise=(max(variance, 1.0) / total) ** 0.5
        )  # few skewed values hide how far they spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What was counted of one slice.

    :param rows: all that were read.
    :param duplicates: rows beyond the first of each key; None where the contract names no key.
    """

    rows: int
    duplicates: int | None = None
    columns: Mapping[str, ColumnProfile] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, the inverse of ``profile_of``."""
        columns = {name: dict(column.bins) for name, column in self.columns.items()}
        return {"rows": self.rows, "duplicates": self.duplicates, "columns": columns}


def profile_of(body: Mapping[str, Any]) -> Profile:
    """The profile that ``to_dict`` wrote."""
    columns = {name: ColumnProfile(bins=bins) for name, bins in body["columns"].items()}
    return Profile(rows=body["rows"], duplicates=body["duplicates"], columns=columns)


def numbers(profile: Profile, reference: Sequence[Profile] = ()) -> dict[str, Number]:
    """Metric -> its number: ``rows``, ``duplicates``, ``nulls:COLUMN``, ``size:COLUMN``, ``drift:COLUMN``.

    :param reference: earlier slices that are alike; without one, nothing is said of distributions.

    >>> sorted(numbers(Profile(rows=2, duplicates=0, columns={"a": ColumnProfile(bins={"null": 1, "p0": 1})})))
    ['duplicates', 'nulls:a', 'rows']
    """
    rows = profile.rows
    found = {"rows": Number(value=log1p(rows))}
    if not rows:
        return found
    if profile.duplicates is not None:
        found["duplicates"] = Number(value=profile.duplicates / rows, of=rows)
    for name, column in profile.columns.items():
        found[f"nulls:{name}"] = Number(value=column.nulls / rows, of=rows)
        size = column.size()
        if size is not None:
            found[f"size:{name}"] = size
        drifted = _drift(column, [one.columns[name] for one in reference if name in one.columns])
        if drifted is not None:
            found[f"drift:{name}"] = drifted
    return found


def _drift(column: ColumnProfile, reference: Sequence[ColumnProfile]) -> Number | None:
    """The population stability index of the values against those of earlier slices; by chance it is bins x (1/n + 1/m)."""
    pooled: dict[str, int] = {}
    for one in reference:
        for name, rows in one.known.items():
            pooled[name] = pooled.get(name, 0) + rows
    own = column.known
    n, m = sum(own.values()), sum(pooled.values())
    if n < FEWEST_KNOWN or m < FEWEST_KNOWN:
        return None
    names = {*own, *pooled}
    half = len(names) / 2  # half a row more in each bin: an empty one makes nothing infinite
    shares = [((own.get(name, 0) + 0.5) / (n + half), (pooled.get(name, 0) + 0.5) / (m + half)) for name in names]
    return Number(value=sum((p - q) * log(p / q) for p, q in shares), noise=len(names) * (1 / n + 1 / m))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A slice that was looked at before.

    :param at: its start.
    :param numbers: metric -> its value, as ``numbers`` made it.
    :param wrong: the metrics that were found unusual; a slice with any is no example of what is usual.
    """

    at: datetime
    numbers: Mapping[str, float]
    wrong: frozenset[str] = frozenset()

    @property
    def flagged(self) -> bool:
        """Whether something was unusual."""
        return bool(self.wrong)
