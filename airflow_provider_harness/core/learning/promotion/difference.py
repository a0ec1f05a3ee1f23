"""What a promoted table has of the rows that it was made of, by key and by column, and how much may be lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from airflow_provider_harness.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDifference:
    """One column before and after.

    :param changed: keys of which no row had this value before, whatever spaces and case; None where it could not be compared.
    :param emptied: keys that have no value now and had one.
    :param distinct_before: distinct values; None of a column that was not there.
    :param distinct_after: the same of the promoted table.
    """

    name: str
    changed: int | None
    emptied: int
    distinct_before: int | None
    distinct_after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All rows of two tables compared by key.

    :param rows_before: of the table that is promoted.
    :param rows_after: of the promoted one.
    :param keys_before: distinct keys; ``keyless`` rows have none.
    :param missing: keys that are gone.
    :param added: keys that nobody had before.
    :param repeated: rows beyond the first of their key, before.
    :param conflicting: keys whose rows differed before: which of them is right, the proposal chose.
    :param examples: some of the missing keys, where all columns of the key are public.
    """

    rows_before: int
    rows_after: int
    keys_before: int
    keyless: int
    missing: int
    added: int
    repeated: int
    conflicting: int
    columns: tuple[ColumnDifference, ...]
    examples: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        """Keys that both have."""
        return self.keys_before - self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may differ, each in percent of what was there, 0 to 100; the administrator's.

    :param missing: rows and keys that are gone.
    :param added: keys that are new.
    :param emptied: values of one column that are gone.
    :param changed: values of one column that are others, whatever spaces and case.
    """

    missing: float = 0.0
    added: float = 0.0
    emptied: float = 0.0
    changed: float = 5.0

    def __str__(self) -> str:
        return ", ".join(f"{one.name} {getattr(self, one.name):g}" for one in fields(self))


def limits_of(text: str, place: str) -> Limits:
    """Limits as a setting writes them.

    :param place: the setting's name, for errors.
    :raises ConfigurationError: a word is none of them, or a number is no share.

    >>> str(limits_of("missing 1, changed 20", "promotion_limits"))
    'missing 1, added 0, emptied 0, changed 20'
    """
    valid = [one.name for one in fields(Limits)]
    given: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = part.partition(" ")
        try:
            given[name] = float(number)
        except ValueError:
            given[name] = -1.0
        if name not in valid or not 0 <= given[name] <= 100:
            raise ConfigurationError(
                place, f"has {part!r}.", valid=valid, fix="Write for example: missing 0, changed 5."
            )
    return Limits(**given)


def lost(found: Difference, limits: Limits) -> str:
    """Why too many rows are gone; empty where they are not."""
    gone, of = found.missing + found.keyless, found.keys_before + found.keyless
    if gone * 100 <= limits.missing * of:
        return ""
    shown = f", for example {', '.join(found.examples)}" if found.examples else ""
    return (
        f"{found.missing} of {found.keys_before} keys are gone{shown}, and {found.keyless} rows without a key; "
        f"at most {limits.missing:g} % may be."
    )


def chosen(found: Difference, limits: Limits) -> str:
    """Why too many rows went in favour of another one of their key; empty where they did not."""
    if found.conflicting * 100 <= limits.missing * found.keys_before:
        return ""
    return f"{found.conflicting} keys had rows that differ, and only one of each is left."


def added(found: Difference, limits: Limits) -> str:
    """Why too many rows are new; empty where they are not."""
    if found.added * 100 <= limits.added * found.keys_before and found.rows_after <= found.kept + found.added:
        return ""
    return (
        f"{found.added} keys are new, at most {limits.added:g} % may be; "
        f"{found.rows_after} rows have {found.kept + found.added} keys."
    )


def emptied(found: Difference, limits: Limits) -> str:
    """Which columns lost too many values; empty where none did."""
    wrong = [c for c in found.columns if c.emptied * 100 > limits.emptied * found.kept]
    return _each([f"{c.name}: {c.emptied} of {found.kept} keys lost their value" for c in wrong], limits.emptied)


def changed(found: Difference, limits: Limits) -> str:
    """Which columns have too many other values, or could not be compared; empty where none has."""
    wrong = [c for c in found.columns if c.changed is not None and c.changed * 100 > limits.changed * found.kept]
    told = [f"{c.name}: {c.changed} of {found.kept} keys have another value" for c in wrong]
    blind = [c.name for c in found.columns if c.changed is None]
    told += [f"{name}: could not be compared" for name in blind]
    return _each(told, limits.changed)


def constant(found: Difference) -> str:
    """Which columns hold one value now that had several, or that nobody had; empty where none does."""
    return "; ".join(_constants(found))


def _constants(found: Difference) -> Iterator[str]:
    for column in found.columns:
        was = column.distinct_before
        if found.rows_after > 1 and column.distinct_after <= 1 and (was is None or was > column.distinct_after):
            before = "was no column before" if was is None else f"held {was} before"
            yield f"{column.name} holds {column.distinct_after} value(s), and {before}"


def _each(told: Sequence[str], limit: float) -> str:
    return f"{'; '.join(told)}; at most {limit:g} % may." if told else ""
