"""One table learned and drawn: half of its sample is learned from, the other half says how near real rows are to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.learning.synthetic.columns import arrow_column, drawn_as, modelled, number
from airflow_provider_harness.adapters.learning.synthetic.copula import Copula
from airflow_provider_harness.adapters.learning.synthetic.likeness import ks, likeness
from airflow_provider_harness.adapters.learning.synthetic.page import Shown
from airflow_provider_harness.adapters.learning.synthetic.privacy import Neighbours
from airflow_provider_harness.adapters.learning.synthetic.sample import Link, counted, own_links, placeholders
from airflow_provider_harness.adapters.sql.types import arrow_schema
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.report import CheckResult
from airflow_provider_harness.core.learning.results import gate_result
from airflow_provider_harness.core.learning.synthetic import LEAST_ROWS, Drawn, Tolerances, fits, private

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

CHUNK_ROWS = 20_000
"""Rows that are drawn at once."""
REDRAWN = 50
"""How often rows that are too near are drawn again before they stay, and the gate fails."""

Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A synthetic table that others refer to.

    :param keys: sampled real keys; ``rows`` synthetic ones.
    """

    contract: Contract
    keys: Sequence[Any]
    rows: int


def enough(contract: Contract, values: Values) -> CheckResult:
    """Whether a sample has enough rows to learn from."""
    rows = len(next(iter(values.values()), ()))
    return gate_result(
        f"rows:{contract.table}",
        rows >= LEAST_ROWS,
        f"at least {LEAST_ROWS} rows to learn from",
        f"{rows} rows",
        value=rows,
        look_at="Look at whether the table was loaded before synthetic rows are made of it.",
    )


class Table:
    """One table of the set.

    :param contract: of the real table, with the treatments that it has.
    :param values: the sample, by column.
    :param parents: table -> the synthetic one that it refers to.
    """

    def __init__(
        self,
        contract: Contract,
        target: str,
        values: Values,
        refers: Sequence[Link],
        parents: Mapping[str, Parent],
        seed: int,
    ) -> None:
        import numpy as np

        self.contract, self.target, self.values, self._refers, self._parents = contract, target, values, refers, parents
        self.sampled = len(values[contract.names[0]])
        self._random = np.random.default_rng([seed, len(parents), self.sampled])
        keys = [*(link.column for link in refers), *own_links(contract)]
        self.drawn = {name: drawn_as(contract, name, keys, values[name]) for name in contract.names}
        order = self._random.permutation(self.sampled)
        learned, held_out = order[: self.sampled // 2], order[self.sampled // 2 :]
        self.columns = self._learned(learned.tolist())
        self.real = self._codes(range(self.sampled))
        self.made = np.zeros((0, len(self.columns)))
        self.rows = 0
        self._near: Neighbours | None = None
        if self.columns:
            self._copula = Copula(self.columns, self.real[learned], seed)
            self._near = Neighbours(self.columns, self.real[learned], self.real[held_out])

    def _learned(self, places: Sequence[int]) -> tuple[Any, ...]:
        import numpy as np

        found, leading = [], None
        kinds = (Drawn.NUMBER, Drawn.MOMENT, Drawn.CATEGORY)
        for name in sorted(self.drawn, key=lambda one: kinds.index(self.drawn[one]) if self.drawn[one] in kinds else 9):
            if self.drawn[name] not in kinds:
                continue
            values = [self.values[name][place] for place in places]
            one = modelled(self.contract, name, self.drawn[name], values, leading)
            if one is None:
                self.drawn[name] = Drawn.PLACEHOLDER
                continue
            found.append(one)
            if leading is None and one.drawn is Drawn.NUMBER and not one.constant:
                leading = np.array([number(value) for value in values], dtype=float)
        return tuple(found)

    def _codes(self, places: Sequence[int]) -> np.ndarray[Any, Any]:
        import numpy as np

        codes = [one.codes([self.values[one.name][place] for place in places]) for one in self.columns]
        return np.column_stack(codes) if codes else np.zeros((len(places), 0))

    def counts(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
        """How many rows refer to each sampled and to each synthetic row of the first table that this one refers to; or None."""
        import numpy as np

        if not self._refers:
            return None
        parent = self._parents[self._refers[0].table]
        real = Counter(self.values[self._refers[0].column])
        found = np.array([real.get(key, 0) for key in parent.keys])
        return found, np.random.default_rng([self.sampled, parent.rows]).choice(found, parent.rows)

    def batches(self, rows: int) -> Iterator[pa.RecordBatch]:
        """Synthetic rows in the contract's types.

        :param rows: how many; a table that refers to another one has as many as its real counts say.
        """
        import numpy as np

        counts = self.counts()
        owners = np.repeat(np.arange(1, len(counts[1]) + 1), counts[1]) if counts is not None else None
        self.rows = len(owners) if owners is not None else rows
        for first in range(0, self.rows, CHUNK_ROWS):
            size = min(CHUNK_ROWS, self.rows - first)
            numbers = np.arange(first + 1, first + size + 1)
            yield self._batch(numbers, None if owners is None else owners[first : first + size])

    def _batch(self, numbers: np.ndarray[Any, Any], owners: np.ndarray[Any, Any] | None) -> pa.RecordBatch:
        import pyarrow as pa

        schema, codes = arrow_schema(self.contract), self._drawn(len(numbers))
        made = {
            one.name: arrow_column(one, codes[:, place], schema.field(one.name).type)
            for place, one in enumerate(self.columns)
        }
        for name, how in self.drawn.items():
            if name not in made:
                values = self._others(name, how, numbers, owners)
                made[name] = pa.array(values, type=schema.field(name).type)
        return pa.RecordBatch.from_arrays([made[name] for name in schema.names], schema=schema)

    def _others(
        self, name: str, how: Drawn, numbers: np.ndarray[Any, Any], owners: np.ndarray[Any, Any] | None
    ) -> list[Any]:
        """Keys, references and placeholders."""
        if how is Drawn.KEY:
            return counted(self.contract, name, numbers.tolist())
        if how is Drawn.PLACEHOLDER:
            made, nulls = placeholders(self.contract, name, numbers.tolist()), self._nulls(name)
            return [None if self._random.random() < nulls else value for value in made]
        link = next((one for one in self._refers if one.column == name), None)
        if link is None:  # to a row of its own table that comes before, or to itself
            made = counted(self.contract, self.contract.key[0], self._random.integers(1, numbers + 1).tolist())
            nulls = self._nulls(name)
            return [None if self._random.random() < nulls else value for value in made]
        parent = self._parents[link.table]
        if owners is None or link is not self._refers[0]:
            owners = self._random.integers(1, parent.rows + 1, len(numbers))
        return counted(parent.contract, link.to, owners.tolist())

    def _nulls(self, name: str) -> float:
        values = self.values[name]
        return sum(value is None for value in values) / len(values)

    def _drawn(self, rows: int) -> np.ndarray[Any, Any]:
        """Codes of rows of which none is nearer to a row that was learned from than the nearest held-out row is."""
        import numpy as np

        if self._near is None:
            return np.zeros((rows, 0))
        codes = self._copula.draw(rows, self._random)
        for _ in range(REDRAWN):
            near = np.flatnonzero(self._near.too_near(codes))
            if not len(near):
                break
            codes[near] = self._copula.draw(len(near), self._random)
            self._near.redrawn += len(near)
        self._near.take(codes)
        if len(self.made) < CHUNK_ROWS:
            self.made = np.concatenate((self.made, codes[: CHUNK_ROWS - len(self.made)]))
        return codes

    def results(self, tolerances: Tolerances) -> tuple[CheckResult, ...]:
        """Every gate of the rows that were drawn."""
        found = likeness(self.contract.table, self.columns, self.real, self.made, tolerances)
        counts = self.counts()
        if counts is not None:
            name = f"{self.contract.table}.{self._refers[0].column}"
            found += (fits(name, "children", ks(*counts), tolerances.children, columns=(self._refers[0].column,)),)
        return found + (private(self.contract.table, self._near.found(), tolerances) if self._near else ())

    def shown(self) -> Shown:
        """For the report."""
        return Shown(
            table=self.contract.table,
            target=self.target,
            rows=self.rows,
            sampled=self.sampled,
            drawn=self.drawn,
            columns=self.columns,
            real=self.real,
            made=self.made,
        )

    def as_parent(self) -> Parent | None:
        """For tables that refer to this one; None where its key is several columns."""
        if len(self.contract.key) != 1:
            return None
        return Parent(contract=self.contract, keys=self.values[self.contract.key[0]], rows=self.rows)
