"""Brings a harness store to the schema that this version of the package expects."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from airflow_provider_harness.adapters.store_schema import TASK_RIGHTS, metadata
from airflow_provider_harness.core.errors import ConfigurationError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("airflow_provider_harness") / "migrations"))
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine) -> str:
    """Apply what is missing; the revision that the store then has. Safe to repeat."""
    from alembic import command
    from alembic.script import ScriptDirectory

    with engine.begin() as connection:
        config = _config(connection)
        command.upgrade(config, "head")
        return str(ScriptDirectory.from_config(config).get_current_head())


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
                connection.exec_driver_sql(f"GRANT {', '.join(rights)} ON {table} TO {name}")
    except DBAPIError as error:
        raise ConfigurationError(f"role {role}", str(error.orig).strip(), fix="Run it as the store's owner.") from error
