"""Brings a harness store to the schema that this version of the package expects."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

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
