"""Arguments of patterns: read, refused in one sentence, and written as SQL of PostgreSQL's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.patterns.pattern import Gate, Pattern

OWN = "harness_"
"""What names begin with that patterns use inside their queries."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call of a pattern.

    :param of: the pattern's name, for errors.
    """

    of: str

    def wrong(self, argument: str, problem: str, *, valid: Sequence[str] = (), fix: str) -> ConfigurationError:
        """An error that names the argument."""
        return ConfigurationError(f"{self.of}({argument}=...)", problem, valid=valid, fix=fix)

    def names(self, argument: str, given: str | Sequence[str], *, some: bool = True) -> tuple[str, ...]:
        """Column names: one, or several.

        :param some: there must be one at least.
        """
        found = (given,) if isinstance(given, str) else tuple(given)
        for name in found:
            if not isinstance(name, str) or not name.strip():
                raise self.wrong(argument, f"{name!r} is not a column name.", fix="Give names as texts.")
            if name.startswith(OWN):
                raise self.wrong(
                    argument, f"{name!r} begins with {OWN}, as names inside the query do.", fix="Rename the column."
                )
        if some and not found:
            raise self.wrong(argument, "names no column.", fix="Give one name, or a list of names.")
        if twice := sorted({name for name in found if found.count(name) > 1}):
            raise self.wrong(argument, f"names {', '.join(twice)} twice.", fix="Name each column once.")
        return found

    def apart(self, **groups: Sequence[str]) -> None:
        """See that columns which the pattern gives side by side have different names.

        :param groups: argument -> its names.
        """
        seen: dict[str, str] = {}
        for argument, names in groups.items():
            for name in names:
                if name in seen:
                    raise self.wrong(
                        argument,
                        f"{name!r} is also given by {seen[name]}.",
                        fix=f"Leave it out of {argument}, or give it another name there.",
                    )
                seen[name] = argument

    def choice(self, argument: str, given: str, valid: Sequence[str]) -> str:
        """One of a few words."""
        if given not in valid:
            raise self.wrong(argument, f"is {given!r}.", valid=valid, fix="Give one of these.")
        return given

    def span(self, argument: str, given: timedelta | None, *, zero: bool = False) -> int:
        """A length of time in whole seconds; 0 for None.

        :param zero: whether it may be 0.
        """
        if given is None:
            return 0
        if not isinstance(given, timedelta):
            raise self.wrong(argument, f"is {given!r}.", fix=f"Use timedelta(seconds={given}) rather than {given}.")
        seconds = given // timedelta(seconds=1)
        if given < timedelta(0) or (not given and not zero) or timedelta(seconds=seconds) != given:
            least = "0 or more" if zero else "1 or more"
            raise self.wrong(argument, f"is {given}.", fix=f"Give whole seconds, {least}.")
        return seconds

    def source(self, argument: str, given: str | Pattern) -> str:
        """A table or view by its name, or what another pattern gives, to stand after FROM."""
        if isinstance(given, Pattern):
            if given.snippets:
                raise self.wrong(
                    argument, f"is a {given.name}, which is written per engine.", fix="Publish it, and give its table."
                )
            return f"({given.text})"
        parts = given.split(".") if isinstance(given, str) else []
        if not 1 <= len(parts) <= 3 or not all(part.strip() for part in parts):
            raise self.wrong(argument, f"is {given!r}.", fix="Give schema.table, or another pattern.")
        return ".".join(map(ident, parts))


def ident(name: str) -> str:
    """A name in quotes, with percent signs doubled."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def text(value: str) -> str:
    """A text in quotes, with percent signs doubled."""
    return "'" + value.replace("'", "''").replace("%", "%%") + "'"


def columns(names: Sequence[str], of: str = "t") -> str:
    """Columns of a relation, as a list."""
    return ", ".join(f"{of}.{ident(name)}" for name in names)


def equal(names: Mapping[str, str], left: str, right: str) -> str:
    """The condition that two relations have the same key; nulls are equal to nothing.

    :param names: the left one's name -> the right one's.
    """
    return " AND ".join(f"{left}.{ident(one)} = {right}.{ident(other)}" for one, other in names.items())


def ranked(
    partition: Sequence[str],
    newest: Sequence[str],
    carried: Sequence[str],
    *,
    of: str = "t",
    way: str = "DESC",
    then: Sequence[str] = (),
) -> str:
    """A row's number among those of its key, always the same one.

    :param newest: columns that order the rows; null comes last.
    :param then: conditions that decide between rows that are equal in those: those for which one holds come first.
    :param carried: what decides between rows that are equal in those: the greater text.
    """
    order = [f"{of}.{ident(name)} {way} NULLS LAST" for name in newest]
    order += [f"{condition} DESC" for condition in then]
    order += [as_text(f"{of}.{ident(name)}") for name in carried if name not in newest]
    return f"ROW_NUMBER() OVER (PARTITION BY {columns(partition, of)} ORDER BY {', '.join(order)})"


def as_text(value: str) -> str:
    """An order by a value's text, whatever its type; null comes last."""
    return f'CAST({value} AS TEXT) COLLATE "C" DESC NULLS LAST'


def sliced(given: Arguments, slice_by: str | None, names: Sequence[str]) -> None:
    """See that the column by which slices are cut is one that the pattern gives."""
    if slice_by is not None and slice_by not in names:
        raise given.wrong(
            "slice_by", f"is {slice_by!r}, which it does not give.", valid=names, fix="Add it to columns, or name one."
        )


def in_slice(column: str) -> str:
    """The condition that a value lies in the slice."""
    return f"{column} >= %(slice_start)s AND {column} < %(slice_end)s"


def gone(arguments: Arguments, argument: str, given: str | tuple[str, str] | None) -> str:
    """The condition that a change is a delete: a column that is true, or a column and the text that says so."""
    if given is None:
        return "FALSE"
    if isinstance(given, str):
        (name,) = arguments.names(argument, given)
        return f"COALESCE(t.{ident(name)}, FALSE)"
    if len(given) != 2 or not all(isinstance(one, str) and one for one in given):
        fix = 'Give the name of a boolean column, or a column and the text that marks a delete: ("op", "d").'
        raise arguments.wrong(argument, f"is {given!r}.", fix=fix)
    return f"COALESCE(t.{ident(given[0])} = {text(given[1])}, FALSE)"


def never(name: str, condition: str) -> Gate:
    """The gate that no row is like this."""
    return counted(name, f"SELECT count(*) FROM ${{table}} WHERE {condition}")


def counted(name: str, query: str) -> Gate:
    """The gate that a query counts nothing."""
    return {"name": name, "type": "sql", "query": query.replace("%%", "%"), "mustBe": 0}


def once(name: str, key: Sequence[str]) -> Gate:
    """The gate that no two rows have the same key."""
    arguments = {"properties": list(key)}
    return {"name": name, "metric": "duplicateValues", "arguments": arguments, "mustBe": 0}


def there(name: str, key: Sequence[str]) -> Gate:
    """The gate that no row lacks a part of its key."""
    return never(name, " OR ".join(f"{ident(part)} IS NULL" for part in key))


def tombstone(flag: str, key: Sequence[str]) -> tuple[Gate, ...]:
    """The gates that a deleted row says so, and of which key."""
    empty = " OR ".join(f"{ident(part)} IS NULL" for part in key)
    keeps = never("tombstone_keeps_its_key", f"{ident(flag)} AND ({empty})")
    return never(f"{flag}_is_known", f"{ident(flag)} IS NULL"), keeps


def emptied(name: str, of: str) -> str:
    """A column that is null in a row that was deleted."""
    return f"CASE WHEN {of}.harness_gone THEN NULL ELSE {of}.{ident(name)} END AS {ident(name)}"
