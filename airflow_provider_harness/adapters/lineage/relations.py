"""What the walk over a query hands on: columns, where each comes from, and what decides about the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from airflow_provider_harness.core.lineage.graph import Transformation

How = Transformation
_STRENGTH = (How.IDENTITY, How.TRANSFORMATION, How.AGGREGATION)


class Unknown(Exception):
    """Something is not known for sure, so nothing is said."""


class Origin(NamedTuple):
    """A column of a table, and how it comes into, or decides about, what is looked at.

    :param table: ``schema.table``.
    """

    table: str
    column: str
    how: How


@dataclass(slots=True, kw_only=True)
class Relation:
    """What can be selected from.

    :param columns: of a query: output column -> its origins, in order. A name that comes again has ``\\0`` and its place
        behind it.
    :param table: of a table: any column is one of its own.
    :param spelled: of a table: its columns as the dialect folds them -> as they are spelled; None where nobody knows.
    :param made_of: of a function's rows: any column comes from these.
    :param deciders: what decides about its rows.
    """

    columns: Mapping[str, frozenset[Origin]] = field(default_factory=dict)
    table: str = ""
    spelled: Mapping[str, str] | None = None
    made_of: frozenset[Origin] | None = None
    deciders: frozenset[Origin] = frozenset()

    def column(self, name: str) -> frozenset[Origin]:
        """Where one column comes from."""
        if self.table:
            return frozenset({Origin(self.table, (self.spelled or {}).get(name, name), How.IDENTITY)})
        if self.made_of is not None:
            return self.made_of
        if name not in self.columns:
            raise Unknown(f"column {name}")
        return self.columns[name]

    def names(self) -> tuple[str, ...]:
        """Its columns.

        :raises Unknown: nobody knows them.
        """
        if self.table and self.spelled is not None:
            return tuple(self.spelled)
        if self.table or self.made_of is not None:
            raise Unknown(f"the columns of {self.table or 'a function'}")
        return tuple(self.columns)

    def row(self) -> frozenset[Origin]:
        """Where a whole row as one value comes from."""
        if self.made_of is not None:
            return self.made_of
        return derived(How.TRANSFORMATION, frozenset().union(*(self.column(name) for name in self.names())))

    def all(self) -> frozenset[Origin]:
        """Where all columns together come from."""
        return frozenset().union(*self.columns.values(), self.made_of or ())


def base(table: str, spelled: Mapping[str, str] | None, *, known: bool = True) -> Relation:
    """A table.

    :param known: False for one of which nobody knows where it is, so that nothing can be said of it.
    """
    return Relation(table=table, spelled=spelled) if known else Relation()


def joined(outer: How, inner: How) -> How:
    """Two things that happen one after the other."""
    if not outer.direct or not inner.direct:
        return inner if outer.direct else outer
    return max(outer, inner, key=_STRENGTH.index)


def derived(how: How, origins: Iterable[Origin]) -> frozenset[Origin]:
    """What comes of origins to which something more happens."""
    return frozenset(Origin(one.table, one.column, joined(how, one.how)) for one in origins)


def parts_of(node: Any) -> Iterator[tuple[str, Any]]:
    """The expressions that an expression is made of, each with the name of its place."""
    from sqlglot import exp

    for key, held in node.args.items():
        for part in held if isinstance(held, list) else (held,):
            if isinstance(part, exp.Expression):
                yield key, part
