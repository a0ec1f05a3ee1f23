"""Brings a harness store to the schema that this version of the package expects."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from airflow_provider_harness.adapters.store.schema import TASK_RIGHTS, metadata, watermarks
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection, Engine

#: The table in which Alembic keeps the store's revision.
VERSION_TABLE = "harness_alembic_version"
#: Rights that tasks have by column: with the same on the whole table, they could lock it against everybody (LOCK TABLE).
_BY_COLUMN = {("UPDATE", watermarks.name)}
_COLUMNS = {watermarks.name: ", ".join(column.name for column in watermarks.columns if not column.primary_key)}


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("airflow_provider_harness") / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> str:
    """Apply what is missing; the revision that the store then has. Safe to repeat.

    :raises ConfigurationError: a newer version of the package has upgraded the store.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    from airflow_provider_harness.adapters.store.pages.summaries import fill

    with engine.begin() as connection:
        config = _config(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config))
        command.upgrade(config, "head")
        fill(connection)
        return str(ScriptDirectory.from_config(config).get_current_head())


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    from alembic.migration import MigrationContext

    found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    if found and found not in {script.revision for script in scripts.walk_revisions()}:
        raise ConfigurationError(
            "the store",
            f"is at revision {found}, which this version of the package does not know.",
            fix="Install the version that upgraded it, or restore the backup from before that upgrade.",
        )


def state(engine: Engine) -> tuple[str, str]:
    """The revision that the store has (empty where it has none), and the one that this version needs."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy.exc import DBAPIError

    from airflow_provider_harness.adapters.store.engine import unavailable

    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            wanted = ScriptDirectory.from_config(_config(connection)).get_current_head()
            return context.get_current_revision() or "", str(wanted)
    except DBAPIError as error:
        raise unavailable(error) from error


def lacking(engine: Engine) -> list[str]:
    """What the role of tasks lacks, each as ``RIGHT on TABLE``; on PostgreSQL.

    :param engine: the store as tasks open it.
    """
    from sqlalchemy import text

    from airflow_provider_harness.adapters.store.transaction import transaction

    def asked(right: str, table: str) -> Any:
        return text(f"SELECT has_{'any_column' if (right, table) in _BY_COLUMN else 'table'}_privilege(:table, :right)")

    needs = sorted((right, table) for table, rights in TASK_RIGHTS.items() for right in rights)
    with transaction(lambda: engine) as connection:
        has = [
            connection.execute(asked(right, table), {"right": right, "table": table}).scalar() for right, table in needs
        ]
    return [f"{right} on {table}" for (right, table), there in zip(needs, has, strict=True) if not there]


def grant_tasks(engine: Engine, role: str) -> None:
    """Let the role of ordinary tasks do what they need, and nothing else; safe to repeat."""
    from sqlalchemy.exc import DBAPIError

    if engine.dialect.name != "postgresql":
        raise ConfigurationError("--tasks-role", "is for a store on PostgreSQL; SQLite has no roles.")
    name = engine.dialect.identifier_preparer.quote_identifier(role)
    try:
        with engine.begin() as connection:
            for table in metadata.tables:
                connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM {name}")
            for table, rights in TASK_RIGHTS.items():
                given = [f"UPDATE ({_COLUMNS[table]})" if (right, table) in _BY_COLUMN else right for right in rights]
                connection.exec_driver_sql(f"GRANT {', '.join(given)} ON {table} TO {name}")
    except DBAPIError as error:
        raise ConfigurationError(f"role {role}", str(error.orig).strip(), fix="Run it as the store's owner.") from error
