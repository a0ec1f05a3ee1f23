"""One publication of a table at a time, where nothing else keeps two of them from bringing the same rows.

Two slices that are published at one moment see nothing of each other: both may bring one key, and both may write the rows of
the time that they share. A unique constraint refuses the second; where there is none, the second one waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from airflow_provider_harness.adapters.sql import beyond as sql_beyond
from airflow_provider_harness.adapters.sql.checks import ident, literal
from airflow_provider_harness.core.contracts.checks import CheckKind
from airflow_provider_harness.core.contracts.contract import Contract

_LOCKABLE = """
SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass({table}) AND relkind IN ('r', 'p', 'v')
AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
"""
"""Whether this user may take the lock: PostgreSQL asks for one of these privileges, and knows none of a foreign table."""


def locking(contract: Contract, kept: Collection[str], number: Callable[[str], int]) -> Sequence[str]:
    """What a publication runs first in its transaction, so that it sees all that others have committed; nothing where the
    table's constraints keep its keys.

    Readers go on. It ends with the transaction, and waits no longer than ``lock_timeout``; who has no privilege on the table
    cannot hold it up. Who may only insert takes a lock by the table's name, which holds among those who may no more.

    :param kept: ids of the checks that the published table's own constraints keep.
    :param number: asks for one number.
    """
    keys = {c.id for c in contract.checks if c.kind is CheckKind.UNIQUE and not c.looks_inside}
    if keys & {*kept} and not sql_beyond.looked_up(contract, kept):
        return ()
    table = ident(contract.table)
    if number(_LOCKABLE.format(table=literal(table))):
        return (f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",)
    return (f"SELECT pg_advisory_xact_lock(hashtextextended({literal('harness publish ' + contract.table)}, 0))",)
