"""Columns as numbers and back: what of a sample is modelled, and how a value is drawn from a place between 0 and 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.values import NUMBERS, Family, family, kind_of
from airflow_provider_harness.core.contracts.contract import Contract, Treatment
from airflow_provider_harness.core.learning.synthetic import Drawn
from airflow_provider_harness.core.redaction.personal_data import PERSONAL, suspects

if TYPE_CHECKING:
    import numpy as np

MOST_CATEGORIES, LEAST_OF_ONE = 50, 5
"""A text with more distinct values is a placeholder; a value that fewer rows have is not drawn."""
EDGE, GRID = 0.005, 401
"""What is left out at both ends of a column, whose values are single rows', and how many quantiles are kept between."""
_DAY = 86_400
_EXACT = Context(prec=800)
"""Enough digits for every float and every decimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """One column whose values are learned.

    :param nulls: share of nulls, 0 to 1.
    :param quantiles: of a number or a moment (in seconds) between ``EDGE`` and 1 - ``EDGE``.
    :param values: of a category, in the order of the model; ``shares`` of each, 1 together.
    :param whole: numbers without a fraction.
    """

    name: str
    drawn: Drawn
    nulls: float
    quantiles: tuple[float, ...] = ()
    values: tuple[Any, ...] = ()
    shares: tuple[float, ...] = ()
    whole: bool = False
    place: Mapping[Any, int] = field(default_factory=dict)

    @property
    def constant(self) -> bool:
        """Whether it has one value alone."""
        return len(self.values) == 1 if self.drawn is Drawn.CATEGORY else self.quantiles[0] == self.quantiles[-1]

    def codes(self, values: Sequence[Any]) -> np.ndarray[Any, Any]:
        """Values as numbers: themselves, seconds, or places among the categories; NaN for null and for what is not drawn."""
        import numpy as np

        if self.drawn is Drawn.CATEGORY:
            return np.array([self.place.get(value, np.nan) for value in values], dtype=float)
        return np.array([number(value) for value in values], dtype=float)

    def drawn_at(self, places: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The codes at places between 0 and 1."""
        import numpy as np

        if self.drawn is Drawn.CATEGORY:
            ends = np.cumsum(self.shares)
            return np.minimum(np.searchsorted(ends, places, side="right"), len(self.values) - 1).astype(float)
        found = np.interp(places, np.linspace(0, 1, len(self.quantiles)), self.quantiles)
        return np.asarray(np.rint(found) if self.whole else found)


def number(value: Any) -> float:
    """A value as a number: a moment in seconds since 1970."""
    if value is None:
        return float("nan")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return float((value - date(1970, 1, 1)).days * _DAY) if isinstance(value, date) else float(value)


def drawn_as(contract: Contract, name: str, parents: Sequence[str], values: Sequence[Any]) -> Drawn:
    """How the values of a column come about.

    :param parents: columns that refer to another table of the set.
    """
    column, kind = contract.column(name), family(kind_of(contract, name))
    if name in parents:
        return Drawn.PARENT
    if name in contract.key or column.unique:
        return Drawn.KEY
    if column.classification.lower() in PERSONAL or column.treatment is not Treatment.KEEP:
        return Drawn.PLACEHOLDER
    if kind in NUMBERS:
        return Drawn.NUMBER
    if kind in (Family.MOMENT, Family.DATE):
        return Drawn.MOMENT
    if kind not in (Family.TEXT, Family.PADDED, Family.BOOLEAN):
        return Drawn.PLACEHOLDER
    counts = Counter(value for value in values if value is not None)
    if suspects(name, (value for value in values if isinstance(value, str))):
        return Drawn.PLACEHOLDER
    often = [value for value, count in counts.items() if count >= LEAST_OF_ONE]
    return Drawn.CATEGORY if often and len(counts) <= MOST_CATEGORIES else Drawn.PLACEHOLDER


def modelled(contract: Contract, name: str, drawn: Drawn, values: Sequence[Any], leading: Any) -> Modelled | None:
    """What is learned of a column; None where it has no value.

    :param leading: codes of the number by whose mean categories are ordered, so that the model sees what goes with them; or None.
    """
    import numpy as np

    known = [value for value in values if value is not None]
    nulls = 1 - len(known) / len(values)
    if drawn is Drawn.CATEGORY:
        counts = Counter(known)
        often = {value: count for value, count in counts.items() if count >= LEAST_OF_ONE}
        order = sorted(often, key=lambda value: (_mean(leading, values, value), str(value)))
        total = sum(often.values())
        places = {value: place for place, value in enumerate(order)}
        shares = tuple(often[value] / total for value in order)
        return Modelled(name=name, drawn=drawn, nulls=nulls, values=tuple(order), shares=shares, place=places)
    codes = np.array([number(value) for value in known], dtype=float)
    codes = codes[np.isfinite(codes)]
    if not len(codes):
        return None
    found = np.quantile(codes, np.linspace(EDGE, 1 - EDGE, GRID))
    whole = family(kind_of(contract, name)) is Family.WHOLE
    return Modelled(name=name, drawn=drawn, nulls=nulls, quantiles=tuple(map(float, found)), whole=whole)


def _mean(leading: Any, values: Sequence[Any], value: Any) -> float:
    import numpy as np

    if leading is None:
        return 0.0
    found = leading[[one == value for one in values]]
    found = found[np.isfinite(found)]
    return float(found.mean()) if len(found) else 0.0


def arrow_column(model: Modelled, codes: np.ndarray[Any, Any], kind: Any) -> Any:
    """Codes as a column of an Arrow type; NaN is null."""
    import numpy as np
    import pyarrow as pa

    if model.drawn is Drawn.CATEGORY:
        return pa.array([None if np.isnan(code) else model.values[int(code)] for code in codes], type=kind)
    return pa.array([None if np.isnan(code) else _value(float(code), kind) for code in codes], type=kind)


def _value(code: float, kind: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_date(kind):
        return date(1970, 1, 1) + timedelta(days=code // _DAY)
    if pa.types.is_timestamp(kind):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=code)
        return moment if kind.tz else moment.replace(tzinfo=None)
    if pa.types.is_decimal(kind):
        most = Decimal(10**kind.precision - 1).scaleb(-kind.scale, _EXACT)
        return min(max(Decimal(code).quantize(Decimal(1).scaleb(-kind.scale), context=_EXACT), -most), most)
    if pa.types.is_integer(kind):  # a float beside the greatest number may be beyond it
        most_whole = 2 ** (kind.bit_width - 1)
        return min(max(int(code), -most_whole), most_whole - 1)
    return code
