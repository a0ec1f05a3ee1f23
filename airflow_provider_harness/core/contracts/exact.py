"""Numbers as they were written and as they were found: nothing is rounded before it is compared."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any


def comparable(bound: Any, found: Any) -> Any:
    """A bound as it is compared with what was found: 0.3 means three tenths, unless a binary number was found.

    :raises TypeError: a text is to be compared with a number, or with nothing.

    >>> Decimal("0.30000000000000000001") <= comparable(0.3, Decimal("0.30000000000000000001"))
    False
    >>> 0.1 * 3 <= comparable(0.3, 0.1 * 3), 0.3 <= comparable(Decimal("0.3"), 0.3)
    (False, True)
    """
    if bound is None or isinstance(bound, str) is not isinstance(found, str):
        raise TypeError(f"{bound!r} and {found!r} are not of one kind")
    if isinstance(found, float):
        return float(bound) if isinstance(bound, Decimal) else bound
    return written(bound)


def written(number: Any) -> Any:
    """A binary number as the decimal that its shortest writing is; everything else as it is.

    >>> written(0.1)
    Decimal('0.1')
    """
    return Decimal(repr(number)) if isinstance(number, float) and isfinite(number) else number


def percent(part: int, whole: int) -> Fraction:
    """The exact share in percent; of nothing, nothing.

    >>> percent(7, 100) <= 7, percent(29, 100) < 29
    (True, False)
    """
    return Fraction(100 * part, whole) if whole else Fraction(0)


def plain(number: Any) -> Any:
    """A ratio as a decimal of 28 digits, and a whole decimal as an integer: what reports show and keep.

    >>> plain(Fraction(1, 4)), plain(Fraction(4, 2)), plain(Decimal("2.00")), plain(Decimal("NaN"))
    (Decimal('0.25'), 2, 2, nan)
    """
    if isinstance(number, Fraction):
        number = Decimal(number.numerator) / Decimal(number.denominator)
    if not isinstance(number, Decimal):
        return number
    if not number.is_finite():
        return float(number)
    return int(number) if number == number.to_integral_value() else number


def json_number(number: Any) -> Any:
    """A number as JSON has it: one that a binary number cannot hold is text, and so are NaN and infinity.

    >>> json_number(Decimal("0.3")), json_number(Decimal("0.30000000000000000001")), json_number(float("nan"))
    (0.3, '0.30000000000000000001', 'nan')
    """
    if isinstance(number, Decimal):
        return float(number) if written(float(number)) == number else str(number)
    return str(number) if isinstance(number, float) and not isfinite(number) else number
