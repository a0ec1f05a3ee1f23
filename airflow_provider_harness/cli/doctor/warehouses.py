"""What ``airflow harness doctor`` looks at in the warehouses from which the healer reads."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_harness import config
from airflow_provider_harness.cli.doctor.findings import Finding
from airflow_provider_harness.core.errors import HarnessError, NotAllowed
from airflow_provider_harness.wiring import access, rows
from airflow_provider_harness.wiring import healing as wiring
from airflow_provider_harness.wiring import store as wiring_store

ANY = "*"
"""What [harness] connections_allowed says where every connection is allowed."""


def allowed() -> Iterator[Finding]:
    """Whether the healer may read with more connections than it needs."""
    named, used = patterns(), published()
    if ANY in named and used:
        yield Finding.note(
            f"The healer reads with every connection that an author names ([harness] connections_allowed is {ANY}); "
            f"until now it needs: {', '.join(used)}.",
            f"Set [harness] connections_allowed = {','.join(used)}, and add the connections of sources for which it "
            f"waits.",
        )


def reads() -> Iterator[Finding]:
    """Whether the healer's accounts can do more than read."""
    from airflow_provider_harness.adapters.postgres.rights import writer

    for conn_id in sorted({*published(), *(name for name in patterns() if not set(name) & set("*?["))} - {"none"}):
        try:
            access.allowed(conn_id)
            if wiring_store.connection(conn_id) is None:
                yield Finding.note(f"Tables are published with connection {conn_id}, which does not exist here.", "")
                continue
            found = (
                None
                if rows.connections.is_bigquery(conn_id)
                else writer(rows.connections.dsn(conn_id, "harness doctor"), conn_id)
            )
        except NotAllowed:
            continue  # the healer does not use it
        except HarnessError as error:
            yield Finding.note(f"The rights of the account of connection {conn_id} cannot be read: {error}", "")
            continue
        if found is not None:
            yield Finding.note(
                f"The healer and the checks read with connection {conn_id}, and {found}. Their transactions only "
                f"read, whatever the role may do.",
                f"If the healer has its own worker, give connection {conn_id} a role there that can only read; "
                f"loads need their rights.",
            )


def patterns() -> tuple[str, ...]:
    """What the administrator allows, each by itself."""
    return tuple(filter(None, (one.strip() for one in str(config.read_one("connections_allowed")).split(","))))


def published() -> tuple[str, ...]:
    """The connections of all tables that are published by the harness."""
    return tuple(sorted({mark.conn_id for mark in wiring.promises().published()}))
