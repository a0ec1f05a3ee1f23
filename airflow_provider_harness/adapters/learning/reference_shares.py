"""The shares of groups in a table, counted where it is."""

from __future__ import annotations

from airflow_provider_harness.adapters.postgres.session import session
from airflow_provider_harness.adapters.sql.checks import column, ident
from airflow_provider_harness.core.errors import ConfigurationError
from airflow_provider_harness.core.learning.bias import MOST_GROUPS, NULL, PERIODS, BiasRule


def counting(rule: BiasRule) -> str:
    """A query for the rows of each group of a rule's table; dates and moments as ISO 8601 writes them, in UTC."""
    signs = PERIODS[rule.period]
    groups = [f"coalesce({_text(column(name), signs)}, '{NULL}')" for name in rule.columns]
    return f"SELECT {' || chr(124) || '.join(groups)}, count(*) FROM {ident(rule.table)} GROUP BY 1 LIMIT {MOST_GROUPS + 1}"


def _text(name: str, signs: int) -> str:
    return f"left(({name})::text, {signs})" if signs else f"({name})::text"


def reference_shares(rule: BiasRule, dsn: str, name: str) -> dict[str, float]:
    """Group -> rows of the rule's table.

    :raises ConfigurationError: it has no row, or more groups than anybody looks at.
    """
    with session(dsn, name) as connection:
        connection.execute(b"SET TimeZone = 'UTC'")
        found = {str(group): float(rows) for group, rows in connection.execute(counting(rule).encode()).fetchall()}
    if not found or len(found) > MOST_GROUPS:
        raise ConfigurationError(
            f"{rule.id}, reference {rule.table}",
            "has no row." if not found else f"has more than {MOST_GROUPS} groups.",
            fix="Name a table that has some, with fewer groups; or give the shares.",
        )
    return found
