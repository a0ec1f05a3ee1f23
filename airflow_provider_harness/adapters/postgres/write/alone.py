"""One publication of a table at a time, where nothing else keeps two of them from bringing the same rows.

Two slices that are published at one moment see nothing of each other: both may bring one key, and both may write the rows of
the time that they share. A unique constraint refuses the second; where there is none, the second one waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.sql.checks import ident, literal
from airflow_provider_harness.core.contracts.checks import Check, CheckKind
from airflow_provider_harness.core.contracts.contract import Contract, LoadMode
from airflow_provider_harness.core.errors import SliceBusy
from airflow_provider_harness.core.slices.slices import Slice

if TYPE_CHECKING:
    import psycopg

BUSY_SECONDS = 60
"""How long a publication waits for another one of the same slice before it gives up as ``SliceBusy``."""
_LOCKABLE = """
SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass({table}) AND relkind IN ('r', 'p', 'v')
AND has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE')
"""
"""Whether this user may take the lock: PostgreSQL asks for one of these privileges, and knows none of a foreign table."""


def locking(
    contract: Contract, kept: Collection[str], beyond: Sequence[Check], number: Callable[[str], int]
) -> Sequence[str]:
    """What a publication runs first in its transaction, so that it sees all that others have committed; nothing where the
    table's constraints keep its keys.

    Readers go on. It ends with the transaction, and waits no longer than ``lock_timeout``; who has no privilege on the table
    cannot hold it up. Who may only insert takes a lock by the table's name, which holds among those who may no more.

    :param kept: ids of the checks that the published table's own constraints keep.
    :param beyond: the checks for which rows outside the slice count too.
    :param number: asks for one number.
    """
    keys = {c.id for c in contract.checks if c.kind is CheckKind.UNIQUE and not c.looks_inside}
    if keys & {*kept} and not beyond:
        return ()
    table = ident(contract.table)
    if number(_LOCKABLE.format(table=literal(table))):
        return (f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE",)
    return (f"SELECT pg_advisory_xact_lock(hashtextextended({literal('harness publish ' + contract.table)}, 0))",)


def lock_slice(connection: psycopg.Connection[Any], contract: Contract, piece: Slice) -> None:
    """Wait until nobody else publishes this slice, and keep others from it while the session lasts."""
    import psycopg

    alone = contract.load.mode in (LoadMode.FULL, LoadMode.MERGE)  # slices that touch each other's rows
    name = contract.table if alone else f"{contract.table}|{piece.id}"
    usual = connection.execute("SELECT current_setting('lock_timeout')").fetchone() or ("0",)
    connection.execute(f"SET lock_timeout = '{BUSY_SECONDS}s'".encode())
    try:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (f"harness:{name}",))
    except psycopg.errors.LockNotAvailable as error:
        raise SliceBusy(f"{name} is being published by another run for more than {BUSY_SECONDS} s") from error
    connection.execute("SELECT set_config('lock_timeout', %s, false)", usual)
