"""Drift as SQL: one number that says how far a slice's values are from those of a reference. No value leaves the database.

Bins are fixed at the reference: a value's bin is the share of the reference's values below it, in steps of 1 / bins. A text's
bin is its value, if that is one of the most frequent ones of the reference; the other ones share a bin, and values that the
reference has not share another. Nulls have a bin of their own.
"""

from __future__ import annotations

from airflow_provider_harness.adapters.sql.checks import UNDER_TEST, column, ident, in_slice, literal
from airflow_provider_harness.adapters.sql.values import MOMENTS, NUMBERS, Family, family, kind_of
from airflow_provider_harness.core.contracts.checks import Check
from airflow_provider_harness.core.contracts.contract import Contract
from airflow_provider_harness.core.contracts.drift import DriftMethod, DriftRule
from airflow_provider_harness.core.slices.slices import Slice

_NULL, _REST, _NEW = -1, -2, -3
"""Bins that are no step: of nulls, of values that are not frequent, of values that the reference has not."""


def statistic(check: Check, contract: Contract, piece: Slice | None) -> str:
    """A query for the value of a drift check, in PostgreSQL's words; null where a side has too few rows.

    :param piece: the slice that is judged.
    """
    assert check.drift is not None
    rule = check.drift
    window = rule.window(piece.start if piece else None)
    assert window is not None
    reference = Slice(id="reference", start=window[0], end=window[1])
    value = _value(check.columns[0], contract)
    groups = f"""
SELECT x, sum(r) AS r, sum(c) AS c FROM (
SELECT {value} AS x, 0 AS r, 1 AS c FROM {UNDER_TEST}
UNION ALL SELECT {value} AS x, 1 AS r, 0 AS c FROM {ident(contract.table)} WHERE {in_slice(contract, reference)}
) AS u GROUP BY x"""
    if rule.method in (DriftMethod.KS, DriftMethod.WASSERSTEIN):
        return _of_shares(rule, groups)
    return _of_bins(rule, groups, numbers=_is_number(check.columns[0], contract))


def _is_number(name: str, contract: Contract) -> bool:
    return family(kind_of(contract, name)) in (*NUMBERS, *MOMENTS)


def _value(name: str, contract: Contract) -> str:
    """A column's value as what is compared: a double, seconds, or a text."""
    own, kind = column(name), family(kind_of(contract, name))
    if kind is Family.BINARY or kind is Family.DECIMAL:
        nan = f"CAST('nan' AS {'double precision' if kind is Family.BINARY else 'numeric'})"
        return f"CAST(CASE WHEN {own} = {nan} THEN NULL ELSE {own} END AS double precision)"
    if kind in NUMBERS:
        return f"CAST({own} AS double precision)"
    if kind in MOMENTS:
        return f"CAST(extract(epoch FROM {own}) AS double precision)"
    return f"CAST({own} AS text)"


def _of_bins(rule: DriftRule, groups: str, *, numbers: bool) -> str:
    """PSI or Cramér's V over bins."""
    place = _step(rule) if numbers else _place(rule)
    ranked = (
        "" if numbers else ", row_number() OVER (ORDER BY CASE WHEN x IS NULL THEN 1 ELSE 0 END, r DESC, x) AS place"
    )
    measure = {DriftMethod.PSI: _psi, DriftMethod.CHI_SQUARE: _cramers_v}[rule.method](rule)
    return f"""
SELECT CASE WHEN max(n) >= {rule.minimum_rows} AND max(m) >= {rule.minimum_rows} THEN {measure} END FROM (
SELECT r, c, CAST(sum(r) OVER () AS double precision) AS n, CAST(sum(c) OVER () AS double precision) AS m FROM (
SELECT bin, CAST(sum(r) AS double precision) AS r, CAST(sum(c) AS double precision) AS c FROM (
SELECT r, c, CASE WHEN x IS NULL THEN {_NULL} ELSE {place} END AS bin FROM (
SELECT x, r, c, sum(CASE WHEN x IS NULL THEN 0 ELSE r END) OVER () AS known,
coalesce(sum(CASE WHEN x IS NULL THEN 0 ELSE r END) OVER (ORDER BY x ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS below{ranked}
FROM ({groups}) AS g) AS placed) AS binned GROUP BY bin) AS bins) AS shares"""


def _step(rule: DriftRule) -> str:
    """The bin of a number."""
    share = "CAST(below AS double precision) / nullif(known, 0)"
    return f"CAST(least({rule.bins - 1}, floor({rule.bins} * {share})) AS bigint)"


def _place(rule: DriftRule) -> str:
    """The bin of a text."""
    return f"CASE WHEN r = 0 THEN {_NEW} WHEN place <= {rule.bins} THEN place ELSE {_REST} END"


def _psi(rule: DriftRule) -> str:
    least = literal(rule.floor)
    reference, current = f"greatest(r / nullif(n, 0), {least})", f"greatest(c / nullif(m, 0), {least})"
    return f"sum(({current} - {reference}) * ln({current} / {reference}))"


def _cramers_v(rule: DriftRule) -> str:
    def part(own: str, total: str) -> str:
        usual = f"(r + c) * {total} / nullif(n + m, 0)"
        return f"({own} - {usual}) * ({own} - {usual}) / nullif({usual}, 0)"

    return f"sqrt(sum({part('r', 'n')} + {part('c', 'm')}) / nullif(max(n + m), 0))"


def _of_shares(rule: DriftRule, groups: str) -> str:
    """The KS statistic or the Wasserstein distance; nulls are left out."""
    apart = "abs(upto_r / nullif(n, 0) - upto_c / nullif(m, 0))"
    deviation = "max(sqrt(greatest(spread, 0)))"
    area = f"sum({apart} * coalesce(following - x, 0))"
    none = "CAST('inf' AS double precision)"
    measure = {
        DriftMethod.KS: f"max({apart})",
        DriftMethod.WASSERSTEIN: f"CASE WHEN {area} = 0 THEN 0 WHEN {deviation} = 0 THEN {none} "
        f"ELSE {area} / nullif({deviation}, 0) END",
    }[rule.method]
    return f"""
SELECT CASE WHEN max(n) >= {rule.minimum_rows} AND max(m) >= {rule.minimum_rows} THEN {measure} END FROM (
SELECT x, n, m, following,
CAST(sum(r) OVER (ORDER BY x) AS double precision) AS upto_r, CAST(sum(c) OVER (ORDER BY x) AS double precision) AS upto_c,
sum(r * (x - middle) * (x - middle)) OVER () / nullif(n, 0) AS spread FROM (
SELECT x, r, c, lead(x) OVER (ORDER BY x) AS following, CAST(sum(r) OVER () AS double precision) AS n,
CAST(sum(c) OVER () AS double precision) AS m, sum(r * x) OVER () / nullif(sum(r) OVER (), 0) AS middle
FROM ({groups}) AS g WHERE x IS NOT NULL) AS totals) AS shares"""
